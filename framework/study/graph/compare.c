/* compare.c: a recorded stage, and all that it comes from, against what is laid out here. */
#include "study/graph/compare.h"

#include "core/memory.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

int32_t cop_study_find_stage(const cop_study *s, const cop_artifact_id *id)
{
    for (size_t i = 0; i < s->stage_count; i++) {
        if (cop_same_artifact(&s->stages[i].id, id))
            return (int32_t)i;
    }
    return COP_NO_STAGE;
}

/* Which stages the recorded one comes from, itself included: inputs stand before what reads
 * them. */
static bool *mark_sources(const cop_stage_records *records, size_t recorded)
{
    bool *marks = calloc(records->stage_count + 1, sizeof *marks);
    if (marks == NULL)
        return NULL;
    marks[recorded] = true;
    for (size_t i = recorded + 1; i-- > 0;) {
        const cop_stage_record *stage = &records->stages[i];
        for (size_t k = 0; marks[i] && k < stage->input_count; k++) {
            for (size_t j = 0; j < i; j++)
                marks[j] = marks[j] || cop_same_artifact(&records->stages[j].id, &stage->inputs[k]);
        }
    }
    return marks;
}

/* What the study has in the place of a recorded stage that it has not: the one of its title. */
static const cop_stage *counterpart(const cop_study *s, const cop_stage_record *record)
{
    for (size_t i = 0; i < s->stage_count; i++) {
        const cop_stage *stage = &s->stages[i];
        if (strcmp(stage->id.kind, record->id.kind) == 0 &&
            strcmp(stage->title, record->title) == 0)
            return stage;
    }
    return NULL;
}

/* Copies the line that begins at `at`; what is no line is said to be none. */
static void copy_line(const char *at, char *line, size_t size)
{
    char raw[512];
    size_t length = strcspn(at, "\n");
    (void)snprintf(raw, sizeof raw, "%.*s%s", (int)(length < 400 ? length : 400), at,
                   length < 400 ? "" : "...");
    (void)cop_escape(length > 0 ? raw : "no further line", line, size);
}

static cop_status name_difference(const cop_stage_record *record, const cop_stage *stage,
                                  cop_error *err)
{
    const char *wanted = record->identity, *got = stage->identity;
    size_t line = 1;
    for (;; line++) {
        size_t length = strcspn(wanted, "\n");
        if (length != strcspn(got, "\n") || strncmp(wanted, got, length) != 0 ||
            wanted[length] == '\0' || got[length] == '\0')
            break;
        wanted += length + 1;
        got += length + 1;
    }
    char left[420], right[420], title[200];
    copy_line(wanted, left, sizeof left);
    copy_line(got, right, sizeof right);
    return cop_fail(err, COP_FAILED,
                    "this process would compute another result than the one recorded: line %zu of "
                    "the identity of \"%s\": wanted \"%s\", got \"%s\"",
                    line, cop_escape(record->title, title, sizeof title), left, right);
}

static cop_status compare(const cop_study *s, const cop_stage_record *record, cop_error *err)
{
    char name[COP_ARTIFACT_NAME_SIZE], title[200];
    int32_t found = cop_study_find_stage(s, &record->id);
    if (found != COP_NO_STAGE)
        return COP_OK;
    const cop_stage *stage = counterpart(s, record);
    if (stage != NULL)
        return name_difference(record, stage, err);
    return cop_fail(err, COP_FAILED,
                    "this process would compute another result than the one recorded: it lays out "
                    "no stage \"%s\" (%s)",
                    cop_escape(record->title, title, sizeof title),
                    cop_artifact_text(&record->id, name));
}

cop_status cop_study_compare_stage(const cop_study *s, const cop_stage_records *records,
                                   size_t recorded, int32_t *stage, cop_error *err)
{
    bool *sources = mark_sources(records, recorded);
    if (sources == NULL)
        return cop_out_of_memory(err);
    cop_status status = COP_OK;
    for (size_t i = 0; i <= recorded && status == COP_OK; i++) {
        if (sources[i])
            status = compare(s, &records->stages[i], err);
    }
    free(sources);
    *stage = cop_study_find_stage(s, &records->stages[recorded].id);
    return status;
}

cop_status cop_study_compare(const cop_study *s, const cop_stage_records *records, cop_error *err)
{
    for (size_t i = 0; i < records->stage_count; i++) {
        int32_t stage = cop_study_find_stage(s, &records->stages[i].id);
        if (stage == COP_NO_STAGE)
            COP_TRY(cop_study_compare_stage(s, records, i, &stage, err));
    }
    return COP_OK;
}

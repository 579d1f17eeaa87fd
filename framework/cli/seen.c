/* seen.c: reading studies without the config, plugins or data. */
#include "cli/seen.h"

#include "cli/recorded.h"
#include "core/memory.h"
#include "core/text.h"
#include "report/data/record.h"
#include "store/study_folders.h"

#include <stdlib.h>
#include <string.h>

static cop_status read_study(const cop_seen *seen, cop_seen_study *out, cop_error *err)
{
    COP_TRY(cop_record_open(out->folder, seen->arena, &out->record, err));
    COP_TRY(cop_recorded_stages(out->folder, seen->arena, &out->stages, err));
    return cop_stage_index_make(&out->stages, seen->arena, &out->index, err);
}

/* Studies' indexes point into them, so none of them is read before there is room for all. */
static cop_status add(cop_seen *seen, const char *folder, cop_error *err)
{
    cop_seen_study *grown =
        cop_grow(seen->studies, &seen->capacity, seen->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    seen->studies = grown;
    memset(&seen->studies[seen->count], 0, sizeof *grown);
    seen->studies[seen->count].folder = cop_arena_strdup(seen->arena, folder);
    return seen->studies[seen->count++].folder != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status visit(void *own, const char *name, const char *folder, cop_error *err)
{
    (void)name;
    return cop_study_folder_has_record(folder) ? add(own, folder, err) : COP_OK;
}

static cop_status begin(const char *dir, cop_seen *out, cop_error *err)
{
    *out = (cop_seen){.arena = cop_arena_new()};
    out->dir = out->arena != NULL ? cop_arena_strdup(out->arena, dir) : NULL;
    return out->dir != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status read_all(cop_seen *seen, cop_error *err)
{
    for (size_t i = 0; i < seen->count; i++)
        COP_TRY(read_study(seen, &seen->studies[i], err));
    return COP_OK;
}

cop_status cop_seen_read(const char *dir, const char *study, cop_seen *out, cop_error *err)
{
    char folder[COP_PATH_SIZE];
    COP_TRY(begin(dir, out, err));
    cop_status status = cop_study_folder_choose(dir, study, folder, sizeof folder, err);
    if (status == COP_OK)
        COP_TRY(add(out, folder, err));
    else if (status == COP_INVALID && study == NULL) /* there are several */
        COP_TRY(cop_study_folders_visit(dir, visit, out, err));
    else
        return status;
    return read_all(out, err);
}

cop_status cop_seen_read_folder(const char *dir, const char *folder, cop_seen *out, cop_error *err)
{
    COP_TRY(begin(dir, out, err));
    COP_TRY(add(out, folder, err));
    return read_all(out, err);
}

cop_status cop_seen_look(cop_seen *seen, cop_error *err)
{
    for (size_t i = 0; i < seen->count; i++) {
        cop_seen_study *s = &seen->studies[i];
        cop_holder_look(s->folder, &s->held);
        const cop_stage_sight sight = {.dir = seen->dir, .index = &s->index, .record = &s->record};
        COP_TRY(cop_stages_look(&sight, seen->arena, &s->looks, err));
    }
    return COP_OK;
}

const cop_stage_record *cop_seen_record(const cop_seen_stage *stage)
{
    return &stage->study->stages.stages[stage->at];
}

/* The stages that a word means; studies may share them. */
typedef struct meant {
    cop_seen_stage some[3]; /* the first ones */
    size_t count;
} meant;

static bool is_of_earlier_study(const cop_seen *seen, size_t study, const cop_artifact_id *id)
{
    for (size_t i = 0; i < study; i++)
        if (cop_stage_index_find(&seen->studies[i].index, id) != COP_NO_RECORD)
            return true;
    return false;
}

static void find_meant(const cop_seen *seen, const char *word, meant *out)
{
    for (size_t i = 0; i < seen->count; i++) {
        const cop_seen_study *study = &seen->studies[i];
        for (size_t k = 0; k < study->stages.stage_count; k++) {
            const cop_stage_record *stage = &study->stages.stages[k];
            if (!cop_stage_is_meant(stage, word) ||
                cop_stage_index_find(&study->index, &stage->id) != k ||
                is_of_earlier_study(seen, i, &stage->id))
                continue;
            if (out->count < sizeof out->some / sizeof out->some[0])
                out->some[out->count] = (cop_seen_stage){.study = study, .at = k};
            out->count++;
        }
    }
}

static cop_status refuse_several(const meant *m, const char *word, cop_error *err)
{
    cop_text names = {0};
    size_t named = sizeof m->some / sizeof m->some[0];
    named = m->count < named ? m->count : named;
    for (size_t i = 0; i < named; i++) {
        char name[COP_ARTIFACT_NAME_SIZE], title[120];
        const cop_stage_record *stage = cop_seen_record(&m->some[i]);
        cop_text_printf(&names, "%s%s (%s)", i > 0 ? ", " : "", cop_artifact_text(&stage->id, name),
                        cop_escape(stage->title, title, sizeof title));
    }
    if (m->count > named)
        cop_text_printf(&names, " and %zu more", m->count - named);
    if (!names.failed)
        (void)cop_fail(err, COP_INVALID, "\"%s\" is the beginning of %zu stages: %s", word,
                       m->count, names.data);
    cop_status status = names.failed ? cop_out_of_memory(err) : COP_INVALID;
    cop_text_free(&names);
    return status;
}

cop_status cop_seen_find(const cop_seen *seen, const char *word, cop_seen_stage *out,
                         cop_error *err)
{
    meant m = {.count = 0};
    char shown[100];
    (void)cop_escape(word, shown, sizeof shown);
    find_meant(seen, word, &m);
    if (m.count > 1)
        return refuse_several(&m, shown, err);
    if (m.count == 0)
        return cop_fail_at(
            err, COP_INVALID, seen->dir, 0,
            "has no stage \"%s\"%s: wanted a name such as train-1f, or the beginning of "
            "one",
            shown, seen->count == 1 ? "" : " in any study");
    *out = m.some[0];
    return COP_OK;
}

void cop_seen_clear(cop_seen *seen)
{
    free(seen->studies);
    cop_arena_free(seen->arena);
    *seen = (cop_seen){0};
}

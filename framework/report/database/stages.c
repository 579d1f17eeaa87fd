/* stages.c: rows of a study's graph: how far each stage is, what it needs, and who made it. */
#include "core/memory.h"
#include "core/path.h"
#include "report/database/rows.h"
#include "store/artifact_files.h"
#include "store/stage_states.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The graph as it is written down, and what is known of it; none where it is not there. */
typedef struct graph {
    cop_stage_records records;
    cop_stage_look *looks;
} graph;

static cop_status look(const cop_rows *rows, graph *g, cop_error *err)
{
    cop_arena *arena = rows->told->results->arena;
    cop_stage_index index;
    COP_TRY(cop_stage_index_make(&g->records, arena, &index, err));
    const cop_stage_sight sight = {
        .dir = rows->told->dir, .index = &index, .record = &rows->told->results->record};
    return cop_stages_look(&sight, arena, &g->looks, err);
}

static cop_status read_graph(const cop_rows *rows, graph *g, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_error why = {0};
    *g = (graph){0};
    COP_TRY(cop_path_join(path, sizeof path, err, rows->told->record, COP_STAGES_FILE));
    if (access(path, F_OK) != 0)
        return COP_OK;
    if (cop_stages_read(path, rows->told->results->arena, &g->records, &why) == COP_OK)
        return look(rows, g, err);
    *g = (graph){0};
    cop_say(rows->log, COP_LOG_WARNING, "the database lacks the study's graph: %s%s%s", why.file,
            why.file[0] != '\0' ? ": " : "", why.message);
    return COP_OK;
}

/* Stages. */

static cop_status add_source(cop_rows *rows, const char *text, int64_t *id, cop_error *err)
{
    for (*id = 1; *id <= (int64_t)rows->source_count; ++*id)
        if (strcmp(rows->sources[*id - 1], text) == 0)
            return COP_OK;
    const char **grown =
        cop_grow(rows->sources, &rows->source_capacity, rows->source_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    rows->sources = grown;
    grown[rows->source_count] = cop_arena_strdup(rows->arena, text);
    if (grown[rows->source_count++] == NULL)
        return cop_out_of_memory(err);
    return COP_ADD_ROW(rows, "sources", cop_datum_integer(*id), cop_datum_text(text));
}

/* What an artifact says tells more than its manifest alone, which a look is at. */
static const char *state_of(const cop_result *result, const char *damage,
                            const cop_stage_look *look)
{
    if (result != NULL)
        return "done";
    if (damage != NULL || (look != NULL && look->damage != NULL))
        return "damaged";
    return look != NULL ? cop_stage_state_name(look->state) : "missing";
}

static const char *failure_of(const cop_record *record, const cop_artifact_id *id)
{
    for (size_t i = 0; i < record->failure_count; i++)
        if (cop_same_artifact(&record->failures[i].stage, id))
            return record->failures[i].reason;
    return NULL;
}

/* The same artifact's stage of the first study that has it, of those that share the store; NULL of
 * the database where this one is the first. */
static cop_datum earlier_stage(const cop_rows *rows, const cop_artifact_id *id)
{
    for (size_t i = 0; i < rows->earlier_count; i++) {
        const cop_earlier_study *study = &rows->earlier[i];
        size_t at = cop_name_table_find(&study->stages, id);
        if (at != COP_NO_NAME && study->store.device == rows->store.device &&
            study->store.inode == rows->store.inode)
            return cop_datum_integer((int64_t)at);
    }
    return (cop_datum){0};
}

/* A stage; `record` and `look` are NULL where the graph does not have it. */
static cop_status add_stage(cop_rows *rows, const cop_artifact_id *id,
                            const cop_stage_record *record, const cop_stage_look *look,
                            cop_error *err)
{
    const cop_results *r = rows->told->results;
    const cop_result *result = cop_results_find(r, id);
    const char *damage = cop_results_damage(r, id);
    const char *state = state_of(result, damage, look), *reason = NULL;
    cop_datum source = {0}, seconds = {0}, bytes = {0}, memory = {0};
    cop_spent spent;
    int64_t first = 0;
    if (strcmp(state, "damaged") == 0)
        reason = damage != NULL ? damage : look->damage;
    else if (look == NULL && result == NULL && (reason = failure_of(&r->record, id)) != NULL)
        state = "failed";
    else if (look != NULL)
        reason = look->reason;
    if (result != NULL) {
        COP_TRY(add_source(rows, result->provenance, &first, err));
        source = cop_datum_integer(first);
        seconds = cop_datum_real(result->seconds);
        if (r->store != NULL && cop_store_spent(r->store, id, &spent, NULL) == COP_OK) {
            bytes = cop_datum_integer(spent.bytes);
            memory = spent.memory >= 0 ? cop_datum_integer(spent.memory) : (cop_datum){0};
        }
    } else if (look != NULL && strcmp(state, "done") == 0)
        seconds = cop_datum_real(look->seconds);
    cop_name_table_put(&rows->stages, id, (size_t)rows->stage + 1);
    bool is_saved = look != NULL && look->is_saved && look->saved_step >= 0;
    return COP_ADD_ROW(
        rows, "stages", cop_datum_integer(++rows->stage), cop_datum_integer(rows->study),
        cop_datum_text(id->kind), cop_datum_text(id->hash),
        cop_datum_text(record != NULL ? record->title : NULL),
        cop_datum_word(record != NULL ? record->data : NULL), cop_datum_text(state),
        cop_datum_text(reason), cop_datum_integer(look != NULL && look->is_inherited), seconds,
        bytes, memory, source, is_saved ? cop_datum_integer(look->saved_step) : (cop_datum){0},
        is_saved ? cop_datum_real(look->saved_seconds) : (cop_datum){0}, earlier_stage(rows, id));
}

static cop_status add_inputs(cop_rows *rows, const cop_stage_record *stage, cop_error *err)
{
    for (size_t k = 0; k < stage->input_count; k++) {
        cop_datum input = cop_rows_stage(rows, true, &stage->inputs[k]);
        if (input.type == COP_DATUM_NULL)
            continue; /* the graph was read, so it has all of them */
        COP_TRY(COP_ADD_ROW(rows, "stage_inputs", cop_rows_stage(rows, true, &stage->id),
                            cop_datum_integer((int64_t)k), input));
    }
    return COP_OK;
}

/* Who made it, in lines "kind id version content". */
static cop_status add_makers(cop_rows *rows, const cop_artifact_id *id, cop_error *err)
{
    char lines[COP_MAKERS_SIZE], *rest = lines;
    const cop_store *store = rows->told->results->store;
    if (store == NULL || cop_store_made_by(store, id, lines, sizeof lines, NULL) != COP_OK)
        return COP_OK; /* replaced since it was read */
    int64_t number = 0;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        const char *words[4] = {"", "", "", ""};
        char *word = NULL;
        for (size_t i = 0; i < 4 && (word = strsep(&line, " ")) != NULL; i++)
            words[i] = word;
        if (words[1][0] == '\0')
            continue;
        COP_TRY(COP_ADD_ROW(rows, "stage_plugins", cop_rows_stage(rows, true, id),
                            cop_datum_integer(number++), cop_datum_text(words[0]),
                            cop_datum_text(words[1]), cop_datum_text(words[2]),
                            cop_datum_text(words[3])));
    }
    return COP_OK;
}

/* What the record names and the graph does not have. */
static cop_status add_others(cop_rows *rows, cop_error *err)
{
    const cop_results *r = rows->told->results;
    for (size_t i = 0; i < r->found_count; i++)
        if (cop_name_table_find(&rows->stages, &r->found[i].id) == COP_NO_NAME)
            COP_TRY(add_stage(rows, &r->found[i].id, NULL, NULL, err));
    for (size_t i = 0; i < r->absent_count; i++)
        if (cop_name_table_find(&rows->stages, &r->absent[i]) == COP_NO_NAME)
            COP_TRY(add_stage(rows, &r->absent[i], NULL, NULL, err));
    return COP_OK;
}

/* What follows may repeat these stages. */
static cop_status end_study(cop_rows *rows, cop_error *err)
{
    cop_earlier_study *grown =
        cop_grow(rows->earlier, &rows->earlier_capacity, rows->earlier_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    rows->earlier = grown;
    rows->earlier[rows->earlier_count++] =
        (cop_earlier_study){.stages = rows->stages, .store = rows->store};
    return COP_OK;
}

cop_status cop_rows_stages(cop_rows *rows, cop_error *err)
{
    const cop_results *r = rows->told->results;
    graph g;
    COP_TRY(read_graph(rows, &g, err));
    COP_TRY(cop_name_table_make(g.records.stage_count + r->found_count + r->absent_count,
                                rows->arena, &rows->stages, err));
    for (size_t i = 0; i < g.records.stage_count; i++)
        if (cop_name_table_find(&rows->stages, &g.records.stages[i].id) == COP_NO_NAME)
            COP_TRY(
                add_stage(rows, &g.records.stages[i].id, &g.records.stages[i], &g.looks[i], err));
    COP_TRY(add_others(rows, err));
    for (size_t i = 0; i < g.records.stage_count; i++)
        COP_TRY(add_inputs(rows, &g.records.stages[i], err));
    for (size_t i = 0; i < r->found_count; i++)
        COP_TRY(add_makers(rows, &r->found[i].id, err));
    return end_study(rows, err);
}

cop_datum cop_rows_stage(const cop_rows *rows, bool has, const cop_artifact_id *id)
{
    size_t at = has ? cop_name_table_find(&rows->stages, id) : COP_NO_NAME;
    return at != COP_NO_NAME ? cop_datum_integer((int64_t)at) : (cop_datum){0};
}

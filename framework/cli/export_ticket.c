/* export_ticket.c: a ticket's tensors by the names of a state_dict, and what they are. */
#include "cli/export_ticket.h"

#include "cli/export_analysis.h"
#include "cli/output.h"
#include "cli/recorded.h"
#include "core/memory.h"
#include "core/text.h"
#include "report/data/record.h"
#include "store/artifact_files.h"
#include "store/formats/safetensors.h"

#include <coppice/host.h>
#include <coppice/pruner.h>

#include <stdlib.h>

/* What the functions here share. */
typedef struct ticket_export {
    const cop_call *call;
    const char *dir;
    const cop_results *results;
    const cop_record_ticket *ticket;
    cop_ticket_part part;
    int64_t item; /* a copy, or the place of an analysis */
} ticket_export;

static cop_status read_tensors(const ticket_export *e, const cop_artifact_id *id, const char *file,
                               cop_tensors **out, cop_error *err)
{
    const cop_store *store = e->results->store;
    return cop_store_advise(store, id, cop_store_read_tensors(store, id, file, out, err), err);
}

static cop_status take_copy(const ticket_export *e, cop_tensors **out, cop_error *err)
{
    const cop_record_ticket *t = e->ticket;
    cop_tensors *state = NULL, *mask = NULL;
    COP_TRY(read_tensors(e, &t->copies[e->item], COP_STATE_FILE, &state, err));
    cop_status status = t->has_mask ? read_tensors(e, &t->mask, COP_MASK_FILE, &mask, err) : COP_OK;
    if (mask != NULL)
        cop_mask_apply(mask, state);
    cop_tensors_free(mask);
    if (status == COP_OK)
        *out = state;
    else
        cop_tensors_free(state);
    return status;
}

static cop_status take_mask(const ticket_export *e, cop_tensors **out, cop_error *err)
{
    if (!e->ticket->has_mask)
        return cop_fail(err, COP_INVALID,
                        "round %lld is the dense network, which has no mask; choose another one "
                        "with --round",
                        (long long)e->ticket->round);
    return read_tensors(e, &e->ticket->mask, COP_MASK_FILE, out, err);
}

static cop_status take_initial(const ticket_export *e, cop_tensors **out, cop_error *err)
{
    const cop_record_ticket *t = e->ticket;
    const cop_ticket_name name = {.cell = t->cell,
                                  .seed = t->seed,
                                  .round = t->round,
                                  .mask = t->has_mask ? &t->mask : NULL,
                                  .copy = t->copy_count > 0 ? &t->copies[0] : NULL};
    cop_recorded r = {0};
    cop_status status = cop_recorded_read(e->call, e->dir, &r, err);
    if (status == COP_OK) {
        cop_recorded_adopt_environment(&r);
        status = cop_recorded_lay_out(&r, err);
    }
    if (status == COP_OK)
        status = cop_study_ticket_start(r.study, e->results->store, &name, out, err);
    cop_recorded_clear(&r);
    return status;
}

static const cop_record_analysis *analysis_of(const ticket_export *e)
{
    return &e->ticket->analyses[e->item];
}

static cop_status take(const ticket_export *e, cop_tensors **out, cop_error *err)
{
    switch (e->part) {
    case COP_TICKET_COPY:
        return take_copy(e, out, err);
    case COP_TICKET_INITIAL:
        return take_initial(e, out, err);
    case COP_TICKET_MASK:
        return take_mask(e, out, err);
    case COP_TICKET_ANALYSIS:
        return read_tensors(e, &analysis_of(e)->id, COP_TENSORS_FILE, out, err);
    }
    return cop_fail(err, COP_FAILED, "unknown part of a ticket");
}

/* The notes of a file. */
typedef struct notes {
    cop_arena *arena;
    cop_metadata entries[16];
    size_t count;
    bool failed; /* memory is out */
} notes;

static void add_note(notes *n, const char *key, const char *value)
{
    n->failed = n->failed || value == NULL;
    if (value != NULL)
        n->entries[n->count++] = (cop_metadata){key, value};
}

static void add_number(notes *n, const char *key, int64_t value)
{
    add_note(n, key, cop_arena_printf(n->arena, "%lld", (long long)value));
}

/* "[0.4914, 0.4822, 0.4465]": JSON, from which the floats come back. */
static void add_channels(notes *n, const char *key, const float *values, int32_t count)
{
    cop_text text = {0};
    for (int32_t c = 0; c < count; c++)
        cop_text_printf(&text, "%s%.9g", c > 0 ? ", " : "[", (double)values[c]);
    cop_text_append(&text, "]");
    add_note(n, key, text.failed ? NULL : cop_arena_strdup(n->arena, text.data));
    cop_text_free(&text);
}

/* What another program needs to build the network and to give it images. */
static void add_network(notes *n, const cop_record_network *network)
{
    const cop_task *task = &network->task;
    if (network->model == NULL) /* a version before this one made the record */
        return;
    add_note(n, "architecture", network->model);
    add_note(n, "input_shape",
             cop_arena_printf(n->arena, "[%d, %d, %d]", task->channels, task->height, task->width));
    add_number(n, "classes", task->classes);
    add_channels(n, "normalization_mean", network->normalization.mean, task->channels);
    add_channels(n, "normalization_std", network->normalization.std, task->channels);
}

/* Which analysis it is. */
static void add_analysis(notes *n, const cop_record_analysis *a)
{
    char artifact[COP_ARTIFACT_NAME_SIZE];
    add_note(n, "analyzer", a->analyzer);
    if (a->label[0] != '\0')
        add_note(n, "label", a->label);
    add_note(n, "artifact", cop_arena_strdup(n->arena, cop_artifact_text(&a->id, artifact)));
}

static void fill_notes(const ticket_export *e, notes *n)
{
    static const char *const parts[] = {[COP_TICKET_COPY] = "copy",
                                        [COP_TICKET_INITIAL] = "initial",
                                        [COP_TICKET_MASK] = "mask",
                                        [COP_TICKET_ANALYSIS] = "analysis"};
    const cop_record *record = &e->results->record;
    const cop_record_ticket *t = e->ticket;
    add_note(n, "format", "pt"); /* what safetensors' own loaders look for */
    add_note(n, "coppice", cop_version());
    add_note(n, "part", parts[e->part]);
    add_note(n, "study", record->name);
    add_note(n, "cell", record->cells[t->cell].label);
    add_number(n, "seed", t->seed);
    add_number(n, "round", t->round);
    if (e->part == COP_TICKET_COPY)
        add_number(n, "copy", e->item);
    if (e->part == COP_TICKET_ANALYSIS)
        add_analysis(n, analysis_of(e));
    add_note(n, "sparsity", cop_arena_printf(n->arena, "%.6g", cop_ticket_sparsity(e->results, t)));
    add_network(n, &record->cells[t->cell].network);
}

static cop_status write_file(const ticket_export *e, const cop_tensors *tensors, bool *is_file,
                             cop_error *err)
{
    notes n = {.arena = cop_arena_new()};
    cop_output to = {0};
    if (n.arena == NULL)
        return cop_out_of_memory(err);
    fill_notes(e, &n);
    cop_status status =
        n.failed ? cop_out_of_memory(err) : cop_output_begin(e->call->arguments->to, &to, err);
    if (status == COP_OK) {
        status = cop_safetensors_write(to.path, tensors, n.entries, n.count, err);
        status = cop_output_end(&to, status, err);
        *is_file = to.dir[0] == '\0';
    }
    cop_arena_free(n.arena);
    return status;
}

static const char *part_text(const ticket_export *e, char *text, size_t size)
{
    switch (e->part) {
    case COP_TICKET_COPY:
        (void)snprintf(text, size, "copy %lld", (long long)e->item);
        return text;
    case COP_TICKET_INITIAL:
        return "initial state";
    case COP_TICKET_MASK:
        return "mask";
    case COP_TICKET_ANALYSIS:
        return cop_analysis_name(analysis_of(e), text, size);
    }
    return "";
}

static void say(const ticket_export *e)
{
    char to[1024], part[COP_ANALYSIS_NAME_SIZE];
    const cop_record_ticket *t = e->ticket;
    (void)fprintf(e->call->out, "%s: %s, seed %lld, round %lld, %s\n",
                  cop_escape(e->call->arguments->to, to, sizeof to),
                  e->results->record.cells[t->cell].label, (long long)t->seed, (long long)t->round,
                  part_text(e, part, sizeof part));
}

cop_status cop_export_ticket(const cop_call *call, const char *dir, const cop_results *results,
                             const cop_record_ticket *ticket, cop_ticket_part part, int64_t item,
                             cop_error *err)
{
    const ticket_export e = {call, dir, results, ticket, part, item};
    cop_tensors *tensors = NULL;
    bool is_file = false;
    COP_TRY(take(&e, &tensors, err));
    cop_status status = write_file(&e, tensors, &is_file, err);
    cop_tensors_free(tensors);
    if (status == COP_OK && is_file)
        say(&e);
    return status;
}

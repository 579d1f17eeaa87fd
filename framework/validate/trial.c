/* trial.c: a work in a study in small, driven as a study drives it. */
#include "validate/trial.h"

#include "core/memory.h"
#include "core/path.h"
#include "nn/synthetic.h"
#include "store/formats/tables_json.h"
#include "validate/writes.h"

int64_t cop_trial_steps(const cop_trial *b)
{
    return b->is_cut ? COP_TRIAL_SOME_STEPS : b->plan.steps;
}

static cop_status keep(void *context, const cop_saved *state, cop_error *err)
{
    cop_trial_outcome *o = context;
    o->last_bag = cop_tensors_digest(state->bag);
    o->recorded = cop_tensors_digest(state->series);
    if (state->step != o->wanted || o->middle.bag != NULL)
        return COP_OK;
    o->middle.bag = cop_tensors_clone(state->bag);
    o->middle.series = state->series != NULL ? cop_tensors_clone(state->series) : NULL;
    o->middle.step = state->step;
    return o->middle.bag != NULL && (o->middle.series != NULL) == (state->series != NULL)
               ? COP_OK
               : cop_out_of_memory(err);
}

static size_t lent_copies(const cop_plan *p)
{
    if (p->need_no_copy && p->needed_copy_count == 0)
        return 0;
    int64_t last = -1;
    for (size_t i = 0; i < p->needed_copy_count; i++)
        last = p->needed_copies[i] > last ? p->needed_copies[i] : last;
    return last >= 0 ? (size_t)last + 1 : COP_TICKET_COPIES;
}

/* An earlier round of the same line, and the same round under another seed. */
static const cop_other_ticket others[] = {
    {COP_SIZED(cop_other_ticket), .cell = "a cell", .round = 1, .is_of_line = true,
     .is_of_cell = true},
    {COP_SIZED(cop_other_ticket), .cell = "a cell", .seed = 1, .round = 2, .is_of_cell = true}};

static struct cop_work make_work(cop_trial *b)
{
    cop_kind kind = b->plan.kind;
    bool is_analyzer = kind == COP_KIND_ANALYZER;
    return (struct cop_work){.kind = kind,
                             .task = cop_ticket_task(),
                             .model = kind == COP_KIND_DISTILLER ? NULL : b->ticket.model,
                             .train = b->ticket.train,
                             .test = is_analyzer ? b->ticket.test : NULL,
                             .seed = 7,
                             .threads = 1,
                             .title = b->what,
                             .memory = cop_guards_source(b->ticket.guards),
                             .source = cop_ticket_source(&b->ticket),
                             .has_trained = b->plan.need_trained,
                             .round = kind == COP_KIND_PRUNER ? 1 : 0,
                             .rounds = b->plan.need_rounds ? COP_TICKET_ROUNDS : 0,
                             .copy_count = is_analyzer ? lent_copies(&b->plan) : 0,
                             .others = others,
                             .other_count = b->plan.needed_masks != 0 ? 2 : 0,
                             .dense_count = b->plan.need_dense ? COP_TICKET_COPIES : 0,
                             .wants_synthetic = b->plan.need_synthetic,
                             .request_count = b->ticket.request_count,
                             .snapshot_counts = b->ticket.snapshot_counts};
}

static cop_status run_distiller(const cop_drive *d, const cop_work_ops *ops, cop_trial_outcome *o)
{
    cop_synthetic set;
    COP_TRY(cop_drive_distiller(d, ops, &set, &o->err));
    const cop_task *t = cop_ticket_task();
    size_t values = (size_t)set.count * (size_t)(t->channels * t->height * t->width);
    cop_digest pixels = cop_hash_bytes(set.pixels, values * sizeof *set.pixels);
    o->result =
        cop_hash_bytes(set.labels, (size_t)set.count * (size_t)t->classes * sizeof *set.labels);
    o->result.hi ^= pixels.hi;
    o->result.lo += pixels.lo;
    cop_synthetic_clear(&set);
    return COP_OK;
}

static cop_status run_pruner(const cop_trial *b, const cop_drive *d, const cop_work_ops *ops,
                             cop_trial_outcome *o)
{
    cop_tensors *mask = NULL;
    /* A copy of the host's own: a work that writes into what it borrowed is not its judge. */
    cop_tensors *before = cop_tensors_clone(b->ticket.mask);
    if (before == NULL)
        return cop_out_of_memory(&o->err);
    cop_status status = cop_drive_pruner(d, ops, before, &mask, &o->err);
    o->result = cop_tensors_digest(mask);
    if (status == COP_OK)
        o->as_planned = cop_check_mask(d->what, mask, before, &b->plan.promise, &o->differs);
    cop_tensors_free(mask);
    cop_tensors_free(before);
    return status;
}

cop_status cop_trial_tables_digest(const cop_trial *b, const cop_tables *tables, cop_digest *out,
                                   cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, b->s->scratch, "tables.json"));
    cop_writes_by_host(true);
    cop_status status = cop_tables_write(tables, path, err);
    cop_writes_by_host(false);
    COP_TRY(status);
    return cop_hash_file(path, out, err);
}

/* Its tables, and the bits of its tensors. */
static cop_status run_analyzer(const cop_trial *b, const cop_drive *d, const cop_work_ops *ops,
                               cop_trial_outcome *o)
{
    cop_tensors *tensors = NULL;
    cop_drive own = *d;
    own.result_tensors = &tensors;
    COP_TRY(cop_drive_analyzer(&own, ops, &o->tables, &o->err));
    o->tensors = cop_tensors_digest(tensors);
    cop_tensors_free(tensors);
    return cop_trial_tables_digest(b, o->tables, &o->result, &o->err);
}

void cop_trial_run(cop_trial *b, const cop_trial_outcome *from, int64_t steps, cop_trial_outcome *o)
{
    cop_worker worker;
    o->status = cop_worker_open(&b->instance, cop_ticket_task(), &worker, &o->err);
    if (o->status != COP_OK)
        return;
    struct cop_work work = make_work(b);
    cop_drive d = {.what = b->what,
                   .self = worker.self,
                   .work = &work,
                   .steps = b->plan.steps,
                   .promise = {.regrows = true}, /* what plan says is a check of its own */
                   .save = keep,
                   .context = o,
                   .saves_end = true,
                   .steps_left = &steps};
    if (from != NULL)
        d.resume = &from->middle;
    const cop_work_ops *ops = b->instance.ops;
    o->status = b->plan.kind == COP_KIND_DISTILLER ? run_distiller(&d, ops, o)
                : b->plan.kind == COP_KIND_PRUNER  ? run_pruner(b, &d, ops, o)
                                                   : run_analyzer(b, &d, ops, o);
    cop_worker_close(&worker);
    /* That it was cut short is what was asked for: its last bag is then what there is. */
    if (b->is_cut && o->status == COP_CANCELLED) {
        o->status = COP_OK;
        o->result = o->last_bag;
    }
}

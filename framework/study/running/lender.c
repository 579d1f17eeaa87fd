/* lender.c: what a running work borrows of earlier stages. */
#include "study/running/lender.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Which file of which stage; the same one has one entry, whatever it is asked for as. */
typedef struct source_key {
    enum { MASK, INITIAL, START, FINAL, SNAPSHOT } what;
    int32_t stage;
    cop_duration at; /* of a snapshot */
} source_key;

typedef struct loan {
    source_key key;
    cop_tensors *tensors; /* owned */
    size_t bytes;
    uint64_t used;    /* when it was last asked for */
    bool is_borrowed; /* by the callback at hand */
    bool is_kept;     /* until the lender is freed */
} loan;

struct cop_lender {
    cop_runner *r;
    const cop_stage *stage;
    size_t budget, bytes;
    uint64_t clock;
    loan *loans;
    size_t count, capacity;
    cop_samples *synthetic; /* owned; NULL until it is asked for */
    int32_t other;          /* the mask of another ticket that was lent last; COP_NO_STAGE: none */
};

cop_status cop_lender_new(cop_runner *r, const cop_stage *stage, size_t budget, cop_lender **out,
                          cop_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return cop_out_of_memory(err);
    **out = (cop_lender){.r = r, .stage = stage, .budget = budget, .other = COP_NO_STAGE};
    return COP_OK;
}

void cop_lender_free(cop_lender *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++)
        cop_tensors_free(l->loans[i].tensors);
    free(l->loans);
    cop_synthetic_samples_free(l->synthetic);
    free(l);
}

static bool is_same(const source_key *a, const source_key *b)
{
    return a->what == b->what && a->stage == b->stage &&
           (a->what != SNAPSHOT || (a->at.unit == b->at.unit && !(a->at.value < b->at.value) &&
                                    !(a->at.value > b->at.value)));
}

static size_t bytes_of(const cop_tensors *set)
{
    size_t bytes = 0;
    for (size_t i = 0; i < cop_tensors_count(set); i++) {
        const cop_tensor *t = cop_tensors_at(set, i);
        bytes += (size_t)cop_shape_count(t->shape) * cop_dtype_size(t->dtype);
    }
    return bytes;
}

static void drop(cop_lender *l, size_t i)
{
    l->bytes -= l->loans[i].bytes;
    cop_tensors_free(l->loans[i].tensors);
    l->loans[i] = l->loans[--l->count];
}

/* Lets go of what was not asked for longest, until the rest fits. */
static void make_room(cop_lender *l)
{
    while (l->bytes > l->budget) {
        size_t oldest = l->count;
        for (size_t i = 0; i < l->count; i++) {
            const loan *a = &l->loans[i];
            if (!a->is_borrowed && !a->is_kept &&
                (oldest == l->count || a->used < l->loans[oldest].used))
                oldest = i;
        }
        if (oldest == l->count)
            return;
        drop(l, oldest);
    }
}

static cop_status lend(cop_lender *l, source_key key, const cop_tensors **out, cop_error *err);

/* The ticket: its mask, and the state that it trains from. */
static cop_status read_start(cop_lender *l, cop_tensors **out, cop_error *err)
{
    const cop_work_stage *work = &l->stage->work;
    const cop_tensors *mask = NULL;
    COP_TRY(lend(l, (source_key){MASK, work->mask, {0}}, &mask, err));
    return cop_load_start(l->r, &work->start, l->stage->opened->model, mask, out, err);
}

static cop_status fetch(cop_lender *l, const source_key *key, cop_tensors **out, cop_error *err)
{
    switch (key->what) {
    case MASK:
        return cop_load_mask(l->r, l->stage->opened, key->stage, out, err);
    case INITIAL:
        return read_start(l, out, err);
    case START:
        return cop_load_start(l->r, &l->stage->work.start, l->stage->opened->model, NULL, out, err);
    case FINAL:
        return cop_load_final(l->r, key->stage, out, err);
    case SNAPSHOT:
        return cop_load_snapshot(l->r, key->stage, key->at, out, err);
    }
    return cop_fail(err, COP_FAILED, "unknown input");
}

static cop_status add_loan(cop_lender *l, const loan *made, cop_error *err)
{
    loan *grown = cop_grow(l->loans, &l->capacity, l->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    l->loans = grown;
    l->loans[l->count++] = *made;
    l->bytes += made->bytes;
    return COP_OK;
}

static cop_status lend(cop_lender *l, source_key key, const cop_tensors **out, cop_error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        loan *there = &l->loans[i];
        if (!is_same(&there->key, &key))
            continue;
        there->is_borrowed = true;
        there->used = ++l->clock;
        *out = there->tensors;
        return COP_OK;
    }
    cop_tensors *tensors = NULL;
    COP_TRY(fetch(l, &key, &tensors, err));
    loan made = {.key = key,
                 .tensors = tensors,
                 .bytes = bytes_of(tensors),
                 .used = ++l->clock,
                 .is_borrowed = true};
    cop_status status = add_loan(l, &made, err);
    if (status != COP_OK) {
        cop_tensors_free(tensors);
        return status;
    }
    make_room(l);
    *out = tensors;
    return COP_OK;
}

/* The mask of another ticket, for that of the one before: there may be any number of them. */
static cop_status lend_other(cop_lender *l, int32_t mask, const cop_tensors **out, cop_error *err)
{
    for (size_t i = 0; i < l->count && l->other != COP_NO_STAGE; i++) {
        const source_key *key = &l->loans[i].key;
        if (key->what == MASK && key->stage == l->other && key->stage != l->stage->work.mask)
            l->loans[i].is_borrowed = false;
    }
    l->other = mask;
    return lend(l, (source_key){MASK, mask, {0}}, out, err);
}

static cop_status lend_input(void *context, cop_work_input input, size_t request, size_t index,
                             const cop_tensors **out, cop_error *err)
{
    cop_lender *l = context;
    const cop_work_stage *work = &l->stage->work;
    switch (input) {
    case COP_INPUT_MASK:
        return lend(l, (source_key){MASK, work->mask, {0}}, out, err);
    case COP_INPUT_INITIAL:
        return lend(l, (source_key){INITIAL, 0, {0}}, out, err);
    case COP_INPUT_START:
        return lend(l, (source_key){START, 0, {0}}, out, err);
    case COP_INPUT_TRAINED:
        return lend(l, (source_key){FINAL, work->trained, {0}}, out, err);
    case COP_INPUT_COPY:
        if (work->copies[index] == COP_NO_STAGE)
            return cop_fail(err, COP_FAILED, "copy %zu is not among those that plan named", index);
        return lend(l, (source_key){FINAL, work->copies[index], {0}}, out, err);
    case COP_INPUT_DENSE:
        return lend(l, (source_key){FINAL, work->dense[index], {0}}, out, err);
    case COP_INPUT_REQUESTED:
        return lend(l, (source_key){FINAL, work->trainings[request], {0}}, out, err);
    case COP_INPUT_SNAPSHOT:
        return lend(
            l, (source_key){SNAPSHOT, work->trainings[request], work->snapshots[request][index]},
            out, err);
    case COP_INPUT_OTHER:
        return lend_other(l, work->others[index].mask, out, err);
    }
    return cop_fail(err, COP_FAILED, "unknown input");
}

static cop_status lend_synthetic(void *context, const cop_samples **out, cop_error *err)
{
    cop_lender *l = context;
    int32_t distil = l->stage->work.distil;
    if (l->synthetic == NULL && distil != COP_NO_STAGE) {
        cop_synthetic set = {0};
        COP_TRY(cop_load_synthetic(l->r, distil, &set, err));
        cop_status status = cop_synthetic_decode(&set, l->r->study->programs, &l->synthetic, err);
        cop_synthetic_clear(&set);
        COP_TRY(status);
    }
    *out = l->synthetic;
    return COP_OK;
}

static void take_back(void *context, const char *callback)
{
    (void)callback;
    cop_lender *l = context;
    for (size_t i = 0; i < l->count; i++)
        l->loans[i].is_borrowed = false;
    make_room(l);
}

cop_work_source cop_lender_source(cop_lender *l)
{
    return (cop_work_source){
        .context = l, .tensors = lend_input, .synthetic = lend_synthetic, .release = take_back};
}

cop_status cop_lender_mask(cop_lender *l, const cop_tensors **out, cop_error *err)
{
    source_key key = {MASK, l->stage->work.mask, {0}};
    COP_TRY(lend(l, key, out, err));
    for (size_t i = 0; i < l->count; i++)
        l->loans[i].is_kept = l->loans[i].is_kept || is_same(&l->loans[i].key, &key);
    return COP_OK;
}

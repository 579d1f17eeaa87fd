/* given.c: inputs of a work that a test has made. */
#include "given.h"

static const cop_tensors *pick(const given *g, cop_work_input input, size_t request, size_t index)
{
    switch (input) {
    case COP_INPUT_MASK:
        return g->mask;
    case COP_INPUT_INITIAL:
        return g->initial;
    case COP_INPUT_START:
        return g->start != NULL ? g->start : g->initial;
    case COP_INPUT_TRAINED:
        return g->trained;
    case COP_INPUT_COPY:
        return g->copies[index];
    case COP_INPUT_DENSE:
        return g->dense[index];
    case COP_INPUT_REQUESTED:
        return g->requested[request];
    case COP_INPUT_SNAPSHOT:
        return g->snapshots[request][index];
    case COP_INPUT_OTHER:
        return g->others[index];
    }
    return NULL;
}

static cop_status tensors(void *context, cop_work_input input, size_t request, size_t index,
                          const cop_tensors **out, cop_error *err)
{
    *out = pick(context, input, request, index);
    return *out != NULL ? COP_OK : cop_fail(err, COP_FAILED, "the test gave no input %d", input);
}

static cop_status synthetic(void *context, const cop_samples **out, cop_error *err)
{
    (void)err;
    *out = ((const given *)context)->synthetic;
    return COP_OK;
}

static void release(void *context, const char *callback)
{
    (void)callback;
    ((given *)context)->releases++;
}

cop_work_source given_source(given *g)
{
    return (cop_work_source){
        .context = g, .tensors = tensors, .synthetic = synthetic, .release = release};
}

/* convolutions.c: see convolutions.h. */
#include "exec/program/convolutions.h"

#include "core/openmp.h"
#include "exec/program/program.h"
#include "graph/node.h"

static bool is_convolution(cop_op op)
{
    return op == COP_OP_CONV || op == COP_OP_CONV_DATA || op == COP_OP_CONV_WEIGHTS;
}

cop_status cop_program_run_convolutions(cop_program *p, cop_error *err)
{
    if (!p->ready)
        return cop_fail(err, COP_FAILED, "a program's convolutions run after the whole has run");
    int before = omp_get_max_threads();
    omp_set_num_threads(p->threads);
    cop_status status = COP_OK;
    for (int32_t i = 0; i < p->instruction_count && status == COP_OK; i++)
        if (is_convolution(p->instructions[i].op))
            status = p->instructions[i].execute(p, &p->instructions[i], err);
    omp_set_num_threads(before);
    return status;
}

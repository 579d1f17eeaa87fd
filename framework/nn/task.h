/* task.h: what is inside a cop_task: the host's own code reads the members, plugins ask by the
 * functions of coppice/samples.h. */
#ifndef COP_NN_TASK_H
#define COP_NN_TASK_H

#include <coppice/samples.h>

struct cop_task {
#ifdef COPPICE_TEST_GROWN
    uint64_t grown_in_tests[2]; /* what a later version might add (tests/abi) */
#endif
    int32_t channels, height, width; /* of an image */
    int32_t classes;
};

#endif

/* given.h: inputs of a work that a test has made, lent as the host lends them. */
#ifndef COP_TEST_GIVEN_H
#define COP_TEST_GIVEN_H

#include "study/running/work.h"

/* What is there; the test's. What is NULL cannot be had. */
typedef struct given {
    const cop_tensors *mask, *initial, *start, *trained; /* start: NULL: `initial` */
    const cop_tensors *const *copies;
    const cop_tensors *const *dense;
    const cop_tensors *const *requested;        /* by request */
    const cop_tensors *const *const *snapshots; /* by request */
    const cop_tensors *const *others;
    const cop_samples *synthetic;
    int releases; /* callbacks that have returned */
} given;

cop_work_source given_source(given *g);

#endif

/* task.h: what is inside a cop_task: the host's own code reads the members, plugins ask by the
 * functions of coppice/samples.h. */
#ifndef COP_NN_TASK_H
#define COP_NN_TASK_H

#include <coppice/samples.h>

struct cop_task {
    int32_t channels, height, width; /* of an image */
    int32_t classes;
};

#endif

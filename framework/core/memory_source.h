/* memory_source.h (implemented in core/tensor.c): memory for tensors from elsewhere than the heap,
 * such as memory whose neighbours may not be touched. */
#ifndef COP_CORE_MEMORY_SOURCE_H
#define COP_CORE_MEMORY_SOURCE_H

#include <coppice/tensor.h>

/* Both functions are called by the thread that uses what they give. */
typedef struct cop_memory_source {
    void *context;

    /* `bytes` of zeros at a multiple of 64, for what is called `name`; NULL where there are none.
     */
    void *(*get)(void *context, const char *name, size_t bytes);

    /* Takes back what get gave; NULL is fine. */
    void (*put)(void *context, void *data);
} cop_memory_source;

/* As cop_tensors_new and cop_tensors_clone, with data from `memory`, which outlives the set; NULL:
 * the heap. */
cop_tensors *cop_tensors_new_in(const cop_memory_source *memory);
cop_tensors *cop_tensors_clone_in(const cop_tensors *set, const cop_memory_source *memory);

#endif

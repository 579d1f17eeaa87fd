/* output.h: what is inside a cop_model_output: lists in its graph's memory. */
#ifndef COP_NN_OUTPUT_H
#define COP_NN_OUTPUT_H

#include <coppice/model.h>

typedef struct cop_tap {
    struct cop_tap *next;
    cop_node node;
    char name[COP_NAME_SIZE];
} cop_tap;

struct cop_model_output {
    cop_graph *g;
    cop_node logits;
    cop_node *new_buffers; /* [buffer_count] */
    size_t buffer_count;
    cop_tap *first, *last; /* in the order in which they were named */
};

/* An empty output for so many buffers in the graph's memory, or NULL, which the graph then says. */
cop_model_output *cop_model_output_new(cop_graph *g, size_t buffer_count);

#endif

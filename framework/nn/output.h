/* output.h: what is inside a cop_model_output: lists in its graph's memory. */
#ifndef COP_NN_OUTPUT_H
#define COP_NN_OUTPUT_H

#include <coppice/model.h>

typedef struct cop_tap {
    struct cop_tap *next;
    cop_node node;
    char name[COP_NAME_SIZE];
} cop_tap;

/* A dropout layer's mask: an input of the graph. */
typedef struct cop_dropped {
    struct cop_dropped *next;
    cop_node node;
    double rate;
    size_t index; /* among them */
} cop_dropped;

struct cop_model_output {
    cop_graph *g;
    cop_node logits;
    cop_node *new_buffers; /* [buffer_count] */
    size_t buffer_count;
    cop_tap *first, *last; /* in the order in which they were named */
    bool is_dropping;      /* whether dropout layers are to drop, in training mode */
    bool has_dropout;      /* whether the network has such layers, dropping or not */
    size_t dropped_count;
    cop_dropped *dropped, *last_dropped; /* in the order in which they were built */
};

/* An empty output for so many buffers in the graph's memory, or NULL, which the graph then says. */
cop_model_output *cop_model_output_new(cop_graph *g, size_t buffer_count);

/* What dropout of a rate in (0, 1) makes of x: x times a mask that is an input of the graph, or x
 * where nothing is to be dropped. COP_NO_NODE when memory is out. */
cop_node cop_model_output_drop(cop_model_output *out, cop_node x, double rate, cop_mode mode);

/* The name of the input that is mask number `index`. */
void cop_dropped_name(size_t index, char name[COP_NAME_SIZE]);

#endif

/* declaration.h: what a model has declared so far. Read by framework/nn only. */
#ifndef COP_NN_DECLARATION_H
#define COP_NN_DECLARATION_H

#include "nn/task.h"

#include <coppice/nn.h>

/* A growing list of parameters or buffers. */
typedef struct cop_parameters {
    cop_parameter *items;
    size_t count, capacity;
} cop_parameters;

struct cop_declaration {
    cop_graph *graph; /* scratch; owned */
    cop_node images;  /* [2, C, H, W] */
    cop_parameters params, buffers;
};

/* An empty declaration with a scratch batch of the task, owned by the caller. */
cop_status cop_declaration_new(const cop_task *task, cop_declaration **out, cop_error *err);

/* Frees the declaration and the lists that it still holds. */
void cop_declaration_free(cop_declaration *d);

/* Whether a role is that of a buffer (running statistics) rather than of a trained parameter. */
bool cop_role_is_buffer(cop_role role);

#endif

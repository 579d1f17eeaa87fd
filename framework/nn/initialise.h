/* initialise.h: starting values of one tensor. Read by framework/nn only. */
#ifndef COP_NN_INITIALISE_H
#define COP_NN_INITIALISE_H

#include <coppice/nn.h>

/* Fills `values` (of the parameter's shape) as its initialiser says, drawing from the stream. */
void cop_initialise(const cop_parameter *parameter, cop_stream *stream, float *values);

#endif

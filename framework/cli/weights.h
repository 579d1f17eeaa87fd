/* weights.h: reading a state_dict from anywhere into a model's state. */
#ifndef COP_CLI_WEIGHTS_H
#define COP_CLI_WEIGHTS_H

#include <coppice/log.h>
#include <coppice/model.h>

/* Reads a safetensors file and takes the model's parameters and buffers from it, F64 rounded to
 * F32. COP_FAILED naming every tensor that is missing, or the first of the wrong shape or type or
 * with a value that is no finite float.
 * What the model does not have is passed over, with a warning. *state is the caller's. */
cop_status cop_weights_read(const char *path, const cop_model *model, cop_logger *log,
                            cop_tensors **state, cop_error *err);

#endif

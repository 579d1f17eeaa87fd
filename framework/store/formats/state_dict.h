/* state_dict.h: networks and masks from anywhere: safetensors files with the names of a PyTorch
 * state_dict, read into what a model declares. Nothing in a file is trusted. */
#ifndef COP_STORE_FORMATS_STATE_DICT_H
#define COP_STORE_FORMATS_STATE_DICT_H

#include <coppice/log.h>
#include <coppice/model.h>

/* Takes the model's parameters and buffers from a file, F64 rounded to F32. COP_FAILED naming every
 * tensor that is missing, or the first of the wrong shape or type or with a value that is no finite
 * float. What the model does not have is passed over, with a warning to `log` (may be NULL).
 * *state is the caller's. */
cop_status cop_state_dict_read(const char *path, const cop_model *model, cop_logger *log,
                               cop_tensors **state, cop_error *err);

/* Takes a mask from a file: for every prunable weight a tensor of its name and shape, of any type,
 * that holds 0 for a weight that is removed and 1 for one that stays; as F32. COP_FAILED and a
 * warning as above, and COP_FAILED for any other value. *mask is the caller's. */
cop_status cop_state_dict_read_mask(const char *path, const cop_model *model, cop_logger *log,
                                    cop_tensors **mask, cop_error *err);

/* COP_FAILED naming the first weight of `state`, which was read from `path`, that is not 0 where
 * the mask removes it. */
cop_status cop_state_dict_check_masked(const char *path, const cop_tensors *state,
                                       const cop_tensors *mask, cop_error *err);

#endif

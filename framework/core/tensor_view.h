/* tensor_view.h (implemented in core/tensor.c): sets of tensors whose data are another set's, under
 * names of their own; and taking tensors away from a set. */
#ifndef COP_CORE_TENSOR_VIEW_H
#define COP_CORE_TENSOR_VIEW_H

#include <coppice/tensor.h>

/* An empty view, owned by the caller and freed like any set, or NULL when memory is out. */
cop_tensors *cop_tensors_new_view(void);

/* Adds the tensor `owner` to a view under a name of its own. The data stay the owner's, which must
 * outlive the view. COP_FAILED for a name that is there already or too long. */
cop_status cop_tensors_show(cop_tensors *view, const char *name, const cop_tensor *owner,
                            cop_error *err);

/* Frees the tensors of a set behind its first `count`, which stay as they are. */
void cop_tensors_cut(cop_tensors *set, size_t count);

#endif

/* declared.h: what a model's state holds, and finding that in a set of tensors. */
#ifndef COP_NN_DECLARED_H
#define COP_NN_DECLARED_H

#include <coppice/model.h>

/* Everything that a model's state holds: the parameters, then the buffers, as declared; i is less
 * than the count. */
size_t cop_declared_count(const cop_model *m);
const cop_parameter *cop_declared_at(const cop_model *m, size_t i);

/* The F32 tensor in `set` for a declared parameter or buffer; COP_FAILED, naming it, when it is
 * missing or of another dtype or shape. `what` names the set in messages ("state", "mask"). */
cop_status cop_find_declared(const cop_tensors *set, const char *what,
                             const cop_parameter *declared, cop_tensor **out, cop_error *err);

/* Copies of what the model's state holds out of a set that may hold more, as that of a training
 * does; the caller's. Errors: those of cop_find_declared, memory. */
cop_status cop_declared_clone(const cop_model *m, const cop_tensors *from, cop_tensors **out,
                              cop_error *err);

#endif

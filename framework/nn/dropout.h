/* dropout.h: the masks of a training's dropout layers, in host memory. */
#ifndef COP_NN_DROPOUT_H
#define COP_NN_DROPOUT_H

#include <coppice/model.h>

typedef struct cop_dropout cop_dropout;

/* Memory for the masks of what was built by cop_model_build_dropping (nn/model.h), for as many
 * samples: *d is the caller's, and NULL where the network has no dropout. */
cop_status cop_dropout_new(const cop_model_output *out, cop_dropout **d, cop_error *err);
void cop_dropout_free(cop_dropout *d);

/* Draws the masks of n samples, at most as many as it was made for: layer by layer, element by
 * element, 0 with the layer's rate p, else 1/(1 − p). NULL is fine. */
void cop_dropout_draw(cop_dropout *d, cop_stream *stream, int64_t n);

/* Binds the masks to a program of the same network, for as many samples or fewer. NULL is fine. */
cop_status cop_dropout_bind(const cop_dropout *d, cop_program *program, cop_error *err);

#endif

/* symmetry.h (implemented in nn/): which channels of a network may change places. Permuting the
 * hidden channels of a layer, and what the next layer expects of each, is another network of the
 * same function (Hecht-Nielsen 1990; Ainsworth et al. 2023). */
#ifndef COPPICE_SYMMETRY_H
#define COPPICE_SYMMETRY_H

#include <coppice/model.h>

COP_BEGIN

/* A network's groups of channels, each of which may be permuted by itself. */
typedef struct cop_symmetries cop_symmetries;

/* An axis of a parameter or buffer along which a group's channels lie: the tensor's name, the axis,
 * and how many elements in a row along it belong to each channel: 1, or where a flatten lies
 * between, the places of an image. */
typedef struct cop_channel_axis {
    const char *tensor;
    int64_t axis;
    int64_t block;
} cop_channel_axis;

/* Derives the groups from the network that the model builds in COP_MODE_EVAL, whatever plugin it is
 * of; the caller's, and independent of the model. Left out, so that what is there leaves the logits
 * as they are but for rounding, are the images' channels, the classes, and what passes an operation
 * that mixes channels or tells them apart (groups of a group norm, a slice of channels). Errors:
 * what building says, memory. [one thread per model] */
COP_API cop_status cop_model_symmetries(const cop_model *m, cop_symmetries **out, cop_error *err);

/* Frees them; NULL is fine. */
COP_API void cop_symmetries_free(cop_symmetries *s);

/* How many groups there are; none, say, in softmax regression. [any thread] */
COP_API size_t cop_symmetries_count(const cop_symmetries *s);

/* How many channels group i has, 2 or more. [any thread] */
COP_API int64_t cop_symmetries_channels(const cop_symmetries *s, size_t i);

/* How many axes group i lies along; parameters' come before buffers', both in order of declaration.
 * [any thread] */
COP_API size_t cop_symmetries_axis_count(const cop_symmetries *s, size_t i);

/* Axis k of group i; lives as long as the groups. [any thread] */
COP_API const cop_channel_axis *cop_symmetries_axis(const cop_symmetries *s, size_t i, size_t k);

/* Permutes group i in a state, or in what else is named and shaped like one, such as a mask: its
 * channel c is then what order[c] was. Tensors that the state lacks are passed over. COP_INVALID
 * where `order` is no permutation, COP_FAILED where a tensor is no F32 of the model's shape, with
 * nothing done. [any thread, while none else uses the state] */
COP_API cop_status cop_symmetries_permute(const cop_symmetries *s, size_t i, const int64_t *order,
                                          cop_tensors *state, cop_error *err);

COP_END

#endif

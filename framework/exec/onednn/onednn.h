/* onednn.h: the only door to oneDNN. Physical layouts, convolutions and layout conversions; the
 * differences between its 2.x and 3.x interfaces stay behind it. */
#ifndef COP_EXEC_ONEDNN_ONEDNN_H
#define COP_EXEC_ONEDNN_ONEDNN_H

#include "exec/kernels/convolution.h"

/* An engine and its stream; owned by a program. */
typedef struct cop_onednn cop_onednn;

/* How a tensor lies in memory, where that is not plain row-major. NULL stands for plain. */
typedef struct cop_layout cop_layout;

/* A convolution or a layout conversion, ready to run: made once per program. */
typedef struct cop_primitive cop_primitive;

/* COP_FAILED where the library refuses; the caller frees *out. */
cop_status cop_onednn_new(cop_onednn **out, cop_error *err);
void cop_onednn_free(cop_onednn *dnn);

/* A copy owned by the caller; NULL of NULL. COP_FAILED when memory is out. */
cop_status cop_layout_clone(const cop_layout *from, cop_layout **out, cop_error *err);
void cop_layout_free(cop_layout *layout);

/* Whether both put every element at the same place; NULL is plain. */
bool cop_layout_equal(const cop_layout *a, const cop_layout *b);

/* How many neighbouring channels (8 or 16) lie together at each pixel of a tensor [N, C, H, W] in
 * that layout; 1 where it is plain, 0 where it is another. */
int32_t cop_layout_lanes(const cop_layout *layout, cop_shape shape);

/* The layout whose pixels hold `lanes` channels, for lanes 1 (NULL), 8 or 16 that divide the
 * shape's channels. The caller frees *out. */
cop_status cop_layout_blocked(cop_shape shape, int32_t lanes, cop_layout **out, cop_error *err);

/* Bytes of a tensor in that layout, padding included; `layout` is not NULL. */
size_t cop_layout_bytes(const cop_layout *layout);

/* Writes a layout of a tensor of `rank` axes as oneDNN's tags do, with `letters` (one per axis,
 * lower case) for the axes: "nChw16c" is [N, C / 16, H, W, 16]. NULL is plain row-major. Where it
 * does not consist of blocks (Winograd's weights), "opaque". Returns `text`. */
const char *cop_layout_text(const cop_layout *layout, int rank, const char *letters, char *text,
                            size_t size);

/* A convolution whose three layouts oneDNN picks. Uses as many threads as OpenMP would now. */
cop_status cop_primitive_conv(cop_onednn *dnn, const cop_conv_spec *spec, cop_primitive **out,
                              cop_error *err);

/* A conversion of a tensor of `shape` from one layout to another. Padding becomes zero. */
cop_status cop_primitive_reorder(cop_onednn *dnn, cop_shape shape, const cop_layout *from,
                                 const cop_layout *to, cop_primitive **out, cop_error *err);

void cop_primitive_free(cop_primitive *primitive);

/* The layouts wanted of the operands (0, and 1 for a convolution; in the order of cop_conv_kind)
 * and made of the result. NULL is plain. Owned by the primitive. */
const cop_layout *cop_primitive_operand_layout(const cop_primitive *primitive, int i);
const cop_layout *cop_primitive_result_layout(const cop_primitive *primitive);

/* Bytes of working memory that a run needs. */
size_t cop_primitive_scratch_bytes(const cop_primitive *primitive);

/* Which of oneDNN's implementations it is: "jit:avx512_core"; "own:copy" where a conversion is not
 * oneDNN's. The primitive's own. */
const char *cop_primitive_implementation(const cop_primitive *primitive);

/* Runs on tensors in those layouts. `b` is ignored by a conversion; `scratch` may be NULL where no
 * bytes are needed. Allocates nothing. */
cop_status cop_primitive_run(cop_primitive *primitive, const float *a, const float *b,
                             float *result, void *scratch, cop_error *err);

/* The instruction set that oneDNN uses here and now, which ONEDNN_MAX_CPU_ISA bounds, as a word:
 * "avx512_core". NULL for one that it has no word for. The library's own text. */
const char *cop_onednn_isa(void);

/* Whether it prefers short vectors (ONEDNN_CPU_ISA_HINTS). */
bool cop_onednn_prefers_ymm(void);

/* "avx512_core; oneDNN 2.6.3", for the record of where a result came from. */
void cop_onednn_version(char *text, size_t size);

#endif

/* shape.h: what the framework's modules need of shapes and dtypes beyond the public header. */
#ifndef COP_CORE_SHAPE_H
#define COP_CORE_SHAPE_H

#include <coppice/tensor.h>

/* "f32", "f64", "u8" or "i64"; "unknown" for anything else. A literal. */
const char *cop_dtype_name(cop_dtype dtype);

/* The bytes that a dense tensor occupies. False, with *bytes untouched, when the rank is outside
 * 0 … COP_MAX_RANK, a dimension is negative, the dtype is unknown or the size overflows. */
bool cop_shape_bytes(cop_shape shape, cop_dtype dtype, size_t *bytes);

#endif

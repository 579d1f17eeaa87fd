/* tensor.h (implemented in core/): dense arrays in host memory and ordered sets of named ones.
 *
 * A `cop_tensors` is what a state_dict, a mask set, a safetensors file and the state of a stepped
 * work are: tensors with unique names, in the order in which they were added. */
#ifndef COPPICE_TENSOR_H
#define COPPICE_TENSOR_H

#include <coppice/status.h>

COP_BEGIN

typedef struct cop_shape {
    int32_t rank; /* 0 (a scalar) … COP_MAX_RANK */
    int64_t dim[COP_MAX_RANK];
} cop_shape;

/* The shape of a scalar, and of one to four dimensions: cop_shape0, cop_shape1, cop_shape2,
 * cop_shape3, cop_shape4. Nothing is checked here: what takes a shape checks it. [any thread] */
COP_API cop_shape cop_shape0(void);
COP_API cop_shape cop_shape1(int64_t a);
COP_API cop_shape cop_shape2(int64_t a, int64_t b);
COP_API cop_shape cop_shape3(int64_t a, int64_t b, int64_t c);
COP_API cop_shape cop_shape4(int64_t a, int64_t b, int64_t c, int64_t d);

/* Product of the dimensions; 1 for a scalar. */
COP_API int64_t cop_shape_count(cop_shape shape);

/* Whether ranks and all dimensions are the same. */
COP_API bool cop_shape_equal(cop_shape a, cop_shape b);

/* Writes "[2, 3, 32, 32]" into `text` (96 bytes always suffice) and returns it. */
COP_API const char *cop_shape_text(cop_shape shape, char *text, size_t size);

typedef enum cop_dtype {
    COP_F32 = 1, /* what the engine computes with */
    COP_F64 = 2,
    COP_U8 = 3,
    COP_I64 = 4
} cop_dtype;

/* Bytes of one element. */
COP_API size_t cop_dtype_size(cop_dtype dtype);

/* One tensor; row-major, contiguous, 64-byte aligned. `data` belongs to the set that holds it. */
typedef struct cop_tensor {
    char name[COP_NAME_SIZE];
    cop_dtype dtype;
    cop_shape shape;
    void *data;
} cop_tensor;

/* The data as what it is, float (cop_f32), double (cop_f64), uint8_t (cop_u8) or int64_t (cop_i64):
 * the set's own memory, valid as long as the set. Each asserts the dtype. */
COP_API float *cop_f32(const cop_tensor *tensor);
COP_API double *cop_f64(const cop_tensor *tensor);
COP_API uint8_t *cop_u8(const cop_tensor *tensor);
COP_API int64_t *cop_i64(const cop_tensor *tensor);

/* Element i, in row-major order, as a double, whatever the dtype: exact but for integers beyond
 * 2^53, which are rounded. 0 <= i < cop_shape_count(tensor->shape), which is not checked. For
 * tensors of others' files; a loop over one of known dtype reads faster by the above.
 * [any thread] */
COP_API double cop_tensor_value(const cop_tensor *tensor, int64_t i);

typedef struct cop_tensors cop_tensors;

/* A new empty set, owned by the caller, or NULL when memory is out. */
COP_API cop_tensors *cop_tensors_new(void);

/* Frees the set and everything in it; NULL is fine. */
COP_API void cop_tensors_free(cop_tensors *set);

/* Adds a zero-filled tensor and hands it back in *out (which may be NULL), valid until the set is
 * freed. Errors: duplicate or overlong name, negative or overflowing shape, no memory. */
COP_API cop_status cop_tensors_add(cop_tensors *set, const char *name, cop_dtype dtype,
                                   cop_shape shape, cop_tensor **out, cop_error *err);

/* How many tensors there are. */
COP_API size_t cop_tensors_count(const cop_tensors *set);

/* The i-th tensor in order of addition; i < count. */
COP_API cop_tensor *cop_tensors_at(const cop_tensors *set, size_t i);

/* The tensor of that name, or NULL. */
COP_API cop_tensor *cop_tensors_find(const cop_tensors *set, const char *name);

/* A deep copy, owned by the caller, or NULL when memory is out. */
COP_API cop_tensors *cop_tensors_clone(const cop_tensors *set);

/* Copies the values of `from` into `to`; both must hold the same names, dtypes and shapes in the
 * same order, else an error that names the first difference. */
COP_API cop_status cop_tensors_copy(cop_tensors *to, const cop_tensors *from, cop_error *err);

/* Several sets in one, each under a prefix of its own: what is "weight" in a network's state is
 * "net/weight" in a bag that holds that state under "net/". The prefix may be "", as long as no two
 * names are the same. Other tensors of the bag are left alone. */

/* Adds copies of all tensors of `from` to the bag. Errors: those of cop_tensors_add (a prefix makes
 * names longer); what was added before stays. */
COP_API cop_status cop_tensors_add_prefixed(cop_tensors *bag, const char *prefix,
                                            const cop_tensors *from, cop_error *err);

/* Copies the values of all tensors of `from` into the bag, where they are by that prefix, or those
 * of all tensors of `to` out of it. Errors, with nothing copied: one that the bag has not, or has
 * with another dtype or shape; the message names it. */
COP_API cop_status cop_tensors_put_prefixed(cop_tensors *bag, const char *prefix,
                                            const cop_tensors *from, cop_error *err);
COP_API cop_status cop_tensors_take_prefixed(const cop_tensors *bag, const char *prefix,
                                             cop_tensors *to, cop_error *err);

COP_END

#endif

/* files.h (implemented in store/): tensors out of files from anywhere, for plugins that take what
 * was made elsewhere: all of a file at once, or a large array item by item. Nothing in such a file
 * is trusted: it is checked before it is believed, and it can make us allocate no more than a small
 * multiple of its own size (of an .npz: of what its size can be unpacked to). */
#ifndef COPPICE_FILES_H
#define COPPICE_FILES_H

#include <coppice/tensor.h>

COP_BEGIN

/* The tensors of a file, in memory. */
typedef struct cop_tensor_file cop_tensor_file;

/* Reads a whole file, in a format that its first bytes tell:
 *
 *   safetensors    tensors and notes, as they are called there
 *   .npy           one tensor, called "array"; C or Fortran order, either byte order, no axis of
 *                  more than 2^30
 *   .npz           a tensor for each array, without ".npy" in its name; in builds with libzip
 *
 * Elements come as F32 (also float16 and bfloat16), F64, U8 (also bool, as 0 and 1) and I64 (all
 * other integers). *out is the caller's (cop_tensor_file_free). The message begins with the path.
 * Errors: COP_INVALID for a file that is none of these or is damaged (for one of PyTorch's own it
 * says what to do), COP_UNAVAILABLE for an .npz without libzip, COP_FAILED where it cannot be read
 * or memory is refused. [any thread] */
COP_API cop_status cop_tensor_file_read(const char *path, cop_tensor_file **out, cop_error *err);

/* Frees it and its tensors; NULL is fine. */
COP_API void cop_tensor_file_free(cop_tensor_file *file);

/* The tensors, in the file's order; live as long as the file does. [any thread] */
COP_API const cop_tensors *cop_tensor_file_tensors(const cop_tensor_file *file);

/* What the file itself says under a key (a safetensors file's metadata), or NULL; lives as long as
 * the file does. [any thread] */
COP_API const char *cop_tensor_file_note(const cop_tensor_file *file, const char *key);

/* The numbers that such a note lists, separated by spaces: written to `out`, and counted. 0 where
 * there is no such note; −1 where it lists something else, more than `most`, or what is not finite.
 * [any thread] */
COP_API int32_t cop_tensor_file_numbers(const cop_tensor_file *file, const char *key, float *out,
                                        int32_t most);

/* A hash of the file's bytes, 32 hexadecimal digits (XXH3, 128 bits); lives as long as the file
 * does. [any thread] */
COP_API const char *cop_tensor_file_hash(const cop_tensor_file *file);

/* An array in an .npy file, which is read item by item: as large as it is, no more of it comes into
 * memory than is asked for. */
typedef struct cop_array_file cop_array_file;

/* Opens the .npy file of an array of numbers, in C or Fortran order and either byte order, with at
 * most COP_MAX_RANK axes of at most 2^30; what cop_tensor_file_read takes is taken. *out is the
 * caller's (cop_array_file_close). Errors, which name the path: COP_INVALID where there is no such
 * regular file or it is no such array, COP_FAILED where it cannot be read or memory is refused.
 * [any thread] */
COP_API cop_status cop_array_file_open(const char *path, cop_array_file **out, cop_error *err);

/* Closes and frees it; NULL is fine. [any thread] */
COP_API void cop_array_file_close(cop_array_file *file);

/* The path that it was opened by; lives as long as the file does. [any thread] */
COP_API const char *cop_array_file_path(const cop_array_file *file);

/* The array's shape; its first axis counts the items. A scalar is one item. [any thread] */
COP_API cop_shape cop_array_file_shape(const cop_array_file *file);

/* What elements are read as: F32 (also float16), F64, U8 (also bool, as 0 and 1) or I64 (all other
 * integers). [any thread] */
COP_API cop_dtype cop_array_file_dtype(const cop_array_file *file);

/* What they are in the file, as NumPy says it: kind and bytes, "f2", "f4", "f8", "i1", "i2", "i4",
 * "i8", "u1", "u2", "u4", "u8" or "b1". A literal. [any thread] */
COP_API const char *cop_array_file_type(const cop_array_file *file);

/* Reads items first … first+count−1 into the caller's memory, in C order: elements of that dtype,
 * `count` times the product of all axes but the first. After a failure what is there is of no use.
 * Errors, which name the path: COP_INVALID where not all of these items are there, or an integer is
 * beyond INT64_MAX; COP_FAILED where the file cannot be read, or has shrunk. [any thread] */
COP_API cop_status cop_array_file_read(const cop_array_file *file, int64_t first, int64_t count,
                                       void *out, cop_error *err);

COP_END

#endif

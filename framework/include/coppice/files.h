/* files.h (implemented in store/): tensors out of files from anywhere, for plugins that take what
 * was made elsewhere. Nothing in such a file is trusted: it is checked before it is believed, and
 * it can make us allocate no more than a small multiple of its own size (of an .npz: of what its
 * size can be unpacked to). */
#ifndef COPPICE_FILES_H
#define COPPICE_FILES_H

#include <coppice/tensor.h>

COP_BEGIN

/* The tensors of a file, in memory. */
typedef struct cop_tensor_file cop_tensor_file;

/* Reads a whole file, in a format that its first bytes tell:
 *
 *   safetensors    tensors and notes, as they are called there
 *   .npy           one tensor, called "array"; C or Fortran order, either byte order
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

COP_END

#endif

/* files.h (implemented in store/): tensors out of files from anywhere, for plugins that take what
 * was made elsewhere; and parts of files, for those in other formats. Nothing in a file of tensors
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
 *   .npy           one tensor, called "array"; C or Fortran order, either byte order
 *   .npz           a tensor for each array, without ".npy" in its name; in builds with libzip
 *
 * Elements come as F32 (also float16 and bfloat16), F64, U8 (also bool, as 0 and 1) and I64 (all
 * other integers). *out is the caller's (cop_tensor_file_free). The message names the path. A
 * safetensors file of any length is read into its tensors; an .npy or .npz file is in memory as a
 * whole meanwhile, and may have 2^33 bytes (8 GiB) at most. Errors: COP_INVALID for a file that is
 * none of these or is damaged (for one of PyTorch's own it says what to do), COP_UNAVAILABLE for an
 * .npz without libzip, COP_FAILED where it cannot be read, is too long, or memory is refused.
 * [any thread] */
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

/* A hash of the file's bytes, of those that the tensors were read from: 32 hexadecimal digits
 * (XXH3, 128 bits); lives as long as the file does. [any thread] */
COP_API const char *cop_tensor_file_hash(const cop_tensor_file *file);

/* Opens a regular file for reading, without waiting: what has its name and is none, such as a pipe,
 * is refused. For data that are too many to be read as a whole, and for libraries that read from a
 * descriptor. *file is a descriptor, the caller's (close), and untouched on failure; *size is the
 * file's length in bytes. Errors, with the path as their file: COP_INVALID where there is no such
 * file, it may not be read, or is no regular one. [any thread] */
COP_API cop_status cop_file_open(const char *path, int *file, int64_t *size, cop_error *err);

/* Reads `size` bytes of a file opened as above into the caller's memory, from byte `offset` (0 or
 * more) on: all of them, or it is an error, and what is in the memory then is of no use. The
 * descriptor's position is neither used nor moved, so threads may share one. Errors, with `path` as
 * their file: COP_FAILED where it cannot be read or ends before. [any thread] */
COP_API cop_status cop_file_read_at(int file, const char *path, int64_t offset, void *out,
                                    size_t size, cop_error *err);

COP_END

#endif

/* files.h (implemented in store/): tensors, arrays and pictures out of files from anywhere, for
 * plugins that take what was made elsewhere: all of a file at once, or a large array item by item;
 * and parts of files, for those in other formats. Nothing in a file of the former is trusted: it is
 * checked before it is believed, and it can make us allocate no more than a small multiple of its
 * own size (of an .npz: of what its size can be unpacked to; of a picture: as is said there). */
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

/* A picture, decoded: red, green and blue bytes, and how it was stored. */
typedef struct cop_picture cop_picture;

/* Reads a JPEG or PNG file; which of them its first bytes tell, whatever it is called. Whatever it
 * holds comes as 8 bits each of red, green and blue, to the bit as Pillow's convert("RGB") has it:
 *
 *   grey           alike in red, green and blue; 1, 2 or 4 bits spread over 0 to 255
 *   a palette      its colours
 *   16 bits        the upper 8 of them (Pillow makes something else of 16-bit grey)
 *   transparency   left out: the colours as they are stored, over no background
 *   CMYK           converted without a profile; Adobe's, which is inverted, turned back before
 *   not read       EXIF, its orientation too, colour profiles, and the gamma that a PNG file states
 *
 * A file that cannot be decoded or whose pixels are not all there is refused, where others fill in
 * grey; so is one of more than 2^28 bytes, 2^26 pixels or 200 scans. A picture takes 3 bytes for
 * each pixel; decoding a progressive JPEG file may take up to 1 GiB more meanwhile. *out is the
 * caller's (cop_picture_free), and untouched on failure; the message names the path. Errors:
 * COP_INVALID for a file that cannot be decoded or has too many pixels, COP_FAILED where it cannot
 * be read, is too long or no regular file, or memory is refused. [any thread] */
COP_API cop_status cop_picture_read(const char *path, cop_picture **out, cop_error *err);

/* Frees it and its pixels; NULL is fine. */
COP_API void cop_picture_free(cop_picture *picture);

/* Its size in pixels, 1 or more: the width, and the height. [any thread] */
COP_API int32_t cop_picture_width(const cop_picture *picture);
COP_API int32_t cop_picture_height(const cop_picture *picture);

/* The pixels [height, width, 3]: from the top row on, each from the left, red, green, blue. Live as
 * long as the picture does. [any thread] */
COP_API const uint8_t *cop_picture_rgb(const cop_picture *picture);

/* Whether it was a JPEG file, whose pixels are near those that were saved; those of a PNG file are
 * the same. [any thread] */
COP_API bool cop_picture_is_jpeg(const cop_picture *picture);

/* The channels of a pixel as stored, transparency aside: 1 grey, 3 colours (also a palette's), 4
 * inks (CMYK). [any thread] */
COP_API int32_t cop_picture_channels(const cop_picture *picture);

/* The bits of a channel as stored: 1, 2, 4, 8 or 16; a palette's colours have 8. [any thread] */
COP_API int32_t cop_picture_bits(const cop_picture *picture);

/* Whether pixels of it may be transparent: it has a channel for that, or colours that stand for it.
 * [any thread] */
COP_API bool cop_picture_has_transparency(const cop_picture *picture);

/* Whether it is a PNG file that states another gamma than sRGB's, in which its pixels still are.
 * [any thread] */
COP_API bool cop_picture_has_gamma(const cop_picture *picture);

/* What was found wrong with a JPEG file and read over, in libjpeg's words and of several the first:
 * its pixels may not be those that were saved. NULL where nothing was; lives as long as the picture
 * does. [any thread] */
COP_API const char *cop_picture_flaw(const cop_picture *picture);

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

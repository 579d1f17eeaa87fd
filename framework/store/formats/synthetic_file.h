/* synthetic_file.h: synthetic.safetensors, a distilled set: one safetensors file (safetensors.h),
 * so that PyTorch reads it, with the tensors
 *
 *   pixels  f32 [n, C, H, W]      labels  f32 [n, classes], each a distribution
 *
 * and metadata that say the rest, so that nothing has to be guessed:
 *
 *   space      "unit": pixels from 0 to 1; "normalised": as a network sees them, within ±100.
 *              Absent in older files: unit
 *   label_kind "hard": every row is one-hot; "soft". Absent in older files
 *   whitened   "yes": made for whitened data (ZCA), and trained on beside such alone. Else absent
 *   mean, std  of the normalisation to train with, a number per channel, separated by spaces
 *   decode     "none", "single", "multi" or "bound"
 *   factor     of the decoding, decimal digits
 *   recipe     what networks are trained with on the set, as train/recipe_text.h writes it; in the
 *              store, where cells choose that (COP_OPTION_SET_RECIPE), the distiller's default
 *   made_by    the distiller and its networks, with their versions. Absent in older files
 *   origin     of a set that was made elsewhere: the file that it was read from, and its hash
 *   dataset    the id of the dataset plugin that it was made with, and the data's fingerprint
 *   options    the distiller's, as they were in effect: "ipc = 10; factor = 2; …"
 *
 * The last two are absent in older files. What `coppice export` writes has more, which is read by
 * nobody here: "coppice", the program's version, "study", "cell", "seed", whose set it is, and
 * "artifact", its name in the store. */
#ifndef COP_STORE_FORMATS_SYNTHETIC_FILE_H
#define COP_STORE_FORMATS_SYNTHETIC_FILE_H

#include "store/formats/safetensors.h"

#include <coppice/synthetic.h>

/* No decoding is finer: files with a larger factor are refused. */
#define COP_SYNTHETIC_MOST_FACTOR 64

/* What a set of tensors of these shapes is of. False where there is none: another number of axes,
 * an empty one, or a larger one than any task's (COP_MAX_CHANNELS, INT32_MAX, COP_MAX_CLASSES). */
bool cop_synthetic_shapes(cop_shape pixels, cop_shape labels, cop_task *out);

cop_status cop_synthetic_write(const cop_synthetic *s, const char *path, cop_error *err);

/* The same with more notes behind its own, by keys that it does not have. */
#define COP_SYNTHETIC_MORE_NOTES 8
cop_status cop_synthetic_write_noted(const cop_synthetic *s, const cop_metadata *more,
                                     size_t more_count, const char *path, cop_error *err);

/* Reads and checks: shapes agree, pixels are in their space, labels are distributions and what they
 * are said to be, metadata complete. COP_DAMAGED naming the file, and the image where it is one.
 * *out is filled; clear it with cop_synthetic_clear. */
cop_status cop_synthetic_read(const char *path, cop_synthetic *out, cop_error *err);

#endif

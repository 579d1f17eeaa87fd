/* synthetic_file.h: synthetic.safetensors, a distilled set: one safetensors file (safetensors.h),
 * so that PyTorch reads it, with the tensors
 *
 *   pixels  f32 [n, C, H, W], from 0 to 1      labels  f32 [n, classes], each a distribution
 *
 * and metadata that say the rest, so that nothing has to be guessed:
 *
 *   mean, std  of the normalisation to train with, a number per channel, separated by spaces
 *   decode     "none", "single", "multi" or "bound"
 *   factor     of the decoding, decimal digits
 *   recipe     what networks are trained with on the set, as train/recipe_text.h writes it */
#ifndef COP_STORE_FORMATS_SYNTHETIC_FILE_H
#define COP_STORE_FORMATS_SYNTHETIC_FILE_H

#include <coppice/synthetic.h>

/* No decoding is finer: files with a larger factor are refused. */
#define COP_SYNTHETIC_MOST_FACTOR 64

cop_status cop_synthetic_write(const cop_synthetic *s, const char *path, cop_error *err);

/* Reads and checks: shapes agree, pixels finite, labels are distributions, metadata complete. *out
 * is filled; clear it with cop_synthetic_clear. */
cop_status cop_synthetic_read(const char *path, cop_synthetic *out, cop_error *err);

#endif

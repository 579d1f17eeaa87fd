/* synthetic_file.h: a distilled set on disk: one safetensors file (pixels [n, C, H, W], labels [n,
 * classes]) whose metadata holds the rest, so that PyTorch reads the tensors and nothing has to be
 * guessed. */
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

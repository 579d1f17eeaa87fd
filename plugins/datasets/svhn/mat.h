/* mat.h: the two variables of SVHN's .mat files, through libmatio: mat.c, or none.c where it was
 * not there. */
#ifndef SVHN_MAT_H
#define SVHN_MAT_H

#include <coppice/status.h>

enum { MAT_SIDE = 32, MAT_PIXELS = 3 * MAT_SIDE * MAT_SIDE };

/* A file whose form was checked. All zeros: none. */
typedef struct mat_file {
    char *path;
    int64_t count;
    uint8_t *labels; /* [count], 1 to 10 */
} mat_file;

/* Reads the labels, and sees that the images are as many. On failure the message names the file,
 * and *out is empty. COP_UNAVAILABLE without libmatio. */
cop_status mat_open(const char *path, mat_file *out, cop_error *err);
void mat_close(mat_file *file);

/* Reads images first … first+count−1, which are there, MAT_PIXELS bytes each, as they are stored.
 */
cop_status mat_read(const mat_file *file, int64_t first, int64_t count, uint8_t *pixels,
                    cop_error *err);

#endif

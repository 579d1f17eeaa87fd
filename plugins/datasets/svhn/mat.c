/* mat.c: reading SVHN's .mat files by libmatio. It sees only files of MATLAB 5's format that are
 * whole: the others that it knows (HDF5's among them) are refused before. */
#include "mat.h"

#ifdef SVHN_HAS_MATIO

#include "whole.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <matio.h>

/* The extra set has 531,131; elements are counted by libmatio in an int. */
enum { MOST_IMAGES = 600000 };

static cop_status open_mat(const char *path, mat_t **out, cop_error *err)
{
    *out = Mat_Open(path, MAT_ACC_RDONLY);
    return *out != NULL ? COP_OK
                        : cop_fail_at(err, COP_INVALID, path, 0, "cannot be opened by libmatio");
}

static bool is_images(const matvar_t *x)
{
    return x != NULL && x->rank == 4 && x->class_type == MAT_C_UINT8 && x->isComplex == 0 &&
           x->dims[0] == MAT_SIDE && x->dims[1] == MAT_SIDE && x->dims[2] == 3 && x->dims[3] >= 1 &&
           x->dims[3] <= MOST_IMAGES;
}

/* What the file says of its images; the caller's to free. */
static cop_status find_images(mat_t *mat, const char *path, matvar_t **out, cop_error *err)
{
    (void)Mat_Rewind(mat);
    *out = Mat_VarReadInfo(mat, "X");
    if (is_images(*out))
        return COP_OK;
    if (*out != NULL)
        Mat_VarFree(*out);
    *out = NULL;
    return cop_fail_at(err, COP_INVALID, path, 0,
                       "has no variable X of bytes [32, 32, 3, N] with N up to %d",
                       (int)MOST_IMAGES);
}

/* Element i of y, which MATLAB may have stored as bytes or as doubles; 0 for what is no label. */
static uint8_t label_at(const matvar_t *y, int64_t i)
{
    double number = 0.0;
    if (y->class_type == MAT_C_UINT8)
        number = ((const uint8_t *)y->data)[i];
    else
        memcpy(&number, (const char *)y->data + (size_t)i * sizeof number, sizeof number);
    return number >= 1.0 && number <= 10.0 && floor(number) == number ? (uint8_t)number : 0;
}

static bool is_labels(const matvar_t *y, int64_t count)
{
    if (y == NULL || y->rank != 2 || y->data == NULL || y->isComplex != 0 ||
        (y->class_type != MAT_C_UINT8 && y->class_type != MAT_C_DOUBLE))
        return false;
    size_t size = y->class_type == MAT_C_UINT8 ? 1 : sizeof(double);
    size_t many = (size_t)count;
    bool is_vector =
        (y->dims[0] == many && y->dims[1] == 1) || (y->dims[0] == 1 && y->dims[1] == many);
    return is_vector && y->nbytes == many * size;
}

static cop_status take_labels(const matvar_t *y, mat_file *file, cop_error *err)
{
    if (!is_labels(y, file->count))
        return cop_fail_at(err, COP_INVALID, file->path, 0,
                           "has no variable y of %lld labels, for as many images",
                           (long long)file->count);
    file->labels = malloc((size_t)file->count);
    if (file->labels == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t i = 0; i < file->count; i++) {
        file->labels[i] = label_at(y, i);
        if (file->labels[i] == 0)
            return cop_fail_at(err, COP_INVALID, file->path, 0,
                               "label %lld of y is not one of 1 to 10", (long long)i);
    }
    return COP_OK;
}

/* The labels are read only where they are as many as the images: a file may claim to have any
 * number. */
static cop_status take_variables(mat_t *mat, mat_file *file, cop_error *err)
{
    matvar_t *x = NULL;
    COP_TRY(find_images(mat, file->path, &x, err));
    file->count = (int64_t)x->dims[3];
    Mat_VarFree(x);
    (void)Mat_Rewind(mat);
    matvar_t *y = Mat_VarReadInfo(mat, "y");
    bool fits = y != NULL && y->rank == 2 && y->dims[0] <= MOST_IMAGES &&
                y->dims[1] <= MOST_IMAGES && y->dims[0] * y->dims[1] == (size_t)file->count &&
                Mat_VarReadDataAll(mat, y) == 0;
    cop_status status = take_labels(fits ? y : NULL, file, err);
    if (y != NULL)
        Mat_VarFree(y);
    return status;
}

cop_status mat_open(const char *path, mat_file *out, cop_error *err)
{
    mat_t *mat = NULL;
    mat_file file = {.path = malloc(strlen(path) + 1)};
    *out = (mat_file){0};
    if (file.path == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    memcpy(file.path, path, strlen(path) + 1);
    cop_status status = mat_check_whole(path, err);
    if (status == COP_OK)
        status = open_mat(path, &mat, err);
    if (status == COP_OK) {
        status = take_variables(mat, &file, err);
        (void)Mat_Close(mat);
    }
    if (status == COP_OK)
        *out = file;
    else
        mat_close(&file);
    return status;
}

void mat_close(mat_file *file)
{
    free(file->path);
    free(file->labels);
    *file = (mat_file){0};
}

cop_status mat_read(const mat_file *file, int64_t first, int64_t count, uint8_t *pixels,
                    cop_error *err)
{
    mat_t *mat = NULL;
    matvar_t *x = NULL;
    COP_TRY(open_mat(file->path, &mat, err));
    cop_status status = find_images(mat, file->path, &x, err);
    if (status == COP_OK && (int64_t)x->dims[3] != file->count)
        status = cop_fail_at(err, COP_FAILED, file->path, 0, "has changed since it was opened");
    if (status == COP_OK && Mat_VarReadDataLinear(mat, x, pixels, (int)(first * MAT_PIXELS), 1,
                                                  (int)(count * MAT_PIXELS)) != 0)
        status = cop_fail_at(err, COP_FAILED, file->path, 0,
                             "images %lld to %lld cannot be read: X is damaged or ends early",
                             (long long)first, (long long)(first + count - 1));
    if (x != NULL)
        Mat_VarFree(x);
    (void)Mat_Close(mat);
    return status;
}

#endif

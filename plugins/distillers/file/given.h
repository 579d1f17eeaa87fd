/* given.h: what the parts of the `file` distiller hand to each other: the options, and the set that
 * they find. */
#ifndef FILE_GIVEN_H
#define FILE_GIVEN_H

#include <coppice/distiller.h>
#include <coppice/files.h>
#include <coppice/option.h>

/* In the order of the options' choices. 0 of each: what the file says, or its form tells. */
enum { SPACE_AUTO, SPACE_UNIT, SPACE_NORMALISED, SPACE_BYTES };
enum { DECODE_AUTO, DECODE_NONE, DECODE_SINGLE, DECODE_MULTI };
enum { LABELS_AUTO, LABELS_HARD, LABELS_SOFT, LABELS_LOGITS };
enum { ZCA_AUTO, ZCA_NO, ZCA_YES };

typedef struct options {
    const char *path;
    const char *labels_path;
    const char *images;
    const char *labels;
    int32_t space;
    cop_float_list mean, std;
    int32_t decode;
    int64_t factor;
    int32_t label_kind;
    int32_t zca;
    cop_string_list classes;
    const cop_recipe *recipe;
} options;

/* A set as it will be. */
typedef struct given {
    int64_t count;
    float *pixels; /* [count, C, H, W] in the space; owned, as is what follows */
    float *labels; /* [count, classes] */
    cop_pixel_space space;
    cop_decode decode;
    int32_t factor;
    bool is_whitened;
    bool is_folder; /* of pictures */
    bool has_normalization;
    cop_normalization normalization;
    cop_recipe *recipe;
    char origin[COP_SYNTHETIC_ORIGIN + 1];
} given;

/* Reads and checks everything but whether the data suit. Messages begin with the file's path where
 * they are about what is in it. The caller's, to be cleared whatever the answer. */
cop_status given_read(const options *o, const cop_task *task, given *out, cop_error *err);
void given_clear(given *g);

/* What was found in a file: there COP_INVALID is COP_FAILED, for the config names the file rightly
 * and it is not what it should be. Elsewhere COP_INVALID is what the config states wrongly. */
cop_status given_in_file(cop_status status, cop_error *err);

/* Makes room for so many images. */
cop_status given_allocate(given *g, const cop_task *task, int64_t count, cop_error *err);

/* Its parts. The images and labels of tensors; what a file of tensors (NULL: none) and the options
 * say beside them; the images of a folder for each class. */
cop_status given_arrays(const options *o, const cop_task *task, const cop_tensor_file *file,
                        given *out, cop_error *err);
cop_status given_stated(const options *o, const cop_task *task, const cop_tensor_file *file,
                        given *out, cop_error *err);
cop_status given_pictures(const options *o, const cop_task *task, given *out, cop_error *err);

/* Refuses a folder of pictures whose classes' folders, sorted, are not in the order of the data's
 * classes: their pictures would have wrong labels. Folders that are called by the labels (0, 1, …)
 * pass; so do all where `classes` states their order, and where the data have no names. */
cop_status given_check_folders(const options *o, const cop_plan *plan, cop_error *err);

/* The order of a folder's names, which qsort calls with pointers to them: numbers by their value,
 * then other names by their bytes. */
int given_compare_names(const void *a, const void *b);

/* Label rows out of a tensor of classes, probabilities or logits. */
cop_status given_labels(const options *o, const cop_task *task, const cop_tensor *labels,
                        given *out, cop_error *err);

/* Refuses labels of another kind than the file says, unless the options state the kind. */
cop_status given_check_labels(const options *o, const cop_task *task, const cop_tensor_file *file,
                              const given *g, cop_error *err);

/* Reads one picture into bytes [height, width, channels] of the task; one or three channels. */
cop_status picture_read(const char *path, const cop_task *task, uint8_t *pixels, cop_error *err);

#endif

/* arrays.c: images and labels out of tensors. */
#include "given.h"

#include <string.h>

/* The tensor of that name, the one that a file of one array has, or the one that Coppice itself
 * calls so. */
static const cop_tensor *find(const cop_tensor_file *file, const char *name, const char *own)
{
    const cop_tensors *all = cop_tensor_file_tensors(file);
    const cop_tensor *found = cop_tensors_find(all, name);
    if (found == NULL && own != NULL)
        found = cop_tensors_find(all, own);
    if (found == NULL && cop_tensors_count(all) == 1 &&
        strcmp(cop_tensors_at(all, 0)->name, "array") == 0)
        found = cop_tensors_at(all, 0);
    return found;
}

/* How elements of the tensor lie for an image [C, H, W]: strides of channel, row and column. */
typedef struct strides {
    int64_t image, channel, row, column;
} strides;

static bool is_shape(cop_shape s, int64_t a, int64_t b, int64_t c)
{
    return s.rank == 4 && s.dim[1] == a && s.dim[2] == b && s.dim[3] == c;
}

static cop_status lie_of(const cop_tensor *t, const cop_task *task, strides *out, cop_error *err)
{
    int64_t channels = cop_task_channels(task), height = cop_task_height(task),
            width = cop_task_width(task);
    char text[96];
    bool is_flat = channels == 1 && t->shape.rank == 3 && t->shape.dim[1] == height &&
                   t->shape.dim[2] == width;
    bool is_planes = is_flat || is_shape(t->shape, channels, height, width);
    bool is_good = is_planes || is_shape(t->shape, height, width, channels);
    if (!is_good || t->shape.dim[0] < 1)
        return cop_fail(err, COP_FAILED,
                        "\"%s\" is %s, wanted [n, %d, %d, %d] as the data's images are, or "
                        "[n, %d, %d, %d]",
                        t->name, cop_shape_text(t->shape, text, sizeof text), (int)channels,
                        (int)height, (int)width, (int)height, (int)width, (int)channels);
    *out = is_planes ? (strides){channels * height * width, height * width, width, 1}
                     : (strides){channels * height * width, 1, width * channels, channels};
    return COP_OK;
}

/* Where the options and the file do not say what the pixels are, 8-bit ones are bytes. */
static cop_status scale_of(const options *o, const cop_tensor_file *file, const cop_tensor *t,
                           bool *is_bytes, cop_error *err)
{
    /* Coppice's own files of before they said a space had unit pixels. */
    bool says_space =
        cop_tensor_file_note(file, "space") != NULL || cop_tensor_file_note(file, "decode") != NULL;
    *is_bytes = o->space == SPACE_BYTES;
    if (o->space != SPACE_AUTO || says_space)
        return COP_OK;
    *is_bytes = t->dtype == COP_U8;
    if (*is_bytes)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "does not say what its pixels are: state space = \"unit\", \"normalised\" or "
                    "\"bytes\"");
}

typedef struct range {
    float least, most;
    const char *name;
} range;

static range range_of(const given *g, bool is_bytes)
{
    const float most = (float)COP_SYNTHETIC_MOST_NORMALISED;
    if (is_bytes)
        return (range){0.0f, 255.0f, "bytes"};
    return g->space == COP_PIXELS_NORMALISED ? (range){-most, most, "normalised"}
                                             : (range){0.0f, 1.0f, "unit"};
}

static cop_status take_image(const cop_tensor *t, const cop_task *task, strides s, int64_t image,
                             range r, float *out, cop_error *err)
{
    int32_t height = cop_task_height(task), width = cop_task_width(task);
    for (int32_t c = 0; c < cop_task_channels(task); c++)
        for (int64_t i = 0; i < (int64_t)height * width; i++) {
            int64_t at = image * s.image + c * s.channel + i / width * s.row + i % width * s.column;
            float pixel = (float)cop_tensor_value(t, at);
            if (!(pixel >= r.least && pixel <= r.most)) /* NaN too */
                return cop_fail(err, COP_FAILED,
                                "image %lld has a pixel that is %.9g, wanted %g to %g (space = "
                                "\"%s\")",
                                (long long)image, (double)pixel, (double)r.least, (double)r.most,
                                r.name);
            *out++ = r.most == 255.0f ? pixel / 255.0f : pixel;
        }
    return COP_OK;
}

static cop_status take_images(const options *o, const cop_task *task, const cop_tensor_file *file,
                              given *out, cop_error *err)
{
    const cop_tensor *t = find(file, o->images, "pixels");
    strides s = {0};
    bool is_bytes = false;
    if (t == NULL)
        return cop_fail(err, COP_INVALID, "has no tensor \"%s\" (option images)", o->images);
    COP_TRY(lie_of(t, task, &s, err));
    COP_TRY(scale_of(o, file, t, &is_bytes, err));
    COP_TRY(given_allocate(out, task, t->shape.dim[0], err));
    for (int64_t i = 0; i < out->count; i++)
        COP_TRY(take_image(t, task, s, i, range_of(out, is_bytes),
                           out->pixels + i * cop_task_values(task), err));
    return COP_OK;
}

static cop_status take_labels(const options *o, const cop_task *task, const cop_tensor_file *file,
                              given *out, cop_error *err)
{
    const cop_tensor *t = find(file, o->labels, NULL);
    if (t == NULL)
        return cop_fail(err, COP_INVALID, "has no tensor \"%s\" (option labels)", o->labels);
    return given_labels(o, task, t, out, err);
}

/* Puts the file's path before the message. */
static cop_status within(const char *path, cop_status status, cop_error *err)
{
    return status == COP_OK ? COP_OK : cop_fail_within(err, "%s", path);
}

cop_status given_arrays(const options *o, const cop_task *task, const cop_tensor_file *file,
                        given *out, cop_error *err)
{
    cop_tensor_file *other = NULL;
    COP_TRY(within(o->path, take_images(o, task, file, out, err), err));
    if (o->labels_path[0] == '\0') {
        if (find(file, o->labels, NULL) == find(file, o->images, "pixels"))
            return cop_fail(err, COP_INVALID, "%s is one array: state the labels' (labels_path)",
                            o->path);
        return within(o->path, take_labels(o, task, file, out, err), err);
    }
    COP_TRY(given_in_file(cop_tensor_file_read(o->labels_path, &other, err), err));
    cop_status status = within(o->labels_path, take_labels(o, task, other, out, err), err);
    cop_tensor_file_free(other);
    return status;
}

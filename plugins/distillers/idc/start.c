/* start.c: the starts of Kim et al.'s code: `random` takes the first real images of the class;
 * `mix` fills tile t of stored image k with the class's real image t · ipc + k, shrunk by nearest
 * neighbour; `noise` is clamp(N(0, 1)/4 + ½). */
#include "start.h"

#include <stdlib.h>

/* Where tile t of `factor` begins along a side, and how long it is: the first side mod factor tiles
 * are one pixel longer. */
static void tile_span(int64_t side, int64_t factor, int64_t t, int64_t *first, int64_t *length)
{
    int64_t longer = side % factor;
    *length = side / factor + (t < longer);
    *first = t * (side / factor) + (t < longer ? t : longer);
}

/* Shrinks an image [C, H, W] into its tile of a stored one. */
static void put_tile(const cop_task *task, int64_t factor, int64_t tile, const float *image,
                     float *stored)
{
    int64_t top, rows, left, columns;
    tile_span(task->height, factor, tile / factor, &top, &rows);
    tile_span(task->width, factor, tile % factor, &left, &columns);
    for (int64_t c = 0; c < task->channels; c++) {
        for (int64_t y = 0; y < rows; y++) {
            int64_t from = (c * task->height + y * task->height / rows) * task->width;
            float *to = stored + (c * task->height + top + y) * task->width + left;
            for (int64_t x = 0; x < columns; x++)
                to[x] = image[from + x * task->width / columns];
        }
    }
}

static void start_noise(float *pixels, int64_t count, cop_stream *noise)
{
    for (int64_t i = 0; i < count; i++) {
        float value = cop_stream_normal(noise) / 4.0f + 0.5f;
        pixels[i] = value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
    }
}

static cop_status start_mix(int64_t ipc, int64_t factor, const cop_samples *data,
                            const int64_t *members, float *pixels, cop_error *err)
{
    const cop_task *task = &data->task;
    int64_t size = (int64_t)task->channels * task->height * task->width;
    float *image = malloc((size_t)size * sizeof *image);
    if (image == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t tile = 0; tile < factor * factor; tile++) {
        for (int64_t k = 0; k < ipc; k++) {
            cop_samples_pixels(data, members[tile * ipc + k], image);
            put_tile(task, factor, tile, image, pixels + k * size);
        }
    }
    free(image);
    return COP_OK;
}

cop_status idc_start_check(idc_start start, int64_t ipc, int64_t factor, int32_t label,
                           int64_t count, cop_error *err)
{
    int64_t wanted = start == IDC_START_MIX ? ipc * factor * factor : ipc;
    if (start == IDC_START_NOISE || count >= wanted)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "start = \"%s\" wants %lld real images of class %d, there are %lld; start = "
                    "\"noise\" wants none",
                    start == IDC_START_MIX ? "mix" : "random", (long long)wanted, (int)label,
                    (long long)count);
}

cop_status idc_start_class(idc_start start, int64_t ipc, int64_t factor, const cop_samples *data,
                           int32_t label, const int64_t *members, int64_t count, cop_stream *noise,
                           float *pixels, cop_error *err)
{
    int64_t size = (int64_t)data->task.channels * data->task.height * data->task.width;
    COP_TRY(idc_start_check(start, ipc, factor, label, count, err));
    if (start == IDC_START_NOISE) {
        start_noise(pixels, ipc * size, noise);
        return COP_OK;
    }
    if (start == IDC_START_MIX)
        return start_mix(ipc, factor, data, members, pixels, err);
    for (int64_t k = 0; k < ipc; k++)
        cop_samples_pixels(data, members[k], pixels + k * size);
    return COP_OK;
}

/* tiles.c: several real images in one stored one, and the labels of sets that stand class by class.
 * Tiles and their order are those of Kim et al.'s code. */
#include "core/memory.h"

#include "nn/synthetic.h"

#include <coppice/distil.h>

#include <stdlib.h>

void cop_tile_span(int64_t side, int64_t factor, int64_t t, int64_t *first, int64_t *length)
{
    int64_t longer = side % factor;
    *length = side / factor + (t < longer);
    *first = t * (side / factor) + (t < longer ? t : longer);
}

void cop_tile_put(const cop_task *task, int64_t factor, int64_t tile, const float *image,
                  float *stored)
{
    int64_t top, rows, left, columns;
    cop_tile_span(task->height, factor, tile / factor, &top, &rows);
    cop_tile_span(task->width, factor, tile % factor, &left, &columns);
    for (int64_t c = 0; c < task->channels; c++) {
        for (int64_t y = 0; y < rows; y++) {
            const float *from = image + (c * task->height + y * task->height / rows) * task->width;
            float *to = stored + (c * task->height + top + y) * task->width + left;
            for (int64_t x = 0; x < columns; x++)
                to[x] = from[x * task->width / columns];
        }
    }
}

cop_status cop_tiles_compose(const cop_samples *data, const int64_t *index, int64_t count,
                             int64_t factor, float *stored, cop_error *err)
{
    const cop_task *task = &data->task;
    int64_t size = (int64_t)task->channels * task->height * task->width;
    float *image = malloc((size_t)size * sizeof *image);
    if (image == NULL)
        return cop_out_of_memory(err);
    for (int64_t tile = 0; tile < factor * factor; tile++) {
        for (int64_t k = 0; k < count; k++) {
            cop_samples_pixels(data, index[tile * count + k], image);
            cop_tile_put(task, factor, tile, image, stored + k * size);
        }
    }
    free(image);
    return COP_OK;
}

cop_status cop_synthetic_by_class(cop_synthetic *set, int64_t per_class, cop_error *err)
{
    int64_t classes = set->task.classes;
    COP_TRY(cop_synthetic_allocate(set, per_class * classes, err));
    for (int64_t i = 0; i < per_class * classes; i++)
        set->labels[i * classes + i / per_class] = 1.0f;
    return COP_OK;
}

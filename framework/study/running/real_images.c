/* real_images.c: real images to be shown beside a distilled set. */
#include "study/running/real_images.h"

#include "core/memory.h"

#include <coppice/samples.h>

#include <stdlib.h>

#define MOST_OF_CLASS 10

/* The chosen ones of all classes, class by class: their indices, and how many. */
static int64_t choose(const cop_samples *train, int64_t of_class, int64_t *index, int64_t *chosen)
{
    int64_t count = 0;
    for (int32_t label = 0; label < train->task.classes; label++) {
        int64_t there = cop_samples_of_class(train, label, index);
        for (int64_t i = 0; i < there && i < of_class; i++)
            chosen[count++] = index[i];
    }
    return count;
}

static cop_status fill(const cop_samples *train, const int64_t *chosen, int64_t count,
                       cop_synthetic *out, cop_error *err)
{
    COP_TRY(cop_synthetic_allocate(out, count, err));
    for (int64_t i = 0; i < count; i++) {
        int64_t class = cop_samples_label(train, chosen[i]);
        cop_samples_pixels(train, chosen[i], out->pixels + i * cop_task_values(&train->task));
        out->labels[i * train->task.classes + class] = 1.0f;
    }
    return COP_OK;
}

cop_status cop_real_images(const cop_samples *train, const cop_synthetic *set, cop_synthetic *out,
                           cop_error *err)
{
    int64_t of_class = set->count / train->task.classes;
    of_class = of_class < 1 ? 1 : of_class > MOST_OF_CLASS ? MOST_OF_CLASS : of_class;
    int64_t *index = calloc((size_t)train->count + 1, sizeof *index);
    int64_t *chosen = calloc((size_t)(of_class * train->task.classes) + 1, sizeof *chosen);
    cop_status status = COP_OK;
    cop_synthetic_init(out, &train->task, train);
    out->space = cop_samples_space(train);
    if (index == NULL || chosen == NULL)
        status = cop_out_of_memory(err);
    if (status == COP_OK && set->recipe != NULL)
        status = cop_synthetic_set_recipe(out, set->recipe, err);
    if (status == COP_OK && set->dataset != NULL)
        status = cop_synthetic_set_dataset(out, set->dataset, err);
    if (status == COP_OK)
        status = fill(train, chosen, choose(train, of_class, index, chosen), out, err);
    free(index);
    free(chosen);
    if (status != COP_OK)
        cop_synthetic_clear(out);
    return status;
}

/* prepare.c: from what was read to what the study calls its training and test samples: some held
 * out, some left out, some labels changed, all whitened, in this order. */
#include "study/data/parts.h"

#include "core/memory.h"
#include "nn/whiten.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cop_preparation *preparation(const cop_loaded_data *d)
{
    return cop_component_preparation(d->component);
}

/* Fails at the key that asks for what cannot be, in the dataset's name. */
static cop_status refuse(const cop_loaded_data *d, const char *key, cop_error *err,
                         const char *format, ...) COP_PRINTF(4, 5);
static cop_status refuse(const cop_loaded_data *d, const char *key, cop_error *err,
                         const char *format, ...)
{
    char reason[500];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    const char *file = NULL;
    int line = 0;
    cop_component_key_place(d->component, key, &file, &line);
    return cop_fail_at(err, COP_INVALID, file != NULL ? file : "", line, "dataset \"%s\": %s",
                       cop_component_entry(d->component)->plugin->id, reason);
}

cop_status cop_data_check_preparation(const cop_loaded_data *d, cop_error *err)
{
    const cop_preparation *p = preparation(d);
    if (d->info.count[COP_SPLIT_TEST] == 0 && p->validation == 0.0)
        return refuse(d, "validation", err,
                      "it has no test images of its own: say which part of the training images is "
                      "held out instead, such as validation = 0.1");
    int64_t values = cop_task_values(&d->info.task);
    if (p->zca > 0.0 && values > COP_WHITENED_VALUES)
        return refuse(d, "zca", err, "zca whitens images of up to %d values; these have %lld",
                      COP_WHITENED_VALUES, (long long)values);
    return COP_OK;
}

cop_samples cop_data_as_read(cop_loaded_data *d, cop_split split)
{
    const void *pixels = d->pixels[split];
    return (cop_samples){.task = d->info.task,
                         .normalization = d->info.normalization,
                         .count = d->read[split],
                         .bytes = d->info.is_float ? NULL : pixels,
                         .pixels = d->info.is_float ? pixels : NULL,
                         .labels = d->labels[split],
                         .resident = d->mapping.file.bytes != NULL ? &d->mapping.file : NULL};
}

/* Dividing. */

/* All samples that were read for training, to choose from, with labels of their own. */
static cop_status take_all(cop_loaded_data *d, cop_error *err)
{
    int64_t count = d->read[COP_SPLIT_TRAIN];
    cop_rows *rows = &d->rows[COP_SPLIT_TRAIN];
    *rows = (cop_rows){.at = calloc((size_t)count, sizeof *rows->at), .count = count};
    int32_t *labels = calloc((size_t)count, sizeof *labels);
    d->prepared_labels[COP_SPLIT_TRAIN] = labels;
    if (rows->at == NULL || labels == NULL)
        return cop_out_of_memory(err);
    for (int64_t i = 0; i < count; i++)
        rows->at[i] = i;
    memcpy(labels, d->labels[COP_SPLIT_TRAIN], (size_t)count * sizeof *labels);
    return COP_OK;
}

/* One choice among the training samples. */
typedef struct choice {
    int64_t *class_counts; /* what there is */
    int64_t *take;
    bool *drawn;
} choice;

static void choice_clear(choice *c)
{
    free(c->class_counts);
    free(c->take);
    free(c->drawn);
}

static cop_status choice_open(const cop_loaded_data *d, choice *c, cop_error *err)
{
    size_t classes = (size_t)d->info.task.classes;
    const cop_rows *rows = &d->rows[COP_SPLIT_TRAIN];
    *c = (choice){.class_counts = calloc(classes, sizeof *c->class_counts),
                  .take = calloc(classes, sizeof *c->take),
                  .drawn = calloc((size_t)rows->count + 1, sizeof *c->drawn)};
    if (c->class_counts == NULL || c->take == NULL || c->drawn == NULL) {
        choice_clear(c);
        return cop_out_of_memory(err);
    }
    for (int64_t i = 0; i < rows->count; i++)
        c->class_counts[d->prepared_labels[COP_SPLIT_TRAIN][i]]++;
    return COP_OK;
}

static cop_status draw(const cop_loaded_data *d, const choice *c, const char *purpose,
                       cop_error *err)
{
    return cop_divide_draw(d->prepared_labels[COP_SPLIT_TRAIN], d->rows[COP_SPLIT_TRAIN].count,
                           d->info.task.classes, c->take, (uint64_t)preparation(d)->split_seed,
                           purpose, c->drawn, err);
}

/* Keeps those training samples that were drawn, or those that were not. */
static void keep(cop_loaded_data *d, const choice *c, bool drawn)
{
    cop_rows *rows = &d->rows[COP_SPLIT_TRAIN];
    int32_t *labels = d->prepared_labels[COP_SPLIT_TRAIN];
    int64_t kept = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        if (c->drawn[i] != drawn)
            continue;
        rows->at[kept] = rows->at[i];
        labels[kept++] = labels[i];
    }
    rows->count = kept;
}

/* Gives the drawn samples to the test split. */
static cop_status give_to_test(cop_loaded_data *d, const choice *c, int64_t count, cop_error *err)
{
    const cop_rows *from = &d->rows[COP_SPLIT_TRAIN];
    cop_rows *to = &d->rows[COP_SPLIT_TEST];
    int32_t *labels = calloc((size_t)count, sizeof *labels);
    *to = (cop_rows){.at = calloc((size_t)count, sizeof *to->at), .count = 0};
    d->prepared_labels[COP_SPLIT_TEST] = labels;
    if (to->at == NULL || labels == NULL)
        return cop_out_of_memory(err);
    for (int64_t i = 0; i < from->count; i++) {
        if (!c->drawn[i])
            continue;
        labels[to->count] = d->prepared_labels[COP_SPLIT_TRAIN][i];
        to->at[to->count++] = from->at[i];
    }
    return COP_OK;
}

/* A share or a number of the training samples that there are. */
static int64_t amount_of(double value, int64_t total)
{
    return value < 1.0 ? (int64_t)llround(value * (double)total) : (int64_t)value;
}

static cop_status hold_out(cop_loaded_data *d, choice *c, cop_error *err)
{
    double value = preparation(d)->validation;
    int64_t total = d->rows[COP_SPLIT_TRAIN].count, held = amount_of(value, total);
    if (held < 1)
        return refuse(d, "validation", err,
                      "validation = %.15g holds out none of the %lld training images", value,
                      (long long)total);
    if (held >= total)
        return refuse(d, "validation", err,
                      "validation = %.15g leaves none of the %lld training images", value,
                      (long long)total);
    cop_divide_evenly(c->class_counts, d->info.task.classes, total, held, c->take);
    COP_TRY(draw(d, c, "validation", err));
    COP_TRY(give_to_test(d, c, held, err));
    keep(d, c, false);
    return COP_OK;
}

static cop_status keep_per_class(cop_loaded_data *d, choice *c, cop_error *err)
{
    int64_t wanted = preparation(d)->per_class;
    const char *const *names = d->info.class_names;
    for (int32_t k = 0; k < d->info.task.classes; k++) {
        const char *name = names != NULL && names[k] != NULL ? names[k] : NULL;
        if (c->class_counts[k] < wanted)
            return refuse(d, "per_class", err,
                          "per_class = %lld, but class %d%s%.64s%s has %lld training images%s",
                          (long long)wanted, (int)k, name != NULL ? " (" : "",
                          name != NULL ? name : "", name != NULL ? ")" : "",
                          (long long)c->class_counts[k],
                          preparation(d)->validation > 0.0 ? " beside those held out" : "");
        c->take[k] = wanted;
    }
    COP_TRY(draw(d, c, "per class", err));
    keep(d, c, true);
    return COP_OK;
}

static cop_status keep_subset(cop_loaded_data *d, choice *c, cop_error *err)
{
    double value = preparation(d)->subset;
    int64_t total = d->rows[COP_SPLIT_TRAIN].count, kept = amount_of(value, total);
    if (kept < 1 || kept > total)
        return refuse(d, "subset", err,
                      "subset = %.15g, but there are %lld training images to choose "
                      "from",
                      value, (long long)total);
    cop_divide_evenly(c->class_counts, d->info.task.classes, total, kept, c->take);
    COP_TRY(draw(d, c, "subset", err));
    keep(d, c, true);
    return COP_OK;
}

static cop_status choose(cop_loaded_data *d,
                         cop_status (*by)(cop_loaded_data *d, choice *c, cop_error *err),
                         cop_error *err)
{
    choice c;
    COP_TRY(choice_open(d, &c, err));
    cop_status status = by(d, &c, err);
    choice_clear(&c);
    return status;
}

static void point_at_rows(cop_loaded_data *d, cop_split split, cop_samples *samples)
{
    *samples = cop_data_as_read(d, COP_SPLIT_TRAIN); /* both are parts of it */
    samples->count = d->rows[split].count;
    samples->rows = d->rows[split].at;
    samples->labels = d->prepared_labels[split];
}

static cop_status divide(cop_loaded_data *d, cop_error *err)
{
    const cop_preparation *p = preparation(d);
    COP_TRY(take_all(d, err));
    if (p->validation > 0.0)
        COP_TRY(choose(d, hold_out, err));
    if (p->per_class > 0)
        COP_TRY(choose(d, keep_per_class, err));
    if (p->subset > 0.0)
        COP_TRY(choose(d, keep_subset, err));
    point_at_rows(d, COP_SPLIT_TRAIN, &d->train);
    if (p->validation > 0.0)
        point_at_rows(d, COP_SPLIT_TEST, &d->test);
    return COP_OK;
}

/* What else is done. */

static cop_status make_noisy(cop_loaded_data *d, cop_error *err)
{
    const cop_preparation *p = preparation(d);
    int32_t **labels = &d->prepared_labels[COP_SPLIT_TRAIN];
    if (*labels == NULL) {
        size_t bytes = (size_t)d->train.count * sizeof **labels;
        *labels = malloc(bytes);
        if (*labels == NULL)
            return cop_out_of_memory(err);
        memcpy(*labels, d->train.labels, bytes);
        d->train.labels = *labels;
    }
    return cop_noise_labels(*labels, d->train.count, d->info.task.classes, p->label_noise,
                            (uint64_t)p->split_seed, err);
}

/* Replaces the samples of a split by whitened ones. */
static cop_status apply(cop_loaded_data *d, const cop_whitening *whitening, cop_split split,
                        cop_samples *s, cop_error *err)
{
    size_t values = (size_t)cop_task_values(&s->task);
    float *to = calloc((size_t)s->count, values * sizeof *to);
    d->whitened[split] = to;
    if (to == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_whitening_apply(whitening, s, to, err));
    s->bytes = NULL;
    s->pixels = to;
    s->rows = NULL;
    s->resident = NULL;
    s->space = COP_PIXELS_NORMALISED;
    s->normalization = cop_normalization_none();
    return COP_OK;
}

/* The pixels that were read are not needed any more. */
static void drop_read_pixels(cop_loaded_data *d)
{
    for (int i = 0; i < 2 && d->mapping.file.bytes == NULL; i++) {
        free(d->pixels[i]);
        d->pixels[i] = NULL;
    }
}

/* Whitened images are in memory, whole. */
static cop_status check_size(const cop_loaded_data *d, size_t most, cop_error *err)
{
    size_t image = (size_t)cop_task_values(&d->info.task) * sizeof(float);
    size_t images = (size_t)d->train.count + (size_t)d->test.count;
    if (most == 0 || images <= most / image)
        return COP_OK;
    return refuse(d, "zca", err,
                  "zca keeps all %zu images in memory as floats, %zu MiB; study.data_memory = %zu",
                  images, images * image >> 20, most >> 20);
}

static cop_status whiten(cop_loaded_data *d, size_t most, cop_logger *log, cop_error *err)
{
    cop_whitening *whitening = NULL;
    if (d->train.count < 2)
        return refuse(d, "zca", err, "zca is fitted to two training images or more; there is one");
    COP_TRY(check_size(d, most, err));
    cop_say(log, COP_LOG_INFO, "whitening the images of %s",
            cop_component_entry(d->component)->plugin->id);
    COP_TRY(cop_whitening_fit(&d->train, preparation(d)->zca, &whitening, err));
    cop_status status = apply(d, whitening, COP_SPLIT_TRAIN, &d->train, err);
    if (status == COP_OK)
        status = apply(d, whitening, COP_SPLIT_TEST, &d->test, err);
    cop_whitening_free(whitening);
    if (status == COP_OK) {
        d->info.normalization = cop_normalization_none();
        drop_read_pixels(d);
    }
    return status;
}

cop_status cop_data_prepare(cop_loaded_data *d, size_t most, cop_logger *log, cop_error *err)
{
    const cop_preparation *p = preparation(d);
    d->train = cop_data_as_read(d, COP_SPLIT_TRAIN);
    d->test = cop_data_as_read(d, COP_SPLIT_TEST);
    if (p->validation > 0.0 || p->per_class > 0 || p->subset > 0.0)
        COP_TRY(divide(d, err));
    if (p->label_noise > 0.0)
        COP_TRY(make_noisy(d, err));
    if (p->zca > 0.0)
        COP_TRY(whiten(d, most, log, err));
    d->info.count[COP_SPLIT_TRAIN] = d->train.count;
    d->info.count[COP_SPLIT_TEST] = d->test.count;
    return COP_OK;
}

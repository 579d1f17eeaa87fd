/* check_dataset.c: what datasets promise (coppice/dataset.h). */
#include "validate/checks.h"

#include "core/callback.h"
#include "core/memory.h"
#include "nn/dataset.h"
#include "study/data.h"
#include "validate/traces.h"

#include <stdlib.h>
#include <string.h>

/* Samples that are read again in pieces, and bytes behind them that must stay as they are. */
enum { PIECEWISE = 40, GUARD = 64 };

static bool same_task(const cop_task *a, const cop_task *b)
{
    return a->channels == b->channels && a->height == b->height && a->width == b->width &&
           a->classes == b->classes;
}

static bool same_info(const cop_dataset_info *a, const cop_dataset_info *b)
{
    size_t floats = (size_t)a->task.channels * sizeof(float);
    return same_task(&a->task, &b->task) && a->count[0] == b->count[0] &&
           a->count[1] == b->count[1] && a->is_float == b->is_float && a->augment == b->augment &&
           memcmp(a->normalization.mean, b->normalization.mean, floats) == 0 &&
           memcmp(a->normalization.std, b->normalization.std, floats) == 0;
}

static bool check_description(const cop_subject *s, const cop_component *c)
{
    static const cop_check check = {"describes itself the same way twice",
                                    "sizes, classes and normalisation make sense and are the same "
                                    "from call to call",
                                    "dataset.h: cop_dataset_ops.describe"};
    cop_error err = {0};
    cop_dataset_info first, second;
    cop_reporter_begin(s->reporter, &check);
    cop_status status = cop_data_describe(c, &first, &err);
    if (status == COP_OK)
        status = cop_data_describe(c, &second, &err);
    if (status != COP_OK)
        return cop_reporter_status(s->reporter, status, &err);
    if (same_info(&first, &second))
        cop_reporter_ok(s->reporter);
    else
        cop_reporter_finding(s->reporter, "the second description differs from the first");
    return true;
}

static void check_names(const cop_subject *s, const cop_loaded_data *d)
{
    static const cop_check check = {"classes have names", "where classes have names, each has one",
                                    "dataset.h: class names"};
    const char *const *names = d->info.class_names;
    cop_reporter_begin(s->reporter, &check);
    if (names == NULL) {
        cop_reporter_skip(s->reporter, "there are no names");
        return;
    }
    for (int32_t i = 0; i < d->info.task.classes; i++)
        if (names[i] == NULL || names[i][0] == '\0') {
            cop_reporter_finding(s->reporter, "class %d has none", (int)i);
            return;
        }
    cop_reporter_ok(s->reporter);
}

/* What is read into, with a guard behind each part. */
typedef struct buffer {
    char *pixels;
    int32_t *labels;
    size_t image; /* bytes */
} buffer;

static bool is_guarded(const void *at)
{
    const unsigned char *bytes = at;
    for (int i = 0; i < GUARD; i++)
        if (bytes[i] != 0xa5)
            return false;
    return true;
}

/* Reads one piece and compares it with what was read as a whole; "" where all is well. */
static cop_status read_piece(const cop_loaded_data *d, const buffer *b, cop_split split,
                             int64_t first, int64_t count, const char **wrong, cop_error *err)
{
    const cop_dataset_ops *ops = d->instance.ops;
    size_t bytes = (size_t)count * b->image, labels = (size_t)count * sizeof *b->labels;
    memset(b->pixels, 0xa5, bytes + GUARD);
    memset(b->labels, 0xa5, labels + GUARD);
    cop_callback call;
    cop_callback_enter(&call, "dataset", "validated", "read");
    cop_status status = ops->read(d->instance.self, split, first, count, b->pixels, b->labels, err);
    cop_callback_leave(&call);
    COP_TRY(status);
    if (!is_guarded(b->pixels + bytes) || !is_guarded((const char *)b->labels + labels))
        *wrong = "it wrote behind what it was to write";
    else if (memcmp(b->pixels, (const char *)d->pixels[split] + (size_t)first * b->image, bytes))
        *wrong = "other pixels than those read as a whole";
    else if (memcmp(b->labels, d->labels[split] + first, labels) != 0)
        *wrong = "other labels than those read as a whole";
    return COP_OK;
}

static cop_status read_pieces(const cop_loaded_data *d, const buffer *b, const char **wrong,
                              cop_error *err)
{
    for (int split = 0; split < 2; split++) {
        int64_t most = d->info.count[split] < PIECEWISE ? d->info.count[split] : PIECEWISE;
        /* From behind, so that one which counts by itself is caught too. */
        for (int64_t end = most, size = 1; end > 0 && *wrong == NULL; size = size % 7 + 1) {
            int64_t n = size < end ? size : end;
            end -= n;
            COP_TRY(read_piece(d, b, (cop_split)split, end, n, wrong, err));
        }
    }
    return COP_OK;
}

static void check_pieces(const cop_subject *s, const cop_loaded_data *d)
{
    static const cop_check check = {"pieces are parts of the whole",
                                    "whatever range is read gives those samples and writes nothing "
                                    "behind them",
                                    "dataset.h: cop_dataset_ops.read"};
    const cop_task *t = &d->info.task;
    cop_error err = {0};
    const char *wrong = NULL;
    buffer b = {.image = (size_t)t->channels * (size_t)t->height * (size_t)t->width *
                         (d->info.is_float ? sizeof(float) : 1)};
    cop_reporter_begin(s->reporter, &check);
    b.pixels = malloc(PIECEWISE * b.image + GUARD);
    b.labels = malloc(PIECEWISE * sizeof *b.labels + GUARD);
    cop_status status = b.pixels != NULL && b.labels != NULL ? read_pieces(d, &b, &wrong, &err)
                                                             : cop_out_of_memory(&err);
    free(b.pixels);
    free(b.labels);
    if (wrong != NULL)
        cop_reporter_finding(s->reporter, "%s", wrong);
    else
        (void)cop_reporter_status(s->reporter, status, &err);
}

static void check_samples(const cop_subject *s, const cop_component *c)
{
    static const cop_check sound = {"samples are sound",
                                    "labels are in [0, classes), float pixels in [0, 1]",
                                    "dataset.h: cop_dataset_ops.read"};
    static const cop_check same = {"reads the same samples twice",
                                   "another instance with the same options has the same samples in "
                                   "the same order",
                                   "dataset.h: cop_dataset_ops.read"};
    cop_error err = {0};
    cop_loaded_data *first = NULL, *second = NULL;
    cop_reporter_begin(s->reporter, &sound);
    cop_status status = cop_loaded_data_open(c, NULL, &first, &err);
    if (!cop_reporter_status(s->reporter, status, &err))
        return;
    check_names(s, first);
    check_pieces(s, first);
    cop_reporter_begin(s->reporter, &same);
    status = cop_loaded_data_open(c, NULL, &second, &err);
    if (status == COP_OK && strcmp(first->fingerprint, second->fingerprint) != 0)
        cop_reporter_finding(s->reporter, "the second reading gave others");
    else
        (void)cop_reporter_status(s->reporter, status, &err);
    cop_loaded_data_free(first);
    cop_loaded_data_free(second);
}

void cop_check_dataset(const cop_subject *s, const cop_component *c)
{
    cop_trace trace;
    cop_trace_take(&trace);
    if (check_description(s, c))
        check_samples(s, c);
    cop_trace_check(s->reporter, &trace);
}

/* check_dataset.c: what datasets promise (coppice/dataset.h). */
#include "validate/checks.h"

#include "core/callback.h"
#include "core/memory.h"
#include "nn/dataset.h"
#include "study/data/data.h"
#include "validate/guards.h"
#include "validate/traces.h"

#include <stdlib.h>
#include <string.h>

/* Samples that are read again in pieces. */
enum { PIECEWISE = 40 };

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

/* How pieces are read. */
typedef struct reading {
    cop_guards *guards;
    size_t image;      /* bytes */
    const char *wrong; /* NULL: nothing so far */
} reading;

static cop_status read_into(const cop_loaded_data *d, cop_split split, int64_t first, int64_t count,
                            char *pixels, int32_t *labels, cop_error *err)
{
    const cop_dataset_ops *ops = d->instance.ops;
    cop_callback call;
    cop_callback_enter(&call, "dataset", "validated", "read");
    cop_status status = ops->read(d->instance.self, split, first, count, pixels, labels, err);
    cop_callback_leave(&call);
    return status;
}

/* Reads one piece into memory that is just as large, and compares it with what was read as a whole.
 */
static cop_status read_piece(const cop_loaded_data *d, reading *r, cop_split split, int64_t first,
                             int64_t count, cop_error *err)
{
    size_t bytes = (size_t)count * r->image, label_bytes = (size_t)count * sizeof(int32_t);
    size_t alignment = d->info.is_float ? sizeof(float) : 1;
    char *pixels = cop_guards_get(r->guards, "pixels", bytes, alignment);
    int32_t *labels = cop_guards_get(r->guards, "labels", label_bytes, sizeof *labels);
    cop_status status = COP_OK;
    if (pixels == NULL || labels == NULL)
        status = cop_out_of_memory(err);
    else
        status = read_into(d, split, first, count, pixels, labels, err);
    cop_guards_check(r->guards, "read");
    if (status != COP_OK)
        r->wrong = NULL;
    else if (memcmp(pixels, (const char *)d->pixels[split] + (size_t)first * r->image, bytes) != 0)
        r->wrong = "other pixels than those read as a whole";
    else if (memcmp(labels, d->labels[split] + first, label_bytes) != 0)
        r->wrong = "other labels than those read as a whole";
    cop_guards_put(r->guards, pixels);
    cop_guards_put(r->guards, labels);
    return status;
}

static cop_status read_pieces(const cop_loaded_data *d, reading *r, cop_error *err)
{
    for (int split = 0; split < 2; split++) {
        int64_t most = d->info.count[split] < PIECEWISE ? d->info.count[split] : PIECEWISE;
        /* From behind, so that one which counts by itself is caught too. */
        for (int64_t end = most, size = 1; end > 0 && r->wrong == NULL; size = size % 7 + 1) {
            int64_t n = size < end ? size : end;
            end -= n;
            COP_TRY(read_piece(d, r, (cop_split)split, end, n, err));
        }
    }
    return COP_OK;
}

static void check_pieces(const cop_subject *s, const cop_loaded_data *d)
{
    static const cop_check check = {"pieces are parts of the whole",
                                    "whatever range is read gives those samples",
                                    "dataset.h: cop_dataset_ops.read"};
    const cop_task *t = &d->info.task;
    cop_error err = {0};
    reading r = {.guards = cop_guards_new(),
                 .image = (size_t)t->channels * (size_t)t->height * (size_t)t->width *
                          (d->info.is_float ? sizeof(float) : 1)};
    cop_reporter_begin(s->reporter, &check);
    if (r.guards == NULL) {
        cop_reporter_skip(s->reporter, "out of memory");
        return;
    }
    /* They stay: a fault's handler looks at them as long as the process lives. */
    cop_guards_watch(r.guards, s->reporter);
    cop_status status = read_pieces(d, &r, &err);
    if (r.wrong != NULL)
        cop_reporter_finding(s->reporter, "%s", r.wrong);
    else
        (void)cop_reporter_status(s->reporter, status, &err);
    cop_guards_report(r.guards, s->reporter);
}

/* The digest of what the plugin stamps. */
static cop_status take_stamp(const cop_loaded_data *d, cop_digest *out, cop_error *err)
{
    const cop_dataset_ops *ops = d->instance.ops;
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    cop_dataset_stamp stamp = {hasher};
    cop_callback call;
    cop_callback_enter(&call, "dataset", "validated", "stamp");
    cop_status status = ops->stamp(d->instance.self, &stamp, err);
    cop_callback_leave(&call);
    *out = cop_hasher_finish(hasher);
    cop_hasher_free(hasher);
    return status;
}

static void check_stamp(const cop_subject *s, const cop_loaded_data *d)
{
    static const cop_check check = {"stamps its files the same way twice",
                                    "the same files have the same stamp, and one that says "
                                    "something",
                                    "dataset.h: cop_dataset_ops.stamp"};
    cop_error err = {0};
    cop_digest first, second, nothing = cop_hash_bytes("", 0);
    if (((const cop_dataset_ops *)d->instance.ops)->stamp == NULL)
        return;
    cop_reporter_begin(s->reporter, &check);
    cop_status status = take_stamp(d, &first, &err);
    if (status == COP_OK)
        status = take_stamp(d, &second, &err);
    if (status != COP_OK)
        (void)cop_reporter_status(s->reporter, status, &err);
    else if (memcmp(&first, &second, sizeof first) != 0)
        cop_reporter_finding(s->reporter, "the second stamp differs from the first");
    else if (memcmp(&first, &nothing, sizeof first) == 0)
        cop_reporter_finding(s->reporter, "the stamp is empty: files that change are not told");
    else
        cop_reporter_ok(s->reporter);
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
    cop_status status = cop_loaded_data_read(c, NULL, &first, &err);
    if (!cop_reporter_status(s->reporter, status, &err))
        return;
    check_names(s, first);
    check_pieces(s, first);
    check_stamp(s, first);
    cop_reporter_begin(s->reporter, &same);
    status = cop_loaded_data_read(c, NULL, &second, &err);
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

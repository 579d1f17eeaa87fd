/* recorder.c: the numbers that a work records as it goes, kept short. */
#include "study/running/recorder.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS  "steps/"
#define VALUES "values/"

_Static_assert(COP_RECORDER_KEPT % 2 == 0, "the next number is then a multiple of the new stride");
_Static_assert(sizeof VALUES + COP_SERIES_NAME_SIZE <= COP_NAME_SIZE / 2 + 1,
               "a tensor's name has room for it, and for the prefix that a checkpoint adds");

void cop_recorder_clear(cop_recorder *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->items[i].points);
    *r = (cop_recorder){0};
}

/* The place of a series; the number of all where there is none of that name. */
static size_t place_of(const cop_recorder *r, const char *name)
{
    size_t i = 0;
    while (i < r->count && strcmp(r->items[i].name, name) != 0)
        i++;
    return i;
}

/* A new series without numbers. */
static cop_status begin(cop_recorder *r, const char *name, cop_recorded **out, cop_error *err)
{
    char shown[128];
    if (!cop_series_is_name(name))
        return cop_fail(
            err, COP_INVALID,
            "\"%s\" cannot name a series: wanted 1 to %d bytes of UTF-8 without control "
            "characters, commas and quotation marks, and no space at either end",
            cop_escape(name, shown, sizeof shown), COP_SERIES_NAME_SIZE - 1);
    if (r->count == COP_SERIES_MOST)
        return cop_fail(err, COP_INVALID, "\"%s\" is one series too many: %d at most", name,
                        COP_SERIES_MOST);
    cop_recorded *s = &r->items[r->count];
    *s = (cop_recorded){.stride = 1, .points = calloc(COP_RECORDER_KEPT + 1, sizeof *s->points)};
    if (s->points == NULL)
        return cop_out_of_memory(err);
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    r->count++;
    *out = s;
    return COP_OK;
}

/* Drops every second of the kept ones; the next number is then one to keep. */
static void thin(cop_recorded *s)
{
    s->kept /= 2;
    for (size_t i = 0; i < s->kept; i++)
        s->points[i] = s->points[2 * i];
    s->stride *= 2;
}

static void append(cop_recorded *s, cop_series_point point)
{
    bool is_kept = s->seen % s->stride == 0;
    if (is_kept && s->kept == COP_RECORDER_KEPT)
        thin(s);
    s->points[s->kept] = point;
    s->count = s->kept + 1;
    s->kept += is_kept ? 1 : 0;
    s->seen++;
}

cop_status cop_recorder_add(cop_recorder *r, const char *name, int64_t step, double value,
                            cop_error *err)
{
    size_t place = place_of(r, name);
    cop_recorded *s = &r->items[place];
    if (place == r->count)
        COP_TRY(begin(r, name, &s, err));
    /* One NaN, whatever its bits: what is saved, written and read again is then the same. */
    const cop_series_point point = {step, isnan(value) ? (double)NAN : value};
    if (s->count > 0 && s->points[s->count - 1].step == step)
        s->points[s->count - 1] = point;
    else
        append(s, point);
    return COP_OK;
}

size_t cop_recorder_series(const cop_recorder *r, cop_series *out)
{
    for (size_t i = 0; i < r->count; i++) {
        const cop_recorded *s = &r->items[i];
        out[i] = (cop_series){.name = s->name, .points = s->points, .count = s->count};
    }
    return r->count;
}

static cop_status save_one(const cop_recorded *s, cop_tensors *out, cop_error *err)
{
    char name[COP_NAME_SIZE];
    cop_tensor *steps = NULL, *values = NULL;
    (void)snprintf(name, sizeof name, STEPS "%s", s->name);
    COP_TRY(cop_tensors_add(out, name, COP_I64, cop_shape1((int64_t)s->count + 1), &steps, err));
    (void)snprintf(name, sizeof name, VALUES "%s", s->name);
    COP_TRY(cop_tensors_add(out, name, COP_F64, cop_shape1((int64_t)s->count), &values, err));
    cop_i64(steps)[0] = s->seen;
    for (size_t i = 0; i < s->count; i++) {
        cop_i64(steps)[i + 1] = s->points[i].step;
        cop_f64(values)[i] = s->points[i].value;
    }
    return COP_OK;
}

cop_status cop_recorder_save(const cop_recorder *r, cop_tensors **out, cop_error *err)
{
    *out = NULL;
    if (r->count == 0)
        return COP_OK;
    cop_tensors *set = cop_tensors_new();
    cop_status status = set != NULL ? COP_OK : cop_out_of_memory(err);
    for (size_t i = 0; i < r->count && status == COP_OK; i++)
        status = save_one(&r->items[i], set, err);
    if (status != COP_OK) {
        cop_tensors_free(set);
        return status;
    }
    *out = set;
    return COP_OK;
}

/* Where the tensor's name goes on behind the prefix; NULL where it has another. */
static const char *behind(const cop_tensor *t, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(t->name, prefix, length) == 0 ? t->name + length : NULL;
}

/* A list of numbers of that type; 0 for anything else. */
static int64_t length_of(const cop_tensor *t, cop_dtype type)
{
    return t->dtype == type && t->shape.rank == 1 ? t->shape.dim[0] : 0;
}

/* How many points there are, and the stride, after so many numbers. */
static size_t count_after(int64_t seen, int64_t *stride, size_t *kept)
{
    *stride = 1;
    while ((seen - 1) / *stride + 1 > COP_RECORDER_KEPT)
        *stride *= 2;
    *kept = (size_t)((seen - 1) / *stride + 1);
    return *kept + ((seen - 1) % *stride != 0 ? 1 : 0);
}

static bool is_sound(const cop_recorder *r, const cop_tensor *steps, const cop_tensor *values,
                     int64_t next)
{
    const char *name = behind(steps, STEPS), *same = behind(values, VALUES);
    int64_t length = length_of(steps, COP_I64);
    return name != NULL && same != NULL && strcmp(name, same) == 0 &&
           place_of(r, name) == r->count && length >= 2 &&
           length_of(values, COP_F64) == length - 1 && cop_i64(steps)[0] >= 1 &&
           cop_i64(steps)[0] <= next;
}

static cop_status load_one(cop_recorder *r, const cop_tensor *steps, const cop_tensor *values,
                           int64_t next, cop_error *err)
{
    cop_recorded *s = NULL;
    if (!is_sound(r, steps, values, next))
        return cop_fail(err, COP_DAMAGED, "%s is no series", steps->name);
    cop_status status = begin(r, behind(steps, STEPS), &s, err);
    if (status != COP_OK)
        return status == COP_INVALID ? COP_DAMAGED : status;
    s->seen = cop_i64(steps)[0];
    s->count = count_after(s->seen, &s->stride, &s->kept);
    if ((int64_t)s->count != steps->shape.dim[0] - 1)
        return cop_fail(err, COP_DAMAGED, "%s is of another length", steps->name);
    for (size_t i = 0; i < s->count; i++) {
        s->points[i] = (cop_series_point){cop_i64(steps)[i + 1], cop_f64(values)[i]};
        if (s->points[i].step < (i > 0 ? s->points[i - 1].step + 1 : 0) ||
            s->points[i].step >= next)
            return cop_fail(err, COP_DAMAGED, "%s is in no order", steps->name);
    }
    return COP_OK;
}

cop_status cop_recorder_load(cop_recorder *r, const cop_tensors *saved, int64_t next,
                             cop_error *err)
{
    size_t count = saved != NULL ? cop_tensors_count(saved) : 0;
    cop_status status = COP_OK;
    if (count % 2 != 0)
        status = cop_fail(err, COP_DAMAGED, "%zu tensors are no series", count);
    for (size_t i = 0; i < count && status == COP_OK; i += 2)
        status = load_one(r, cop_tensors_at(saved, i), cop_tensors_at(saved, i + 1), next, err);
    if (status != COP_OK)
        cop_recorder_clear(r);
    return status;
}

/* recipe.c: the table of a recipe's fields, and access to them by name. */
#include "train/recipe.h"

#include "core/memory.h"
#include "nn/synthetic.h"
#include "train/recipe_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(member_, type_, c_type_, min_, max_, ...)                                            \
    .row = COP_OPTION_ROW(cop_recipe, member_, type_, c_type_, NULL, min_, max_, NULL, __VA_ARGS__)
#define FLOAT(member_, max_, ...) FIELD(member_, COP_OPTION_FLOAT, double, 0, max_, __VA_ARGS__)

/* Rows of fields that came later have their default first. */
#define LATER_FLOAT(member_, def_, max_, ...)                                                      \
    .row = COP_OPT_FLOAT(cop_recipe, member_, def_, 0, max_, __VA_ARGS__)
#define LATER_ENUM(member_, def_, choices_, ...)                                                   \
    .row = COP_OPT_ENUM(cop_recipe, member_, def_, choices_, __VA_ARGS__)

static const char *const optimisers[] = {"sgd", "adam", "adamw", NULL};
static const char *const schedules[] = {"step", "cosine", NULL};
static const char *const draws[] = {"each", "one", "one_aligned", NULL};

static const cop_recipe_field fields[] = {
    {FIELD(duration, COP_OPTION_DURATION, cop_duration, -INFINITY, INFINITY,
           "length of the training")},
    {FIELD(batch, COP_OPTION_INT, int64_t, 1, 1000000,
           "samples per step; a smaller set is one step", .unit = "samples")},
    {LATER_ENUM(optimiser, "sgd", optimisers, "what a step does with the gradient")},
    {FLOAT(lr, INFINITY, "learning rate at the start")},
    {FLOAT(momentum, 1, "of sgd; below 1"), .is_below = true},
    {.row = COP_OPT_BOOL(cop_recipe, momentum_reset, "false",
                         "a new optimiser at each milestone: momentum is 0 again")},
    {LATER_FLOAT(beta1, "0.9", 1, "of adam and adamw: decay of the first moment; below 1"),
     .is_below = true},
    {LATER_FLOAT(beta2, "0.999", 1, "of adam and adamw: decay of the second moment; below 1"),
     .is_below = true},
    {LATER_FLOAT(epsilon, "1e-8", INFINITY,
                 "of adam and adamw: added to the root of the second moment")},
    {FLOAT(
        weight_decay, INFINITY,
        "added to the gradient, times the weight; adamw: taken from the weight, times the rate")},
    {LATER_FLOAT(clip, "0", INFINITY, "largest norm of the whole gradient; 0: any")},
    {LATER_ENUM(schedule, "step", schedules,
                "how the rate changes: by milestones, or to 0 over the whole training")},
    {.row = COP_OPT_DURATION(cop_recipe, warmup, "0ep",
                             "so long the rate rises: step i of W takes (i + 1)/W of it")},
    {FIELD(milestones, COP_OPTION_FLOAT_LIST, cop_milestones, 0, 1,
           "of schedule = step, when the rate drops: fractions of the training, or durations")},
    {FLOAT(milestone_factor, INFINITY, "of the rate at each milestone"), .key = "factor"},
    {FIELD(augment, COP_OPTION_AUGMENT, uint32_t, -INFINITY, INFINITY,
           "augmentations, a draw per sample; default: those that suit the data")},
    {LATER_ENUM(draws, "each", draws,
                "all augmentations, or one of them a batch (DSA), or so with corners aligned")},
    {FLOAT(cutmix, 1, "probability of CutMix per batch")},
    {LATER_FLOAT(label_smoothing, "0", 1, "share of a label that all classes get alike")},
#ifdef COPPICE_TEST_GROWN
    {.row = COP_OPTION_ROW(cop_recipe, grown_in_tests, COP_OPTION_FLOAT, double, "0", 0, INFINITY,
                           NULL, "does nothing")},
#endif
};
static const size_t field_count = sizeof fields / sizeof fields[0];

const cop_recipe_field *cop_recipe_field_at(size_t i)
{
    return i < field_count ? &fields[i] : NULL;
}

/* The row of that name; NULL for none. */
static const cop_option *row_named(const char *name)
{
    for (size_t i = 0; i < field_count; i++)
        if (strcmp(fields[i].row.name, name) == 0)
            return &fields[i].row;
    return NULL;
}

/* The member of the field of that name and type; NULL for none. */
static void *member(const cop_recipe *recipe, const char *name, cop_option_type type)
{
    const cop_option *row = row_named(name);
    if (row == NULL || row->type != type)
        return NULL;
    return (char *)(uintptr_t)recipe + row->offset;
}

int64_t cop_recipe_int(const cop_recipe *recipe, const char *field)
{
    const cop_option *row = row_named(field);
    if (row == NULL)
        return 0;
    const void *at = (const char *)recipe + row->offset;
    switch (row->type) {
    case COP_OPTION_INT:
        return *(const int64_t *)at;
    case COP_OPTION_AUGMENT:
        return (int64_t) * (const uint32_t *)at;
    case COP_OPTION_ENUM:
        return *(const int32_t *)at;
    case COP_OPTION_BOOL:
        return *(const bool *)at ? 1 : 0;
    default:
        return 0;
    }
}

double cop_recipe_float(const cop_recipe *recipe, const char *field)
{
    const double *at = member(recipe, field, COP_OPTION_FLOAT);
    return at != NULL ? *at : 0.0;
}

cop_duration cop_recipe_duration(const cop_recipe *recipe, const char *field)
{
    const cop_duration *at = member(recipe, field, COP_OPTION_DURATION);
    return at != NULL ? *at : (cop_duration){COP_EPOCHS, 0.0};
}

size_t cop_recipe_milestone_count(const cop_recipe *recipe)
{
    return (size_t)recipe->milestones.count;
}

cop_duration cop_recipe_milestone(const cop_recipe *recipe, size_t i)
{
    return i < cop_recipe_milestone_count(recipe) ? recipe->milestones.at[i]
                                                  : (cop_duration){COP_FRACTION, 1.0};
}

const char *cop_recipe_base(const cop_recipe *recipe)
{
    return recipe->name;
}

cop_recipe *cop_recipe_copy(const cop_recipe *recipe)
{
    cop_recipe *copy = malloc(sizeof *copy);
    if (copy != NULL)
        *copy = *recipe;
    return copy;
}

cop_recipe *cop_recipe_new(const char *name)
{
    cop_recipe *recipe = calloc(1, sizeof *recipe);
    if (recipe == NULL)
        return NULL;
    for (size_t i = 0; i < field_count; i++)
        cop_recipe_set_default(&fields[i], recipe);
    (void)snprintf(recipe->name, sizeof recipe->name, "%s", name);
    return recipe;
}

void cop_recipe_free(cop_recipe *recipe)
{
    free(recipe);
}

cop_status cop_synthetic_set_recipe(cop_synthetic *s, const cop_recipe *recipe, cop_error *err)
{
    cop_recipe *copy = recipe != NULL ? cop_recipe_copy(recipe) : NULL;
    if (recipe != NULL && copy == NULL)
        return cop_out_of_memory(err);
    cop_recipe_free(s->recipe);
    s->recipe = copy;
    return COP_OK;
}

static cop_status refuse_field(const char *field, const char *type, cop_error *err)
{
    return cop_fail(err, COP_INVALID, "a recipe has no field \"%.64s\" that is %s", field, type);
}

static int64_t choices_of(const cop_option *row)
{
    int64_t count = 0;
    while (row->choices[count] != NULL)
        count++;
    return count;
}

/* What integers the member of a row can hold at all; none where it holds no integer. */
static int64_t most_of(const cop_option *row)
{
    switch (row->type) {
    case COP_OPTION_INT:
        return INT64_MAX;
    case COP_OPTION_AUGMENT:
        return UINT32_MAX;
    case COP_OPTION_ENUM:
        return choices_of(row) - 1;
    case COP_OPTION_BOOL:
        return 1;
    default:
        return -1;
    }
}

static int64_t least_of(const cop_option *row)
{
    return row->type == COP_OPTION_INT ? INT64_MIN : 0;
}

cop_status cop_recipe_set_int(cop_recipe *recipe, const char *field, int64_t value, cop_error *err)
{
    const cop_option *row = row_named(field);
    if (row == NULL || value < least_of(row) || value > most_of(row))
        return refuse_field(field, "such an integer", err);
    void *at = (char *)recipe + row->offset;
    if (row->type == COP_OPTION_INT)
        *(int64_t *)at = value;
    else if (row->type == COP_OPTION_AUGMENT)
        *(uint32_t *)at = (uint32_t)value;
    else if (row->type == COP_OPTION_ENUM)
        *(int32_t *)at = (int32_t)value;
    else
        *(bool *)at = value != 0;
    return COP_OK;
}

cop_status cop_recipe_set_float(cop_recipe *recipe, const char *field, double value, cop_error *err)
{
    double *at = member(recipe, field, COP_OPTION_FLOAT);
    if (at == NULL)
        return refuse_field(field, "a number", err);
    *at = value;
    return COP_OK;
}

cop_status cop_recipe_set_duration(cop_recipe *recipe, const char *field, cop_duration value,
                                   cop_error *err)
{
    cop_duration *at = member(recipe, field, COP_OPTION_DURATION);
    if (at == NULL)
        return refuse_field(field, "a duration", err);
    *at = value;
    return COP_OK;
}

static cop_status check_float(const cop_recipe_field *field, double value, const char *recipe,
                              cop_error *err)
{
    const cop_option *row = &field->row;
    bool fits = value >= row->min && (field->is_below ? value < row->max : value <= row->max);
    if (isfinite(value) && fits)
        return COP_OK;
    if (isinf(row->max))
        return cop_fail(err, COP_INVALID, "recipe \"%s\": %s is %g, wanted a number of at least %g",
                        recipe, row->name, value, row->min);
    return cop_fail(err, COP_INVALID, "recipe \"%s\": %s is %g, wanted a number in [%g, %g%c",
                    recipe, row->name, value, row->min, row->max, field->is_below ? ')' : ']');
}

static cop_status check_duration(const cop_recipe *r, const char *what, cop_duration d,
                                 bool fraction_allowed, cop_error *err)
{
    if (d.unit == COP_FRACTION && fraction_allowed) {
        if (d.value >= 0.0 && d.value <= 1.0)
            return COP_OK;
        return cop_fail(err, COP_INVALID,
                        "recipe \"%s\": %s is the fraction %g, wanted one in [0, 1]", r->name, what,
                        d.value);
    }
    if (d.unit != COP_EPOCHS && d.unit != COP_STEPS)
        return cop_fail(
            err, COP_INVALID,
            "recipe \"%s\": %s has no unit, wanted epochs (\"30ep\") or steps (\"500it\")", r->name,
            what);
    if (isfinite(d.value) && d.value >= 0.0)
        return COP_OK;
    return cop_fail(err, COP_INVALID, "recipe \"%s\": %s is %g, wanted a number of at least 0",
                    r->name, what, d.value);
}

static cop_status check_milestones(const cop_recipe *r, const cop_milestones *m, cop_error *err)
{
    if (m->count < 0 || m->count > COP_MAX_MILESTONES)
        return cop_fail(err, COP_INVALID, "recipe \"%s\": %d milestones, wanted at most %d",
                        r->name, m->count, COP_MAX_MILESTONES);
    for (int32_t i = 0; i < m->count; i++)
        COP_TRY(check_duration(r, "a milestone", m->at[i], true, err));
    return COP_OK;
}

static cop_status check_choice(const cop_recipe *r, const cop_option *row, int32_t choice,
                               cop_error *err)
{
    if (choice >= 0 && choice < choices_of(row))
        return COP_OK;
    return cop_fail(err, COP_INVALID, "recipe \"%s\": there is no %s number %d", r->name, row->name,
                    (int)choice);
}

void cop_recipe_settle(cop_recipe *recipe, uint32_t of_data)
{
    if (recipe->augment == COP_AUGMENT_DEFAULT)
        recipe->augment = of_data;
}

cop_status cop_recipe_check(const cop_recipe *recipe, cop_error *err)
{
    for (size_t i = 0; i < field_count; i++) {
        const cop_option *row = &fields[i].row;
        const void *at = (const char *)recipe + row->offset;
        if (cop_recipe_has_default(&fields[i], recipe))
            continue;
        if (row->type == COP_OPTION_FLOAT)
            COP_TRY(check_float(&fields[i], *(const double *)at, recipe->name, err));
        else if (row->type == COP_OPTION_DURATION)
            COP_TRY(check_duration(recipe, row->name, *(const cop_duration *)at, false, err));
        else if (row->type == COP_OPTION_FLOAT_LIST)
            COP_TRY(check_milestones(recipe, at, err));
        else if (row->type == COP_OPTION_ENUM)
            COP_TRY(check_choice(recipe, row, *(const int32_t *)at, err));
        else if (row->type == COP_OPTION_AUGMENT && *(const uint32_t *)at == COP_AUGMENT_DEFAULT)
            return cop_fail(err, COP_INVALID,
                            "recipe \"%s\": %s is \"default\", and no data say what that is",
                            recipe->name, row->name);
        else if (row->type == COP_OPTION_INT && *(const int64_t *)at < (int64_t)row->min)
            return cop_fail(err, COP_INVALID, "recipe \"%s\": %s is %lld, wanted at least %g",
                            recipe->name, row->name, (long long)*(const int64_t *)at, row->min);
    }
    return COP_OK;
}

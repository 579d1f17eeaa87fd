/* steps.c: which steps there are, and what is refused before any. */
#include "corrupt.h"
#include "robustness.h"

#include <string.h>

robustness_steps robustness_steps_of(const robustness_options *o, int64_t copies)
{
    return (robustness_steps){.copies = copies,
                              .bits = (int64_t)o->bits.count,
                              .corruptions = (int64_t)o->corruptions.count,
                              .severities = (int64_t)o->severities.count};
}

static int64_t steps_of_copy(const robustness_steps *s)
{
    return 1 + s->bits + s->corruptions * s->severities;
}

int64_t robustness_steps_count(const robustness_steps *s)
{
    return s->copies * steps_of_copy(s);
}

robustness_step robustness_step_at(const robustness_steps *s, int64_t i)
{
    robustness_step step = {.copy = i / steps_of_copy(s), .bits = -1, .corruption = -1};
    int64_t own = i % steps_of_copy(s) - 1;
    if (own < 0)
        return step;
    if (own < s->bits) {
        step.bits = own;
        return step;
    }
    own -= s->bits;
    step.corruption = own / s->severities;
    step.severity = own % s->severities;
    return step;
}

int64_t robustness_step_of(const robustness_steps *s, robustness_step step)
{
    int64_t first = step.copy * steps_of_copy(s);
    if (step.bits >= 0)
        return first + 1 + step.bits;
    if (step.corruption >= 0)
        return first + 1 + s->bits + step.corruption * s->severities + step.severity;
    return first;
}

static cop_status check_numbers(const char *name, const cop_int_list *list, cop_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (list->items[i] == list->items[k])
                return cop_fail(err, COP_INVALID, "%s has %lld twice", name,
                                (long long)list->items[i]);
        }
    }
    return COP_OK;
}

static cop_status check_corruptions(const cop_string_list *list, cop_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (corruption_find(list->items[i]) < 0)
            return cop_fail(err, COP_INVALID,
                            "corruptions has \"%.40s\"; wanted gaussian_noise, speckle_noise, "
                            "impulse_noise, gaussian_blur, defocus_blur, brightness, contrast or "
                            "pixelate",
                            list->items[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list->items[i], list->items[k]) == 0)
                return cop_fail(err, COP_INVALID, "corruptions has \"%s\" twice", list->items[i]);
        }
    }
    return COP_OK;
}

cop_status robustness_check(const robustness_options *o, const cop_plan *plan, cop_error *err)
{
    COP_TRY(check_numbers("bits", &o->bits, err));
    COP_TRY(check_numbers("severities", &o->severities, err));
    COP_TRY(check_corruptions(&o->corruptions, err));
    if (o->bits.count == 0 && o->corruptions.count == 0)
        return cop_fail(err, COP_INVALID, "nothing is wanted: bits and corruptions are empty");
    if (o->corruptions.count > 0 && o->severities.count == 0)
        return cop_fail(err, COP_INVALID,
                        "severities is empty: corruptions = [] leaves the images alone");
    if (o->corruptions.count > 0 && cop_plan_space(plan) != COP_PIXELS_UNIT)
        return cop_fail(err, COP_INVALID,
                        "corruptions are of pixels in [0, 1], and these data are whitened: "
                        "corruptions = [] looks at the weights alone, dataset = { ... } in this "
                        "entry at other data");
    if (cop_plan_copies(plan) < 1)
        return cop_fail(err, COP_INVALID,
                        "there are no trained copies to look at (study.copies, ticket.retrain)");
    return COP_OK;
}

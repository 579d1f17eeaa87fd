/* schedule.c: checking a recipe's numbers and turning them into steps. */
#include "train/schedules/schedule.h"

#include <math.h>

/* One recipe number and the range it has to lie in; `below` excludes the upper end. */
typedef struct number_rule {
    const char *name;
    double value, least, most;
    bool below;
} number_rule;

static cop_status check_number(const number_rule *rule, const char *recipe, cop_error *err)
{
    bool fits = rule->value >= rule->least &&
                (rule->below ? rule->value < rule->most : rule->value <= rule->most);
    if (isfinite(rule->value) && fits)
        return COP_OK;
    if (isinf(rule->most))
        return cop_fail(err, COP_INVALID, "recipe \"%s\": %s is %g, wanted a number of at least %g",
                        recipe, rule->name, rule->value, rule->least);
    return cop_fail(err, COP_INVALID, "recipe \"%s\": %s is %g, wanted a number in [%g, %g%c",
                    recipe, rule->name, rule->value, rule->least, rule->most,
                    rule->below ? ')' : ']');
}

static cop_status check_numbers(const cop_recipe *r, cop_error *err)
{
    const number_rule rules[] = {
        {"lr", r->lr, 0.0, INFINITY, false},
        {"momentum", r->momentum, 0.0, 1.0, true},
        {"weight_decay", r->weight_decay, 0.0, INFINITY, false},
        {"milestone_factor", r->milestone_factor, 0.0, INFINITY, false},
        {"cutmix", r->cutmix, 0.0, 1.0, false},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        COP_TRY(check_number(&rules[i], r->name, err));
    if (r->batch < 1)
        return cop_fail(err, COP_INVALID, "recipe \"%s\": batch is %lld, wanted at least 1",
                        r->name, (long long)r->batch);
    if (r->milestone_count < 0 || r->milestone_count > COP_MAX_MILESTONES)
        return cop_fail(err, COP_INVALID, "recipe \"%s\": %d milestones, wanted at most %d",
                        r->name, r->milestone_count, COP_MAX_MILESTONES);
    return COP_OK;
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

/* A fraction of a training that is counted in epochs falls on the beginning of an epoch, rounded
 * down, as [2·E // 3, 5·E // 6] in IDC's code. */
static int64_t milestone_step(const cop_recipe *recipe, int32_t i, const cop_schedule *s)
{
    cop_duration at = recipe->milestones[i];
    if (at.unit == COP_FRACTION && recipe->duration.unit == COP_EPOCHS) {
        /* the addend keeps a whole number such as 2/3 of 300 from landing just below itself */
        at.value = floor(at.value * recipe->duration.value + 1e-9);
        at.unit = COP_EPOCHS;
    }
    return cop_duration_steps(at, s->per_epoch, s->total);
}

cop_status cop_schedule_make(const cop_recipe *recipe, int64_t count, cop_schedule *out,
                             cop_error *err)
{
    COP_TRY(check_numbers(recipe, err));
    COP_TRY(check_duration(recipe, "duration", recipe->duration, false, err));
    for (int32_t i = 0; i < recipe->milestone_count; i++)
        COP_TRY(check_duration(recipe, "a milestone", recipe->milestones[i], true, err));

    cop_schedule s = {.lr = recipe->lr,
                      .factor = recipe->milestone_factor,
                      .milestone_count = recipe->milestone_count};
    s.batch = recipe->batch < count ? recipe->batch : count;
    s.per_epoch = (count + s.batch - 1) / s.batch;
    s.total = cop_duration_steps(recipe->duration, s.per_epoch, 0);
    for (int32_t i = 0; i < s.milestone_count; i++)
        s.milestones[i] = milestone_step(recipe, i, &s);
    *out = s;
    return COP_OK;
}

double cop_schedule_rate(const cop_schedule *s, int64_t step)
{
    double rate = s->lr;
    for (int32_t i = 0; i < s->milestone_count; i++)
        if (step >= s->milestones[i])
            rate *= s->factor;
    return rate;
}

/* schedule.c: turning a recipe's numbers into steps. */
#include "train/schedules/schedule.h"

#include <math.h>

/* A fraction of a training that is counted in epochs falls on the beginning of an epoch, rounded
 * down, as [2·E // 3, 5·E // 6] in IDC's code. */
static int64_t milestone_step(const cop_recipe *recipe, int32_t i, const cop_schedule *s)
{
    cop_duration at = recipe->milestones.at[i];
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
    COP_TRY(cop_recipe_check(recipe, err));
    cop_schedule s = {.lr = recipe->lr,
                      .factor = recipe->milestone_factor,
                      .milestone_count = recipe->milestones.count};
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

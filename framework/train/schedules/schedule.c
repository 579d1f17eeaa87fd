/* schedule.c: turning a recipe's numbers into steps. */
#include "train/schedules/schedule.h"

#include <math.h>

#define PI 3.14159265358979323846

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
    bool has_milestones = recipe->schedule == COP_SCHEDULE_STEP;
    cop_schedule s = {.kind = recipe->schedule,
                      .lr = recipe->lr,
                      .factor = recipe->milestone_factor,
                      .milestone_count = has_milestones ? recipe->milestones.count : 0};
    s.batch = recipe->batch < count ? recipe->batch : count;
    s.per_epoch = (count + s.batch - 1) / s.batch;
    s.total = cop_duration_steps(recipe->duration, s.per_epoch, 0);
    s.warmup = cop_duration_steps(recipe->warmup, s.per_epoch, s.total);
    for (int32_t i = 0; i < s.milestone_count; i++)
        s.milestones[i] = milestone_step(recipe, i, &s);
    *out = s;
    return COP_OK;
}

/* Down to 0, where it stays. */
static double cosine_rate(const cop_schedule *s, int64_t step)
{
    double done = step < s->total ? (double)step / (double)s->total : 1.0;
    return s->lr * 0.5 * (1.0 + cos(PI * done));
}

static double step_rate(const cop_schedule *s, int64_t step)
{
    double rate = s->lr;
    for (int32_t i = 0; i < s->milestone_count; i++)
        if (step >= s->milestones[i])
            rate *= s->factor;
    return rate;
}

double cop_schedule_rate(const cop_schedule *s, int64_t step)
{
    double rate = s->kind == COP_SCHEDULE_COSINE ? cosine_rate(s, step) : step_rate(s, step);
    return step < s->warmup ? rate * ((double)(step + 1) / (double)s->warmup) : rate;
}

bool cop_schedule_falls(const cop_schedule *s, int64_t step)
{
    for (int32_t i = 0; i < s->milestone_count; i++)
        if (step == s->milestones[i])
            return true;
    return false;
}

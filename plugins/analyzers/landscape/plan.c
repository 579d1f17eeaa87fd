/* plan.c: what the work needs, and what is refused before anything runs. */
#include "landscape.h"

const char *const landscape_plane_names[] = {"orthonormal", "published", "random", NULL};

/* Refuses options that have no say beside the plane that was chosen. */
static cop_status check_stated(const landscape_options *o, const cop_plan *plan, cop_error *err)
{
    bool is_random = o->plane == LANDSCAPE_RANDOM, fits = o->plane == LANDSCAPE_ORTHONORMAL;
    const struct {
        const char *name;
        bool has_say;
        const char *instead;
    } rows[] = {{"copy", is_random, "the first copies span it"},
                {"margin", fits, "radius says how far the grid goes"},
                {"radius", !fits, "the copies and margin say how far the grid goes"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].has_say && cop_plan_states(plan, rows[i].name))
            return cop_fail(err, COP_INVALID, "%s has no say with plane = \"%s\": %s", rows[i].name,
                            landscape_plane_names[o->plane], rows[i].instead);
    }
    return COP_OK;
}

static cop_status check_copies(const landscape_options *o, cop_plan *plan, cop_error *err)
{
    int64_t there = cop_plan_copies(plan), wanted = landscape_spanning_copies(o->plane);
    if (there < 1)
        return cop_fail(err, COP_INVALID,
                        "there are no trained copies to look at (study.copies, ticket.retrain)");
    if (o->plane == LANDSCAPE_RANDOM)
        return cop_plan_need_copy(plan, o->copy, err);
    if (there < wanted)
        return cop_fail(err, COP_INVALID,
                        "plane = \"%s\" is spanned by %lld trained copies, and there are %lld "
                        "(study.copies)",
                        landscape_plane_names[o->plane], (long long)wanted, (long long)there);
    return COP_OK;
}

/* The set is asked for where it is looked at. */
static cop_status check_set(const landscape_options *o, cop_plan *plan, cop_error *err)
{
    if (o->data != LANDSCAPE_DISTILLED)
        return COP_OK;
    if (!cop_plan_has_set(plan))
        return cop_fail(err, COP_INVALID, "data = \"distilled\": this study distils no set");
    cop_plan_need_synthetic(plan);
    return COP_OK;
}

static double at_most(int64_t first, int64_t all)
{
    return (double)(first > 0 && first < all ? first : all);
}

/* Images that one step looks at. How many a distilled set has is not known here, unless so many
 * are asked for. */
static double images_per_step(const landscape_options *o, const cop_plan *plan)
{
    double images = o->data == LANDSCAPE_TEST    ? at_most(o->samples, cop_plan_test_count(plan))
                    : o->data == LANDSCAPE_TRAIN ? at_most(o->samples, cop_plan_train_count(plan))
                                                 : (double)o->samples;
    if (o->statistics == LANDSCAPE_REESTIMATE && cop_model_buffer_count(cop_plan_model(plan)) > 0)
        images += at_most(o->reestimate_size, cop_plan_train_count(plan));
    return images;
}

cop_status landscape_plan(const void *given, cop_plan *plan, cop_error *err)
{
    const landscape_options *o = given;
    if (o->grid == 1)
        return cop_fail(err, COP_INVALID,
                        "grid = 1 is a point and no surface: wanted 2 or more points along each "
                        "side, or 0");
    COP_TRY(check_stated(o, plan, err));
    COP_TRY(check_copies(o, plan, err));
    COP_TRY(check_set(o, plan, err));
    int64_t copies = o->plane == LANDSCAPE_RANDOM ? 1 : cop_plan_copies(plan);
    int64_t steps = copies + landscape_side(o) * landscape_side(o);
    cop_plan_steps(plan, steps);
    cop_plan_flops(plan, (double)steps * images_per_step(o, plan) *
                             cop_model_forward_flops(cop_plan_model(plan)));
    return COP_OK;
}

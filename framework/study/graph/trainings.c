/* trainings.c: the trainings of a line: what is drawn in each, where its schedule begins, and
 * whether it comes to the states that are wanted of it. */
#include "study/graph/line.h"

#include "core/memory.h"
#include "train/recipe_text.h"

#include <stdio.h>
#include <string.h>

cop_noise cop_noise_of_copy(uint64_t copy)
{
    return (cop_noise){"order variant", "augment variant", copy};
}

cop_noise cop_noise_of_masks(uint64_t variant)
{
    return (cop_noise){"order of masks", "augment of masks", variant + 1};
}

cop_noise cop_noise_of_distiller(uint64_t variant)
{
    return (cop_noise){"order of distilling", "augment of distilling", variant + 1};
}

cop_stage cop_line_new_training(const cop_line *l, const cop_position *at, cop_noise noise)
{
    cop_stage stage = {.kind = COP_STAGE_TRAIN, .opened = l->o, .data = l->o->data};
    stage.train = (cop_training_stage){
        .model = l->o->model,
        .distil = COP_NO_STAGE,
        .recipe = *l->train,
        .start = at->start,
        .mask = at->mask,
        .order_seed =
            cop_derived_seed(cop_line_seed(l, COP_SEED_ORDER), noise.order, noise.variant),
        .augment_seed =
            cop_derived_seed(cop_line_seed(l, COP_SEED_AUGMENT), noise.augment, noise.variant)};
    return stage;
}

static bool same_recipe(cop_recipe a, cop_recipe b)
{
    char left[4096], right[4096];
    memset(a.name, 0, sizeof a.name); /* the numbers count */
    memset(b.name, 0, sizeof b.name);
    return strcmp(cop_recipe_text(&a, left, sizeof left),
                  cop_recipe_text(&b, right, sizeof right)) == 0;
}

/* A training goes on at the step of the state that it starts from only on the same data with the
 * same recipe; otherwise its own schedule begins at the beginning. */
static void settle_schedule(const cop_line *l, cop_stage *stage)
{
    cop_training_stage *train = &stage->train;
    if (!train->start.go_on)
        return;
    const cop_stage *from = &l->s->stages[train->start.base];
    const cop_training_stage *base = &from->train;
    train->start.go_on = base->model == train->model && base->distil == train->distil &&
                         strcmp(from->data->fingerprint, stage->data->fingerprint) == 0 &&
                         base->own_recipe == train->own_recipe &&
                         (train->own_recipe || same_recipe(base->recipe, train->recipe));
    train->start.keep_momentum = train->start.keep_momentum && train->start.go_on;
}

/* Refuses a state of a training, wanted by `what`, that it will not come to. What is not known yet
 * is checked when the training runs. */
static cop_status check_reached(const cop_line *l, const cop_stage *stage, const char *what,
                                cop_error *err)
{
    int64_t per_epoch = 0, total = 0;
    if (!cop_training_length(l->s, stage, &per_epoch, &total))
        return COP_OK;
    for (size_t i = 0; i < stage->train.snapshot_count; i++) {
        char at[40];
        cop_duration wanted = stage->train.snapshots[i];
        int64_t step = cop_duration_steps(wanted, per_epoch, total);
        if (step > total)
            return cop_fail(err, COP_INVALID,
                            "cell \"%s\": %s \"%s\" is past the end of the training (%lld of "
                            "%lld steps)",
                            l->o->cell->label, what, cop_duration_text(wanted, at, sizeof at),
                            (long long)step, (long long)total);
    }
    return COP_OK;
}

cop_status cop_line_add_training(cop_line *l, cop_stage *stage, const char *what,
                                 const char *wanted_by, int32_t *index, cop_error *err)
{
    cop_recipe_settle(&stage->train.recipe, stage->data->info.augment);
    settle_schedule(l, stage);
    cop_estimate_training(l->s, stage);
    cop_status status = cop_training_check(l->s, stage, err);
    if (status != COP_OK)
        (void)cop_place_at(l->s->config->path, 0,
                           cop_fail_within(err, "cell \"%s\": %s", l->o->cell->label, what), err);
    else
        status = check_reached(l, stage, wanted_by, err);
    if (status == COP_OK) {
        stage->title = cop_line_title(l, what);
        if (stage->title == NULL)
            status = cop_out_of_memory(err);
    }
    if (status != COP_OK) {
        cop_stage_clear(stage);
        return status;
    }
    return cop_study_add_stage(l->s, stage, index, err);
}

const cop_loaded_data *cop_line_phase_data(const cop_line *l, const cop_phase *p)
{
    return l->o->phase_data[p - l->o->cell->phases];
}

/* The recipe that the distiller's options give; NULL: the set says it itself. */
static const cop_recipe *set_recipe(const cop_instance *distiller)
{
    const cop_option *row = cop_component_set_recipe(distiller->component);
    if (row == NULL)
        return NULL;
    return *(const cop_recipe *const *)((const char *)distiller->options + row->offset);
}

void cop_line_use_set(const cop_line *l, cop_training_stage *train)
{
    const cop_recipe *recipe = set_recipe(&l->o->distiller);
    train->distil = l->distil;
    train->own_recipe = recipe == NULL;
    if (recipe != NULL)
        train->recipe = *recipe;
}

void cop_line_use_phase(const cop_line *l, const cop_phase *p, cop_stage *stage)
{
    stage->data = cop_line_phase_data(l, p);
    if (p->data == COP_DATA_DISTILLED)
        cop_line_use_set(l, &stage->train);
    if (p->has_recipe) {
        stage->train.recipe = p->recipe;
        stage->train.own_recipe = false;
    }
}

cop_status cop_line_train_copies(cop_line *l, const cop_position *at, const char *what,
                                 int32_t *copies, cop_error *err)
{
    for (int64_t c = 0; c < l->o->cell->copies; c++) {
        char text[128];
        (void)snprintf(text, sizeof text, "train %s, copy %lld", what, (long long)c);
        cop_stage stage = cop_line_new_training(l, at, cop_noise_of_copy((uint64_t)c));
        stage.data = l->o->copies_data;
        COP_TRY(cop_line_add_training(l, &stage, text, "", &copies[c], err));
    }
    return COP_OK;
}

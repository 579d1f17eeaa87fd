/* identity.c: what can change a stage's result, as text; its hash names the artifact. */
#include "core/memory.h"
#include "core/text.h"
#include "study/graph/given.h"
#include "train/recipe_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_reference(cop_text *t, const cop_study *s, const char *what, int32_t stage)
{
    if (stage == COP_NO_STAGE)
        cop_text_printf(t, "%s none\n", what);
    else
        cop_text_printf(t, "%s %s-%s\n", what, s->stages[stage].id.kind, s->stages[stage].id.hash);
}

/* The weights of a start. */
static void add_start(cop_text *t, const cop_study *s, const cop_start_point *start)
{
    char at[40];
    if (start->base == COP_NO_STAGE) {
        cop_text_printf(t, "start init %" PRIu64 "\n", start->init_seed);
    } else {
        add_reference(t, s, "start", start->base);
        if (start->at.unit != 0)
            cop_text_printf(t, "at %s\n", cop_duration_text(start->at, at, sizeof at));
    }
    add_reference(t, s, "carry", start->carry);
}

/* The model of a training: the cell's, or an option of a component that asked for the training. It
 * is named by what it is, not by whose it is: components that want the same training share it. */
static cop_status add_model(cop_text *t, const cop_opened *o, const cop_model *model,
                            cop_error *err)
{
    if (model == o->model) {
        cop_text_printf(t, "model %s\n", cop_component_identity(o->cell->model));
        return COP_OK;
    }
    const cop_instance *owner = NULL;
    for (size_t i = 0; (owner = cop_owner_at(o, i)) != NULL; i++) {
        for (size_t k = 0; k < owner->model_count; k++) {
            if (owner->models[k] == model) {
                const cop_component *option = cop_component_model_at(owner->component, k);
                cop_text_printf(t, "model %s\n", cop_component_identity(option));
                return COP_OK;
            }
        }
    }
    /* Two such models would share an identity. */
    return cop_fail(err, COP_FAILED,
                    "a training is wanted of a model that is neither the ticket's nor an option");
}

static cop_status add_training(cop_text *t, const cop_study *s, const cop_stage *stage,
                               cop_error *err)
{
    const cop_training_stage *train = &stage->train;
    char recipe[4096];
    COP_TRY(add_model(t, stage->opened, train->model, err));
    add_reference(t, s, "synthetic", train->distil);
    (void)cop_recipe_text(&train->recipe, recipe, sizeof recipe);
    if (strlen(recipe) + 1 == sizeof recipe) /* what does not fit is cut: it could be another's */
        return cop_fail(err, COP_FAILED, "a recipe is too long to be told from another");
    cop_text_printf(t, "recipe %s\n", train->own_recipe ? "the set's own" : recipe);
    add_start(t, s, &train->start);
    cop_text_printf(t, "schedule %s\nmomentum %s\n", train->start.go_on ? "goes on" : "its own",
                    train->start.keep_momentum ? "kept" : "zero");
    add_reference(t, s, "mask", train->mask);
    cop_text_printf(t, "order %" PRIu64 "\naugment %" PRIu64 "\n", train->order_seed,
                    train->augment_seed);
    return COP_OK;
}

/* A file's content is its name: not its path, and no seed. */
static cop_status add_given(cop_text *t, const cop_stage *stage, cop_error *err)
{
    COP_TRY(add_model(t, stage->opened, stage->given->model, err));
    cop_text_printf(t, "file %s\n", stage->given->hash);
    return COP_OK;
}

static void add_wanted(cop_text *t, const cop_study *s, const cop_work_stage *work, size_t i)
{
    char at[40];
    add_reference(t, s, "training", work->trainings[i]);
    for (size_t k = 0; k < work->snapshot_counts[i]; k++)
        cop_text_printf(t, "snapshot %s\n",
                        cop_duration_text(work->snapshots[i][k], at, sizeof at));
}

/* What the component's own text calls "default" in its recipes. */
static void add_settled(cop_text *t, const cop_instance *instance)
{
    char augment[96];
    if (instance->recipe_count > 0)
        cop_text_printf(t, "default augment %s\n",
                        cop_augment_text(instance->recipes[0].augment, augment, sizeof augment));
}

/* What the analyzer is told of it, and its mask. */
static void add_other(cop_text *t, const cop_study *s, const cop_work_stage *work,
                      const cop_other *other)
{
    const cop_ticket *own = &s->tickets[work->ticket], *ticket = &s->tickets[other->ticket];
    const char *label = s->config->cells[ticket->cell].label;
    bool is_of_cell = ticket->cell == own->cell, is_of_seed = ticket->seed == own->seed;
    cop_text_printf(t, "other %zu:%s, seed %" PRId64 ", phase %" PRId32 ", round %" PRId64 "%s%s\n",
                    strlen(label), label, s->config->seeds[ticket->seed], ticket->phase,
                    ticket->round, is_of_cell ? ", its cell" : "",
                    is_of_cell && is_of_seed ? ", its line"
                    : is_of_seed             ? ", its seed"
                                             : "");
    add_reference(t, s, "its mask", other->mask);
}

/* `component` is the component's part of it. */
static cop_status add_work(cop_text *t, const cop_study *s, const cop_stage *stage,
                           const char *component, cop_error *err)
{
    const cop_work_stage *work = &stage->work;
    cop_text_printf(t, "component %s\nseed %" PRIu64 "\n", component, work->seed);
    if (work->instance != NULL)
        add_settled(t, work->instance);
    for (size_t i = 0; i < work->training_count; i++)
        add_wanted(t, s, work, i);
    if (stage->kind == COP_STAGE_DISTIL)
        return COP_OK;
    COP_TRY(add_model(t, stage->opened, stage->opened->model, err));
    add_start(t, s, &work->start);
    add_reference(t, s, "mask", work->mask);
    add_reference(t, s, "synthetic", work->distil);
    if (stage->kind == COP_STAGE_MASK) {
        add_reference(t, s, "trained", work->trained);
        cop_text_printf(t, "round %" PRId64, work->round);
        if (work->rounds > 0)
            cop_text_printf(t, " of %" PRId64, work->rounds);
        cop_text_append(t, "\n");
    }
    for (size_t i = 0; i < work->copy_count; i++) {
        if (work->copies[i] == COP_NO_STAGE)
            continue;
        cop_text_printf(t, "%zu: ", i);
        add_reference(t, s, "copy", work->copies[i]);
    }
    for (size_t i = 0; i < work->dense_count; i++)
        add_reference(t, s, "dense", work->dense[i]);
    for (size_t i = 0; i < work->other_count; i++)
        add_other(t, s, work, &work->others[i]);
    return COP_OK;
}

/* NULL for one that has no name: it would share another's. */
static const char *precision_name(cop_precision precision)
{
    switch (precision) {
    case COP_PRECISION_F32:
        return "f32";
    case COP_PRECISION_BF16:
        return "bf16";
    }
    return NULL;
}

/* `component` of a work: its component's part of the text; else NULL. A course says nothing of the
 * number of steps; an identity does, for a plan may make it of more than the options, such as the
 * copies. */
static cop_status make_text(const cop_study *s, const cop_stage *stage, const char *component,
                            bool is_course, char **out, cop_error *err)
{
    const cop_cell *cell = stage->opened->cell;
    const char *precision = precision_name(cell->precision);
    cop_text t = {0};
    if (precision == NULL)
        return cop_fail(err, COP_FAILED, "a stage has a precision without a name (%d)",
                        (int)cell->precision);
    cop_text_printf(&t, "numerics %d\nstage %s\n%sdata %s\nprecision %s\nthreads %d\n",
                    COP_NUMERICS_VERSION, cop_stage_kind_name(stage->kind), s->isa,
                    stage->data->fingerprint, precision, cell->threads);
    if (component != NULL && !is_course)
        cop_text_printf(&t, "steps %" PRId64 "\n", stage->work.steps);
    cop_status status = stage->given != NULL ? add_given(&t, stage, err)
                        : component == NULL  ? add_training(&t, s, stage, err)
                                             : add_work(&t, s, stage, component, err);
    *out = status == COP_OK ? cop_text_take(&t) : NULL;
    cop_text_free(&t);
    if (status == COP_OK && *out == NULL)
        status = cop_out_of_memory(err);
    return status;
}

/* Whose work it is: a component's part of the text, or what makes a control's mask; NULL for
 * trainings and what a file has. */
static const char *worker_of(const cop_stage *stage)
{
    static const char *const controls[COP_CONTROL_COUNT] = {
        "", "", "control shuffle 1", "control random 1"}; /* raised where its masks change */
    if (stage->kind == COP_STAGE_TRAIN || stage->given != NULL)
        return NULL;
    return stage->work.instance != NULL ? cop_component_identity(stage->work.instance->component)
                                        : controls[stage->work.control];
}

cop_status cop_stage_identity(const cop_study *s, const cop_stage *stage, char **out,
                              cop_error *err)
{
    return make_text(s, stage, worker_of(stage), false, out, err);
}

cop_status cop_stage_find_course(const cop_study *s, cop_stage *stage, cop_error *err)
{
    const char *component =
        stage->kind == COP_STAGE_TRAIN || stage->given != NULL || stage->work.instance == NULL
            ? NULL
            : cop_component_course(stage->work.instance->component);
    char *text = NULL;
    stage->course[0] = '\0';
    if (component == NULL || !stage->work.steps_go_on)
        return COP_OK;
    COP_TRY(make_text(s, stage, component, true, &text, err));
    cop_artifact_id name;
    cop_status status = cop_artifact_name(cop_stage_kind_name(stage->kind), text, &name, err);
    free(text);
    if (status == COP_OK)
        memcpy(stage->course, name.hash, sizeof stage->course);
    return status;
}

/* pruner_scene.c: a pruner at work on a network that PyTorch has scored. */
#include "pruner_scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cop_task task = {.channels = 3, .height = 16, .width = 16, .classes = 5};

/* The fixture's values over the fresh ones. */
static void take_state(pruner_scene *s)
{
    cop_error err = {0};
    assert_ok(cop_model_initial_state(s->net.model, 1, &s->state, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(s->state); i++) {
        cop_tensor *to = cop_tensors_at(s->state, i);
        double *values = fixture_values(s->fixture, "state.", to->name);
        for (int64_t k = 0; k < cop_shape_count(to->shape); k++)
            cop_f32(to)[k] = (float)values[k];
        free(values);
    }
}

void open_pruner_scene(pruner_scene *s, const cop_plugin *plugin)
{
    cop_error err = {0};
    *s = (pruner_scene){.plugin = plugin, .fixture = read_fixture("torch/pruners.safetensors")};
    s->net = open_model("convnet", "depth=2 width=4 norm=batch", &task);
    take_state(s);
    assert_ok(cop_model_full_mask(s->net.model, &s->mask, &err), &err);
    const cop_tensor *labels = fixture_tensor(s->fixture, "", "labels");
    int64_t count = cop_shape_count(labels->shape);
    s->labels = calloc((size_t)count, sizeof *s->labels);
    assert_non_null(s->labels);
    for (int64_t i = 0; i < count; i++)
        s->labels[i] = (int32_t)cop_f32(labels)[i];
    s->samples = (cop_samples){.task = task,
                               .normalization = cop_normalization_none(),
                               .count = count,
                               .pixels = cop_f32(fixture_tensor(s->fixture, "", "images")),
                               .labels = s->labels,
                               .space = COP_PIXELS_NORMALISED};
}

void close_pruner_scene(pruner_scene *s)
{
    cop_tensors_free(s->fixture);
    cop_tensors_free(s->state);
    cop_tensors_free(s->mask);
    free(s->labels);
    close_model(&s->net);
}

/* What a round needs while it runs. */
typedef struct round_scene {
    test_options options;
    cop_plan plan;
    cop_tensors *initial;
    given given;
    cop_work work;
} round_scene;

static cop_status open_round(pruner_scene *s, const char *settings, int64_t round, int64_t rounds,
                             round_scene *r, cop_error *err)
{
    *r = (round_scene){.options = read_options(s->plugin, settings),
                       .plan = {.kind = COP_KIND_PRUNER,
                                .task = task,
                                .model = s->net.model,
                                .weights_left = cop_mask_count(s->mask),
                                .round = round,
                                .rounds = rounds}};
    r->initial = cop_tensors_clone(s->state);
    assert_non_null(r->initial);
    cop_mask_apply(s->mask, r->initial);
    r->given = (given){.mask = s->mask, .initial = r->initial, .start = s->state};
    r->work = (cop_work){.kind = COP_KIND_PRUNER,
                         .task = &task,
                         .model = s->net.model,
                         .train = &s->samples,
                         .seed = 5,
                         .threads = 1,
                         .round = round,
                         .rounds = rounds};
    COP_TRY(cop_plan_make(s->plugin->id, s->plugin->ops, r->options.values, &r->plan, err));
    assert_false(r->plan.need_trained);
    return COP_OK;
}

static void close_round(round_scene *r)
{
    cop_plan_clear(&r->plan);
    cop_tensors_free(r->initial);
    free_options(&r->options);
}

cop_status prune_scene(pruner_scene *s, const char *settings, int64_t round, int64_t rounds,
                       cop_error *err)
{
    round_scene r;
    cop_tensors *next = NULL;
    cop_status status = open_round(s, settings, round, rounds, &r, err);
    r.work.source = given_source(&r.given);
    const cop_drive d = {.what = s->plugin->id,
                         .self = r.options.values,
                         .work = &r.work,
                         .steps = r.plan.steps,
                         .promise = r.plan.promise};
    if (status == COP_OK)
        status = cop_drive_pruner(&d, s->plugin->ops, s->mask, &next, err);
    if (status == COP_OK) {
        cop_tensors_free(s->mask);
        s->mask = next;
    }
    close_round(&r);
    return status;
}

static double largest_error(const pruner_scene *s, const cop_tensors *scores, const char *prefix)
{
    double error = 0.0;
    for (size_t i = 0; i < cop_tensors_count(scores); i++) {
        const cop_tensor *t = cop_tensors_at(scores, i);
        double *wanted = fixture_values(s->fixture, prefix, t->name), most = 0.0, worst = 0.0;
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++) {
            double got = t->dtype == COP_F64 ? cop_f64(t)[k] : (double)cop_f32(t)[k];
            most = fmax(most, fabs(wanted[k]));
            worst = fmax(worst, fabs(got - wanted[k]));
        }
        assert_true(most > 0.0);
        error = fmax(error, worst / most);
        free(wanted);
    }
    return error;
}

double score_error(pruner_scene *s, const char *settings, const char *prefix)
{
    const cop_work_ops *ops = s->plugin->ops;
    cop_error err = {0};
    round_scene r;
    assert_ok(open_round(s, settings, 0, 1, &r, &err), &err);
    void *self = r.options.values;
    r.work.source = given_source(&r.given);
    r.work.bag = cop_tensors_new();
    r.work.next_mask = cop_tensors_clone(s->mask);
    if (ops->begin != NULL)
        assert_ok(ops->begin(self, &r.work, &err), &err);
    for (int64_t i = 0; i < r.plan.steps; i++)
        assert_ok(ops->step(self, &r.work, i, &err), &err);
    assert_ok(ops->finish(self, &r.work, &err), &err);
    assert_non_null(r.work.scores);
    double error = largest_error(s, r.work.scores, prefix);
    cop_tensors_free(r.work.scores);
    cop_tensors_free(r.work.next_mask);
    cop_tensors_free(r.work.bag);
    close_round(&r);
    return error;
}

int64_t kept_in(const cop_tensors *mask, const char *name)
{
    const cop_tensor *t = cop_tensors_find(mask, name);
    int64_t count = 0;
    assert_non_null(t);
    for (int64_t i = 0; i < cop_shape_count(t->shape); i++)
        count += cop_f32(t)[i] != 0.0f;
    return count;
}

void assert_lowest_are_gone(const pruner_scene *s, const char *prefix, const char *exclude,
                            double slack)
{
    double gone = -INFINITY, stays = INFINITY, most = 0.0;
    for (size_t i = 0; i < cop_tensors_count(s->mask); i++) {
        const cop_tensor *m = cop_tensors_at(s->mask, i);
        if (exclude != NULL && strcmp(m->name, exclude) == 0)
            continue;
        double *scores = fixture_values(s->fixture, prefix, m->name);
        for (int64_t k = 0; k < cop_shape_count(m->shape); k++) {
            most = fmax(most, fabs(scores[k]));
            if (cop_f32(m)[k] == 0.0f)
                gone = fmax(gone, scores[k]);
            else
                stays = fmin(stays, scores[k]);
        }
        free(scores);
    }
    if (!(gone <= stays + slack * most))
        fail_msg("a score of %g is gone, and one of %g stays", gone, stays);
}

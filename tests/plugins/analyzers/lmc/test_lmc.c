/* The lmc analyzer: its ends are the copies, its lines are straight, its barriers add up. */
#include "core/verdict.h"
#include "given.h"
#include "linear_net.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "study/running/judge.h"
#include "tiny_net.h"

#include "plugins/analyzers/lmc/lmc.h"

#include <coppice/symmetry.h>

#include <string.h>

static const lmc_options defaults = {.alphas = 11,
                                     .batch = 7,
                                     .reestimate_size = 0,
                                     .stable_threshold = 2.0,
                                     .matching_threshold = 0.2,
                                     .layer_alphas = 5};

/* A model with trained copies that are random states, and data. */
typedef struct scene {
    cop_model *model;
    tiny_data train, test;
    cop_tensors
        *states[4]; /* copies 0 and 1, dense copy 0 of another seed, another initialisation */
    const cop_tensors *copies[3], *dense[3];
    size_t count;
    bool lacks_dense; /* there is no dense network */
} scene;

static void open_scene(scene *s, cop_model *model, size_t count)
{
    cop_error err = {0};
    memset(s, 0, sizeof *s);
    s->model = model;
    s->count = count;
    tiny_fill(&s->train, 32, false);
    tiny_fill(&s->test, 19, false);
    for (int i = 0; i < 19; i++)
        s->test.labels[i] = (s->test.labels[i] + i) % 3;
    for (int i = 0; i < 4; i++) {
        assert_ok(cop_model_initial_state(model, 10 + (uint64_t)i, &s->states[i], &err), &err);
        /* Far apart, so that the line between leads over a hill. */
        for (size_t t = 0; t < cop_tensors_count(s->states[i]); t++) {
            const cop_tensor *w = cop_tensors_at(s->states[i], t);
            if (strstr(w->name, "weight") == NULL)
                continue;
            for (int64_t j = 0; j < cop_shape_count(w->shape); j++)
                cop_f32(w)[j] *= 4.0f;
        }
    }
    const int place[3] = {0, 1, 2};
    for (size_t i = 0; i < count; i++) {
        s->copies[i] = s->states[place[i]];
        s->dense[i] = s->states[place[count - 1 - i]];
    }
}

static void close_scene(scene *s)
{
    for (int i = 0; i < 4; i++)
        cop_tensors_free(s->states[i]);
    cop_model_free(s->model);
}

/* What is kept of a run: its state after some step. */
typedef struct checkpoint {
    int64_t after;
    cop_saved saved;
} checkpoint;

static cop_status keep(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    checkpoint *at = context;
    if (state->step == at->after)
        at->saved = (cop_saved){.bag = cop_tensors_clone(state->bag), .step = at->after};
    return COP_OK;
}

/* Plans and runs; then a second time from the checkpoint after that step, unless it is 0. */
static cop_tables *analyze_from(scene *s, const lmc_options *o, int64_t after, cop_plan *seen)
{
    cop_error err = {0};
    const cop_work_ops *ops = coppice_plugin.ops;
    void *self = NULL;
    cop_plan plan = {.kind = COP_KIND_ANALYZER,
                     .model = s->model,
                     .copies = (int64_t)s->count,
                     .train_count = cop_samples_count(&s->train.samples),
                     .test_count = cop_samples_count(&s->test.samples),
                     .lacks_dense = s->lacks_dense};
    assert_ok(ops->create(o, cop_model_task(s->model), &self, &err), &err);
    assert_ok(cop_plan_make("analyzer 'lmc'", ops, o, &plan, &err), &err);
    const cop_tensors *other = s->states[3];
    bool is_dense[8] = {false};
    for (size_t i = 0; i < s->count; i++)
        is_dense[i] = s->copies[i] == s->dense[i];
    given inputs = {.copies = s->copies, .dense = s->dense, .requested = &other};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = s->model,
                     .train = &s->train.samples,
                     .test = &s->test.samples,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = s->count,
                     .dense_count = s->lacks_dense ? 0 : s->count,
                     .copy_is_dense = is_dense,
                     .request_count = 1};
    checkpoint kept = {.after = after};
    cop_tables *tables = NULL;
    cop_drive d = {.what = "analyzer 'lmc'",
                   .self = self,
                   .work = &work,
                   .steps = plan.steps,
                   .save = keep,
                   .context = &kept};
    assert_ok(cop_drive_analyzer(&d, ops, &tables, &err), &err);
    if (after > 0) {
        cop_tables_free(tables);
        ops->destroy(self); /* each piece of work has an instance of its own */
        assert_ok(ops->create(o, cop_model_task(s->model), &self, &err), &err);
        d.self = self;
        d.resume = &kept.saved;
        d.save = NULL;
        assert_non_null(kept.saved.bag);
        assert_ok(cop_drive_analyzer(&d, ops, &tables, &err), &err);
    }
    cop_saved_clear(&kept.saved);
    ops->destroy(self);
    if (seen != NULL)
        *seen = plan;
    else
        cop_plan_clear(&plan);
    return tables;
}

/* The same; `resumed` goes on from step 5. */
static cop_tables *analyze(scene *s, const lmc_options *o, bool resumed, cop_plan *seen)
{
    return analyze_from(s, o, resumed ? 5 : 0, seen);
}

/* The tables with what the judge says of them; `tables` is freed. */
static cop_tables *judged(cop_tables *tables, const lmc_options *o)
{
    cop_error err = {0};
    cop_tables *verdicts = NULL, *joined = NULL;
    assert_ok(
        cop_judge_tables("analyzer 'lmc'", coppice_plugin.ops, o, tables, NULL, &verdicts, &err),
        &err);
    assert_ok(cop_verdicts_join(tables, verdicts, NULL, &joined, &err), &err);
    cop_tables_free(verdicts);
    cop_tables_free(tables);
    return joined;
}

static const cop_table *find(const cop_tables *tables, const char *name)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++) {
        if (strcmp(cop_table_name(cop_tables_at(tables, i)), name) == 0)
            return cop_tables_at(tables, i);
    }
    return NULL;
}

static cop_table_value cell(const cop_table *table, size_t row, const char *column)
{
    for (size_t i = 0; i < cop_table_column_count(table); i++) {
        if (strcmp(cop_table_column(table, i)->name, column) == 0)
            return cop_table_at(table, row, i);
    }
    fail_msg("no column %s", column);
    return (cop_table_value){.i = 0};
}

static cop_evaluation evaluate(const scene *s, const cop_samples *data, const cop_tensors *state)
{
    cop_error err = {0};
    cop_evaluation out = {COP_SIZED(cop_evaluation)};
    cop_objective *o = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = s->model, .data = data,
                                     .batch = 7, .threads = 1};
    assert_ok(cop_objective_new(&spec, &o, &err), &err);
    assert_ok(cop_objective_evaluate(o, state, &out, &err), &err);
    cop_objective_free(o);
    return out;
}

/* The network at alpha between two others: w2 + alpha (w1 - w2); to be freed. */
static cop_tensors *mix(const cop_tensors *first, const cop_tensors *second, double alpha)
{
    cop_tensors *mixed = cop_tensors_clone(first);
    for (size_t t = 0; t < cop_tensors_count(mixed); t++) {
        const cop_tensor *m = cop_tensors_at(mixed, t);
        const float *w1 = cop_f32(cop_tensors_at(first, t));
        const float *w2 = cop_f32(cop_tensors_at(second, t));
        for (int64_t j = 0; j < cop_shape_count(m->shape); j++)
            cop_f32(m)[j] = (float)((double)w2[j] + alpha * ((double)w1[j] - (double)w2[j]));
    }
    return mixed;
}

/* A row's measures are those of a state, to the last bit. */
static void assert_row_is(const scene *s, const cop_table *curve, size_t row,
                          const cop_tensors *state)
{
    cop_evaluation train = evaluate(s, &s->train.samples, state);
    cop_evaluation test = evaluate(s, &s->test.samples, state);
    assert_true(cell(curve, row, "train_loss").f == train.loss);
    assert_true(cell(curve, row, "test_loss").f == test.loss);
    assert_true(cell(curve, row, "train_error").f == 1.0 - train.accuracy);
    assert_true(cell(curve, row, "test_error").f == 1.0 - test.accuracy);
}

static void ends_are_the_copies_and_points_between_them_are_mixed(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, tiny_model(false), 2);
    cop_tables *tables = analyze(&s, &defaults, false, NULL);
    const cop_table *curve = find(tables, "lmc_curve");
    assert_int_equal(cop_table_row_count(curve), 11);
    for (size_t k = 0; k <= 10; k++) {
        double alpha = cell(curve, k, "alpha").f;
        assert_true(alpha == (double)k / 10.0);
        cop_tensors *mixed = mix(s.states[0], s.states[1], alpha);
        assert_row_is(&s, curve, k, mixed);
        cop_tensors_free(mixed);
    }
    assert_row_is(&s, curve, 0, s.states[1]);
    assert_row_is(&s, curve, 10, s.states[0]);
    cop_tables_free(tables);
    close_scene(&s);
}

static void the_barrier_is_the_peak_less_the_mean_of_the_ends(void **state)
{
    (void)state;
    static const struct {
        const char *measure, *barrier;
    } names[] = {{"train_loss", "train_loss_barrier"},
                 {"train_error", "train_error_barrier"},
                 {"test_loss", "test_loss_barrier"},
                 {"test_error", "test_error_barrier"}};
    scene s;
    open_scene(&s, tiny_model(false), 2);
    cop_tables *tables = judged(analyze(&s, &defaults, false, NULL), &defaults);
    const cop_table *curve = find(tables, "lmc_curve"), *barriers = find(tables, "lmc_barrier");
    assert_int_equal(cop_table_row_count(barriers), 1);
    for (size_t n = 0; n < 4; n++) {
        double peak = 0.0;
        for (size_t k = 0; k <= 10; k++)
            peak = fmax(peak, cell(curve, k, names[n].measure).f);
        double ends =
            0.5 * (cell(curve, 0, names[n].measure).f + cell(curve, 10, names[n].measure).f);
        double wanted = peak - ends;
        assert_true(fabs(cell(barriers, 0, names[n].barrier).f - wanted) < 1e-12);
    }
    assert_true(cell(barriers, 0, "train_loss_barrier").f > 0.0);
    assert_true(cell(barriers, 0, "first_test_error").f == cell(curve, 10, "test_error").f);
    assert_true(cell(barriers, 0, "second_test_error").f == cell(curve, 0, "test_error").f);
    /* The dense copies are the same two networks here, so the accuracy is theirs. */
    assert_true(fabs(cell(barriers, 0, "test_accuracy").f - cell(barriers, 0, "dense_accuracy").f) <
                1e-9);
    /* Random networks guess: no verdict is passed on them. */
    assert_string_equal(cell(barriers, 0, "stable").text, "collapsed");
    assert_string_equal(cell(barriers, 0, "matching").text, "collapsed");
    cop_tables_free(tables);
    close_scene(&s);
}

static void without_a_dense_network_nothing_is_said_of_matching(void **state)
{
    (void)state;
    scene s;
    cop_plan plan = {0}, whole = {0};
    open_scene(&s, tiny_model(true), 2);
    cop_tables *with = judged(analyze(&s, &defaults, false, &whole), &defaults);
    s.lacks_dense = true;
    cop_tables *without = judged(analyze(&s, &defaults, true, &plan), &defaults);
    assert_int_equal(plan.steps, whole.steps - 2);
    assert_int_equal(cop_table_row_count(find(without, "lmc_copies")), 2);
    const cop_table *left = find(with, "lmc_barrier"), *right = find(without, "lmc_barrier");
    assert_int_equal(cop_table_row_count(right), 1);
    assert_int_equal(cop_table_column_count(left), cop_table_column_count(right));
    static const char *const same[] = {"train_loss_barrier", "test_error_barrier", "test_accuracy"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(cell(left, 0, same[i]).f == cell(right, 0, same[i]).f);
    assert_string_equal(cell(left, 0, "stable").text, cell(right, 0, "stable").text);
    assert_string_not_equal(cell(left, 0, "matching").text, "");
    assert_string_equal(cell(right, 0, "matching").text, "");
    assert_true(isnan(cell(right, 0, "dense_accuracy").f) != 0);
    cop_plan_clear(&plan);
    cop_plan_clear(&whole);
    cop_tables_free(with);
    cop_tables_free(without);
    lmc_options o = defaults;
    cop_error err = {0};
    o.control_init = true;
    plan =
        (cop_plan){.kind = COP_KIND_ANALYZER, .model = s.model, .copies = 2, .lacks_dense = true};
    const cop_work_ops *ops = coppice_plugin.ops;
    assert_refused(cop_plan_make("analyzer 'lmc'", ops, &o, &plan, &err), COP_INVALID, &err,
                   "control_init = true compares dense networks, and there is none");
    close_scene(&s);
}

static void a_copy_with_itself_has_no_barrier(void **state)
{
    (void)state;
    static const char *const names[] = {"train_loss_barrier", "train_error_barrier",
                                        "test_loss_barrier", "test_error_barrier"};
    scene s;
    open_scene(&s, tiny_model(false), 1);
    lmc_options o = defaults;
    o.control = true;
    o.statistics = LMC_BOTH;
    cop_tables *tables = analyze(&s, &o, false, NULL);
    const cop_table *curve = find(tables, "lmc_curve"), *barriers = find(tables, "lmc_barrier");
    assert_int_equal(cop_table_row_count(barriers), 2);
    assert_int_equal(cop_table_row_count(curve), 22);
    for (size_t row = 0; row < 2; row++) {
        assert_string_equal(cell(barriers, row, "pair").text, "0-0");
        for (size_t n = 0; n < 4; n++)
            assert_true(cell(barriers, row, names[n]).f == 0.0);
        assert_string_equal(cell(barriers, row, "kind").text, "control");
    }
    for (size_t k = 1; k <= 10; k++)
        assert_true(cell(curve, k, "train_loss").f == cell(curve, 0, "train_loss").f);
    cop_tables_free(tables);
    close_scene(&s);
}

/* Along a line the logits of softmax regression move linearly, so its loss is known. */
static void softmax_regression_follows_its_closed_form(void **state)
{
    (void)state;
    float pixels[16 * LINEAR_FEATURES];
    int32_t labels[16];
    cop_stream stream = cop_stream_make(5, "pixels", 0);
    for (int i = 0; i < 16 * LINEAR_FEATURES; i++)
        pixels[i] = cop_stream_uniform(&stream);
    for (int i = 0; i < 16; i++)
        labels[i] = i % LINEAR_CLASSES;
    const cop_samples samples = {.task = linear_task,
                                 .normalization = {.std = {1.0f}},
                                 .count = 16,
                                 .pixels = pixels,
                                 .labels = labels};
    scene s;
    open_scene(&s, linear_model(), 2);
    s.train.samples = samples;
    s.test.samples = samples;
    cop_tables *tables = analyze(&s, &defaults, false, NULL);
    const cop_table *curve = find(tables, "lmc_curve");
    for (size_t k = 0; k <= 10; k++) {
        double alpha = (double)k / 10.0, loss = 0.0;
        cop_tensors *mixed = mix(s.states[0], s.states[1], alpha);
        for (int i = 0; i < 16; i++) {
            double p[LINEAR_CLASSES];
            linear_softmax(mixed, pixels + i * LINEAR_FEATURES, p);
            loss -= log(p[labels[i]]) / 16.0;
        }
        assert_true(fabs(cell(curve, k, "train_loss").f - loss) < 1e-5 * (1.0 + loss));
        assert_true(cell(curve, k, "test_loss").f == cell(curve, k, "train_loss").f);
        cop_tensors_free(mixed);
    }
    /* A convex loss lies below its chord. */
    const cop_table *barriers = find(tables, "lmc_barrier");
    double ends = fabs(cell(curve, 0, "train_loss").f - cell(curve, 10, "train_loss").f) / 2.0;
    assert_true(fabs(cell(barriers, 0, "train_loss_barrier").f - ends) < 1e-12);
    cop_tables_free(tables);
    close_scene(&s);
}

static void statistics_are_reestimated_at_the_ends_too(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, tiny_model(false), 2);
    lmc_options o = defaults;
    o.statistics = LMC_BOTH;
    o.alphas = 3;
    cop_tables *tables = analyze(&s, &o, false, NULL);
    const cop_table *curve = find(tables, "lmc_curve");
    assert_int_equal(cop_table_row_count(curve), 6);
    assert_row_is(&s, curve, 0, s.states[1]);
    cop_objective *statistics = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = s.model,
                                     .data = &s.train.samples, .batch = 7, .threads = 1};
    assert_ok(cop_objective_new(&spec, &statistics, &err), &err);
    for (size_t end = 0; end < 2; end++) {
        cop_tensors *fresh = cop_tensors_clone(s.states[1 - end]);
        assert_ok(cop_objective_reestimate(statistics, fresh, &err), &err);
        assert_row_is(&s, curve, 3 + 2 * end, fresh);
        cop_tensors_free(fresh);
    }
    assert_string_equal(cell(curve, 3, "statistics").text, "reestimate");
    assert_true(cell(curve, 3, "train_loss").f != cell(curve, 0, "train_loss").f);
    assert_int_equal(cop_table_row_count(find(tables, "lmc_barrier")), 2);
    cop_objective_free(statistics);
    cop_tables_free(tables);
    close_scene(&s);
}

static void a_layer_is_what_stands_before_the_last_dot(void **state)
{
    (void)state;
    static const struct {
        const char *tensor, *layer;
        bool is_in;
    } cases[] = {
        {"layers.1.weight", "layers.1", true},   {"layers.1.running_var", "layers.1", true},
        {"layers.10.weight", "layers.1", false}, {"layers.1.weight", "layers", false},
        {"layers.2.weight", "layers.1", false},  {"scale", "scale", true},
        {"scale.weight", "scale", true},         {"scales", "scale", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(lmc_is_in_layer(cases[i].tensor, cases[i].layer), cases[i].is_in);
}

/* The network whose tensors of one layer are at alpha between two others, the rest the second's;
 * to be freed. */
static cop_tensors *mix_layer(const cop_tensors *first, const cop_tensors *second,
                              const char *layer, double alpha)
{
    cop_tensors *mixed = mix(first, second, alpha);
    for (size_t t = 0; t < cop_tensors_count(mixed); t++) {
        const cop_tensor *m = cop_tensors_at(mixed, t);
        size_t length = strlen(layer);
        if (strncmp(m->name, layer, length) != 0 || m->name[length] != '.')
            memcpy(m->data, cop_tensors_at(second, t)->data,
                   (size_t)cop_shape_count(m->shape) * sizeof(float));
    }
    return mixed;
}

static void a_layer_moves_alone_between_ends_of_its_own(void **state)
{
    (void)state;
    static const char *const layers[] = {"conv", "norm", "fc"};
    scene s;
    cop_plan plan, plain;
    open_scene(&s, tiny_model(false), 2);
    /* Running statistics move with their norm. */
    cop_f32(cop_tensors_find(s.states[0], "norm.running_mean"))[1] = 0.5f;
    lmc_options o = defaults;
    cop_tables *without = analyze(&s, &o, false, &plain);
    assert_null(find(without, "lmc_layers"));
    o.layers = true;
    cop_tables *tables = analyze(&s, &o, false, &plan);
    const cop_table *table = find(tables, "lmc_layers");
    assert_int_equal(plan.steps, plain.steps + 3 * 4);
    assert_true(fabs(plan.flops / plain.flops - (double)plan.steps / (double)plain.steps) < 1e-12);
    assert_int_equal(cop_table_row_count(table), 3);
    for (size_t i = 0; i < 3; i++) {
        double peak = 0.0, ends = 0.0;
        assert_string_equal(cell(table, i, "layer").text, layers[i]);
        for (int k = 0; k <= 4; k++) {
            cop_tensors *mixed = mix_layer(s.states[0], s.states[1], layers[i], k / 4.0);
            double loss = evaluate(&s, &s.test.samples, mixed).loss;
            peak = fmax(peak, loss);
            ends += k % 4 == 0 ? 0.5 * loss : 0.0;
            if (k == 4)
                assert_true(cell(table, i, "test_error").f ==
                            1.0 - evaluate(&s, &s.test.samples, mixed).accuracy);
            cop_tensors_free(mixed);
        }
        assert_true(fabs(cell(table, i, "test_loss_barrier").f - (peak - ends)) < 1e-12);
    }
    assert_true(cell(table, 0, "test_loss_barrier").f != cell(table, 2, "test_loss_barrier").f);
    cop_plan_clear(&plan);
    cop_plan_clear(&plain);
    cop_tables_free(tables);
    cop_tables_free(without);
    close_scene(&s);
}

/* Gives every sample the label that the network says, so that it errs nowhere. */
static void relabel(const scene *s, tiny_data *data, const cop_tensors *state)
{
    for (int64_t i = 0; i < cop_samples_count(&data->samples); i++) {
        cop_error err = {0};
        cop_objective *o = NULL;
        cop_evaluation said = {COP_SIZED(cop_evaluation)};
        const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                         .model = s->model,
                                         .data = &data->samples,
                                         .index = &i,
                                         .count = 1,
                                         .threads = 1};
        assert_ok(cop_objective_new(&spec, &o, &err), &err);
        for (data->labels[i] = 0; data->labels[i] < 3; data->labels[i]++) {
            assert_ok(cop_objective_evaluate(o, state, &said, &err), &err);
            if (said.accuracy == 1.0)
                break;
        }
        cop_objective_free(o);
    }
}

/* The second copy is the first one with its channels in another order. */
static void aligning_undoes_a_permutation(void **state)
{
    (void)state;
    static const int64_t order[] = {2, 0, 3, 1};
    scene s;
    cop_error err = {0};
    cop_symmetries *groups = NULL;
    cop_plan plan;
    open_scene(&s, tiny_model(false), 2);
    assert_ok(cop_model_symmetries(s.model, &groups, &err), &err);
    assert_int_equal(cop_symmetries_count(groups), 1);
    assert_ok(cop_tensors_copy(s.states[1], s.states[0], &err), &err);
    assert_ok(cop_symmetries_permute(groups, 0, order, s.states[1], &err), &err);
    relabel(&s, &s.train, s.states[0]);
    relabel(&s, &s.test, s.states[0]);
    lmc_options o = defaults;
    cop_tables *plain = analyze(&s, &o, false, NULL);
    assert_null(find(plain, "lmc_aligned"));
    o.align = LMC_ALIGN_WEIGHTS;
    cop_tables *tables = judged(analyze(&s, &o, false, &plan), &o);
    const cop_table *aligned = find(tables, "lmc_aligned"), *curve = find(tables, "lmc_curve");
    /* Both ways to treat statistics, for which the four networks are needed once more. */
    assert_int_equal(plan.steps, 4 + 9 + 4 + 2 * 9);
    assert_int_equal(cop_table_row_count(aligned), 2);
    assert_true(cell(find(plain, "lmc_barrier"), 0, "test_loss_barrier").f > 0.1);
    assert_true(cell(find(plain, "lmc_barrier"), 0, "test_error_barrier").f > 0.05);
    assert_int_equal(cop_table_row_count(find(plain, "lmc_curve")), 11);
    assert_int_equal(cop_table_row_count(curve), 33);
    for (size_t row = 0; row < 2; row++) {
        assert_string_equal(cell(aligned, row, "kind").text, "aligned");
        assert_string_equal(cell(aligned, row, "statistics").text,
                            row == 0 ? "interpolate" : "reestimate");
        assert_true(fabs(cell(aligned, row, "aligned_test_loss_barrier").f) < 1e-6);
        assert_true(cell(aligned, row, "aligned_test_error_barrier").f == 0.0);
        assert_true(cell(aligned, row, "distance").f > 1.0);
        assert_true(cell(aligned, row, "aligned_distance").f == 0.0);
        assert_string_equal(cell(curve, 11 + 11 * row + 5, "kind").text, "aligned");
        assert_string_equal(cell(curve, 11 + 11 * row + 5, "line").text,
                            row == 0 ? "0-1 aligned, interpolate" : "0-1 aligned, reestimate");
        assert_string_equal(cell(aligned, row, "aligned_stable").text, "stable");
    }
    assert_string_equal(cell(find(tables, "lmc_barrier"), 0, "stable").text, "unstable");
    /* What is there without it is there with it, to the bit. */
    const cop_table *same[2] = {find(plain, "lmc_curve"), curve};
    for (size_t row = 0; row < 11; row++)
        assert_true(cell(same[0], row, "train_loss").f == cell(same[1], row, "train_loss").f);
    cop_plan_clear(&plan);
    cop_symmetries_free(groups);
    cop_tables_free(plain);
    cop_tables_free(tables);
    close_scene(&s);
}

/* As in the paper: networks from two initialisations are aligned, too, as a control. */
static void pairs_of_controls_are_aligned_as_controls(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, tiny_model(true), 2);
    lmc_options o = defaults;
    o.control = o.control_init = true;
    o.align = LMC_ALIGN_WEIGHTS;
    cop_tables *tables = judged(analyze(&s, &o, false, NULL), &o);
    const cop_table *aligned = find(tables, "lmc_aligned");
    assert_int_equal(cop_table_row_count(aligned), 3); /* without statistics there is one way */
    assert_string_equal(cell(aligned, 1, "kind").text, "control_aligned");
    assert_string_equal(cell(aligned, 2, "kind").text, "control_init_aligned");
    assert_true(cell(aligned, 1, "aligned_test_loss_barrier").f == 0.0);
    assert_true(cell(aligned, 1, "distance").f == 0.0);
    for (size_t row = 0; row < 3; row += 2)
        assert_true(cell(aligned, row, "aligned_distance").f <= cell(aligned, row, "distance").f);
    cop_tables_free(tables);
    close_scene(&s);
}

static void a_model_without_statistics_has_one_way(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, tiny_model(true), 2);
    lmc_options o = defaults;
    o.statistics = LMC_REESTIMATE;
    cop_tables *tables = analyze(&s, &o, false, NULL);
    assert_int_equal(cop_table_row_count(find(tables, "lmc_curve")), 11);
    assert_string_equal(cell(find(tables, "lmc_curve"), 0, "statistics").text, "interpolate");
    cop_tables_free(tables);
    close_scene(&s);
}

static void one_copy_makes_no_pair(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, tiny_model(false), 1);
    cop_tables *tables = judged(analyze(&s, &defaults, false, NULL), &defaults);
    assert_int_equal(cop_tables_count(tables), 1);
    const cop_table *copies = find(tables, "lmc_copies");
    assert_int_equal(cop_table_row_count(copies), 2); /* the ticket's and the dense one */
    cop_evaluation test = evaluate(&s, &s.test.samples, s.states[0]);
    assert_true(fabs(cell(copies, 0, "test_accuracy").f - test.accuracy) < 1e-12);
    cop_tables_free(tables);
    close_scene(&s);
}

static void no_copies_is_an_error(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_model *model = tiny_model(false);
    cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = model};
    assert_refused(cop_plan_make("analyzer 'lmc'", coppice_plugin.ops, &defaults, &plan, &err),
                   COP_INVALID, &err, "no trained copies");
    cop_model_free(model);
}

static void another_initialisation_is_planned_and_compared(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, tiny_model(false), 2);
    lmc_options o = defaults;
    o.control_init = true;
    cop_plan plan;
    cop_tables *tables = analyze(&s, &o, false, &plan);
    assert_true(plan.need_dense);
    assert_int_equal(plan.training_count, 1);
    assert_int_equal(plan.trainings[0].init, 1);
    assert_int_equal(plan.trainings[0].start, COP_START_INIT);
    assert_int_equal(plan.trainings[0].data, COP_DATA_REAL);
    assert_false(plan.trainings[0].has_recipe);
    const cop_table *curve = find(tables, "lmc_curve");
    assert_string_equal(cell(curve, 11, "pair").text, "inits");
    assert_string_equal(cell(curve, 11, "kind").text, "control_init");
    assert_string_equal(cell(curve, 11, "line").text, "inits (control)");
    assert_string_equal(cell(curve, 10, "kind").text, "copies");
    assert_string_equal(cell(find(tables, "lmc_barrier"), 1, "kind").text, "control_init");
    assert_row_is(&s, curve, 11, s.states[3]);
    assert_row_is(&s, curve, 21, s.dense[0]);
    cop_plan_clear(&plan);
    cop_tables_free(tables);
    close_scene(&s);
}

static void assert_same_tables(const cop_tables *whole, const cop_tables *again)
{
    assert_int_equal(cop_tables_count(whole), cop_tables_count(again));
    for (size_t t = 0; t < cop_tables_count(whole); t++) {
        const cop_table *a = cop_tables_at(whole, t), *b = cop_tables_at(again, t);
        assert_int_equal(cop_table_row_count(a), cop_table_row_count(b));
        for (size_t row = 0; row < cop_table_row_count(a); row++) {
            for (size_t c = 0; c < cop_table_column_count(a); c++) {
                cop_table_value x = cop_table_at(a, row, c), y = cop_table_at(b, row, c);
                if (cop_table_column(a, c)->type == COP_COLUMN_TEXT)
                    assert_string_equal(x.text, y.text);
                else
                    assert_memory_equal(&x, &y, sizeof x);
            }
        }
    }
}

static void a_resumed_run_makes_the_same_tables(void **state)
{
    (void)state;
    scene s;
    cop_plan plan;
    open_scene(&s, tiny_model(false), 2);
    lmc_options o = defaults;
    o.statistics = LMC_BOTH;
    o.layers = true;
    o.align = LMC_ALIGN_WEIGHTS;
    cop_tables *whole = analyze(&s, &o, false, &plan);
    /* Among the points of the pair, of layers, and of the aligned pair. */
    for (int64_t after = 5; after < plan.steps; after += (plan.steps - 8) / 3) {
        cop_tables *again = analyze_from(&s, &o, after, NULL);
        assert_same_tables(whole, again);
        cop_tables_free(again);
    }
    cop_plan_clear(&plan);
    cop_tables_free(whole);
    close_scene(&s);
}

/* With as many copies of the dense network, for a network with or without running statistics. */
static lmc_numbering numbering_of(const lmc_options *o, int64_t copies, bool no_norm)
{
    cop_model *model = tiny_model(no_norm);
    lmc_numbering n = lmc_numbering_make(o, copies, copies, model);
    cop_model_free(model);
    return n;
}

/* Verdicts about a line whose evaluations are made up: the test error rises from 10 and 12 to a
 * peak, the dense network has 11 on average. */
static void verdicts_follow_the_thresholds(void **state)
{
    (void)state;
    const struct {
        double peak, dense_error, stable_threshold, matching_threshold;
        const char *stable, *matching;
    } cases[] = {
        {0.129, 0.110, 2.0, 0.2, "stable", "matching"},
        {0.131, 0.110, 2.0, 0.2, "unstable", "matching"},
        {0.131, 0.110, 2.2, 0.2, "stable", "matching"},
        {0.120, 0.109, 2.0, 0.2, "stable", "matching"},
        {0.120, 0.107, 2.0, 0.2, "stable", "not matching"},
        {0.120, 0.107, 2.0, 0.5, "stable", "matching"},
        {0.120, 0.150, 2.0, 0.2, "stable", "matching"},
        {0.131, 0.107, 2.0, 0.2, "unstable", "not matching"},
        {NAN, 0.110, 2.0, 0.2, "diverged", "diverged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        lmc_options o = defaults;
        o.alphas = 3;
        o.stable_threshold = cases[i].stable_threshold;
        o.matching_threshold = cases[i].matching_threshold;
        lmc_numbering l = numbering_of(&o, 2, true);
        double curve[5 * LMC_MEASURES] = {0};
        const double errors[5] = {0.10, 0.12, cases[i].dense_error, cases[i].dense_error,
                                  cases[i].peak};
        assert_int_equal(lmc_steps(&l), 5);
        for (int step = 0; step < 5; step++)
            curve[step * LMC_MEASURES + LMC_TEST_ERROR] = errors[step];
        cop_tables *tables = cop_tables_new();
        assert_ok(lmc_report(&l, 0.0, curve, NULL, tables, &err), &err);
        tables = judged(tables, &o);
        const cop_table *barriers = find(tables, "lmc_barrier");
        if (isnan(cases[i].peak))
            assert_true(isnan(cell(barriers, 0, "test_error_barrier").f));
        else
            assert_true(fabs(cell(barriers, 0, "test_error_barrier").f - (cases[i].peak - 0.11)) <
                        1e-12);
        assert_string_equal(cell(barriers, 0, "stable").text, cases[i].stable);
        assert_string_equal(cell(barriers, 0, "matching").text, cases[i].matching);
        cop_tables_free(tables);
    }
}

/* Copies of the errors 0.7 and 0.6 are lines as flat as can be, with the dense network at 0.5. */
static void collapsed_networks_are_neither_stable_nor_matching(void **state)
{
    (void)state;
    const struct {
        double chance, dense_error;
        const char *stable, *matching;
    } cases[] = {{0.29, 0.69, "stable", "matching"},
                 {0.3, 0.69, "collapsed", "collapsed"},
                 {0.35, 0.69, "collapsed", "collapsed"},
                 {0.29, 0.71, "stable", "collapsed"}, /* there is nothing to match */
                 {0.45, 0.5, "collapsed", "collapsed"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        lmc_options o = defaults;
        o.alphas = 3;
        o.stable_threshold = o.matching_threshold = 10.0;
        lmc_numbering l = numbering_of(&o, 2, true);
        double curve[5 * LMC_MEASURES] = {0};
        const double errors[5] = {0.7, 0.6, cases[i].dense_error, cases[i].dense_error, 0.65};
        for (int step = 0; step < 5; step++)
            curve[step * LMC_MEASURES + LMC_TEST_ERROR] = errors[step];
        cop_tables *tables = cop_tables_new();
        assert_ok(lmc_report(&l, cases[i].chance, curve, NULL, tables, &err), &err);
        tables = judged(tables, &o);
        const cop_table *barriers = find(tables, "lmc_barrier");
        assert_string_equal(cell(barriers, 0, "stable").text, cases[i].stable);
        assert_string_equal(cell(barriers, 0, "matching").text, cases[i].matching);
        cop_tables_free(tables);
    }
}

/* A diverged network guesses: its error is 90 % everywhere, its loss no number. */
static void diverged_networks_pass_no_verdict(void **state)
{
    (void)state;
    const struct {
        int step, measure; /* where the number is missing; steps are two copies, two dense copies,
                              the point between */
        const char *stable, *matching;
    } cases[] = {
        {-1, 0, "stable", "matching"},
        {0, LMC_TRAIN_LOSS, "diverged", "diverged"},
        {1, LMC_TEST_LOSS, "diverged", "diverged"},
        {4, LMC_TEST_LOSS, "diverged", "diverged"},
        {4, LMC_TRAIN_ERROR, "diverged", "diverged"},
        {2, LMC_TEST_LOSS, "stable", "diverged"}, /* there is no dense accuracy to match */
    };
    const double wrong[] = {NAN, INFINITY};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        lmc_options o = defaults;
        o.alphas = 3;
        lmc_numbering l = numbering_of(&o, 2, true);
        double curve[5 * LMC_MEASURES];
        for (int k = 0; k < 5 * LMC_MEASURES; k++)
            curve[k] = k % 2 == 1 ? 0.9 : 2.3;
        if (cases[i / 2].step >= 0)
            curve[cases[i / 2].step * LMC_MEASURES + cases[i / 2].measure] = wrong[i % 2];
        cop_tables *tables = cop_tables_new();
        assert_ok(lmc_report(&l, 0.0, curve, NULL, tables, &err), &err);
        tables = judged(tables, &o);
        const cop_table *barriers = find(tables, "lmc_barrier");
        assert_string_equal(cell(barriers, 0, "stable").text, cases[i / 2].stable);
        assert_string_equal(cell(barriers, 0, "matching").text, cases[i / 2].matching);
        cop_tables_free(tables);
    }
}

static void steps_and_points_are_one_to_one(void **state)
{
    (void)state;
    const struct {
        int64_t copies;
        int32_t pairs;
        bool control, control_init, layers;
        int64_t wanted_pairs, wanted_layers;
        int32_t align, statistics;
    } cases[] = {{1, LMC_PAIRS_ALL, false, false, false, 0, 0, LMC_ALIGN_WEIGHTS, LMC_BOTH},
                 {2, LMC_PAIRS_ALL, false, false, false, 1, 0, LMC_ALIGN_NONE, LMC_BOTH},
                 {4, LMC_PAIRS_ALL, true, true, false, 8, 0, LMC_ALIGN_WEIGHTS, LMC_INTERPOLATE},
                 {4, LMC_PAIRS_FIRST, false, true, false, 2, 0, LMC_ALIGN_WEIGHTS, LMC_REESTIMATE},
                 {9, LMC_PAIRS_ALL, false, false, false, 36, 0, LMC_ALIGN_NONE, LMC_INTERPOLATE},
                 {1, LMC_PAIRS_ALL, true, true, true, 2, 0, LMC_ALIGN_WEIGHTS, LMC_INTERPOLATE},
                 {3, LMC_PAIRS_ALL, true, true, true, 5, 3, LMC_ALIGN_NONE, LMC_BOTH},
                 {3, LMC_PAIRS_ALL, true, true, true, 5, 3, LMC_ALIGN_WEIGHTS, LMC_INTERPOLATE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lmc_options o = defaults;
        o.pairs = cases[i].pairs;
        o.control = cases[i].control;
        o.control_init = cases[i].control_init;
        o.layers = cases[i].layers;
        o.align = cases[i].align;
        o.statistics = cases[i].statistics;
        lmc_numbering l = numbering_of(&o, cases[i].copies, false);
        assert_int_equal(l.pairs, cases[i].wanted_pairs);
        assert_int_equal(l.layers, cases[i].wanted_layers);
        for (int64_t step = 0; step < lmc_steps(&l); step++)
            assert_int_equal(lmc_step_of(&l, lmc_point_at(&l, step)), step);
        for (int64_t pair = 0; pair < l.pairs; pair++) {
            int64_t first, second, other_first, other_second;
            lmc_pair_at(&l, pair, &first, &second);
            assert_true(first >= 0 && first < l.networks && second < l.networks);
            assert_true(pair >= l.copy_pairs || (first < second && second < l.copies));
            for (int64_t other = 0; other < pair; other++) {
                lmc_pair_at(&l, other, &other_first, &other_second);
                assert_true(first != other_first || second != other_second);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_the_copies_and_points_between_them_are_mixed),
        cmocka_unit_test(the_barrier_is_the_peak_less_the_mean_of_the_ends),
        cmocka_unit_test(without_a_dense_network_nothing_is_said_of_matching),
        cmocka_unit_test(a_copy_with_itself_has_no_barrier),
        cmocka_unit_test(softmax_regression_follows_its_closed_form),
        cmocka_unit_test(statistics_are_reestimated_at_the_ends_too),
        cmocka_unit_test(a_layer_is_what_stands_before_the_last_dot),
        cmocka_unit_test(a_layer_moves_alone_between_ends_of_its_own),
        cmocka_unit_test(aligning_undoes_a_permutation),
        cmocka_unit_test(pairs_of_controls_are_aligned_as_controls),
        cmocka_unit_test(a_model_without_statistics_has_one_way),
        cmocka_unit_test(one_copy_makes_no_pair),
        cmocka_unit_test(no_copies_is_an_error),
        cmocka_unit_test(another_initialisation_is_planned_and_compared),
        cmocka_unit_test(a_resumed_run_makes_the_same_tables),
        cmocka_unit_test(verdicts_follow_the_thresholds),
        cmocka_unit_test(diverged_networks_pass_no_verdict),
        cmocka_unit_test(collapsed_networks_are_neither_stable_nor_matching),
        cmocka_unit_test(steps_and_points_are_one_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The imp pruner: how many weights go, which, and that they never come back. */
#include "given.h"
#include "plugin_options.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "tiny_net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct scene {
    cop_model *model;
    cop_tensors *state, *mask;
    cop_mask_promise promise; /* of the last plan */
} scene;

static void open_scene(scene *s)
{
    cop_error err = {0};
    s->model = tiny_model(false);
    assert_ok(cop_model_initial_state(s->model, 3, &s->state, &err), &err);
    assert_ok(cop_model_full_mask(s->model, &s->mask, &err), &err);
}

static void close_scene(scene *s)
{
    cop_tensors_free(s->state);
    cop_tensors_free(s->mask);
    cop_model_free(s->model);
}

/* Plans and runs one round with these options; the mask is replaced. */
static cop_status prune(scene *s, const char *settings, cop_error *err)
{
    test_options options = read_options(&coppice_plugin, settings);
    cop_plan plan = {
        .kind = COP_KIND_PRUNER, .model = s->model, .weights_left = cop_mask_count(s->mask)};
    cop_status status =
        cop_plan_make("pruner 'imp'", coppice_plugin.ops, options.values, &plan, err);
    if (status == COP_OK) {
        assert_true(plan.need_trained);
        given inputs = {.mask = s->mask, .initial = s->state, .trained = s->state};
        cop_work work = {.kind = COP_KIND_PRUNER,
                         .model = s->model,
                         .seed = 1,
                         .source = given_source(&inputs),
                         .has_trained = true,
                         .rounds = 1};
        /* Where it states what it leaves, that is what the mask is held to. */
        cop_drive d = {.what = "pruner 'imp'",
                       .self = options.values,
                       .work = &work,
                       .steps = plan.steps,
                       .promise = plan.promise};
        s->promise = plan.promise;
        cop_tensors *next = NULL;
        status = cop_drive_pruner(&d, coppice_plugin.ops, s->mask, &next, err);
        if (status == COP_OK) {
            cop_tensors_free(s->mask);
            s->mask = next;
        }
        cop_plan_clear(&plan);
    }
    free_options(&options);
    return status;
}

static int64_t kept(const scene *s, const char *name)
{
    const cop_tensor *t = cop_tensors_find(s->mask, name);
    int64_t count = 0;
    for (int64_t i = 0; i < cop_shape_count(t->shape); i++)
        count += cop_f32(t)[i] != 0.0f;
    return count;
}

/* Every weight that went is no larger than any that stayed. */
static void assert_lowest_went(const scene *s, const cop_tensors *before)
{
    float largest_gone = 0.0f, smallest_kept = INFINITY;
    for (size_t t = 0; t < cop_tensors_count(s->mask); t++) {
        const cop_tensor *m = cop_tensors_at(s->mask, t);
        const float *now = cop_f32(m), *had = cop_f32(cop_tensors_at(before, t));
        const float *w = cop_f32(cop_tensors_find(s->state, m->name));
        for (int64_t i = 0; i < cop_shape_count(m->shape); i++) {
            if (now[i] != 0.0f)
                smallest_kept = fminf(smallest_kept, fabsf(w[i]));
            else if (had[i] != 0.0f)
                largest_gone = fmaxf(largest_gone, fabsf(w[i]));
        }
    }
    assert_true(largest_gone <= smallest_kept);
}

static void exactly_a_fifth_goes_round_after_round(void **state)
{
    (void)state;
    const double rates[] = {0.2, 0.5, 0.013};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        scene s;
        open_scene(&s);
        char settings[32];
        (void)snprintf(settings, sizeof settings, "rate = %g;", rates[r]);
        for (int round = 0; round < 30; round++) {
            cop_error err = {0};
            int64_t left = cop_mask_count(s.mask);
            cop_tensors *before = cop_tensors_clone(s.mask);
            assert_ok(prune(&s, settings, &err), &err);
            assert_int_equal(cop_mask_count(s.mask), left - llround(rates[r] * (double)left));
            assert_true(s.promise.states_left);
            assert_int_equal(s.promise.left, cop_mask_count(s.mask));
            assert_lowest_went(&s, before);
            assert_ok(cop_check_mask("imp", s.mask, before, &s.promise, &err), &err);
            cop_tensors_free(before);
        }
        close_scene(&s);
    }
}

static void the_ends_of_the_range_are_nothing_and_all(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s);
    int64_t all = cop_mask_count(s.mask);
    assert_ok(prune(&s, "rate = 0.0;", &err), &err);
    assert_int_equal(cop_mask_count(s.mask), all);
    assert_ok(prune(&s, "rate = 1.0;", &err), &err);
    assert_int_equal(cop_mask_count(s.mask), 0);
    assert_ok(prune(&s, "rate = 0.2;", &err), &err);
    close_scene(&s);
}

static void ties_go_by_tensor_then_index(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s);
    for (size_t t = 0; t < cop_tensors_count(s.mask); t++) {
        const cop_tensor *w = cop_tensors_find(s.state, cop_tensors_at(s.mask, t)->name);
        for (int64_t i = 0; i < cop_shape_count(w->shape); i++)
            cop_f32(w)[i] = i % 2 == 0 ? 0.5f : -0.5f;
    }
    const cop_tensor *first = cop_tensors_at(s.mask, 0);
    int64_t all = cop_mask_count(s.mask), go = llround(0.1 * (double)all);
    assert_true(go < cop_shape_count(first->shape));
    assert_ok(prune(&s, "rate = 0.1;", &err), &err);
    first = cop_tensors_at(s.mask, 0);
    for (int64_t i = 0; i < cop_shape_count(first->shape); i++)
        assert_true((cop_f32(first)[i] == 0.0f) == (i < go));
    close_scene(&s);
}

static void layers_lose_their_own_share(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s);
    int64_t conv = kept(&s, "conv.weight"), fc = kept(&s, "fc.weight");
    assert_ok(prune(&s, "rate = 0.3; scope = \"layer\";", &err), &err);
    assert_int_equal(kept(&s, "conv.weight"), conv - llround(0.3 * (double)conv));
    assert_int_equal(kept(&s, "fc.weight"), fc - llround(0.3 * (double)fc));
    close_scene(&s);
}

static void excluded_layers_are_left_alone(void **state)
{
    (void)state;
    const char *const spellings[] = {"fc", "fc.weight"}, *const scopes[] = {"global", "layer"};
    for (size_t i = 0; i < 2; i++) {
        for (size_t scope = 0; scope < 2; scope++) {
            scene s;
            cop_error err = {0};
            open_scene(&s);
            int64_t conv = kept(&s, "conv.weight"), fc = kept(&s, "fc.weight");
            char settings[96];
            (void)snprintf(settings, sizeof settings,
                           "rate = 0.2; scope = \"%s\"; exclude = [\"%s\"];", scopes[scope],
                           spellings[i]);
            assert_ok(prune(&s, settings, &err), &err);
            assert_int_equal(kept(&s, "fc.weight"), fc);
            assert_int_equal(kept(&s, "conv.weight"), conv - llround(0.2 * (double)conv));
            close_scene(&s);
        }
    }
}

static void a_wrong_exclusion_is_an_error(void **state)
{
    (void)state;
    const char *const wrong[] = {"fc.weigh", "f", "conv.bias", "norm", "", "fc.weight.more"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scene s;
        cop_error err = {0};
        open_scene(&s);
        char settings[96];
        (void)snprintf(settings, sizeof settings, "rate = 0.2; exclude = [\"%s\"];", wrong[i]);
        assert_refused(prune(&s, settings, &err), COP_INVALID, &err, "is no prunable parameter");
        assert_non_null(strstr(err.message, "exclude: "));
        close_scene(&s);
    }
}

static void weights_that_are_not_numbers_are_an_error(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s);
    cop_f32(cop_tensors_find(s.state, "fc.weight"))[1] = NAN;
    assert_refused(prune(&s, "rate = 0.2;", &err), COP_FAILED, &err, "fc.weight");
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_a_fifth_goes_round_after_round),
        cmocka_unit_test(the_ends_of_the_range_are_nothing_and_all),
        cmocka_unit_test(ties_go_by_tensor_then_index),
        cmocka_unit_test(layers_lose_their_own_share),
        cmocka_unit_test(excluded_layers_are_left_alone),
        cmocka_unit_test(a_wrong_exclusion_is_an_error),
        cmocka_unit_test(weights_that_are_not_numbers_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

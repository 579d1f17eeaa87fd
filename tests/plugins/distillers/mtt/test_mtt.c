/* The mtt distiller: the gradient through a student's steps, in the pixels and in the rate, against
 * PyTorch, which unrolls them, and against finite differences where chance is in it; what it plans;
 * resume. */
#include "matching_scene.h"

#include "plugins/distillers/mtt/options.h"

#include <math.h>

/* Second derivatives through three steps, each right to about 1e-6 of its largest element. */
#define SHARE 5e-5

#define STEPS3 "student_steps = 3; expert_epochs = 1; max_start = 1; experts = 1; lr = 1.0; "
#define SHORT  "ipc = 2; first_rate = 0.05; lr_rate = 0.001; " STEPS3

/* One expert of two states: the fixture's network, and the weights that it is to reach. */
typedef struct experts {
    cop_tensors *first, *last;
    const cop_tensors *states[2];
    const cop_tensors *const *of_one[1];
    size_t counts[1];
} experts;

static void open_experts(experts *e, matching_scene *s)
{
    e->first = scene_network(&s->base, "net");
    e->last = cop_tensors_clone(e->first);
    for (size_t i = 0; i < cop_tensors_count(e->last); i++) {
        cop_tensor *to = cop_tensors_at(e->last, i);
        char name[128];
        (void)snprintf(name, sizeof name, "mtt/target/%s", to->name);
        memcpy(to->data, matching_tensor(s, name)->data,
               (size_t)cop_shape_count(to->shape) * sizeof(float));
    }
    e->states[0] = e->first;
    e->states[1] = e->last;
    e->of_one[0] = e->states;
    e->counts[0] = 2;
    s->given.snapshots = e->of_one;
    s->request_count = 1;
    s->snapshot_counts = e->counts;
}

static void close_experts(experts *e)
{
    cop_tensors_free(e->first);
    cop_tensors_free(e->last);
}

static double *rate_of(const matching_work *w)
{
    return cop_f64(cop_tensors_find(w->bag, "rate"));
}

static void load(const matching_scene *s, matching_work *w)
{
    matching_load_pixels(s, w);
    rate_of(w)[0] = 0.05;
    rate_of(w)[1] = 0.0;
}

static void the_gradient_through_three_steps_matches_torch(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    experts e;
    matching_open(&s);
    open_experts(&e, &s);
    test_options o = matching_options(&s, &coppice_plugin, SHORT "augment = \"none\";");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    load(&s, &w);
    matching_assert_loss(&s, "mtt/loss", matching_step(&w, 0), 1e-5);
    matching_assert(&s, "mtt/gradient", matching_bag(&w, "velocity"), SHARE);
    matching_assert_loss(&s, "mtt/rate", rate_of(&w)[1], 1e-5);
    assert_true(fabs(rate_of(&w)[0] - (0.05 - 0.001 * rate_of(&w)[1])) < 1e-12);
    matching_end(&w);
    free_options(&o);
    close_experts(&e);
    matching_close(&s);
}

/* The loss of step i for pixels moved along a direction, and at a rate. */
static double loss_at(const matching_scene *s, matching_work *w, int64_t i, const float *direction,
                      double far, double rate)
{
    load(s, w);
    rate_of(w)[0] = rate;
    float *pixels = matching_bag(w, "pixels");
    for (int k = 0; k < SCENE_FLOATS; k++)
        pixels[k] += (float)(far * (double)direction[k]);
    return matching_step(w, i);
}

/* Two batches a pass, each image with augmentation of its own: the backward run must see what the
 * forward one did. Differences are of points so close that no ReLU between them changes its side:
 * the gradient of the student would jump there. */
static void the_gradient_is_right_under_augmentation_in_batches(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    experts e;
    float gradient[SCENE_FLOATS];
    matching_open(&s);
    open_experts(&e, &s);
    test_options o = matching_options(&s, &coppice_plugin, SHORT "batch = 3;");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    for (int64_t i = 0; i < 3; i++) {
        load(&s, &w);
        (void)matching_step(&w, i);
        double length = 0.0, in_rate = rate_of(&w)[1];
        memcpy(gradient, matching_bag(&w, "velocity"), sizeof gradient);
        for (int k = 0; k < SCENE_FLOATS; k++)
            length += (double)gradient[k] * (double)gradient[k];
        length = sqrt(length);
        for (int k = 0; k < SCENE_FLOATS; k++)
            gradient[k] = (float)((double)gradient[k] / length);
        double rise = (loss_at(&s, &w, i, gradient, 0.002, 0.05) -
                       loss_at(&s, &w, i, gradient, -0.002, 0.05)) /
                      0.004;
        assert_true(fabs(rise - length) < 0.005 * length);
        rise = (loss_at(&s, &w, i, gradient, 0.0, 0.05 + 5e-5) -
                loss_at(&s, &w, i, gradient, 0.0, 0.05 - 5e-5)) /
               1e-4;
        assert_true(fabs(rise - in_rate) < 0.005 * fabs(in_rate));
    }
    matching_end(&w);
    free_options(&o);
    close_experts(&e);
    matching_close(&s);
}

static void a_resumed_run_gives_the_same_bits_and_a_set_with_the_learned_rate(void **unused)
{
    (void)unused;
    matching_scene s;
    experts e;
    cop_synthetic set;
    matching_open(&s);
    open_experts(&e, &s);
    test_options o = matching_options(&s, &coppice_plugin, SHORT "batch = 3;");
    matching_check_resume(&s, coppice_plugin.ops, o.values, 5, &set);
    double lr = cop_recipe_float(set.recipe, "lr");
    assert_true(lr > 0.0 && lr != 0.05 && fabs(lr - 0.05) < 0.02);
    cop_synthetic_clear(&set);
    free_options(&o);
    close_experts(&e);
    matching_close(&s);
}

/* A hundred experts of fifty epochs, with a state of each epoch that a segment may touch. */
static void experts_are_planned_by_the_budget(void **unused)
{
    (void)unused;
    static const struct {
        const char *options;
        size_t snapshots;
    } table[] = {{"ipc = 1;", 4}, {"ipc = 10;", 22}, {"ipc = 50; start = \"noise\";", 42}};
    matching_scene s;
    matching_open(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        test_options o = matching_options(&s, &coppice_plugin, table[i].options);
        cop_plan plan;
        cop_error err = {0};
        assert_ok(matching_plan(&coppice_plugin, o.values, 50, &plan, &err), &err);
        assert_int_equal(plan.steps, 5000);
        assert_int_equal(plan.training_count, 100);
        for (size_t k = 0; k < 100; k++) {
            const cop_plan_training *t = &plan.trainings[k];
            assert_int_equal(t->snapshot_count, table[i].snapshots);
            assert_true(t->snapshots[t->snapshot_count - 1].value ==
                        (double)(table[i].snapshots - 1));
            assert_true(t->recipe.momentum == 0.0 && t->recipe.weight_decay == 0.0 &&
                        t->recipe.lr == 0.01 && t->recipe.batch == 256 &&
                        t->recipe.duration.value == 50.0 && t->recipe.milestones.count == 0);
            assert_true(k == 0 || (t->init != t[-1].init && t->noise != t[-1].noise));
        }
        cop_plan_clear(&plan);
        free_options(&o);
    }
    matching_close(&s);
}

static void published_numbers_go_by_the_budget_unless_stated(void **unused)
{
    (void)unused;
    mtt_options settled, stated = {.ipc = 1, .lr_rate = -1.0};
    cop_error err = {0};
    assert_ok(mtt_options_settle(&stated, &settled, &err), &err);
    assert_int_equal(settled.student_steps, 50);
    assert_int_equal(settled.max_start, 2);
    assert_true(settled.lr == 100.0 && settled.lr_rate == 1e-7 && settled.first_rate == 0.01);
    stated = (mtt_options){.ipc = 50, .lr_rate = 0.0, .student_steps = 7};
    assert_ok(mtt_options_settle(&stated, &settled, &err), &err);
    assert_int_equal(settled.student_steps, 7);
    assert_int_equal(settled.expert_epochs, 2);
    assert_int_equal(settled.max_start, 40);
    assert_true(settled.lr == 1000.0 && settled.lr_rate == 0.0 && settled.first_rate == 0.001);
}

static void options_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_open(&s);
    matching_refused(&s, &coppice_plugin, "ipc = 7;", "for 7 all are to be stated");
    matching_refused(&s, &coppice_plugin, SHORT "batch = 4;", "batch = 4 does not divide the 6");
    matching_refused(&s, &coppice_plugin, SHORT "batch = 12;", "batch = 12 does not divide the 6");
    matching_refused(&s, &coppice_plugin, "ipc = 1; max_start = 50;",
                     "may end after epoch 51 (max_start - 1 + expert_epochs), and experts are "
                     "trained for 50");
    matching_refused(&s, &coppice_plugin, "ipc = 10;", "class 0 has 6 training images, wanted 10");
    matching_close(&s);
}

/* One step with these rates; the learned one after it is written to *rate. */
static cop_status step_with(double lr, double lr_rate, double *rate, double *first, cop_error *err)
{
    matching_scene s;
    experts e;
    matching_work w;
    matching_open(&s);
    open_experts(&e, &s);
    test_options o = matching_options(&s, &coppice_plugin, SHORT);
    mtt_options *values = o.values;
    values->lr = lr;
    values->lr_rate = lr_rate;
    *first = values->first_rate;
    matching_begin(&w, &s, coppice_plugin.ops, values);
    load(&s, &w);
    cop_work_enter_step(&w.work, 0);
    cop_status status = w.ops->step(w.self, &w.work, 0, err);
    *rate = cop_f64(cop_tensors_find(cop_work_bag(&w.work), "rate"))[0];
    matching_end(&w);
    free_options(&o);
    close_experts(&e);
    matching_close(&s);
    return status;
}

static void pixels_that_leave_their_space_are_told(void **unused)
{
    (void)unused;
    double rate = 0.0, first = 0.0;
    cop_error err = {0};
    assert_refused(step_with(1e9, 0.0, &rate, &first, &err), COP_FAILED, &err,
                   "the pixels' rate is too high");
}

static void the_learned_rate_stays_positive(void **unused)
{
    (void)unused;
    double rate = 0.0, first = 0.0;
    cop_error err = {0};
    assert_ok(step_with(1.0, 1e6, &rate, &first, &err), &err);
    assert_true(rate == 1e-3 * first && rate > 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_through_three_steps_matches_torch),
        cmocka_unit_test(the_gradient_is_right_under_augmentation_in_batches),
        cmocka_unit_test(a_resumed_run_gives_the_same_bits_and_a_set_with_the_learned_rate),
        cmocka_unit_test(experts_are_planned_by_the_budget),
        cmocka_unit_test(published_numbers_go_by_the_budget_unless_stated),
        cmocka_unit_test(options_that_do_not_fit_are_refused),
        cmocka_unit_test(pixels_that_leave_their_space_are_told),
        cmocka_unit_test(the_learned_rate_stays_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

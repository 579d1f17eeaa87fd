/* The options of the idc distiller: what they refuse, and what follows from them. */
#include "idc_scene.h"

#include "plugin/component.h"
#include "study/graph/plan.h"

#include <math.h>

/* Six real images of a class: too few for two stored ones of four tiles, or for seven. */
static void too_few_real_images_are_refused(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    cop_error err = {0};
    o.start = IDC_START_MIX;
    assert_refused(idc_options_check_class(&o, 2, 6, &err), COP_INVALID, &err,
                   "wants 8 real images of class 2, there are 6");
    o.start = IDC_START_RANDOM;
    o.ipc = 7;
    assert_refused(idc_options_check_class(&o, 2, 6, &err), COP_INVALID, &err,
                   "start = \"random\" wants 7");
    o.start = IDC_START_NOISE;
    assert_ok(idc_options_check_class(&o, 2, 6, &err), &err);
    scene_close(&s);
}

static void the_pixel_rate_follows_images_and_side(void **unused)
{
    (void)unused;
    static const struct {
        double lr;
        int64_t ipc, lr_side;
        int32_t side;
        double wanted;
    } table[] = {
        {5e-3, 10, 32, 32, 5e-3},       {5e-3, 50, 32, 32, 2.5e-2},   {5e-3, 1, 32, 32, 5e-4},
        {3e-3, 20, 224, 224, 6e-3},     {3e-3, 10, 224, 112, 7.5e-4}, {1e-4, 10, 28, 28, 1e-4},
        {1e-4, 10, 32, 28, 7.65625e-5}, {5e-3, 10, 0, 64, 5e-3},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const idc_options o = {.lr = table[i].lr, .ipc = table[i].ipc, .lr_side = table[i].lr_side};
        const cop_task task = {.channels = 3, .height = table[i].side, .width = table[i].side};
        assert_true(fabs(idc_options_pixel_rate(&o, &task) - table[i].wanted) < 1e-15);
    }
}

typedef struct refusal {
    const char *text; /* NULL: it is accepted */
    int64_t factor, ipc, batch_synthetic;
    int32_t start, decode;
} refusal;

static const refusal refusals[] = {
    {NULL, 2, 2, 128, IDC_START_MIX, IDC_DECODE_BOUND},
    {NULL, 1, 2, 128, IDC_START_RANDOM, IDC_DECODE_SINGLE},
    {"factor = 17: more tiles than the 16 x 16 images", 17, 2, 128, IDC_START_AUTO, 0},
    {"start = \"mix\" wants factor > 1", 1, 2, 128, IDC_START_MIX, IDC_DECODE_SINGLE},
    {"decode = \"multi\" wants factor > 1", 1, 2, 128, IDC_START_AUTO, IDC_DECODE_MULTI},
    {"decode = \"bound\": 9 images per class are more than the bound, batch_synthetic = 8", 2, 9, 8,
     IDC_START_AUTO, IDC_DECODE_BOUND},
};

static void options_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refusal *r = &refusals[i];
        idc_options o = scene_options(&s);
        o.factor = r->factor;
        o.ipc = r->ipc;
        o.batch_synthetic = r->batch_synthetic;
        o.start = r->start;
        o.decode = r->decode;
        cop_error err = {0};
        cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = scene_task, .train_count = 18};
        cop_status status = cop_plan_make("distiller 'idc'", coppice_plugin.ops, &o, &plan, &err);
        if (r->text != NULL) {
            assert_refused(status, COP_INVALID, &err, r->text);
            continue;
        }
        assert_ok(status, &err);
        cop_plan_clear(&plan);
    }
    scene_close(&s);
}

/* Whitened data are no pixels in [0, 1]. */
static void data_that_are_normalised_already_are_refused(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    const idc_options o = scene_options(&s);
    cop_error err = {0};
    cop_plan plan = {.kind = COP_KIND_DISTILLER,
                     .task = scene_task,
                     .train_count = 18,
                     .space = COP_PIXELS_NORMALISED};
    assert_refused(cop_plan_make("distiller 'idc'", coppice_plugin.ops, &o, &plan, &err),
                   COP_INVALID, &err, "IDC's pixels are in [0, 1]");
    scene_close(&s);
}

/* The descriptor and its table pass the host's own checks. */
static void the_descriptor_passes_the_hosts_checks(void **unused)
{
    (void)unused;
    cop_error err = {0};
    assert_ok(cop_plugin_check(&coppice_plugin, &err), &err);
    assert_ok(cop_options_check(coppice_plugin.options, coppice_plugin.option_count,
                                coppice_plugin.options_size, &err),
              &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_real_images_are_refused),
        cmocka_unit_test(the_pixel_rate_follows_images_and_side),
        cmocka_unit_test(options_that_do_not_fit_are_refused),
        cmocka_unit_test(data_that_are_normalised_already_are_refused),
        cmocka_unit_test(the_descriptor_passes_the_hosts_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

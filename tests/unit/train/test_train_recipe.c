/* Durations, augmentation names and the named recipes. */
#include "support.h"

#include "train/recipe_text.h"

#include <math.h>
#include <string.h>

static void durations_become_steps(void **state)
{
    (void)state;
    static const struct {
        cop_duration duration;
        int64_t per_epoch, total, steps;
    } rows[] = {
        {{COP_EPOCHS, 160}, 391, 0, 62560},
        {{COP_EPOCHS, 0}, 391, 0, 0},
        {{COP_STEPS, 500}, 391, 62560, 500},
        {{COP_FRACTION, 2.0 / 3.0}, 7, 30, 20},
        {{COP_FRACTION, 5.0 / 6.0}, 7, 30, 25},
        {{COP_FRACTION, 2.0 / 3.0}, 1, 10, 7}, /* 6.67 */
        {{COP_FRACTION, 5.0 / 6.0}, 1, 10, 8}, /* 8.33 */
        {{COP_FRACTION, 0.5}, 1, 5, 3},        /* a half goes up */
        {{COP_FRACTION, 0.0}, 1, 10, 0},
        {{COP_FRACTION, 1.0}, 1, 10, 10},
        {{COP_STEPS, -4}, 1, 10, 0},
        {{COP_STEPS, NAN}, 1, 10, 0},
        {{COP_EPOCHS, 1e18}, 1000, 10, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(cop_duration_steps(rows[i].duration, rows[i].per_epoch, rows[i].total),
                         rows[i].steps);
}

static void augmentations_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t flags;
        const char *canonical;
    } rows[] = {
        {"none", 0, "none"},
        {"flip", COP_AUGMENT_FLIP, "flip"},
        {"padcrop_flip", COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP, "padcrop_flip"},
        {"flip_padcrop", COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP, "padcrop_flip"},
        {"color_crop_cutout", COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_CUTOUT,
         "color_crop_cutout"},
        {"color_crop_flip_scale_rotate",
         COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_FLIP | COP_AUGMENT_SCALE |
             COP_AUGMENT_ROTATE,
         "color_crop_flip_scale_rotate"},
        {"cutout_rotate_scale_flip_crop_color_padcrop", 0x7f,
         "padcrop_color_crop_flip_scale_rotate_cutout"},
        {"jitter_lighting_cutout_rotate_scale_flip_crop_color_resizedcrop_padcrop", 0x3ff,
         "padcrop_resizedcrop_color_crop_flip_scale_rotate_cutout_jitter_lighting"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_error err = {0};
        uint32_t flags = 0xdead;
        char text[96];
        assert_ok(cop_augment_parse(rows[i].text, &flags, &err), &err);
        assert_int_equal(flags, rows[i].flags);
        assert_string_equal(cop_augment_text(flags, text, sizeof text), rows[i].canonical);
    }
}

static void wrong_augmentations_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"color_corp", "unknown augmentation \"corp\" in \"color_corp\"; known: padcrop, "
                       "resizedcrop, color, crop, "
                       "flip, scale, rotate, cutout, jitter, lighting, joined by _, or none"},
        {"", "unknown augmentation \"\" in \"\""},
        {"flip_", "unknown augmentation \"\" in \"flip_\""},
        {"none_flip", "unknown augmentation \"none\""},
        {"Flip", "unknown augmentation \"Flip\""},
        {"flip_crop_flip", "augmentation \"flip\" is named twice in \"flip_crop_flip\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_error err = {0};
        uint32_t flags = 5;
        assert_refused(cop_augment_parse(rows[i].text, &flags, &err), COP_INVALID, &err,
                       rows[i].message);
        assert_int_equal(flags, 5);
    }
}

static void named_recipes_have_their_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double epochs;
        int64_t batch;
        double lr, weight_decay, factor;
        const char *augment;
        double cutmix;
        int64_t first, second; /* milestones in steps, of 6 steps an epoch; 0: none */
    } rows[] = {
        {"idc", 1000, 64, 0.01, 5e-4, 0.2, "color_crop_flip_scale_rotate", 0.5, 4000, 5000},
        {"idc-real", 300, 64, 0.01, 5e-4, 0.2, "color_crop_flip_scale_rotate", 0.5, 1200, 1500},
        {"lottery", 160, 128, 0.1, 1e-4, 0.1, "padcrop_flip", 0.0, 480, 720},
        {"sgd", 30, 64, 0.01, 5e-4, 0.2, "padcrop_flip", 0.0, 120, 150},
        {"dc", 301, 256, 0.01, 5e-4, 0.1, "none", 0.0, 912, 0},
        {"dsa", 1001, 256, 0.01, 5e-4, 0.1, "color_crop_flip_scale_rotate_cutout", 0.0, 3012, 0},
        {"mtt", 1001, 256, 0.01, 5e-4, 0.1, "color_crop_flip_scale_rotate_cutout", 0.0, 3012, 0},
        {"idc-imagenet", 1000, 64, 0.01, 5e-4, 0.2, "resizedcrop_flip_jitter_lighting", 1.0, 4000,
         5000},
        {"idc-svhn", 1000, 64, 0.01, 5e-4, 0.2, "color_crop_scale_rotate", 0.5, 4000, 5000},
        {"idc-mnist", 1000, 64, 0.01, 5e-4, 0.2, "color_crop_scale_rotate", 0.5, 4000, 5000},
    };
    size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++) {
        cop_error err = {0};
        char text[96];
        const cop_recipe *r = cop_recipe_named(rows[i].name, &err);
        assert_non_null(r);
        assert_string_equal(cop_recipe_base(r), rows[i].name);
        assert_string_equal(cop_recipe_name(i), rows[i].name);
        assert_non_null(cop_recipe_summary(i));
        cop_duration duration = cop_recipe_duration(r, "duration");
        assert_int_equal(duration.unit, COP_EPOCHS);
        assert_true(duration.value == rows[i].epochs);
        assert_int_equal(cop_recipe_int(r, "batch"), rows[i].batch);
        assert_true(cop_recipe_float(r, "lr") == rows[i].lr);
        assert_true(cop_recipe_float(r, "momentum") == 0.9);
        assert_true(cop_recipe_float(r, "weight_decay") == rows[i].weight_decay);
        assert_true(cop_recipe_float(r, "milestone_factor") == rows[i].factor);
        assert_true(cop_recipe_float(r, "cutmix") == rows[i].cutmix);
        uint32_t augment = (uint32_t)cop_recipe_int(r, "augment");
        assert_string_equal(cop_augment_text(augment, text, sizeof text), rows[i].augment);
        int64_t total = cop_duration_steps(duration, 6, 0);
        bool is_halved = rows[i].second == 0;
        assert_int_equal(cop_recipe_milestone_count(r), is_halved ? 1 : 2);
        assert_int_equal(cop_recipe_int(r, "momentum_reset"), is_halved);
        assert_int_equal(cop_duration_steps(cop_recipe_milestone(r, 0), 6, total), rows[i].first);
        if (!is_halved)
            assert_int_equal(cop_duration_steps(cop_recipe_milestone(r, 1), 6, total),
                             rows[i].second);
    }
    assert_null(cop_recipe_name(count));
    assert_null(cop_recipe_summary(count));
}

static void an_unknown_recipe_is_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    assert_null(cop_recipe_named("lotery", &err));
    assert_refused(err.status, COP_INVALID, &err,
                   "unknown recipe \"lotery\"; known: idc, idc-real, lottery, sgd");
}

static void the_text_of_a_recipe_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; cop_recipe_name(i) != NULL; i++) {
        cop_error err = {0};
        cop_recipe recipe, back;
        char text[COP_RECIPE_TEXT_SIZE], again[COP_RECIPE_TEXT_SIZE];
        recipe = *cop_recipe_named(cop_recipe_name(i), &err);
        assert_true(cop_recipe_from_text(cop_recipe_text(&recipe, text, sizeof text), &back));
        assert_string_equal(cop_recipe_text(&back, again, sizeof again), text);
        text[strlen(text) - 1] = '\0';
        strcat(text, "x");
        assert_false(cop_recipe_from_text(text, &back));
    }
}

static void a_copy_is_changed_by_the_names_of_its_fields(void **state)
{
    (void)state;
    cop_error err = {0};
    const cop_recipe *named = cop_recipe_named("sgd", &err);
    cop_recipe *copy = cop_recipe_copy(named);
    assert_non_null(copy);
    assert_ok(cop_recipe_set_float(copy, "lr", 0.5, &err), &err);
    assert_ok(cop_recipe_set_int(copy, "batch", 7, &err), &err);
    assert_ok(cop_recipe_set_int(copy, "augment", COP_AUGMENT_FLIP, &err), &err);
    assert_ok(cop_recipe_set_duration(copy, "duration", (cop_duration){COP_STEPS, 9}, &err), &err);
    assert_true(cop_recipe_float(copy, "lr") == 0.5 && cop_recipe_float(named, "lr") == 0.01);
    assert_int_equal(cop_recipe_int(copy, "batch"), 7);
    assert_int_equal(cop_recipe_int(copy, "augment"), COP_AUGMENT_FLIP);
    assert_true(cop_recipe_duration(copy, "duration").value == 9.0);
    assert_true(cop_recipe_float(copy, "momentum") == 0.9);
    assert_refused(cop_recipe_set_float(copy, "batch", 1.0, &err), COP_INVALID, &err,
                   "no field \"batch\" that is a number");
    assert_refused(cop_recipe_set_int(copy, "augment", -1, &err), COP_INVALID, &err, "\"augment\"");
    assert_refused(cop_recipe_set_duration(copy, "pause", (cop_duration){COP_STEPS, 9}, &err),
                   COP_INVALID, &err, "\"pause\"");
    assert_int_equal(cop_recipe_int(copy, "pause"), 0);
    cop_recipe_free(copy);
}

/* Identities hold this text: it stays as it is, to the byte. */
static void the_text_of_a_recipe_stays_as_it_is(void **state)
{
    (void)state;
    char text[COP_RECIPE_TEXT_SIZE];
    assert_string_equal(
        cop_recipe_text(cop_recipe_named("idc", NULL), text, sizeof text),
        "name=idc duration=1000ep batch=64 lr=0.01 momentum=0.90000000000000002 "
        "weight_decay=0.00050000000000000001 factor=0.20000000000000001 "
        "augment=color_crop_flip_scale_rotate cutmix=0.5 milestones=2 0.66666666666666663 "
        "0.83333333333333337");
    cop_recipe *bare = cop_recipe_new("bare");
    assert_non_null(bare);
    bare->duration = (cop_duration){COP_STEPS, 1e15};
    assert_string_equal(cop_recipe_text(bare, text, sizeof text),
                        "name=bare duration=1000000000000000it batch=0 lr=0 momentum=0 "
                        "weight_decay=0 factor=0 augment=none cutmix=0 milestones=0");
    cop_recipe_free(bare);
}

/* What came later is said only where it is not what recipes of before mean. */
static void later_fields_are_said_where_they_are_not_the_default(void **state)
{
    (void)state;
    cop_error err = {0};
    char text[COP_RECIPE_TEXT_SIZE], again[COP_RECIPE_TEXT_SIZE];
    cop_recipe *r = cop_recipe_copy(cop_recipe_named("sgd", &err)), back;
    assert_non_null(r);
    assert_ok(cop_recipe_set_int(r, "optimiser", COP_OPTIMISER_ADAMW, &err), &err);
    assert_ok(cop_recipe_set_int(r, "schedule", COP_SCHEDULE_COSINE, &err), &err);
    assert_ok(cop_recipe_set_int(r, "draws", COP_DRAW_ONE_ALIGNED, &err), &err);
    assert_ok(cop_recipe_set_int(r, "momentum_reset", 1, &err), &err);
    assert_ok(cop_recipe_set_float(r, "beta2", 0.5, &err), &err);
    assert_ok(cop_recipe_set_duration(r, "warmup", (cop_duration){COP_STEPS, 7}, &err), &err);
    r->milestones.count = 0;
    assert_string_equal(
        cop_recipe_text(r, text, sizeof text),
        "name=sgd duration=30ep batch=64 optimiser=adamw lr=0.01 momentum=0.90000000000000002 "
        "momentum_reset=true beta2=0.5 weight_decay=0.00050000000000000001 schedule=cosine "
        "warmup=7it factor=0.20000000000000001 augment=padcrop_flip draws=one_aligned cutmix=0 "
        "milestones=0");
    assert_true(cop_recipe_from_text(text, &back));
    assert_int_equal(cop_recipe_int(&back, "optimiser"), COP_OPTIMISER_ADAMW);
    assert_int_equal(cop_recipe_int(&back, "momentum_reset"), 1);
    assert_true(cop_recipe_float(&back, "beta1") == 0.9);
    assert_string_equal(cop_recipe_text(&back, again, sizeof again), text);
    assert_refused(cop_recipe_set_int(r, "optimiser", 3, &err), COP_INVALID, &err, "\"optimiser\"");
    assert_refused(cop_recipe_set_int(r, "draws", -1, &err), COP_INVALID, &err, "\"draws\"");
    assert_refused(cop_recipe_set_int(r, "momentum_reset", 2, &err), COP_INVALID, &err, "reset");
    cop_recipe_free(r);
}

static void recipes_of_dsa_and_mtt_draw_one_operation(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t draws;
    } rows[] = {{"idc", COP_DRAW_EACH},
                {"dc", COP_DRAW_EACH},
                {"dsa", COP_DRAW_ONE},
                {"mtt", COP_DRAW_ONE_ALIGNED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(cop_recipe_int(cop_recipe_named(rows[i].name, NULL), "draws"),
                         rows[i].draws);
}

static void named_recipes_have_the_defaults_of_later_fields(void **state)
{
    (void)state;
    for (size_t i = 0; cop_recipe_name(i) != NULL; i++) {
        const cop_recipe *r = cop_recipe_named(cop_recipe_name(i), NULL);
        assert_true(cop_recipe_float(r, "beta1") == 0.9 && cop_recipe_float(r, "beta2") == 0.999);
        assert_true(cop_recipe_float(r, "epsilon") == 1e-8 && cop_recipe_float(r, "clip") == 0.0);
        cop_duration warmup = cop_recipe_duration(r, "warmup");
        assert_true(warmup.unit == COP_EPOCHS && warmup.value == 0.0);
    }
}

static void a_broken_text_of_a_recipe_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "name=sgd",
        "name=sgd duration=0.5 batch=1 lr=1 momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=0",
        "name=sgd duration=1ep batch=0 lr=1 momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=0",
        "name=sgd duration=1ep batch=1 lr=nan momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=0",
        "name=sgd duration=1ep batch=1 lr=1 momentum=0 weight_decay=0 factor=1 augment=fog "
        "cutmix=0 milestones=0",
        "name=sgd duration=1ep batch=1 lr=1 momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=9",
        "name=sgd duration=1ep batch=1 lr=1 momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=1",
        "name=sgd duration=1ep batch=1 lr=1 momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=0 more=1",
        "name=sgd batch=1 duration=1ep lr=1 momentum=0 weight_decay=0 factor=1 augment=none "
        "cutmix=0 milestones=0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cop_recipe read;
        if (cop_recipe_from_text(texts[i], &read))
            fail_msg("read: %s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_become_steps),
        cmocka_unit_test(augmentations_are_read_and_written),
        cmocka_unit_test(wrong_augmentations_are_refused),
        cmocka_unit_test(named_recipes_have_their_numbers),
        cmocka_unit_test(an_unknown_recipe_is_refused),
        cmocka_unit_test(the_text_of_a_recipe_reads_back),
        cmocka_unit_test(a_copy_is_changed_by_the_names_of_its_fields),
        cmocka_unit_test(the_text_of_a_recipe_stays_as_it_is),
        cmocka_unit_test(later_fields_are_said_where_they_are_not_the_default),
        cmocka_unit_test(recipes_of_dsa_and_mtt_draw_one_operation),
        cmocka_unit_test(named_recipes_have_the_defaults_of_later_fields),
        cmocka_unit_test(a_broken_text_of_a_recipe_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

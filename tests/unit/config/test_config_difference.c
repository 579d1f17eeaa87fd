/* test_config_difference.c: which settings differ between two resolved configs. */
#include "command.h"

#include "config/difference.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A config that sweeps, as resolving writes it. */
#define SWEEP(labels, values)                                                                      \
    "sweep = ( { path = \"\"; labels = [" labels "]; values = (" values "); } );\n"

typedef struct scene {
    char dir[256];
    cop_arena *arena;
    cop_config_settings a, b;
    cop_config_difference d;
} scene;

static cop_status read_one(const scene *s, const char *text, cop_config_settings *out,
                           cop_error *err)
{
    char path[300];
    write_text(s->dir, "c.cfg", text);
    (void)snprintf(path, sizeof path, "%s/c.cfg", s->dir);
    return cop_config_settings_read(path, s->arena, out, err);
}

static void compare(scene *s, const char *a, const char *b)
{
    cop_error err = {0};
    make_temp_dir(s->dir, sizeof s->dir);
    s->arena = cop_arena_new();
    assert_ok(read_one(s, a, &s->a, &err), &err);
    assert_ok(read_one(s, b, &s->b, &err), &err);
    assert_ok(cop_config_compare(&s->a, &s->b, s->arena, &s->d, &err), &err);
}

static void clear(scene *s)
{
    cop_arena_free(s->arena);
    remove_tree(s->dir);
}

/* "path: a/b of how many pairs" of each. */
static void assert_settings(const scene *s, const char *wanted)
{
    cop_text got = {0};
    cop_text_append(&got, "");
    for (size_t i = 0; i < s->d.setting_count; i++) {
        const cop_setting_difference *d = &s->d.settings[i];
        cop_text_printf(&got, "%s: %s/%s x%zu;", d->path, d->a != NULL ? d->a : "none",
                        d->b != NULL ? d->b : "none", d->pair_count);
    }
    assert_string_equal(got.data != NULL ? got.data : "", wanted);
    cop_text_free(&got);
}

static void settings_are_named_by_their_paths(void **state)
{
    scene s;
    (void)state;
    compare(&s,
            "study = { seeds = (0, 1); n = 1; };\n"
            "t = { phases = ( { rate = 0.5; p = { q = \"x\"; }; }, { rate = 0.1; } ); };\n",
            "study = { seeds = (0, 2); n = 1; };\n"
            "t = { phases = ( { rate = 0.5; p = { q = \"y\"; }; }, { rate = 0.2; } ); };\n");
    assert_settings(&s, "study.seeds: (0, 1)/(0, 2) x1;t.phases.[0].p.q: \"x\"/\"y\" x1;"
                        "t.phases.[1].rate: 0.1/0.2 x1;");
    assert_int_equal(s.d.pair_count, 1);
    clear(&s);
}

static void what_one_of_them_lacks_is_none(void **state)
{
    scene s;
    (void)state;
    compare(&s, "a = { x = 1; }; l = ( { y = 1; } );", "a = { z = 2; }; l = ();");
    assert_settings(&s, "a.x: 1/none x1;a.z: none/2 x1;l: none/() x1;l.[0].y: 1/none x1;");
    clear(&s);
}

static void configs_of_the_same_settings_do_not_differ(void **state)
{
    scene s;
    (void)state;
    compare(&s, "a = { x = 1; y = [1.5, 2.0]; };", "a = { y = [1.5, 2.0]; x = 1; };");
    assert_settings(&s, "");
    clear(&s);
}

/* What all cells have is written once, else in each: that is no difference. */
static void cells_are_compared_by_what_holds_in_them(void **state)
{
    scene s;
    (void)state;
    compare(
        &s,
        "train = { lr = 1; };\n" SWEEP("\"a\", \"b\"", "{ t = { r = 1; }; }, { t = { r = 2; }; }"),
        SWEEP("\"b\", \"a\"", "{ t = { r = 2; }; train = { lr = 1; }; }, "
                              "{ t = { r = 3; }; train = { lr = 7; }; }"));
    assert_int_equal(s.d.pair_count, 2);
    assert_false(s.d.is_by_place);
    assert_settings(&s, "t.r: 1/3 x1;train.lr: 1/7 x1;");
    assert_int_equal(s.d.pairs[s.d.settings[0].pairs[0]].a, 0);
    assert_int_equal(s.d.pairs[s.d.settings[0].pairs[0]].b, 1);
    clear(&s);
}

static void what_differs_alike_in_cells_is_one(void **state)
{
    scene s;
    (void)state;
    compare(&s,
            "n = { lr = 1; };\n" SWEEP("\"a\", \"b\", \"c\"", "{ t = { r = 1; }; }, { t = { r = 1; "
                                                              "}; }, { t = { r = 2; }; }"),
            "n = { lr = 2; };\n" SWEEP("\"a\", \"b\", \"c\"", "{ t = { r = 5; }; }, { t = { r = 5; "
                                                              "}; }, { t = { r = 5; }; }"));
    assert_settings(&s, "n.lr: 1/2 x3;t.r: 1/5 x2;t.r: 2/5 x1;");
    clear(&s);
}

static void cells_of_one_config_alone_are_listed(void **state)
{
    scene s;
    (void)state;
    compare(&s, SWEEP("\"a\", \"b\"", "{ t = { r = 1; }; }, { t = { r = 2; }; }"),
            SWEEP("\"b\", \"c\"", "{ t = { r = 2; }; }, { t = { r = 3; }; }"));
    assert_settings(&s, "");
    assert_int_equal(s.d.only_a_count, 1);
    assert_string_equal(s.a.cells[s.d.only_a[0]].label, "a");
    assert_int_equal(s.d.only_b_count, 1);
    assert_string_equal(s.b.cells[s.d.only_b[0]].label, "c");
    clear(&s);
}

static void without_a_common_label_cells_are_compared_as_they_stand(void **state)
{
    scene s;
    (void)state;
    compare(&s, SWEEP("\"a\", \"b\"", "{ t = { r = 1; }; }, { t = { r = 2; }; }"),
            "t = { r = 4; };");
    assert_true(s.d.is_by_place);
    assert_settings(&s, "t.r: 1/4 x1;");
    assert_int_equal(s.d.only_a_count, 1);
    assert_string_equal(s.a.cells[s.d.only_a[0]].label, "b");
    clear(&s);
}

static void refuses(const char *text, const char *message)
{
    scene s;
    cop_error err = {0};
    make_temp_dir(s.dir, sizeof s.dir);
    s.arena = cop_arena_new();
    cop_status status = read_one(&s, text, &s.a, &err);
    assert_refused(status, COP_FAILED, &err, message);
    clear(&s);
}

static void what_is_no_config_is_refused(void **state)
{
    (void)state;
    refuses("study = {", "syntax error");
    refuses("\x01", "");
}

/* A sweep of another form than resolving writes is settings like any other. */
static void another_sweep_is_plain_settings(void **state)
{
    scene s;
    (void)state;
    compare(&s, SWEEP("\"a\"", "{ r = 1; }, { r = 2; }"), "sweep = 5;");
    assert_int_equal(s.d.pair_count, 1);
    assert_settings(&s, "sweep: none/5 x1;sweep.[0].labels: [\"a\"]/none x1;"
                        "sweep.[0].path: \"\"/none x1;sweep.[0].values.[0].r: 1/none x1;"
                        "sweep.[0].values.[1].r: 2/none x1;");
    clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_named_by_their_paths),
        cmocka_unit_test(what_one_of_them_lacks_is_none),
        cmocka_unit_test(configs_of_the_same_settings_do_not_differ),
        cmocka_unit_test(cells_are_compared_by_what_holds_in_them),
        cmocka_unit_test(what_differs_alike_in_cells_is_one),
        cmocka_unit_test(cells_of_one_config_alone_are_listed),
        cmocka_unit_test(without_a_common_label_cells_are_compared_as_they_stand),
        cmocka_unit_test(what_is_no_config_is_refused),
        cmocka_unit_test(another_sweep_is_plain_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

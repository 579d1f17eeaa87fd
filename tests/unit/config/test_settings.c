/* Tests of config/settings.h: the values of a resolved config's settings, by their types. */
#include "support.h"

#include "config/settings.h"
#include "core/file.h"

#include <stdio.h>
#include <string.h>

static const char text[] =
    "study = { name = \"a \\\"b\\\",\\n\xc3\xa9 \\xFF'\"; seeds = (9223372036854775807L, -1); };\n"
    "most = 9223372036854775807L; least = -9223372036854775808L; odd = 9007199254740993L;\n"
    "rate = 0.1; whole = 1e30; yes = true; no = false; none = ();\n"
    "sweep = ( { path = \"\"; labels = [\"a\", \"b\"];\n"
    "  values = ( { train = { lr = 0.5; }; }, { train = { lr = 2; }; } ); } );\n";

typedef struct scene {
    char dir[256];
    cop_arena *arena;
    cop_config_settings config;
} scene;

static void open_settings(scene *s)
{
    char path[300];
    cop_error err = {0};
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(path, sizeof path, "%s/config.cfg", s->dir);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
    s->arena = cop_arena_new();
    assert_non_null(s->arena);
    assert_ok(cop_config_settings_read(path, s->arena, &s->config, &err), &err);
}

static void close_settings(scene *s)
{
    cop_arena_free(s->arena);
    remove_tree(s->dir);
}

static const cop_setting *common(const scene *s, const char *path, cop_setting_type type)
{
    const cop_setting *setting = cop_settings_find(&s->config.common, path);
    assert_non_null(setting);
    assert_int_equal(setting->type, type);
    return setting;
}

static void integers_have_all_bits(void **state)
{
    (void)state;
    scene s;
    open_settings(&s);
    assert_true(common(&s, "most", COP_SETTING_INTEGER)->integer == INT64_MAX);
    assert_true(common(&s, "least", COP_SETTING_INTEGER)->integer == INT64_MIN);
    assert_true(common(&s, "odd", COP_SETTING_INTEGER)->integer == 9007199254740993);
    assert_string_equal(common(&s, "study.seeds", COP_SETTING_LIST)->value,
                        "(9223372036854775807L, -1)");
    close_settings(&s);
}

static void each_type_has_its_value(void **state)
{
    (void)state;
    scene s;
    open_settings(&s);
    assert_true(common(&s, "rate", COP_SETTING_FLOAT)->number == 0.1);
    assert_true(common(&s, "whole", COP_SETTING_FLOAT)->number == 1e30);
    assert_int_equal(common(&s, "yes", COP_SETTING_BOOL)->integer, 1);
    assert_int_equal(common(&s, "no", COP_SETTING_BOOL)->integer, 0);
    assert_string_equal(common(&s, "none", COP_SETTING_LIST)->value, "()");
    assert_null(common(&s, "none", COP_SETTING_LIST)->string);
    assert_null(cop_settings_find(&s.config.common, "train.lr"));
    close_settings(&s);
}

static void a_string_is_what_it_means_and_not_how_it_is_written(void **state)
{
    (void)state;
    scene s;
    open_settings(&s);
    assert_string_equal(common(&s, "study.name", COP_SETTING_STRING)->string,
                        "a \"b\",\n\xc3\xa9 \xff'");
    close_settings(&s);
}

static void cells_have_types_of_their_own(void **state)
{
    (void)state;
    scene s;
    open_settings(&s);
    assert_int_equal(s.config.cell_count, 2);
    const cop_setting *a = cop_settings_find(&s.config.cells[0].own, "train.lr");
    const cop_setting *b = cop_settings_find(&s.config.cells[1].own, "train.lr");
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->type, COP_SETTING_FLOAT);
    assert_int_equal(b->type, COP_SETTING_INTEGER);
    assert_string_equal(cop_cell_value(&s.config, 1, "train.lr"), "2");
    assert_string_equal(cop_cell_value(&s.config, 1, "yes"), "true");
    close_settings(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_have_all_bits),
        cmocka_unit_test(each_type_has_its_value),
        cmocka_unit_test(a_string_is_what_it_means_and_not_how_it_is_written),
        cmocka_unit_test(cells_have_types_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

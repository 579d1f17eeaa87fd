/* test_options.c: option tables: their own check, and reading configs with them. */
#include "nn/dataset.h"
#include "nn/task.h"
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "nn/model.h"
#include "plugin/component.h"
#include "plugin/options/setting.h"
#include "train/recipe.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cop_registry *registry;

static int open_fixtures(void **state)
{
    (void)state;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"};
    cop_error err = {0};
    return cop_registry_search(dirs, 1, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

static int close_fixtures(void **state)
{
    (void)state;
    cop_registry_free(registry);
    return 0;
}

static const char *const twins[] = {"a", "b", "a", NULL};
static const char *const fine[] = {"a", "b", NULL};

static const struct {
    cop_option options[2];
    const char *text; /* NULL: a good table */
} tables[] = {
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1"}}, NULL},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .flags = COP_OPTION_REQUIRED}}, NULL},
    {{{.name = "a", .help = "h", .type = COP_OPTION_ENUM, .def = "\"b\"", .choices = fine}}, NULL},
    {{{.name = "a", .help = "h", .type = COP_OPTION_STRING, .def = "true"}}, NULL},
    {{{.name = "a", .help = "h", .type = COP_OPTION_MODEL, .def = "{ plugin = \"any\"; }"}}, NULL},
    {{{.name = "a",
       .help = "h",
       .type = COP_OPTION_RECIPE,
       .def = "{ recipe = \"idc\"; lr = 1; }"}},
     NULL},
    {{{.help = "h", .type = COP_OPTION_INT, .def = "1"}}, "option 0 has no name"},
    {{{.name = "A", .help = "h", .type = COP_OPTION_INT, .def = "1"}}, "is not a lower-case word"},
    {{{.name = "plugin", .help = "h", .type = COP_OPTION_INT, .def = "1"}}, "the host reserves"},
    {{{.name = "a", .type = COP_OPTION_INT, .def = "1"}}, "option \"a\" has no help"},
    {{{.name = "a", .help = "h", .def = "1"}}, "has a type that this host does not know"},
    {{{.name = "a", .help = "h", .type = (cop_option_type)99, .def = "1"}}, "has a type"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1", .flags = 1u << 20}},
     "has flags that"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT}}, "has no default and is not required"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1", .flags = COP_OPTION_REQUIRED}},
     "is required, yet has a default"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "x"}},
     "is a string; wanted an integer"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "{"}}, "default of option \"a\""},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1; b = 2"}},
     "more than one value"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "5000000000"}}, "5000000000L"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "5", .min = 6, .max = 7}},
     "is 5; wanted 6 to 7"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT_LIST, .def = "[7, 8]", .min = 6, .max = 7}},
     "is 8; wanted 6 to 7"},
    /* every integer is itself, beside a bound that a double cannot tell from it too */
    {{{.name = "a",
       .help = "h",
       .type = COP_OPTION_INT,
       .def = "9007199254740993L",
       .min = 1,
       .max = 9007199254740992.0}},
     "is 9007199254740993; wanted 1 to"},
    {{{.name = "a",
       .help = "h",
       .type = COP_OPTION_INT,
       .def = "-9223372036854775808L",
       .min = -INFINITY,
       .max = INFINITY}},
     NULL},
    {{{.name = "a",
       .help = "h",
       .type = COP_OPTION_INT,
       .def = "9223372036854775807L",
       .min = 0,
       .max = 9223372036854775808.0}},
     NULL},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "5", .min = 7, .max = 6}},
     "minimum is above"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_ENUM, .def = "a"}},
     "is an enum without choices"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_ENUM, .def = "a", .choices = twins}},
     "has a choice twice"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1", .choices = fine}},
     "has choices but is not an enum"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_ENUM, .def = "c", .choices = fine}},
     "is \"c\"; wanted one of \"a\", \"b\""},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1", .offset = 9}}, "outside the"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1", .offset = SIZE_MAX}},
     "outside the options struct"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1", .offset = 4}}, "not aligned"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_DURATION, .def = "5"}}, "wanted a duration"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_DURATION, .def = "5 ep"}}, "wanted a duration"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_RECIPE, .def = "idk"}},
     "unknown recipe \"idk\""},
    {{{.name = "a", .help = "h", .type = COP_OPTION_AUGMENT, .def = "fog"}},
     "augmentation \"fog\""},
    {{{.name = "a", .help = "h", .type = COP_OPTION_MODEL, .def = "{ }"}}, "lacks plugin"},
    {{{.name = "a", .help = "h", .alias_of = "z"}},
     "is an alias of an option that is not in the table"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1"},
      {.name = "a", .help = "h", .type = COP_OPTION_BOOL, .def = "true", .offset = 8}},
     "option \"a\" is there twice"},
    {{{.name = "a", .help = "h", .type = COP_OPTION_INT, .def = "1"},
      {.name = "b", .help = "h", .type = COP_OPTION_BOOL, .def = "true", .offset = 7}},
     "options \"a\" and \"b\" share a field"},
    {{{.name = "a",
       .help = "h",
       .type = COP_OPTION_INT,
       .def = "1",
       .flags = COP_OPTION_SET_RECIPE}},
     "is what a set is trained by, which is a recipe with a default"},
};

static void checks_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        size_t count = tables[i].options[1].name != NULL ? 2 : 1;
        size_t size =
            tables[i].options[0].type == COP_OPTION_RECIPE ? sizeof(const cop_recipe *) : 16;
        cop_error err = {0};
        cop_status status = cop_options_check(tables[i].options, count, size, &err);
        if (tables[i].text != NULL)
            assert_refused(status, COP_INVALID, &err, tables[i].text);
        else
            assert_ok(status, &err);
    }
    cop_error err = {0};
    assert_ok(cop_options_check(NULL, 0, 0, &err), &err);
    assert_refused(cop_options_check(NULL, 3, 0, &err), COP_INVALID, &err, "is NULL; wanted 3");
    assert_refused(cop_options_check(NULL, 1000000, 0, &err), COP_INVALID, &err, "at most 1000");
}

/* Reads `text`, the inside of a component's group, as a component. */
static cop_status read_component(cop_kind kind, const char *id, const char *text, cop_logger *log,
                                 cop_component **out, cop_error *err)
{
    cop_text whole = {0};
    cop_text_printf(&whole, "x = {\nplugin = \"%s\";\n%s\n};", id, text);
    config_t config;
    cop_status status = cop_syntax_parse(whole.data, whole.length, "t.cfg", &config, err);
    cop_text_free(&whole);
    *out = NULL;
    if (status != COP_OK)
        return status;
    const config_setting_t *group = config_setting_get_member(config_root_setting(&config), "x");
    status = cop_component_read(registry, kind, group, NULL, "t.cfg", log, out, err);
    config_destroy(&config); /* nothing of it may be needed later */
    return status;
}

typedef struct toy_options {
    bool flag;
    int64_t count;
    double scale;
    const char *text;
    int32_t choice;
    cop_duration when;
    cop_int_list ints;
    cop_float_list floats;
    cop_string_list words;
    uint32_t augment;
    const cop_recipe *recipe;
    const cop_model *model;
} toy_options;

static const char all_given[] =
    "flag = true; count = 5000000000L; scale = 3; text = \"a\\\\b \\\"c\\\"\"; choice = \"mode\";"
    "when = \"500it\"; ints = (3, 0x10); floats = [0.25, 5e-4]; words = [\"x\", \"y\"];"
    "augment = \"flip_color\"; model = { plugin = \"toymodel\"; width = 7; };"
    "recipe = { recipe = \"lottery\"; duration = \"30ep\"; lr = 1; batch = 32; milestones = (0.5, "
    "\"20ep\"); cutmix = 0.25; };";

static const cop_task task = {.channels = 1, .height = 2, .width = 2, .classes = 3};

/* What instances of the component are made from; the instance is the caller's. */
static const void *options_of(const cop_component *c, cop_instance *instance)
{
    cop_error err = {0};
    assert_ok(cop_instance_open(c, &task, instance, &err), &err);
    return instance->options;
}

static void fills_every_type(void **state)
{
    (void)state;
    cop_component *c = NULL;
    cop_instance instance;
    cop_error err = {0};
    assert_ok(read_component(COP_KIND_ANALYZER, "toyanalyzer", all_given, NULL, &c, &err), &err);
    const toy_options *o = options_of(c, &instance);
    assert_true(o->flag);
    assert_int_equal(o->count, 5000000000LL);
    assert_true(o->scale == 3.0);
    assert_string_equal(o->text, "a\\b \"c\"");
    assert_int_equal(o->choice, 2);
    assert_int_equal(o->when.unit, COP_STEPS);
    assert_true(o->when.value == 500.0);
    assert_int_equal(o->ints.count, 2);
    assert_int_equal(o->ints.items[1], 16);
    assert_int_equal(o->floats.count, 2);
    assert_true(o->floats.items[0] == 0.25 && o->floats.items[1] == 5e-4);
    assert_int_equal(o->words.count, 2);
    assert_string_equal(o->words.items[1], "y");
    assert_int_equal(o->augment, COP_AUGMENT_FLIP | COP_AUGMENT_COLOR);
    assert_int_equal(cop_model_weight_count(o->model), (4 * 7 + 7) + (7 * 3 + 3));
    assert_string_equal(o->recipe->name, "lottery");
    assert_true(o->recipe->lr == 1.0 && o->recipe->batch == 32 && o->recipe->cutmix == 0.25);
    assert_true(o->recipe->momentum == 0.9); /* the named recipe's own */
    assert_int_equal(o->recipe->milestones.count, 2);
    assert_int_equal(o->recipe->milestones.at[0].unit, COP_FRACTION);
    assert_int_equal(o->recipe->milestones.at[1].unit, COP_EPOCHS);
    cop_instance_close(&instance);
    cop_component_free(c);
}

/* From the config into the option, and from there into what is recorded of it. */
static void keeps_all_64_bits_of_an_integer(void **state)
{
    (void)state;
    static const int64_t values[] = {INT64_MAX, INT64_MIN, 9007199254740993, -9007199254740993};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        cop_text text = {0};
        config_t config;
        config_setting_t *value = NULL;
        cop_error err = {0};
        cop_append_int(&text, values[i]);
        assert_ok(cop_syntax_parse_value(text.data, &config, &value, &err), &err);
        assert_true(config_setting_get_int64(value) == values[i]);
        cop_text again = {0};
        cop_setting_text(value, &again);
        assert_string_equal(text.data, again.data);
        config_destroy(&config);
        cop_text_free(&text);
        cop_text_free(&again);
    }
}

static void fills_defaults(void **state)
{
    (void)state;
    cop_component *c = NULL;
    cop_instance instance;
    cop_error err = {0};
    assert_ok(read_component(COP_KIND_ANALYZER, "toyanalyzer", "", NULL, &c, &err), &err);
    const toy_options *o = options_of(c, &instance);
    assert_false(o->flag);
    assert_int_equal(o->count, 11);
    assert_true(o->scale == 1.0);
    assert_string_equal(o->text, "");
    assert_int_equal(o->choice, 0);
    assert_int_equal(o->when.unit, COP_EPOCHS);
    assert_true(o->when.value == 30.0);
    assert_int_equal(o->ints.count, 2);
    assert_int_equal(o->floats.count, 3);
    assert_true(o->floats.items[1] == 0.5);
    assert_int_equal(o->words.count, 0);
    assert_int_equal(o->augment, 0);
    assert_null(o->recipe);
    cop_instance_close(&instance);
    cop_component_free(c);
}

static const struct {
    const char *inside;
    int line; /* of the message; the inside begins on line 3 */
    const char *text;
} refusals[] = {
    {"fag = true;", 3,
     "unknown option \"fag\" of analyzer \"toyanalyzer\"; did you mean \"flag\"?"},
    {"\n\nqqqqqq = 1;", 5, "unknown option \"qqqqqq\" of analyzer \"toyanalyzer\""},
    {"flag = 1;", 3,
     "option \"flag\" of analyzer \"toyanalyzer\" is an integer; wanted true or false"},
    {"count = 1.5;", 3, "is a float; wanted an integer"},
    {"count = \"3\";", 3, "is a string; wanted an integer"},
    {"count = 1;", 3, "is 1; wanted 2 to 1000000000000 points"},
    {"count = 99999999999999999L;", 3, "wanted 2 to"},
    {"count = 5000000000;", 3, "does not fit in 32 bits: write 5000000000L"},
    {"count = 99999999999999999999L;", 3, "does not fit in 64 bits"},
    {"count = 0xFFFFFFFF;", 3, "does not fit in 32 bits: write 0xFFFFFFFFL"},
    {"scale = true;", 3, "is a bool; wanted a number"},
    {"scale = 1e999;", 3, "is not a finite number"},
    {"text = 3;", 3, "is an integer; wanted a string"},
    {"choice = \"mediann\";", 3,
     "is \"mediann\"; wanted one of \"mean\", \"median\", \"mode\"; did you mean \"median\"?"},
    {"when = 30;", 3, "is an integer; wanted a duration such as \"160ep\" or \"500it\""},
    {"when = \"30 epochs\";", 3, "is \"30 epochs\"; wanted a duration"},
    {"when = \"-3ep\";", 3, "wanted a duration"},
    {"ints = 3;", 3, "is an integer; wanted a list of integers"},
    {"ints = (1, 2.5);", 3, "is a float; wanted an integer"},
    {"ints = [1,\n101];", 4, "is 101; wanted 0 to 100"},
    {"floats = [\"x\"];", 3, "is a string; wanted a number"},
    {"words = (1);", 3, "is an integer; wanted a string"},
    {"augment = \"flip_fog\";", 3, "unknown augmentation \"fog\""},
    {"augment = \"default\";", 3, "unknown augmentation \"default\""},
    {"recipe = { recipe = \"idc\"; augment = \"default_flip\"; };", 3,
     "unknown augmentation \"default\""},
    {"recipe = \"idcc\";", 3, "unknown recipe \"idcc\""},
    {"recipe = { lr = 0.1; };", 3, "a group needs recipe = \"...\""},
    {"recipe = { recipe = \"idc\";\nlrr = 0.1; };", 4,
     "unknown option \"lrr\" of the recipe of analyzer \"toyanalyzer\"; did you mean \"lr\"?"},
    {"recipe = { recipe = \"idc\"; lr = -0.1; };", 3, "is -0.1; wanted at least 0"},
    {"recipe = { recipe = \"idc\"; milestones = (0.5, 1.5); };", 3, "is 1.5; wanted 0 to 1"},
    {"recipe = { recipe = \"idc\"; milestones = (0,0,0,0,0,0,0,0,0); };", 3,
     "has 9 items; wanted at most 8"},
    {"recipe = 3;", 3, "wanted a recipe's name or a group"},
    {"model = \"toymodel\";", 3, "is a string; wanted a group { plugin"},
    {"model = { width = 3; };", 3, "lacks plugin = "},
    {"model = { plugin = \"toymodle\"; };", 3,
     "unknown model \"toymodle\"; did you mean \"toymodel\"?"},
    {"model = { plugin = \"toymodel\";\nwidth = 65; };", 4,
     "option \"width\" of model \"toymodel\" is 65; wanted 1 to 64 features"},
};

static void refuses_with_place_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cop_component *c = NULL;
        cop_error err = {0};
        assert_refused(
            read_component(COP_KIND_ANALYZER, "toyanalyzer", refusals[i].inside, NULL, &c, &err),
            COP_INVALID, &err, refusals[i].text);
        assert_null(c);
        assert_string_equal(err.file, "t.cfg");
        if (err.line != refusals[i].line)
            fail_msg("%s: line %d, wanted %d", refusals[i].inside, err.line, refusals[i].line);
        assert_null(strchr(err.message, '\n'));
    }
}

static void asks_for_what_is_required(void **state)
{
    (void)state;
    cop_component *c = NULL;
    cop_error err = {0};
    assert_refused(
        read_component(COP_KIND_DISTILLER, "toydistiller", "", NULL, &c, &err), COP_INVALID, &err,
        "option \"ipc\" of distiller \"toydistiller\" is required (int: images per class)");
    assert_int_equal(err.line, 1);
}

static void takes_old_names_with_a_warning(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    cop_logger *log = cop_logger_new(stream, COP_LOG_INFO, false);
    cop_component *c = NULL;
    cop_instance instance;
    cop_error err = {0};
    assert_ok(read_component(COP_KIND_PRUNER, "toypruner", "ratio = 0.5;", log, &c, &err), &err);
    const double *rate = options_of(c, &instance);
    assert_true(*rate == 0.5);
    cop_instance_close(&instance);
    assert_string_equal(cop_component_identity(c),
                        "pruner toypruner 1 { fail = \"no\"; rate = 0.5; }");
    cop_component_free(c);
    assert_refused(
        read_component(COP_KIND_PRUNER, "toypruner", "rate = 0.5;\nratio = 0.5;", NULL, &c, &err),
        COP_INVALID, &err, "is given twice: as \"rate\" and as \"ratio\"");
    assert_int_equal(err.line, 4);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(text, "t.cfg:3: option \"ratio\" of pruner \"toypruner\" is deprecated: "
                                 "write \"rate\""));
    free(text);
}

static const struct {
    const char *id;
    cop_kind kind;
    const char *a, *b;
    bool is_same;
} identities[] = {
    {"toypruner", COP_KIND_PRUNER, "", "rate = 0.2;", true},
    {"toypruner", COP_KIND_PRUNER, "", "rate = 2e-1;", true},
    {"toypruner", COP_KIND_PRUNER, "", "rate = 0.20000000000000004;", false},
    {"toypruner", COP_KIND_PRUNER, "rate = 1;", "rate = 1.0;", true},
    {"toydata", COP_KIND_DATASET, "path = \"/here\";", "path = \"/there\";", true},
    {"toydata", COP_KIND_DATASET, "size = 8;", "size = 9;", false},
    {"toyanalyzer", COP_KIND_ANALYZER, "ints = [1, 2];", "ints = (1, 2);", true},
    {"toyanalyzer", COP_KIND_ANALYZER, "ints = [1, 2];", "ints = [2, 1];", false},
    {"toyanalyzer", COP_KIND_ANALYZER, "flag = true; count = 3;", "count = 3; flag = true;", true},
    {"toyanalyzer", COP_KIND_ANALYZER, "text = \"a; b = 1\";", "text = \"a\";", false},
    {"toyanalyzer", COP_KIND_ANALYZER, "augment = \"flip_color\";", "augment = \"color_flip\";",
     true},
    {"toyanalyzer", COP_KIND_ANALYZER, "model = { plugin = \"toymodel\"; };",
     "model = { plugin = \"toymodel\"; width = 4; };", true},
    {"toyanalyzer", COP_KIND_ANALYZER, "model = { plugin = \"toymodel\"; };", "", false},
    {"toyanalyzer", COP_KIND_ANALYZER, "recipe = \"idc\";",
     "recipe = { recipe = \"idc\"; lr = 0.5; };", false},
};

static void identifies_by_what_can_change_results(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
        cop_component *a = NULL, *b = NULL;
        cop_error err = {0};
        assert_ok(
            read_component(identities[i].kind, identities[i].id, identities[i].a, NULL, &a, &err),
            &err);
        assert_ok(
            read_component(identities[i].kind, identities[i].id, identities[i].b, NULL, &b, &err),
            &err);
        bool is_same = strcmp(cop_component_identity(a), cop_component_identity(b)) == 0;
        if (is_same != identities[i].is_same)
            fail_msg("%s: %s\n%s: %s", identities[i].a, cop_component_identity(a), identities[i].b,
                     cop_component_identity(b));
        cop_component_free(a);
        cop_component_free(b);
    }
}

static void identifies_development_builds_by_their_file(void **state)
{
    (void)state;
    cop_component *c = NULL;
    cop_error err = {0};
    assert_ok(read_component(COP_KIND_DATASET, "toydata", "size = 9;", NULL, &c, &err), &err);
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted, "dataset toydata 1 %s { size = 9; }",
                   cop_component_entry(c)->content_hash);
    assert_string_equal(cop_component_identity(c), wanted);
    cop_component_free(c);
    assert_ok(read_component(COP_KIND_DISTILLER, "toydistiller", "ipc = 10;", NULL, &c, &err),
              &err);
    const char *identity = cop_component_identity(c);
    assert_non_null(strstr(
        identity, "distiller toydistiller 3 { factor = 2; ipc = 10; model = model "
                  "toymodel 1 { bias = true; width = 8; }; recipe = { recipe = \"idc\"; duration = "
                  "\"1000ep\"; batch = 64; lr = 0.01; "));
    cop_component_free(c);
}

/* A later version of a plugin may have another default: what was computed with the old one must not
 * answer for the new one, and a value that is given counts the same in both. */
static void identifies_by_values_whatever_the_default(void **state)
{
    (void)state;
    static const struct {
        const char *def, *given, *wanted;
    } cases[] = {
        {"0.5", NULL, "{ rate = 0.5; }"},          {"0.9", NULL, "{ rate = 0.9; }"},
        {"0.5", "rate = 0.9;", "{ rate = 0.9; }"}, {"0.9", "rate = 0.9;", "{ rate = 0.9; }"},
        {"0.9", "rate = 0.5;", "{ rate = 0.5; }"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cop_option table[] = {
            {.name = "rate", .help = "a rate", .type = COP_OPTION_FLOAT, .def = cases[i].def}};
        double rate = 0.0;
        config_t config;
        cop_error err = {0};
        cop_option_values *values = NULL;
        config_init(&config);
        assert_true(config_read_string(&config, cases[i].given != NULL ? cases[i].given : ""));
        assert_ok(cop_options_read(table, 1, config_root_setting(&config), NULL, "it", "t.cfg",
                                   NULL, NULL, &rate, &values, &err),
                  &err);
        assert_string_equal(cop_option_values_identity(values), cases[i].wanted);
        cop_option_values_free(values);
        config_destroy(&config);
    }
}

/* What came later and has the value that was meant before is not said: earlier results have it. */
static void leaves_later_options_out_of_identities_where_they_are_as_before(void **state)
{
    (void)state;
    typedef struct options {
        double rate, sparsity;
    } options;
    static const cop_option table[] = {
        COP_OPT_FLOAT(options, rate, "0.2", 0, 1, "a rate"),
        COP_OPT_FLOAT(options, sparsity, "0", 0, 1, "came later", .flags = COP_OPTION_ADDED),
    };
    static const struct {
        const char *given, *wanted;
    } cases[] = {{"", "{ rate = 0.2; }"},
                 {"sparsity = 0.0;", "{ rate = 0.2; }"},
                 {"sparsity = 0.5;", "{ rate = 0.2; sparsity = 0.5; }"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options read = {0};
        config_t config;
        cop_error err = {0};
        cop_option_values *values = NULL;
        config_init(&config);
        assert_true(config_read_string(&config, cases[i].given));
        assert_ok(cop_options_read(table, 2, config_root_setting(&config), NULL, "it", "t.cfg",
                                   NULL, NULL, &read, &values, &err),
                  &err);
        assert_string_equal(cop_option_values_identity(values), cases[i].wanted);
        cop_option_values_free(values);
        config_destroy(&config);
    }
}

/* A judgement reads results that are there: another threshold asks for no new ones. */
static void leaves_judgements_and_execution_out_of_identities(void **state)
{
    (void)state;
    typedef struct options {
        double threshold;
        int64_t size, cache;
    } options;
    static const cop_option table[] = {
        COP_OPT_FLOAT(options, threshold, "2", 0, 100, "what counts as stable",
                      .flags = COP_OPTION_JUDGEMENT),
        COP_OPT_INT(options, size, "3", 0, 9, "how many"),
        COP_OPT_INT(options, cache, "1", 0, 9, "how many are kept",
                    .flags = COP_OPTION_EXECUTION_ONLY),
    };
    options read = {0};
    cop_error err = {0};
    cop_option_values *values = NULL;
    assert_ok(cop_options_check(table, 3, sizeof read, &err), &err);
    assert_ok(
        cop_options_read(table, 3, NULL, NULL, "it", "t.cfg", NULL, NULL, &read, &values, &err),
        &err);
    assert_string_equal(cop_option_values_identity(values), "{ size = 3; }");
    assert_string_equal(cop_option_values_effective(values),
                        "threshold = 2\nsize = 3\ncache = 1\n");
    cop_option_values_free(values);
}

/* A course is what shorter and longer works have in common. */
static void leaves_lengths_out_of_courses(void **state)
{
    (void)state;
    typedef struct options {
        int64_t iterations, size, cache;
    } options;
    static const cop_option table[] = {
        COP_OPT_INT(options, iterations, "2", 1, 100, "how long", .flags = COP_OPTION_LENGTH),
        COP_OPT_INT(options, size, "3", 0, 9, "how many"),
        COP_OPT_INT(options, cache, "1", 0, 9, "how many are kept",
                    .flags = COP_OPTION_EXECUTION_ONLY),
    };
    options read = {0};
    cop_error err = {0};
    cop_option_values *values = NULL;
    assert_ok(cop_options_check(table, 3, sizeof read, &err), &err);
    assert_ok(
        cop_options_read(table, 3, NULL, NULL, "it", "t.cfg", NULL, NULL, &read, &values, &err),
        &err);
    assert_string_equal(cop_option_values_identity(values), "{ iterations = 2; size = 3; }");
    assert_string_equal(cop_option_values_course(values), "{ size = 3; }");
    cop_option_values_free(values);
    assert_ok(
        cop_options_read(table + 1, 2, NULL, NULL, "it", "t.cfg", NULL, NULL, &read, &values, &err),
        &err);
    assert_null(cop_option_values_course(values));
    cop_option_values_free(values);
    cop_option wrong = table[0];
    wrong.flags |= COP_OPTION_JUDGEMENT;
    assert_refused(cop_options_check(&wrong, 1, sizeof read, &err), COP_INVALID, &err,
                   "says how many steps there are, which changes results");
}

/* Two zeros in a row of a macro are a range; in a row without has_range they are none. */
static void holds_a_range_of_zero_alone(void **state)
{
    (void)state;
    typedef struct options {
        int64_t nothing;
    } options;
    const cop_option ranged = COP_OPT_INT(options, nothing, "0", 0, 0, "zero");
    cop_option any = ranged;
    any.has_range = 0;
    options read = {0};
    config_t config;
    cop_error err = {0};
    cop_option_values *values = NULL;
    config_init(&config);
    assert_true(config_read_string(&config, "nothing = 7;"));
    const config_setting_t *group = config_root_setting(&config);
    assert_refused(
        cop_options_read(&ranged, 1, group, NULL, "it", "t.cfg", NULL, NULL, &read, &values, &err),
        COP_INVALID, &err, "is 7; wanted 0 to 0");
    assert_ok(
        cop_options_read(&any, 1, group, NULL, "it", "t.cfg", NULL, NULL, &read, &values, &err),
        &err);
    assert_int_equal(read.nothing, 7);
    cop_option_values_free(values);
    config_destroy(&config);
}

/* What is printed as effective reads back as the same component. */
static void prints_effective_values_that_read_back(void **state)
{
    (void)state;
    static const char *const insides[] = {"", all_given, "text = \"tab\\tnew\\nline \\x01\";"};
    for (size_t i = 0; i < sizeof insides / sizeof insides[0]; i++) {
        cop_component *a = NULL, *b = NULL;
        cop_error err = {0};
        assert_ok(read_component(COP_KIND_ANALYZER, "toyanalyzer", insides[i], NULL, &a, &err),
                  &err);
        cop_text text = {0};
        for (const char *line = cop_component_effective(a); *line != '\0';) {
            size_t length = strcspn(line, "\n");
            cop_text_printf(&text, "%.*s;\n", (int)length, line);
            line += length + 1;
        }
        assert_ok(read_component(COP_KIND_ANALYZER, "toyanalyzer", text.data, NULL, &b, &err),
                  &err);
        assert_string_equal(cop_component_identity(a), cop_component_identity(b));
        assert_string_equal(cop_component_effective(a), cop_component_effective(b));
        cop_text_free(&text);
        cop_component_free(a);
        cop_component_free(b);
    }
}

static void makes_models_before_their_component(void **state)
{
    (void)state;
    cop_component *c = NULL;
    cop_error err = {0};
    assert_ok(read_component(COP_KIND_DISTILLER, "toydistiller", "ipc = 10;", NULL, &c, &err),
              &err);
    cop_instance first, second;
    cop_task other = {.channels = 1, .height = 3, .width = 2, .classes = 5};
    assert_ok(cop_instance_open(c, &task, &first, &err), &err);
    assert_ok(cop_instance_open(c, &other, &second, &err), &err);
    assert_int_equal(first.model_count, 1);
    assert_int_equal(cop_model_weight_count(first.models[0]), (4 * 8 + 8) + (8 * 3 + 3));
    assert_int_equal(cop_model_weight_count(second.models[0]), (6 * 8 + 8) + (8 * 5 + 5));
    cop_worker worker, other_worker;
    assert_ok(cop_worker_open(&first, &task, &worker, &err), &err);
    assert_ok(cop_worker_open(&first, &task, &other_worker, &err), &err);
    assert_ptr_equal(worker.self, worker.options); /* as its create has it */
    assert_ptr_not_equal(worker.options, other_worker.options);
    assert_memory_equal(worker.options, first.options,
                        cop_component_entry(c)->plugin->options_size);
    cop_worker_close(&worker);
    cop_worker_close(&other_worker);
    cop_worker_close(&other_worker); /* closed is closed */
    cop_instance_close(&first);
    cop_instance_close(&second);
    cop_instance_close(&second); /* closed is closed */
    cop_component_free(c);
}

static void settles_recipes_that_augment_as_suits_the_data(void **state)
{
    (void)state;
    static const char *const lines[] = {"recipe = { recipe = \"dc\"; augment = \"default\"; };",
                                        "recipe = { recipe = \"dc\"; augment = \"flip\"; };"};
    for (size_t i = 0; i < 2; i++) {
        cop_component *c = NULL;
        cop_error err = {0};
        cop_instance instance;
        assert_ok(read_component(COP_KIND_ANALYZER, "toyanalyzer", lines[i], NULL, &c, &err), &err);
        const char *shown = i == 0 ? "augment = \"default\"" : "augment = \"flip\"";
        assert_non_null(strstr(cop_component_effective(c), shown));
        assert_ok(cop_instance_open_for(c, &task, COP_AUGMENT_CROP, &instance, &err), &err);
        const toy_options *settled = instance.options;
        assert_int_equal(settled->recipe->augment, i == 0 ? COP_AUGMENT_CROP : COP_AUGMENT_FLIP);
        assert_true(settled->recipe->lr == cop_recipe_named("dc", &err)->lr);
        assert_int_equal(instance.recipe_count, i == 0);
        cop_instance_close(&instance);
        cop_component_free(c);
    }
}

static void makes_models_and_datasets(void **state)
{
    (void)state;
    cop_component *c = NULL;
    cop_error err = {0};
    assert_ok(
        read_component(COP_KIND_MODEL, "toymodel", "width = 2; bias = false;", NULL, &c, &err),
        &err);
    cop_model *model = NULL;
    assert_ok(cop_component_model(c, &task, &model, &err), &err);
    assert_int_equal(cop_model_weight_count(model), 4 * 2 + 2 * 3);
    cop_model_free(model);
    cop_component_free(c);

    assert_ok(read_component(COP_KIND_DATASET, "toydata", "size = 9;", NULL, &c, &err), &err);
    assert_refused(cop_component_model(c, &task, &model, &err), COP_FAILED, &err, "is not a model");
    cop_instance data;
    assert_ok(cop_instance_open(c, NULL, &data, &err), &err);
    cop_dataset_info info = {0};
    const cop_dataset_ops *ops = data.ops;
    assert_ok(ops->describe(data.self, &info, &err), &err);
    assert_int_equal(info.count[COP_SPLIT_TRAIN], 9);
    cop_instance_close(&data);
    cop_component_free(c);
}

static const struct {
    const char *inside;
    cop_status status;
    const char *text;
} failures[] = {
    {"fail = \"text\";", COP_FAILED, "pruner \"toypruner\": no luck with rate 0.2"},
    {"fail = \"silent\";", COP_FAILED,
     "pruner \"toypruner\": creation failed without saying why (status 3)"},
    {"fail = \"strange\";", COP_FAILED,
     "pruner \"toypruner\": creation failed without saying why (status 77)"},
    {"fail = \"absent\";", COP_UNAVAILABLE,
     "pruner \"toypruner\": needs a machine from the future"},
    {"fail = \"file\";", COP_INVALID, "pruner \"toypruner\": scores.txt:7: is no score"},
};

static void reports_failed_creation_and_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        cop_component *c = NULL;
        cop_error err = {0};
        cop_instance instance;
        assert_ok(read_component(COP_KIND_PRUNER, "toypruner", failures[i].inside, NULL, &c, &err),
                  &err);
        assert_refused(cop_instance_open(c, &task, &instance, &err), failures[i].status, &err,
                       failures[i].text);
        assert_int_equal(err.status, failures[i].status);
        assert_string_equal(err.file, "t.cfg");
        assert_int_equal(err.line, 1);
        assert_int_equal(cop_instance_open(c, &task, &instance, NULL), failures[i].status);
        cop_component_free(c);
        assert_ok(read_component(COP_KIND_PRUNER, "toypruner", "", NULL, &c, &err), &err);
        assert_ok(cop_instance_open(c, &task, &instance, &err), &err);
        cop_instance_close(&instance);
        cop_component_free(c);
    }
}

/* Failures of models come at the place of the model, or where it is a default, of its component. */
static void places_models_that_fail(void **state)
{
    (void)state;
    static const struct {
        const char *inside;
        int line;
    } cases[] = {{"ipc = 1;\n\nmodel = { plugin = \"toymodel\"; };", 5}, {"ipc = 1;", 1}};
    const cop_task nothing = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_component *c = NULL;
        cop_error err = {0};
        cop_instance instance;
        assert_ok(
            read_component(COP_KIND_DISTILLER, "toydistiller", cases[i].inside, NULL, &c, &err),
            &err);
        assert_refused(cop_instance_open(c, &nothing, &instance, &err), COP_FAILED, &err,
                       "model toymodel");
        assert_string_equal(err.file, "t.cfg");
        assert_int_equal(err.line, cases[i].line);
        const char *file = NULL;
        int line = 0;
        cop_component_place(c, &file, &line);
        assert_string_equal(file, "t.cfg");
        assert_int_equal(line, 1);
        cop_component_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_tables),
        cmocka_unit_test(fills_every_type),
        cmocka_unit_test(keeps_all_64_bits_of_an_integer),
        cmocka_unit_test(fills_defaults),
        cmocka_unit_test(refuses_with_place_and_reason),
        cmocka_unit_test(asks_for_what_is_required),
        cmocka_unit_test(takes_old_names_with_a_warning),
        cmocka_unit_test(identifies_by_what_can_change_results),
        cmocka_unit_test(identifies_development_builds_by_their_file),
        cmocka_unit_test(identifies_by_values_whatever_the_default),
        cmocka_unit_test(leaves_later_options_out_of_identities_where_they_are_as_before),
        cmocka_unit_test(leaves_judgements_and_execution_out_of_identities),
        cmocka_unit_test(leaves_lengths_out_of_courses),
        cmocka_unit_test(holds_a_range_of_zero_alone),
        cmocka_unit_test(prints_effective_values_that_read_back),
        cmocka_unit_test(makes_models_before_their_component),
        cmocka_unit_test(settles_recipes_that_augment_as_suits_the_data),
        cmocka_unit_test(makes_models_and_datasets),
        cmocka_unit_test(reports_failed_creation_and_goes_on),
        cmocka_unit_test(places_models_that_fail),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}

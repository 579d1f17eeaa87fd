/* test_config.c: config files: reading, overriding, and refusing, with file and line. */
#include "support.h"

#include "config/tables.h"
#include "config_text.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "plugin/options/setting.h"
#include "plugin/preparation.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reads_every_group(void **state)
{
    (void)state;
    cop_config *c = NULL;
    cop_error err = {0};
    assert_ok(load_file(CONFIGS "full.cfg", NULL, &c, &err), &err);
    assert_string_equal(c->name, "full");
    assert_int_equal(c->seed_count, 2);
    assert_int_equal(c->seeds[1], 1);
    assert_int_equal(c->cell_count, 4);
    const cop_cell *s = &c->cells[0];
    assert_int_equal(s->copies, 3);
    assert_int_equal(s->threads, 1);
    assert_int_equal(s->data_memory, (size_t)64 << 20);
    assert_int_equal(s->precision, COP_PRECISION_F32);
    assert_true(s->seed_pinned[COP_SEED_INIT]);
    assert_int_equal(s->seed_pin[COP_SEED_INIT], 7);
    assert_false(s->seed_pinned[COP_SEED_ORDER]);
    assert_string_equal(cop_component_entry(s->dataset)->plugin->id, "toydata");
    assert_string_equal(cop_component_entry(s->distill)->plugin->id, "toydistiller");
    assert_string_equal(cop_component_entry(s->model)->plugin->id, "toymodel");
    assert_int_equal(s->retrain, COP_RETRAIN_LAST);
    assert_int_equal(s->control_count, 2);
    assert_int_equal(s->controls[0], COP_CONTROL_RANDOM);
    assert_int_equal(s->controls[1], COP_CONTROL_REINIT);
    assert_true(s->analyze_controls);
    assert_int_equal(s->phase_count, 2);
    assert_int_equal(s->phases[0].rounds, 5);
    assert_int_equal(s->phases[0].data, COP_DATA_DISTILLED);
    assert_int_equal(s->phases[0].rewind, COP_REWIND_INIT);
    assert_int_equal(s->phases[0].rewind_tensors, COP_REWIND_ALL);
    assert_false(s->phases[0].has_recipe);
    assert_int_equal(s->phases[1].rounds, 1);
    assert_int_equal(s->phases[1].data, COP_DATA_REAL);
    assert_int_equal(s->phases[1].rewind, COP_REWIND_STEP);
    assert_int_equal(s->phases[1].rewind_at.unit, COP_STEPS);
    assert_true(s->phases[1].rewind_at.value == 500.0);
    assert_int_equal(s->phases[1].rewind_tensors, COP_REWIND_WEIGHTS);
    assert_true(s->phases[1].has_recipe);
    assert_string_equal(s->phases[1].recipe.name, "lottery");
    assert_string_equal(s->train.name, "idc");
    assert_true(s->train.duration.value == 30.0);
    assert_int_equal(s->analyzer_count, 2);
    assert_string_equal(
        cop_component_identity(s->analyzers[0]),
        "analyzer toyanalyzer 1 { augment = \"none\"; choice = \"mean\"; count = 5; "
        "flag = false; floats = (0, 0.5, 1); ints = (1, 2); model = \"\"; "
        "recipe = \"\"; scale = 1; text = \"\"; when = \"30ep\"; words = (); }");
    cop_config_free(c);
}

static void fills_what_is_not_said(void **state)
{
    (void)state;
    cop_config *c = NULL;
    cop_error err = {0};
    assert_ok(load_file(CONFIGS "small.cfg", NULL, &c, &err), &err);
    assert_string_equal(c->name, "small");
    assert_int_equal(c->seed_count, 1);
    assert_int_equal(c->seeds[0], 0);
    assert_int_equal(c->cell_count, 1);
    const cop_cell *s = &c->cells[0];
    assert_string_equal(s->label, "small");
    assert_int_equal(s->copies, 2);
    assert_int_equal(s->data_memory, (size_t)4 << 30);
    assert_int_equal(s->precision, COP_PRECISION_F32);
    assert_null(s->distill);
    assert_int_equal(s->phase_count, 0);
    assert_int_equal(s->analyzer_count, 0);
    assert_int_equal(s->retrain, COP_RETRAIN_ALL);
    assert_int_equal(s->control_count, 0);
    assert_false(s->analyze_controls);
    assert_non_null(strstr(c->effective, "dataset = { plugin = \"toydata\"; path = \"data/toy\"; "
                                         "size = 8; };"));
    cop_config_free(c);
}

/* The record of a study is itself a config of it. */
static void records_a_config_that_reads_back(void **state)
{
    (void)state;
    cop_config *a = NULL, *b = NULL;
    cop_error err = {0};
    const char *keep[] = {"sweep=()", "study.name=full"};
    assert_ok(cop_config_load(CONFIGS "full.cfg", keep, 2, fixture_registry(), NULL, &a, &err),
              &err);
    assert_ok(load_text(a->effective, NULL, &b, &err), &err);
    assert_string_equal(a->effective, b->effective);
    cop_config_free(a);
    cop_config_free(b);
}

/* An analyzer's label is in the record of the config, and in nobody's identity. */
static void takes_labels_of_analyzers(void **state)
{
    (void)state;
    static const char text[] =
        BASE "\nanalyze = ( { plugin = \"toyanalyzer\"; label = \"a \\\"b\\\" \xc3\xa4\"; "
             "dataset = { plugin = \"toydata\"; }; }, { plugin = \"toyanalyzer\"; }, "
             "{ plugin = \"toyanalyzer\"; label = "
             "\"123456789012345678901234567890123456789012345678901234567890\"; }, "
             "{ plugin = \"toyanalyzer\"; label = \"\"; } );";
    cop_config *c = NULL, *again = NULL;
    cop_error err = {0};
    assert_ok(load_text(text, NULL, &c, &err), &err);
    const cop_cell *s = &c->cells[0];
    assert_string_equal(s->analyzer_labels[0], "a \"b\" \xc3\xa4");
    assert_null(s->analyzer_labels[1]);
    assert_int_equal(strlen(s->analyzer_labels[2]), 60);
    assert_null(s->analyzer_labels[3]);
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(cop_component_identity(s->analyzers[i]),
                            cop_component_identity(s->analyzers[0]));
    assert_non_null(strstr(c->effective, " label = \"a \\\"b\\\" \xc3\xa4\"; seeds = "));
    assert_ok(load_text(c->resolved, NULL, &again, &err), &err);
    assert_string_equal(strstr(again->effective, "\nanalyze"), strstr(c->effective, "\nanalyze"));
    cop_config_free(again);
    cop_config_free(c);
    /* The label of one is as good as that of another plugin. */
    assert_ok(load_text(BASE "\nanalyze = ( { plugin = \"toyanalyzer\"; label = \"a\"; }, "
                             "{ plugin = \"judges\"; label = \"a\"; } );",
                        NULL, &c, &err),
              &err);
    cop_config_free(c);
}

static void its_own_tables_are_as_those_of_plugins_have_to_be(void **state)
{
    (void)state;
    cop_error err = {0};
    for (size_t i = 0; i < COP_SECTION_COUNT; i++) {
        const cop_section *s = cop_section_table((cop_section_id)i);
        assert_ok(cop_options_check(s->options, s->count, s->size, &err), &err);
    }
    size_t count = 0;
    const cop_option *rows = cop_preparation_options(&count);
    assert_ok(cop_options_check(rows, count, sizeof(cop_preparation), &err), &err);
}

static void describes_its_own_groups(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cop_config_describe(out);
    assert_int_equal(fclose(out), 0);
    static const char *const parts[] = {"base: ",
                                        "study: ",
                                        "  copies = 2\n      int, 1 to 1000",
                                        "seeds: ",
                                        "train: ",
                                        "  batch\n",
                                        "  rewind = init\n",
                                        "analyze: ",
                                        "  label = \"\"\n",
                                        "sweep: ",
                                        "  path\n      string, required"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("\"%s\" is not in:\n%s", parts[i], text);
    free(text);
}

static void the_baseline_is_the_cell_of_that_label(void **state)
{
    (void)state;
    static const char text[] = BASE
        "\nsweep = ( { path = \"train.lr\"; values = [0.1, 0.2]; labels = [\"a\", \"b\"]; } );";
    static const char *const overrides[] = {NULL, "study.baseline=a", "study.baseline=b"};
    for (size_t i = 0; i < 3; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        assert_ok(load_text(text, overrides[i], &c, &err), &err);
        assert_int_equal(c->baseline, i == 2);
        cop_config_free(c);
    }
}

static void warns_of_an_override_of_what_is_swept(void **state)
{
    (void)state;
    static const struct {
        const char *override, *said;
    } cases[] = {
        {"train.lr=0.5",
         "t.cfg:2: this value of the sweep sets train.lr, over --set train.lr=0.5\n"},
        {"train={recipe=\"sgd\"; lr=0.5;}", "sets train.lr, over --set train="},
        {"train.batch=8", ""},
        {"sweep=()", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        char *said = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&said, &size);
        cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
        char path[PATH_MAX + 32];
        (void)snprintf(path, sizeof path, "%s/t.cfg", fixture_dir());
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_true(fputs(BASE "\nsweep = ( { path = \"train.lr\"; values = [1]; } );", file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_ok(cop_config_load(path, &cases[i].override, 1, fixture_registry(), log, &c, &err),
                  &err);
        cop_logger_free(log);
        assert_int_equal(fclose(stream), 0);
        if (cases[i].said[0] == '\0')
            assert_string_equal(said, "");
        else
            assert_non_null(strstr(said, cases[i].said));
        cop_config_free(c);
        free(said);
    }
}

/* As they stand in the config; NULL: fine. */
static const struct {
    const char *name, *text;
} names[] = {
    {"caf\xc3\xa9 \xe2\x86\x92 50 %", NULL},
    {"a\\\\nb", NULL},
    {"a\\\"b", NULL},
    {"a\\nb", "\"a\\nb\" holds a control character"},
    {"\\x1b[31m", "holds a control character"},
    {"\\x9b", "is not UTF-8"},
    {"\\xc2\\x9b", "holds a control character"},
    {"\xc2\x85", "holds a control character"},
    {"a\\x00b", "a string holds \\x00"},
    {"\\\\x00", NULL},
    {"=1+1", "begins with =: a spreadsheet takes that for a formula"},
    {"@SUM(A1)", "begins with @"},
    {"-x", "begins with -"},
    {"+", "begins with +"},
    {"-1+1", "begins with -"},
    {"-0.5", NULL},
    {"+1e-3", NULL},
    {"-.5", NULL},
    {"-1, +2", NULL},
    {"-1, cmd", "begins with -"},
};

static void refuses_names_that_are_no_plain_text(void **state)
{
    (void)state;
    static const struct {
        const char *format, *what;
    } places[] = {
        {BASE "\nstudy = { name = \"%s\"; };", "study.name"},
        {BASE "\nsweep = ( { path = \"train.lr\"; values = [1]; labels = [\"%s\"]; } );", "label"},
        {BASE "\nsweep = ( { path = \"dataset.path\"; values = [\"%s\"]; } );",
         "the label of a value without one"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            char text[1024];
            (void)snprintf(text, sizeof text, places[k].format, names[i].name);
            cop_config *c = NULL;
            cop_error err = {0};
            cop_status status = load_text(text, NULL, &c, &err);
            if (names[i].text != NULL) {
                assert_refused(status, COP_INVALID, &err, names[i].text);
                if (strstr(names[i].text, "x00") == NULL)
                    assert_non_null(strstr(err.message, places[k].what));
                assert_int_equal(err.line, 2);
            } else {
                assert_ok(status, &err);
            }
            cop_config_free(c);
        }
    }
}

static void refuses_a_file_whose_name_cannot_be_the_study(void **state)
{
    (void)state;
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/@home.cfg", fixture_dir());
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(BASE, file) >= 0);
    assert_int_equal(fclose(file), 0);
    cop_config *c = NULL;
    cop_error err = {0};
    assert_refused(load_file(path, NULL, &c, &err), COP_INVALID, &err,
                   "the study's name (the file's: there is no study.name) \"@home\" begins with @");
    assert_ok(load_file(path, "study.name=home", &c, &err), &err);
    cop_config_free(c);
}

/* Strings that are no names may hold any byte; the record of them is a text all the same. */
static void records_any_bytes_as_text(void **state)
{
    (void)state;
    cop_config *c = NULL;
    cop_error err = {0};
    assert_ok(
        load_text("dataset = { plugin = \"toydata\"; path = \"\\x9b\\xc3\\xa9\\n\"; }; ticket = "
                  "{ model = { plugin = \"toymodel\"; }; }; train = \"idc\";",
                  NULL, &c, &err),
        &err);
    assert_non_null(strstr(c->effective, "path = \"\\x9B\xc3\xa9\\x0A\";"));
    assert_true(cop_is_utf8(c->effective, strlen(c->effective)));
    cop_config_free(c);
}

static const struct {
    const char *override, *part;
} overrides[] = {
    {"study.seeds=0..4", "seeds = (0, 1, 2, 3, 4);"},
    {"study.seeds=\"0..2, 7,9 .. 10\"", "seeds = (0, 1, 2, 7, 9, 10);"},
    {"study.seeds=9223372036854775806..9223372036854775807",
     "seeds = (9223372036854775806L, 9223372036854775807L);"},
    {" study.copies = 7 ", "copies = 7;"},
    {"study.copies=7", "copies = 7;"},
    {"study.name=bare-word", "name = \"bare-word\";"},
    {"study.name=\"two words\"", "name = \"two words\";"},
    {"study.seeds=[4, 5]", "seeds = (4, 5);"},
    {"dataset.path=/data/x.bin", "path = \"/data/x.bin\";"},
    {"dataset.path=5ep", "path = \"5ep\";"},
    {"train.duration=3ep", "duration = \"3ep\";"},
    {"train.lr=5e-4", "lr = 0.0005;"},
    {"train.lr=1", "lr = 1;"},
    {"train=lottery", "recipe = \"lottery\";"},
    {"ticket.phases.[0].rounds=3", "rounds = 3;"},
    {"ticket.phases[0].rounds=3", "rounds = 3;"},
    {"ticket.phases.[1]={ pruner = { plugin = \"hangs\"; }; rounds = 9; }", "rounds = 9;"},
    {"ticket.model={ plugin = \"toymodel\"; bias = false; }", "bias = false;"},
    {"ticket.model.bias=FALSE", "bias = false;"},
    {"seeds.order=3", "order = 3;"},
    {"analyze=({ plugin = \"toyanalyzer\"; })", "analyze = (\n    { plugin = \"toyanalyzer\";"},
    {"distill={ plugin = \"toydistiller\"; ipc = 1; } # a comment", "ipc = 1;"},
};

static void overrides_any_setting(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof overrides / sizeof overrides[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        assert_ok(load_text(BASE, overrides[i].override, &c, &err), &err);
        if (strstr(c->effective, overrides[i].part) == NULL)
            fail_msg("%s: \"%s\" is not in:\n%s", overrides[i].override, overrides[i].part,
                     c->effective);
        cop_config_free(c);
    }
}

static const struct {
    const char *override, *text;
} bad_overrides[] = {
    {"train.lr", "--set train.lr: wanted PATH=VALUE"},
    {"=3", "--set =3: wanted PATH=VALUE"},
    {"train.lr=[1,", "--set train.lr=[1,: a bracket is not closed"},
    {"train.lr=", "--set train.lr=: there is no value behind the ="},
    {"train.lr=  ", "there is no value behind the ="},
    {"train.lr=1 2", "a text with blanks has quotes, for the shell and for itself"},
    {"train.lr=1 2)", "a text with blanks has quotes"},
    {"study.seeds=0,1", "a list has brackets: [0, 1]"},
    {"study.seeds=[0..4]", "a range has no brackets: 0..4"},
    {"study.seeds=3", "wanted a list of integers: [3] for 3 itself, or a range such as \"0..2\""},
    {"study.seeds=4..0", "is \"4..0\"; wanted a list of integers, or ranges such as 0..4"},
    {"study.seeds=0..9223372036854775807", "has more than 10000 integers"},
    {"study.seeds=-1..2", "is -1; wanted at least 0"},
    {"seeds=3", "wanted a group (those that every cell is run with are study.seeds)"},
    {"threads=1", "unknown group \"threads\"; did you mean study.threads?"},
    {"lr=0.1", "unknown group \"lr\"; did you mean train.lr?"},
    {"train.lr=1; study = { }", "more than one value"},
    {"train..lr=1", "is not a path"},
    {"train.[x]=1", "is not a path"},
    {"train.lr=5000000000", "write 5000000000L"},
    {"ticket.phases.[7].rounds=3", "there is no \"[7]\" in a list"},
    {"ticket.phases.rounds=3", "there is no \"rounds\" in"},
    {"train.recipe.lr=3", "there is no \"lr\" in a string"},
    {"9x=3", "cannot make a setting named \"9x\""},
    {"study.copies=0", "option \"copies\" of study is 0; wanted 1 to 1000"},
    {"=", "wanted PATH=VALUE"},
    {"study.copies=\xff", "is not UTF-8"},
    {"base=other.cfg", "base is read with the file that it stands in"},
    {"study.copies=\n@include \"other.cfg\"\n", "an @ where none can be"},
    {"study.copies=(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1",
     "nested deeper"},
};

static void says_which_override_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_overrides / sizeof bad_overrides[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_text(BASE, bad_overrides[i].override, &c, &err), COP_INVALID, &err,
                       bad_overrides[i].text);
        assert_null(c);
        assert_int_equal(err.line, 0);
        bool is_named =
            strncmp(err.message, "--set ", 6) == 0 || strncmp(err.file, "--set ", 6) == 0;
        if (!is_named)
            fail_msg("%s: %s", err.file, err.message);
    }
}

/* Each begins on line 2, after BASE. */
static const struct {
    const char *more;
    int line;
    const char *text;
} refusals[] = {
    {"studdy = { };", 2, "unknown group \"studdy\"; did you mean \"study\"?"},
    {"study = 3;", 2, "study is an integer; wanted a group"},
    {"study = { nam = \"x\"; };", 2, "unknown option \"nam\" of study; did you mean \"name\"?"},
    {"study = {\ncopies = 0; };", 3, "option \"copies\" of study is 0; wanted 1 to 1000"},
    {"study = { threads = 0; };", 2, "option \"threads\" of study is 0; wanted 1 to 1024"},
    {"study = { precision = \"f16\"; };", 2, "is \"f16\"; wanted one of \"f32\", \"bf16\""},
    {"study = { seeds = []; };", 2, "study.seeds is empty"},
    {"study = { seeds = [1, 2, 1]; };", 2, "study.seeds has 1 twice"},
    {"study = { seeds = [-1]; };", 2, "is -1; wanted at least 0"},
    {"seeds = { initt = 3; };", 2, "unknown option \"initt\" of seeds; did you mean \"init\"?"},
    {"distill = { plugin = \"toydistiler\"; };", 2,
     "unknown distiller \"toydistiler\"; did you mean \"toydistiller\"?"},
    {"distill = { ipc = 3; };", 2, "this distiller needs plugin = \"...\""},
    {"distill = { ipc = 3;\nplugn = \"toydistiller\"; };", 3,
     "unknown option \"plugn\" of this distiller; did you mean \"plugin\"?"},
    {"study = { seeds = [0]; };\nsweep = ( {\npath = \"study.seeds\";\nvalues = ( [1], [2] ); } );",
     5, "study.seeds cannot be swept"},
    {"study = { seeds = [0]; };\nsweep = ( {\npath = \"study.name\";\nvalues = ( \"a\", \"b\" ); } "
     ");",
     5, "study.name cannot be swept"},
    {"study = { baseline = \"a\"; };\nsweep = ( {\npath = \"study.baseline\";\nvalues = ( \"a\", "
     "\"b\" "
     "); } );",
     5, "study.baseline cannot be swept"},
    {"study = {\nbaseline = \"b\"; };\nsweep = ( { path = \"train.lr\"; values = [0.1]; labels = "
     "[\"a\"]; } "
     ");",
     3, "study.baseline: no cell has the label \"b\"; the first one's is \"a\""},
    {"distill = \"toydistiller\";", 2, "this distiller is a string; wanted a group"},
    {"distill = { plugin = \"toydistiller\";\nipc = 1;\nfctor = 3; };", 4,
     "unknown option \"fctor\" of distiller \"toydistiller\"; did you mean \"factor\"?"},
    {"distill = { plugin = \"exits\"; };", 2, "unknown distiller \"exits\"; "},
    {"analyze = { plugin = \"toyanalyzer\"; };", 2, "analyze is a group; wanted a list of groups"},
    {"analyze = ( 3 );", 2, "this analyzer is an integer"},
    {"analyze = ( { plugin = \"toyanalyzer\";\nlabel = 3; } );", 3,
     "option \"label\" of an entry of analyze is an integer"},
    {"analyze = ( { plugin = \"toyanalyzer\";\nlable = \"a\"; } );", 3,
     "unknown option \"lable\" of analyzer \"toyanalyzer\"; did you mean \"label\"?"},
    {"analyze = ( { plugin = \"toyanalyzer\";\nlabel = \"a\\n\"; } );", 3,
     "label of an analyzer \"a\\n\" holds a control character"},
    {"analyze = ( { plugin = \"toyanalyzer\";\nlabel = \"=1\"; } );", 3,
     "label of an analyzer \"=1\" begins with ="},
    {"analyze = ( { plugin = \"toyanalyzer\";\nlabel = "
     "\"1234567890123456789012345678901234567890123456789012345678901\"; } );",
     3, "label of an analyzer has 61 bytes, wanted at most 60"},
    {"analyze = ( { plugin = \"toyanalyzer\"; label = \"a\"; },\n{ plugin = \"toyanalyzer\"; "
     "count = 3;\nlabel = \"a\"; } );",
     4, "analyze has the analyzer \"toyanalyzer\" twice with label \"a\""},
    {"study = { };\nstudy = { };", 3, "duplicate setting name"},
    {"study = { name = ; };", 2, "syntax error"},
    {"study = {", 2, "syntax error"},
    {"study = { name = \"", 2, "a string is not closed"},
    {"study = {\nname \"x\"; };", 3, "a string where none can be"},
    {"\"x\" = 3;", 2, "a string where none can be"},
    {"study = { name = \"x\" # one\n \"y\"; cpies = 1; };", 3, "unknown option \"cpies\""},
    {"/* study", 2, "a comment is not closed"},
    {"sweep = ( { path = \"base\";\nvalues = [\"a.cfg\"]; } );", 3,
     "base is read with the file that it stands in"},
    {"sweep = { };", 2, "sweep is a list of groups"},
    {"sweep = ( 3 );", 2, "an axis of the sweep is a group"},
    {"sweep = ( { values = [1]; } );", 2, "option \"path\" of an axis of the sweep is required"},
    {"sweep = ( { path = \"train.lr\"; } );", 2, "needs values"},
    {"sweep = ( { path = \"train.lr\"; values = []; } );", 2, "has no values"},
    {"sweep = ( { path = \"train.lr\"; values = [1, 2]; labels = [\"a\"]; } );", 2,
     "has 2 values and 1 labels"},
    {"sweep = ( { path = \"train.lr\"; vales = [1, 2]; } );", 2,
     "unknown option \"vales\" of an axis of the sweep; did you mean \"values\"?"},
    {"sweep = ( { path = \"tickt.model.width\"; values = [1]; } );", 2,
     "sweep path \"tickt.model.width\": there is no \"tickt\"; did you mean \"ticket\"?"},
    {"sweep = ( { path = \"ticket.phases.[4].rounds\"; values = [1]; } );", 2,
     "sweep path \"ticket.phases.[4].rounds\": there is no \"[4]\" in a list"},
    {"sweep = ( { path = \"sweep\"; values = [1]; } );", 2, "it cannot be swept"},
    {"sweep = ( { path = \"study.seeds\"; values = ([1], [2]); } );", 2,
     "study.seeds cannot be swept"},
    {"sweep = ( { path = \"\"; values = [1]; } );", 2,
     "a value for the whole config is an integer"},
    {"sweep = ( { path = \"\"; values = ( { sweep = (); } ); } );", 2, "unknown group \"sweep\""},
    {"sweep = ( { path = \"train.lr\"; values = [1, 1]; } );", 2,
     "two cells of the sweep are both labelled \"1\""},
    {"sweep = ( { path = \"train.lr\";\nvalues = (1,\n-1); } );", 4,
     "option \"lr\" of the recipe of train is -1; wanted at least 0"},
    {"sweep = ( { path = \"ticket.model\"; values = ( { plugin = \"toymodel\";\nwidht = 3; } ); } "
     ");",
     3, "unknown option \"widht\" of model \"toymodel\"; did you mean \"width\"?"},
    {"\n\nsweep = ( { path = \"train.lr\"; values = [0.1, 0.1]; } );", 4,
     "two cells of the sweep are both labelled"},
    {"sweep = ( { path = \"train.lrr\"; values = [1]; } );", 2,
     "unknown option \"lrr\" of the recipe of train; did you mean \"lr\"?"},
};

static void refuses_with_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cop_text text = {0};
        cop_text_printf(&text, "%s\n%s\n", BASE, refusals[i].more);
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_text(text.data, NULL, &c, &err), COP_INVALID, &err, refusals[i].text);
        assert_null(c);
        assert_non_null(strstr(err.file, "/t.cfg"));
        bool is_end = refusals[i].line == 2 && err.line == 3; /* an open end is seen on the next */
        if (err.line != refusals[i].line && !(is_end && strstr(err.message, "syntax") != NULL))
            fail_msg("%s: line %d, wanted %d", refusals[i].more, err.line, refusals[i].line);
        cop_text_free(&text);
    }
}

/* Each replaces the stage of BASE. */
static const struct {
    const char *stage, *text;
} stages[] = {
    {"3", "a phase of ticket is a group"},
    {"{ rounds = 3; }", "a phase of ticket needs pruner"},
    {"{ pruner = \"toypruner\"; }", "this pruner is a string; wanted a group"},
    {"{ pruner = { plugin = \"toypruner\"; }; rounds = 0; }", "is 0; wanted 1 to 1000"},
    {"{ pruner = { plugin = \"toypruner\"; }; rouds = 1; }", "did you mean \"rounds\"?"},
    {"{ pruner = { plugin = \"toypruner\"; }; prner = 1; }", "did you mean \"pruner\"?"},
    {"{ pruner = { plugin = \"toypruner\"; }; data = \"distilled\"; }",
     "data = \"distilled\" needs a group distill"},
    {"{ pruner = { plugin = \"toypruner\"; }; data = \"fake\"; }", "wanted one of \"real\""},
    {"{ pruner = { plugin = \"toypruner\"; }; rewind = \"start\"; }",
     "is \"start\"; wanted \"init\", \"none\", or a duration"},
    {"{ pruner = { plugin = \"toypruner\"; }; rewind_tensors = \"some\"; }",
     "wanted one of \"all\""},
    {"{ pruner = { plugin = \"toypruner\"; }; rewind_momentum = true; }",
     "rewind_momentum = true needs a later point to rewind to"},
    {"{ pruner = { plugin = \"toypruner\"; }; noise = \"other\"; }", "wanted one of \"own\""},
    {"{ pruner = { plugin = \"toypruner\"; }; recipe = \"nothing\"; }", "unknown recipe"},
};

/* What was ticket.stages in earlier versions. */
static void takes_old_names_with_a_warning(void **state)
{
    (void)state;
#define OLD                                                                                        \
    "dataset = { plugin = \"toydata\"; }; train = { recipe = \"idc\"; };\n"                        \
    "ticket = { model = { plugin = \"toymodel\"; };\n"                                             \
    " stages = ( { pruner = { plugin = \"toypruner\"; }; } ); };\n"
    static const struct {
        const char *text, *override, *said;
        int64_t rounds;
    } cases[] = {
        {OLD, NULL, "t.cfg:3: ticket.stages is deprecated: write ticket.phases\n", 1},
        {OLD, "ticket.stages.[0].rounds=3", "--set ticket.stages.[0].rounds=3: ticket.stages is",
         3},
        {BASE,
         "ticket={model={plugin=\"toymodel\";}; stages=({pruner={plugin=\"toypruner\";}; "
         "rounds=4;});}",
         "rounds=4;});}: ticket.stages is", 4},
        {BASE "\nsweep = ( { path = \"ticket.stages.[0].rounds\"; values = [5]; } );", NULL,
         "t.cfg:2: ticket.stages is deprecated", 5},
        {BASE "\nsweep = ( { path = \"\"; values = ( { ticket = { stages = ( { pruner = { plugin "
              "= \"toypruner\"; }; rounds = 6; } ); }; } ); labels = [\"a\"]; } );",
         NULL, "t.cfg:2: ticket.stages is deprecated", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        char *said = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&said, &size);
        cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
        char path[PATH_MAX + 32];
        (void)snprintf(path, sizeof path, "%s/t.cfg", fixture_dir());
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_true(fputs(cases[i].text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        size_t count = cases[i].override != NULL ? 1 : 0;
        assert_ok(
            cop_config_load(path, &cases[i].override, count, fixture_registry(), log, &c, &err),
            &err);
        cop_logger_free(log);
        assert_int_equal(fclose(stream), 0);
        assert_non_null(strstr(said, cases[i].said));
        assert_int_equal(c->cells[0].phases[0].rounds, cases[i].rounds);
        cop_config_free(c);
        free(said);
    }
    cop_config *c = NULL;
    cop_error err = {0};
    assert_refused(load_text("dataset = { plugin = \"toydata\"; }; ticket = { phases = ();\n"
                             "stages = (); };",
                             NULL, &c, &err),
                   COP_INVALID, &err,
                   "ticket.phases is given twice: ticket.stages is its old name");
    assert_int_equal(err.line, 2);
}

static void refuses_bad_stages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        cop_text text = {0};
        cop_text_printf(
            &text,
            "dataset = { plugin = \"toydata\"; }; train = \"idc\";\nticket = { model = { "
            "plugin = \"toymodel\"; };\nphases = (\n%s ); };",
            stages[i].stage);
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_text(text.data, NULL, &c, &err), COP_INVALID, &err, stages[i].text);
        assert_int_equal(err.line, 4);
        cop_text_free(&text);
    }
}

static void refuses_controls_that_there_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *controls, *message;
    } cases[] = {{"[\"shufle\"]", "has \"shufle\"; wanted \"reinit\", \"shuffle\" or \"random\""},
                 {"[\"shufle\"]", "did you mean \"shuffle\"?"},
                 {"[\"\"]", "ticket.controls has \"\""},
                 {"[\"random\", \"random\"]", "ticket.controls has \"random\" twice"},
                 {"\"random\"", "controls"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_text text = {0};
        cop_text_printf(&text,
                        "dataset = { plugin = \"toydata\"; }; train = \"idc\";\nticket = { model = "
                        "{ plugin = \"toymodel\"; };\ncontrols = %s; };",
                        cases[i].controls);
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_text(text.data, NULL, &c, &err), COP_INVALID, &err, cases[i].message);
        assert_int_equal(err.line, 3);
        cop_text_free(&text);
    }
}

static void says_what_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "the config lacks dataset"},
        {"dataset = { plugin = \"toydata\"; };", "the config lacks ticket"},
        {"dataset = { plugin = \"toydata\"; }; ticket = { };", "the config lacks ticket"},
        {"dataset = { plugin = \"toydata\"; }; ticket = { model = { plugin = \"toymodel\"; }; };",
         "the config lacks train"},
        {"dataset = { plugin = \"toydata\"; }; ticket = { model = { plugin = \"toymodel\"; }; }; "
         "train = \"\";",
         "train is empty"},
    };
    cop_config *c = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        assert_refused(load_text(cases[i].text, NULL, &c, &err), COP_INVALID, &err,
                       cases[i].message);
    }
    cop_error err = {0};
    assert_refused(load_file("/nonexistent/x.cfg", NULL, &c, &err), COP_INVALID, &err,
                   "/nonexistent/x.cfg");
    assert_refused(load_file(fixture_dir(), NULL, &c, &err), COP_INVALID, &err, fixture_dir());
}

static void refuses_a_precision_that_is_not_built(void **state)
{
    (void)state;
    static const char bf16[] = BASE "\nstudy = {\nprecision = \"bf16\"; };";
    cop_config *c = NULL;
    cop_error err = {0};
    assert_refused(load_text(bf16, NULL, &c, &err), COP_UNAVAILABLE, &err,
                   "precision \"bf16\" is not part of this build");
    assert_int_equal(err.line, 3);
    assert_refused(load_text(BASE, "study.precision=bf16", &c, &err), COP_UNAVAILABLE, &err,
                   "precision");
    assert_string_equal(err.file, "--set study.precision=bf16");
    assert_ok(load_text(bf16, "study.precision=f32", &c, &err), &err);
    cop_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_group),
        cmocka_unit_test(fills_what_is_not_said),
        cmocka_unit_test(records_a_config_that_reads_back),
        cmocka_unit_test(takes_labels_of_analyzers),
        cmocka_unit_test(its_own_tables_are_as_those_of_plugins_have_to_be),
        cmocka_unit_test(describes_its_own_groups),
        cmocka_unit_test(the_baseline_is_the_cell_of_that_label),
        cmocka_unit_test(warns_of_an_override_of_what_is_swept),
        cmocka_unit_test(refuses_names_that_are_no_plain_text),
        cmocka_unit_test(refuses_a_file_whose_name_cannot_be_the_study),
        cmocka_unit_test(records_any_bytes_as_text),
        cmocka_unit_test(overrides_any_setting),
        cmocka_unit_test(says_which_override_is_wrong),
        cmocka_unit_test(refuses_with_file_and_line),
        cmocka_unit_test(takes_old_names_with_a_warning),
        cmocka_unit_test(refuses_bad_stages),
        cmocka_unit_test(refuses_controls_that_there_are_not),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(refuses_a_precision_that_is_not_built),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}

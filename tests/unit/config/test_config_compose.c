/* test_config_compose.c: a config on the base of another, and with parts of it in other files. */
#include "support.h"

#include "config_text.h"
#include "core/file.h"
#include "core/log.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of a case, up to a NULL name; the first is loaded. */
typedef struct file {
    const char *name, *text;
} file;

#define MOST_FILES 5

static const char *path_of(const char *name, char path[PATH_MAX + 64])
{
    (void)snprintf(path, PATH_MAX + 64, "%s/%s", fixture_dir(), name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_MAX + 64];
    (void)path_of(name, path);
    cop_error err = {0};
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_ok(cop_make_dirs(path, &err), &err);
    *slash = '/';
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static cop_status load_files(const file *files, const char *override, cop_config **out,
                             cop_error *err)
{
    char path[PATH_MAX + 64];
    for (size_t i = 0; i < MOST_FILES && files[i].name != NULL; i++)
        write_file(files[i].name, files[i].text);
    return load_file(path_of(files[0].name, path), override, out, err);
}

/* What the study comes to. */
static const struct {
    const char *what;
    file files[MOST_FILES];
    const char *override;
    const char *parts[4]; /* of the effective config; with ! in front: not in it */
} composed[] = {
    {"groups merge, setting by setting",
     {{"a.cfg", "base = \"b.cfg\"; study = { threads = 3; }; train = { lr = 0.5; };"},
      {"b.cfg", BASE "study = { copies = 4; threads = 1; };"}},
     NULL,
     {"copies = 4;", "threads = 3;", "lr = 0.5;"}},
    {"where base stands does not matter",
     {{"a.cfg", "train = { lr = 0.5; }; base = \"b.cfg\";"}, {"b.cfg", BASE}},
     NULL,
     {"lr = 0.5;"}},
    {"one plugin's options merge",
     {{"a.cfg", "base = \"b.cfg\"; distill = { plugin = \"toydistiller\"; ipc = 3; };"},
      {"b.cfg", BASE "distill = { plugin = \"toydistiller\"; factor = 2; };"}},
     NULL,
     {"ipc = 3; factor = 2;"}},
    {"a plugin that is not named again stays",
     {{"a.cfg", "base = \"b.cfg\"; distill = { ipc = 3; };"},
      {"b.cfg", BASE "distill = { plugin = \"toydistiller\"; factor = 2; };"}},
     NULL,
     {"ipc = 3; factor = 2;"}},
    {"another plugin takes none of the options",
     {{"a.cfg", "base = \"b.cfg\"; dataset = { plugin = \"floatdata\"; };"},
      {"b.cfg", "ticket = { model = { plugin = \"toymodel\"; }; }; train = \"idc\"; dataset = { "
                "plugin = \"toydata\"; size = 3; subset = 0.5; };"}},
     NULL,
     {"dataset = { plugin = \"floatdata\";", "!subset", "!size = 3"}},
    {"a list is replaced whole",
     {{"a.cfg", "base = \"b.cfg\"; analyze = ( { plugin = \"toyanalyzer\"; count = 9; } ); "
                "study = { seeds = [5]; };"},
      {"b.cfg", BASE "study = { seeds = [1, 2]; }; analyze = ( { plugin = \"toyanalyzer\"; count = "
                     "7; scale = 0.5; }, { plugin = \"toyanalyzer\"; count = 8; } );"}},
     NULL,
     {"count = 9;", "seeds = (5);", "!count = 8;", "!scale = 0.5;"}},
    {"a base has a base",
     {{"a.cfg", "base = \"b.cfg\"; study = { threads = 3; };"},
      {"b.cfg", "base = \"c.cfg\"; study = { threads = 2; copies = 5; };"},
      {"c.cfg", BASE "study = { threads = 1; copies = 1; seeds = [7]; };"}},
     NULL,
     {"threads = 3;", "copies = 5;", "seeds = (7);"}},
    {"an override wins over both",
     {{"a.cfg", "base = \"b.cfg\"; study = { threads = 3; };"},
      {"b.cfg", BASE "study = { threads = 2; };"}},
     "study.threads=4",
     {"threads = 4;"}},
    {"old names are names",
     {{"a.cfg", "base = \"b.cfg\"; ticket = { phases = (); };"},
      {"b.cfg", "dataset = { plugin = \"toydata\"; }; train = \"idc\"; ticket = { model = { plugin "
                "= \"toymodel\"; }; stages = ( { pruner = { plugin = \"toypruner\"; }; } ); };"}},
     NULL,
     {"!toypruner"}},
    {"an included file is part of the one that includes it",
     {{"a.cfg", "study = {\n  @include \"in/study.cfg\" # a remark\n  copies = 4; };\n" BASE},
      {"in/study.cfg", "threads = 3; # no newline at the end"}},
     NULL,
     {"threads = 3;", "copies = 4;"}},
    {"files include files, relative to themselves",
     {{"a.cfg", "@include \"in/b.cfg\"\n" BASE},
      {"in/b.cfg", "\t@include\t\"c.cfg\""},
      {"in/c.cfg", "study = { copies = 6; };\n"}},
     NULL,
     {"copies = 6;"}},
    {"an included file may say the base, relative to itself",
     {{"a.cfg", "@include \"in/b.cfg\"\nstudy = { threads = 3; };"},
      {"in/b.cfg", "base = \"c.cfg\";"},
      {"in/c.cfg", BASE "study = { copies = 6; };\n"}},
     NULL,
     {"copies = 6;", "threads = 3;"}},
    {"a text that looks like an include is none",
     {{"a.cfg", "# @include \"no.cfg\"\n/*\n@include \"no.cfg\" */ // @include\nstudy = { name = "
                "\"\\\"\n@include\"; copies = 6; };\n" BASE}},
     "study.name=x",
     {"copies = 6;"}},
};

static void merges_a_config_over_its_base(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof composed / sizeof composed[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        if (load_files(composed[i].files, composed[i].override, &c, &err) != COP_OK)
            fail_msg("%s: %s:%d: %s", composed[i].what, err.file, err.line, err.message);
        for (size_t k = 0; k < 4 && composed[i].parts[k] != NULL; k++) {
            const char *part = composed[i].parts[k];
            bool is_wanted = part[0] != '!';
            if ((strstr(c->effective, part + !is_wanted) != NULL) != is_wanted)
                fail_msg("%s: \"%s\" in:\n%s", composed[i].what, part, c->effective);
        }
        cop_config_free(c);
    }
}

/* The same settings in one file are the same study: its record has the same text. */
static void where_a_setting_was_written_changes_nothing(void **state)
{
    (void)state;
    static const file in_parts[MOST_FILES] = {
        {"a.cfg", "base = \"b.cfg\"; train = { lr = 0.5; };"},
        {"b.cfg", "@include \"c.cfg\"\ntrain = { recipe = \"idc\"; };"},
        {"c.cfg", "dataset = { plugin = \"toydata\"; }; ticket = { model = { plugin = "
                  "\"toymodel\"; }; };"}};
    static const file whole[MOST_FILES] = {
        {"a.cfg", "dataset = { plugin = \"toydata\"; }; ticket = { model = { plugin = "
                  "\"toymodel\"; }; }; train = { recipe = \"idc\"; lr = 0.5; };"}};
    cop_config *a = NULL, *b = NULL;
    cop_error err = {0};
    assert_ok(load_files(in_parts, NULL, &a, &err), &err);
    assert_ok(load_files(whole, NULL, &b, &err), &err);
    assert_string_equal(a->resolved, b->resolved);
    cop_config_free(b);
    cop_config_free(a);
}

/* Two studies of one name in one directory would be one. */
static void does_not_take_over_the_name_of_the_study(void **state)
{
    (void)state;
    static const file cases[][MOST_FILES] = {
        {{"own.cfg", "base = \"b.cfg\";"}, {"b.cfg", BASE "study = { name = \"first\"; };"}},
        {{"x.cfg", "base = \"b.cfg\"; study = { name = \"own\"; };"},
         {"b.cfg", BASE "study = { name = \"first\"; };"}},
        {{"x.cfg", "@include \"b.cfg\"\n"}, {"b.cfg", BASE "study = { name = \"own\"; };"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        assert_ok(load_files(cases[i], NULL, &c, &err), &err);
        assert_string_equal(c->name, "own");
        cop_config_free(c);
    }
}

/* A path leads from the file that it is written in. */
static void paths_are_relative_to_the_file_that_says_them(void **state)
{
    (void)state;
    static const struct {
        file files[MOST_FILES];
        const char *path;
    } cases[] = {
        {{{"a.cfg", "base = \"one/b.cfg\";"},
          {"one/b.cfg", "base = \"../two/c.cfg\"; ticket = { mask = \"m.safetensors\"; };"},
          {"two/c.cfg", BASE},
          {"one/m.safetensors", "x"}},
         "one/m.safetensors"},
        {{{"a.cfg", "base = \"one/b.cfg\"; ticket = { mask = \"m.safetensors\"; };"},
          {"one/b.cfg", BASE},
          {"m.safetensors", "x"}},
         "m.safetensors"},
        {{{"a.cfg", "dataset = { plugin = \"toydata\"; }; train = \"idc\";\nticket = { model = { "
                    "plugin = \"toymodel\"; };\n@include \"two/part.cfg\"\n};"},
          {"two/part.cfg", "mask = \"n.safetensors\";"},
          {"two/n.safetensors", "x"}},
         "two/n.safetensors"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char wanted[PATH_MAX + 64], found[PATH_MAX];
        cop_config *c = NULL;
        cop_error err = {0};
        assert_ok(load_files(cases[i].files, NULL, &c, &err), &err);
        assert_non_null(realpath(c->cells[0].given.mask, found));
        assert_string_equal(found, path_of(cases[i].path, wanted));
        cop_config_free(c);
    }
}

/* `base = "…"` of the file i to the file i + 1, for more files than may lie in each other. */
static void write_ladder(int count)
{
    for (int i = 0; i < count; i++) {
        char name[32], text[64];
        (void)snprintf(name, sizeof name, "ladder%d.cfg", i);
        (void)snprintf(text, sizeof text, "base = \"ladder%d.cfg\";", i + 1);
        write_file(name, i + 1 < count ? text : BASE);
    }
}

static const struct {
    file files[MOST_FILES];
    const char *message, *file;
    int line;
} refusals[] = {
    /* a value knows its file, also where it is over or under another file's */
    {{{"a.cfg", "base = \"b.cfg\"; train = { batch = 8; };"}, {"b.cfg", BASE "\ntrain2 = 3;"}},
     "unknown group \"train2\"",
     "b.cfg",
     2},
    {{{"a.cfg", "base = \"b.cfg\"; study = {\nthreads = 3; };"},
      {"b.cfg", BASE "\nstudy = {\n\ncopies = 0; };"}},
     "option \"copies\" of study is 0",
     "b.cfg",
     4},
    {{{"a.cfg", "base = \"b.cfg\"; study = {\nthreads = 0; };"},
      {"b.cfg", BASE "\nstudy = {\n\ncopies = 1; };"}},
     "option \"threads\" of study is 0",
     "a.cfg",
     2},
    {{{"a.cfg", "base = \"b.cfg\";"}, {"b.cfg", BASE "\nstudy = { name = ; };"}},
     "syntax error",
     "b.cfg",
     2},
    {{{"a.cfg", "base = \"b.cfg\"; sweep = ( { path = \"train.lr\";\nvalues = [-1]; } );"},
      {"b.cfg", BASE}},
     "option \"lr\" of the recipe of train is -1",
     "a.cfg",
     2},
    {{{"a.cfg", "base = \"b.cfg\"; study = { threads = 1; };"},
      {"b.cfg", BASE "\nstudy = { copies = 1;\nbaseline = \"x\"; };"}},
     "study.baseline: no cell has the label",
     "b.cfg",
     3},
    {{{"a.cfg", "base = \"b.cfg\"; distill = { plugin = \"toydistiller\"; };"},
      {"b.cfg", BASE "\ndistill = { plugin = \"toydistiller\";\nfctor = 2; };"}},
     "did you mean \"factor\"?",
     "b.cfg",
     3},
    {{{"a.cfg", "base = \"b.cfg\"; train = { lr = 1; };"}, {"b.cfg", "train = \"idc\";"}},
     "the config lacks dataset",
     "a.cfg",
     0},
    /* lines before, in and behind an included file */
    {{{"a.cfg", "\nstudy = { copies = 0; };\n@include \"b.cfg\"\n" BASE}, {"b.cfg", "\n\n"}},
     "option \"copies\" of study is 0",
     "a.cfg",
     2},
    {{{"a.cfg", "\n@include \"b.cfg\"\n" BASE}, {"b.cfg", "\n\n\nstudy = { copies = 0; };"}},
     "option \"copies\" of study is 0",
     "b.cfg",
     4},
    {{{"a.cfg", "\n@include \"b.cfg\"\n" BASE}, {"b.cfg", "study = { copies = 0; };"}},
     "option \"copies\" of study is 0",
     "b.cfg",
     1},
    {{{"a.cfg", "\n@include \"b.cfg\" study = { copies = 0; };\n" BASE}, {"b.cfg", "\n\n\n"}},
     "option \"copies\" of study is 0",
     "a.cfg",
     2},
    {{{"a.cfg", "\n@include \"b.cfg\"\n" BASE "\nstudy = { copies = 0; };"}, {"b.cfg", "\n\n\n"}},
     "option \"copies\" of study is 0",
     "a.cfg",
     4},
    {{{"a.cfg", BASE "\n@include \"b.cfg\"\n"}, {"b.cfg", "\n x = \"open"}},
     "a string is not closed",
     "b.cfg",
     2},
    {{{"a.cfg", BASE "\n@include \"b.cfg\"\n"}, {"b.cfg", "\n\nstudy = { = };"}},
     "syntax error",
     "b.cfg",
     3},
    {{{"a.cfg", BASE "\n@include \"b.cfg\"\n"}, {"b.cfg", "\n x = 5000000000;"}},
     "write 5000000000L",
     "b.cfg",
     2},
    /* what is not there, or nothing that can be read */
    {{{"a.cfg", "\nbase = \"no.cfg\";"}}, "base = \"no.cfg\": cannot read", "a.cfg", 2},
    {{{"a.cfg", "\nbase = \"b.cfg\";"}, {"b.cfg", "\n\nbase = \"in/no.cfg\";"}},
     "base = \"in/no.cfg\": cannot read",
     "b.cfg",
     3},
    {{{"a.cfg", "\n@include \"no.cfg\""}}, "@include \"no.cfg\": cannot read", "a.cfg", 2},
    {{{"a.cfg", "base = \".\";"}}, "base = \".\": cannot read", "a.cfg", 1},
    {{{"a.cfg", "base = \"\";"}}, "base = \"\": cannot read", "a.cfg", 1},
    {{{"a.cfg", "@include \"/dev/zero\""}}, "it is not a regular file", "a.cfg", 1},
    {{{"a.cfg", "base = \"pipe\";"}}, "it is not a regular file", "a.cfg", 1},
    {{{"a.cfg", "base = 3;"}}, "base is an integer; wanted a string", "a.cfg", 1},
    {{{"a.cfg", "base = [\"b.cfg\"];"}}, "base is a list; wanted a string", "a.cfg", 1},
    {{{"a.cfg", BASE "\nstudy = { base = \"b.cfg\"; };"}},
     "unknown option \"base\" of study",
     "a.cfg",
     2},
    /* circles name all that is in them */
    {{{"a.cfg", "base = \"./a.cfg\";"}}, "base = \"./a.cfg\": leads in a circle: ", "a.cfg", 1},
    {{{"a.cfg", "base = \"b.cfg\";"}, {"b.cfg", "\nbase = \"in/../a.cfg\";"}, {"in/x", ""}},
     "/a.cfg, ",
     "b.cfg",
     2},
    {{{"a.cfg", "@include \"b.cfg\""}, {"b.cfg", "\n\n@include \"b.cfg\""}},
     "leads in a circle: ",
     "b.cfg",
     3},
    {{{"a.cfg", "base = \"b.cfg\";"}, {"b.cfg", "@include \"a.cfg\""}},
     "leads in a circle: ",
     "b.cfg",
     1},
    {{{"a.cfg", "base = \"ladder1.cfg\";"}}, "more than 16 files deep", "ladder15.cfg", 1},
    {{{"a.cfg", "@include \"many.cfg\""}}, "more than 1000 files", "many.cfg", 999},
    /* @ where none can be */
    {{{"a.cfg", "study = { }; @include \"b.cfg\"\n"}}, "an @ where none can be", "a.cfg", 1},
    {{{"a.cfg", "\n@include b.cfg\n"}}, "an @ where none can be", "a.cfg", 2},
    {{{"a.cfg", "\n@include \"b.cfg\n"}}, "an @ where none can be", "a.cfg", 2},
    {{{"a.cfg", "\n@include"}}, "an @ where none can be", "a.cfg", 2},
    {{{"a.cfg", "\n@inclde \"b.cfg\""}}, "an @ where none can be", "a.cfg", 2},
};

static void refuses_with_the_right_file_and_line(void **state)
{
    (void)state;
    char path[PATH_MAX + 64];
    write_ladder(17);
    assert_int_equal(mkfifo(path_of("pipe", path), 0600), 0);
    cop_text many = {0};
    for (int i = 0; i < 1000; i++)
        cop_text_append(&many, "@include \"empty.cfg\"\n");
    assert_false(many.failed);
    write_file("many.cfg", many.data);
    write_file("empty.cfg", "");
    cop_text_free(&many);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        cop_status status = load_files(refusals[i].files, NULL, &c, &err);
        assert_null(c);
        assert_refused(status, COP_INVALID, &err, refusals[i].message);
        assert_null(strchr(err.message, '\n'));
        if (err.line != refusals[i].line || strcmp(err.file, path_of(refusals[i].file, path)) != 0)
            fail_msg("%zu: %s: %s:%d, wanted %s:%d", i, err.message, err.file, err.line,
                     refusals[i].file, refusals[i].line);
    }
}

/* As deep as it may be, and a file in two branches is no circle. */
static void takes_what_is_no_circle(void **state)
{
    (void)state;
    char path[PATH_MAX + 64];
    cop_config *c = NULL;
    cop_error err = {0};
    write_ladder(16);
    assert_ok(load_file(path_of("ladder0.cfg", path), NULL, &c, &err), &err);
    cop_config_free(c);
    static const file twice[MOST_FILES] = {
        {"a.cfg", "base = \"b.cfg\"; study = {\n@include \"few.cfg\"\n};"},
        {"b.cfg", BASE "study = {\n@include \"few.cfg\"\n};"},
        {"few.cfg", "copies = 1;"}};
    assert_ok(load_files(twice, NULL, &c, &err), &err);
    cop_config_free(c);
}

/* A warning, too, names the file that it is about. */
static void warns_of_the_file_that_it_is_about(void **state)
{
    (void)state;
    char *said = NULL, path[PATH_MAX + 64];
    size_t size = 0;
    cop_config *c = NULL;
    cop_error err = {0};
    write_file("a.cfg", "base = \"b.cfg\"; study = { copies = 1; };");
    write_file("b.cfg", "dataset = { plugin = \"toydata\"; }; train = { recipe = \"idc\"; };\n"
                        "ticket = { model = { plugin = \"toymodel\"; };\nstages = (); };");
    FILE *stream = open_memstream(&said, &size);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    assert_ok(cop_config_load(path_of("a.cfg", path), NULL, 0, fixture_registry(), log, &c, &err),
              &err);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(said, "/b.cfg:3: ticket.stages is deprecated"));
    free(said);
    cop_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_a_config_over_its_base),
        cmocka_unit_test(where_a_setting_was_written_changes_nothing),
        cmocka_unit_test(does_not_take_over_the_name_of_the_study),
        cmocka_unit_test(paths_are_relative_to_the_file_that_says_them),
        cmocka_unit_test(refuses_with_the_right_file_and_line),
        cmocka_unit_test(takes_what_is_no_circle),
        cmocka_unit_test(warns_of_the_file_that_it_is_about),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}

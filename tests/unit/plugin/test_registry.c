/* test_registry.c: finding and checking plugins, a broken one for every way to be broken, and what
 * `list` and `inspect` print of them. */
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "plugin/loading/open.h"
#include "plugin/loading/registry.h"
#include "plugin/options/describe.h"

#include <cJSON.h>
#include <errno.h>
#include <fenv.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char fixtures[] = COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins";

/* The fixtures alone: no directory of the environment. */
static cop_registry *open_dirs(const char *first, const char *second)
{
    const char *dirs[] = {first, second};
    cop_registry *r = NULL;
    cop_error err = {0};
    assert_ok(cop_registry_search(dirs, second != NULL ? 2 : 1, NULL, &r, &err), &err);
    assert_int_equal(err.status, COP_OK);
    assert_string_equal(err.message, "");
    return r;
}

static const char *reason_of(const cop_registry *r, const char *file)
{
    for (size_t i = 0; i < cop_registry_refusal_count(r); i++) {
        const char *path = cop_registry_refusal_at(r, i)->path;
        size_t length = strlen(path), wanted = strlen(file);
        if (length > wanted && path[length - wanted - 1] == '/' &&
            strcmp(path + length - wanted, file) == 0)
            return cop_registry_refusal_at(r, i)->reason;
    }
    return NULL;
}

static void copy_file(const char *from, const char *to)
{
    char *data = NULL;
    size_t size = 0;
    cop_error err = {0};
    assert_ok(cop_file_read(from, (size_t)64 << 20, &data, &size, &err), &err);
    assert_ok(cop_file_write(to, data, size, &err), &err);
    free(data);
}

static char *printed(FILE *stream, char **text)
{
    assert_int_equal(fclose(stream), 0);
    return *text;
}

static const struct {
    const char *file;
    const char *reason; /* a part of it */
} broken[] = {
    {"no_symbol.so", "has no symbol coppice_plugin: not a plugin"},
    {"tiny_symbol.so", "symbol coppice_plugin is 4 bytes; wanted a descriptor of"},
    {"wrong_magic.so", "magic number is 0x12345678; wanted 0x43504943"},
    {"older_major.so", "built for ABI 1.1; wanted major version 2"},
    {"major_too_new.so", "built for ABI 3.1; wanted major version 2"},
    {"minor_too_new.so", "built for ABI 2.2; this host knows none newer than 2.1"},
    {"size_too_small.so", "descriptor is 24 bytes; wanted"},
    {"size_too_large.so", "bytes; wanted"},
    {"unknown_kind.so", "kind is 9; wanted 1 to 5"},
    {"wrong_interface.so", "pruner interface is 3; wanted 2"},
    {"wrong_option_size.so", "an option is 8 bytes; wanted"},
    {"empty_id.so", "id is empty; wanted a text"},
    {"bad_id.so", "id is \"Bad Id\"; wanted a lower-case word, [a-z][a-z0-9_-]*"},
    {"garbage_id.so", "crashed when opened (signal 11)"},
    {"null_ops.so", "ops is NULL; wanted a pruner's operations"},
    {"short_ops.so", "ops is 48 bytes; wanted 56"},
    {"long_ops.so", "ops is 72 bytes; wanted 56 to 64"},
    {"half_model.so", "callback \"build\" is NULL; a model must have it"},
    {"null_callback.so", "callback \"finish\" is NULL; a pruner must have it"},
    {"default_outside.so", "option \"rate\" of the table is 1.5; wanted 0 to 1"},
    {"duplicate_option.so", "option \"rate\" is there twice"},
    {"reserved_option.so", "option \"per_class\" has a name that the host reserves: it is a key of "
                           "every dataset's group"},
    {"labelled_option.so",
     "option \"label\" has a name that the host reserves: it is a key of every "
     "analyzer's group"},
    {"toypruner_again.so", "pruner \"toypruner\" is taken from "},
    {"unresolved.so", "unresolved.so: undefined symbol: coppice_fixture_nowhere"},
    {"crashes.so", "crashed when opened (signal 11)"},
    {"exits.so", "ended the process when opened (status 7)"},
};

static void refuses_every_broken_plugin_with_its_reason(void **state)
{
    (void)state;
    cop_registry *r = open_dirs(fixtures, NULL);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const char *reason = reason_of(r, broken[i].file);
        if (reason == NULL || strstr(reason, broken[i].reason) == NULL)
            fail_msg("%s: \"%s\" lacks \"%s\"", broken[i].file,
                     reason != NULL ? reason : "(loaded)", broken[i].reason);
        assert_null(strchr(reason, '\n'));
    }
    cop_registry_free(r);
}

static void loads_good_plugins_beside_broken_ones(void **state)
{
    (void)state;
    static const struct {
        cop_kind kind;
        const char *id;
    } good[] = {
        {COP_KIND_MODEL, "toymodel"},         {COP_KIND_DATASET, "toydata"},
        {COP_KIND_DISTILLER, "toydistiller"}, {COP_KIND_PRUNER, "toypruner"},
        {COP_KIND_ANALYZER, "toyanalyzer"},   {COP_KIND_PRUNER, "hangs"},
        {COP_KIND_PRUNER, "minor_older"},
    };
    cop_registry *r = open_dirs(fixtures, NULL);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const cop_registry_entry *entry = cop_registry_find(r, good[i].kind, good[i].id);
        assert_non_null(entry);
        assert_string_equal(entry->plugin->id, good[i].id);
        assert_int_equal(strlen(entry->content_hash), 32);
    }
    assert_null(cop_registry_find(r, COP_KIND_MODEL, "toypruner"));
    for (size_t i = 1; i < cop_registry_count(r); i++) {
        const cop_plugin *a = cop_registry_at(r, i - 1)->plugin, *b = cop_registry_at(r, i)->plugin;
        assert_true(a->kind < b->kind || (a->kind == b->kind && strcmp(a->id, b->id) < 0));
    }
    cop_registry_free(r);
}

/* A plugin of an older minor knows fewer members: what it lacks is empty in the host's copy. */
static void completes_an_older_plugin(void **state)
{
    (void)state;
    cop_registry *r = open_dirs(fixtures, NULL);
    const cop_plugin *whole = cop_registry_find(r, COP_KIND_PRUNER, "toypruner")->plugin;
    const cop_work_ops *whole_ops = whole->ops;
    cop_work_ops shorter = *whole_ops;
    cop_plugin older = *whole;
    shorter.size = offsetof(cop_work_ops, finish);
    older.ops = &shorter;
    const cop_plugin *copy = NULL;
    cop_error err = {0};
    assert_ok(cop_plugin_copy(&older, &copy, &err), &err);
    const cop_work_ops *ops = copy->ops;
    assert_true(ops->create == whole_ops->create);
    assert_true(ops->finish == NULL);
    assert_ptr_not_equal(copy->ops, older.ops);
    assert_string_equal(copy->id, "toypruner");
    assert_int_equal(copy->option_count, whole->option_count);
    assert_string_equal(copy->options[0].name, whole->options[0].name);
    cop_plugin_free(copy);
    cop_registry_free(r);
}

/* The texts of a later minor: read where the descriptor has them, one line each. */
static void reads_the_texts_that_a_descriptor_is_long_enough_for(void **state)
{
    (void)state;
    cop_registry *r = open_dirs(fixtures, NULL);
    cop_plugin plugin = *cop_registry_find(r, COP_KIND_PRUNER, "toypruner")->plugin;
    const cop_plugin *copy = NULL;
    cop_error err = {0};
    plugin.defaults = "its paper";
    plugin.departures = "two\nlines";
    assert_refused(cop_plugin_check(&plugin, &err), COP_INVALID, &err,
                   "departures has more than one line");
    plugin.size = offsetof(cop_plugin, departures);
    assert_ok(cop_plugin_check(&plugin, &err), &err);
    assert_ok(cop_plugin_copy(&plugin, &copy, &err), &err);
    assert_string_equal(copy->defaults, "its paper");
    assert_null(copy->departures);
    cop_plugin_free(copy);
    plugin.size = offsetof(cop_plugin, defaults);
    plugin.defaults = "";
    assert_ok(cop_plugin_check(&plugin, &err), &err);
    assert_ok(cop_plugin_copy(&plugin, &copy, &err), &err);
    assert_null(copy->defaults);
    cop_plugin_free(copy);
    cop_registry_free(r);
}

/* Rows are read by the size that the plugin was built with: their place in the table by it, and what
 * they lack as 0. */
static void reads_option_rows_that_are_shorter_than_its_own(void **state)
{
    (void)state;
    cop_registry *r = open_dirs(fixtures, NULL);
    const cop_plugin *whole = cop_registry_find(r, COP_KIND_PRUNER, "toypruner")->plugin;
    enum { SHORT = offsetof(cop_option, alias_of), ROWS = 2 };
    _Alignas(cop_option) char rows[ROWS * SHORT];
    for (size_t i = 0; i < ROWS; i++)
        memcpy(rows + i * SHORT, &whole->options[i], SHORT);
    assert_non_null(whole->options[1].alias_of);
    cop_plugin older = *whole;
    older.options = (const cop_option *)(const void *)rows;
    older.option_size = SHORT;
    older.option_count = ROWS;
    const cop_plugin *copy = NULL;
    cop_error err = {0};
    assert_ok(cop_plugin_copy(&older, &copy, &err), &err);
    for (size_t i = 0; i < ROWS; i++) {
        assert_memory_equal(&copy->options[i], &whole->options[i], SHORT);
        assert_null(copy->options[i].alias_of);
    }
    assert_int_equal(copy->option_size, sizeof(cop_option));
    cop_plugin_free(copy);
    cop_registry_free(r);
}

/* A directory with what is no plugin at all, and one good plugin. */
static void refuses_files_that_are_no_objects(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64], good[PATH_MAX];
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/text.so", dir);
    char text[256];
    memset(text, 'x', sizeof text);
    assert_ok(cop_file_write(path, text, sizeof text, &err), &err);
    (void)snprintf(path, sizeof path, "%s/empty.so", dir);
    assert_ok(cop_file_write(path, "", 0, &err), &err);
    (void)snprintf(path, sizeof path, "%s/folder.so", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/nowhere.so", dir);
    assert_int_equal(symlink("/nonexistent/file", path), 0);
    (void)snprintf(path, sizeof path, "%s/notes.txt", dir);
    assert_ok(cop_file_write(path, "x", 1, &err), &err);
    (void)snprintf(good, sizeof good, "%s/toypruner.so", fixtures);
    (void)snprintf(path, sizeof path, "%s/zz.so", dir);
    copy_file(good, path);

    cop_registry *r = open_dirs(dir, NULL);
    assert_non_null(strstr(reason_of(r, "text.so"), "text.so: invalid ELF header"));
    assert_non_null(strstr(reason_of(r, "empty.so"), "empty.so: file too short"));
    assert_string_equal(reason_of(r, "folder.so"), "is not a regular file");
    assert_string_equal(reason_of(r, "nowhere.so"), strerror(2));
    assert_null(reason_of(r, "notes.txt"));
    assert_non_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);
    remove_tree(dir);
}

static void shadows_equal_files_quietly(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64], good[PATH_MAX];
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(good, sizeof good, "%s/toypruner.so", fixtures);
    (void)snprintf(path, sizeof path, "%s/mine.so", dir);
    copy_file(good, path);
    cop_registry *r = open_dirs(dir, fixtures);
    const cop_registry_entry *entry = cop_registry_find(r, COP_KIND_PRUNER, "toypruner");
    assert_non_null(entry);
    assert_string_equal(entry->path, path);
    assert_null(reason_of(r, "toypruner.so"));
    assert_non_null(strstr(reason_of(r, "toypruner_again.so"), "mine.so"));
    cop_registry_free(r);
    remove_tree(dir);
}

static void says_which_directories_are_missing(void **state)
{
    (void)state;
    const char *dirs[] = {"/nonexistent/plugins"};
    cop_registry *r = NULL;
    cop_error err = {0};
    assert_refused(cop_registry_search(dirs, 1, NULL, &r, &err), COP_INVALID, &err,
                   "plugin directory /nonexistent/plugins: No such file");
    assert_null(r);
    assert_int_equal(setenv("COPPICE_PLUGIN_PATH", "/nonexistent/other", 1), 0);
    r = open_dirs(fixtures, NULL);
    assert_non_null(reason_of(r, "other"));
    cop_registry_free(r);
}

/* So that a process that works elsewhere by then opens the same object. */
static void what_a_relative_directory_holds_has_a_path_from_the_root(void **state)
{
    (void)state;
    char old[PATH_MAX];
    assert_non_null(getcwd(old, sizeof old));
    assert_int_equal(chdir(COPPICE_TEST_BUILD_DIR "/tests"), 0);
    cop_registry *r = open_dirs("fixtures/plugins", NULL);
    assert_int_equal(chdir(old), 0);
    const cop_registry_entry *entry = cop_registry_find(r, COP_KIND_PRUNER, "toypruner");
    assert_non_null(entry);
    assert_int_equal(access(entry->path, R_OK), 0);
    cop_registry_free(r);
}

static void searches_the_environment_but_never_the_working_directory(void **state)
{
    (void)state;
    char old[PATH_MAX], list[2 * PATH_MAX];
    assert_non_null(getcwd(old, sizeof old));
    assert_int_equal(chdir(fixtures), 0);
    assert_int_equal(setenv("COPPICE_PLUGIN_PATH", "::", 1), 0);
    cop_registry *r = NULL;
    cop_error err = {0};
    assert_ok(cop_registry_search(NULL, 0, NULL, &r, &err), &err);
    assert_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);
    assert_int_equal(chdir(old), 0);

    (void)snprintf(list, sizeof list, ":%s:", fixtures);
    assert_int_equal(setenv("COPPICE_PLUGIN_PATH", list, 1), 0);
    assert_ok(cop_registry_search(NULL, 0, NULL, &r, &err), &err);
    assert_non_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);
}

static void explains_unknown_ids(void **state)
{
    (void)state;
    static const struct {
        cop_kind kind;
        const char *id, *text;
    } cases[] = {
        {COP_KIND_PRUNER, "toyprunner",
         "unknown pruner \"toyprunner\"; did you mean \"toypruner\"?"},
        {COP_KIND_PRUNER, "crashes", "crashes.so was refused: crashed when opened (signal 11)"},
        {COP_KIND_DATASET, "zzzzzzzz", "unknown dataset \"zzzzzzzz\"; known: "},
        {COP_KIND_DATASET, "a\nb", "unknown dataset \"a\\nb\""},
    };
    cop_registry *r = open_dirs(fixtures, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        assert_refused(cop_registry_unknown(r, cases[i].kind, cases[i].id, &err), COP_INVALID, &err,
                       cases[i].text);
    }
    cop_registry_free(r);
}

static void gives_up_on_a_constructor_that_hangs(void **state)
{
    (void)state;
    char dir[PATH_MAX], from[PATH_MAX], hangs[PATH_MAX + 64], good[PATH_MAX];
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(from, sizeof from, "%s/hangs.so", fixtures);
    (void)snprintf(hangs, sizeof hangs, "%s/hangs.so", dir);
    copy_file(from, hangs); /* one that this process has not opened yet */
    (void)snprintf(good, sizeof good, "%s/toypruner.so", fixtures);
    const char *paths[] = {hangs, good};
    cop_probe_result results[2];
    cop_error err = {0};
    assert_int_equal(setenv("COPPICE_FIXTURE_HANGS", "1", 1), 0);
    cop_status status = cop_plugin_probe(paths, 2, 1, NULL, results, &err);
    assert_int_equal(unsetenv("COPPICE_FIXTURE_HANGS"), 0);
    assert_ok(status, &err);
    assert_false(results[0].is_ok);
    assert_string_equal(results[0].reason, "did not return within 1 s when opened");
    assert_true(results[1].is_ok);
    remove_tree(dir);
}

/* What is opened in this process. */

static bool is_mapped(const char *part)
{
    char line[PATH_MAX + 200];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        found = found || strstr(line, part) != NULL;
    assert_int_equal(fclose(maps), 0);
    return found;
}

/* A copy of a fixture in a fresh directory, so that this process has not opened it yet. */
static void make_copy(const char *name, char *dir, size_t size, char *path, size_t path_size)
{
    char from[PATH_MAX];
    make_temp_dir(dir, size);
    (void)snprintf(from, sizeof from, "%s/%s.so", fixtures, name);
    (void)snprintf(path, path_size, "%s/%s.so", dir, name);
    copy_file(from, path);
}

static void opens_in_this_process_only_what_is_asked_for(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64];
    make_copy("toypruner", dir, sizeof dir, path, sizeof path);
    cop_registry *r = open_dirs(dir, NULL);
    assert_true(cop_registry_count(r) > 0);
    assert_false(is_mapped(path));
    const cop_registry_entry *entry = cop_registry_find(r, COP_KIND_PRUNER, "toypruner");
    assert_non_null(entry);
    assert_true(is_mapped(path));
    assert_true(entry->plugin->option_count > 0);
    cop_registry_free(r);
    remove_tree(dir);
}

static void a_plugin_does_not_change_how_numbers_are_rounded(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64];
    make_copy("flushes", dir, sizeof dir, path, sizeof path);
    cop_registry *r = open_dirs(dir, NULL);
    assert_non_null(cop_registry_find(r, COP_KIND_PRUNER, "flushes"));
    assert_true(is_mapped(path));
    volatile float least = 1.17549435e-38f, half = 0.5f;
    volatile float product = least * half;
    assert_true(product > 0.0f);
    assert_int_equal(fegetround(), FE_TONEAREST);
    cop_registry_free(r);
    remove_tree(dir);
}

static void refuses_what_everyone_may_write(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64];
    make_copy("toypruner", dir, sizeof dir, path, sizeof path);
    assert_int_equal(chmod(path, 0666), 0);
    cop_registry *r = open_dirs(dir, NULL);
    assert_non_null(strstr(reason_of(r, "toypruner.so"), "everyone may write it"));
    assert_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);

    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    r = open_dirs(dir, NULL);
    assert_non_null(strstr(reason_of(r, "toypruner.so"), "everyone may write its directory"));
    cop_registry_free(r);

    assert_int_equal(setenv("COPPICE_ALLOW_WRITABLE_PLUGINS", "0", 1), 0);
    r = open_dirs(dir, NULL);
    assert_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);

    assert_int_equal(setenv("COPPICE_ALLOW_WRITABLE_PLUGINS", "1", 1), 0);
    r = open_dirs(dir, NULL);
    assert_int_equal(unsetenv("COPPICE_ALLOW_WRITABLE_PLUGINS"), 0);
    assert_non_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);

    assert_int_equal(chmod(dir, 01777), 0);
    r = open_dirs(dir, NULL);
    assert_non_null(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"));
    cop_registry_free(r);
    remove_tree(dir);
}

static void says_once_which_plugin_is_taken_and_which_is_shadowed(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    cop_logger *log = cop_logger_new(to, COP_LOG_INFO, false);
    cop_registry *r = open_dirs(fixtures, NULL);
    const cop_registry_entry *entry = cop_registry_find(r, COP_KIND_PRUNER, "toypruner");
    cop_registry_say_shadowed(r, entry, log);
    cop_registry_say_shadowed(r, entry, log);
    cop_logger_free(log);
    (void)printed(to, &text);
    char wanted[3 * PATH_MAX];
    (void)snprintf(wanted, sizeof wanted,
                   "warning: pruner \"toypruner\" is taken from %s/toypruner.so and not from "
                   "%s/toypruner_again.so, which is searched later\n",
                   fixtures, fixtures);
    assert_string_equal(text, wanted);
    free(text);
    cop_registry_free(r);
}

/* What is said when the registry's plugin of that id is used; the caller's. */
static char *said_of(const cop_registry *r, const char *id)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    cop_logger *log = cop_logger_new(to, COP_LOG_INFO, false);
    cop_registry_say_shadowed(r, cop_registry_find(r, COP_KIND_PRUNER, id), log);
    cop_logger_free(log);
    return printed(to, &text);
}

static void says_which_refused_file_another_plugin_stands_in_for(void **state)
{
    (void)state;
    static const char *const names[] = {"toypruner.so", "pruner-toypruner.so"};
    for (size_t i = 0; i < 2; i++) {
        char dir[PATH_MAX], path[PATH_MAX + 64], wanted[3 * PATH_MAX];
        cop_error err = {0};
        make_temp_dir(dir, sizeof dir);
        (void)snprintf(path, sizeof path, "%s/unrelated.so", dir);
        assert_ok(cop_file_write(path, "", 0, &err), &err);
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_ok(cop_file_write(path, "", 0, &err), &err);
        cop_registry *r = open_dirs(dir, fixtures);
        char *text = said_of(r, "toypruner");
        (void)snprintf(wanted, sizeof wanted,
                       "warning: pruner \"toypruner\" is taken from %s/toypruner.so and not from "
                       "%s, which was refused: ",
                       fixtures, path);
        assert_non_null(strstr(text, wanted));
        assert_non_null(strstr(text, "file too short\n"));
        assert_null(strstr(text, "unrelated"));
        free(text);
        cop_registry_free(r);
        remove_tree(dir);
    }
}

/* A process that may open no further file. */
static void a_directory_that_the_machine_cannot_read_is_no_missing_one(void **state)
{
    (void)state;
    cop_registry *r = NULL;
    cop_error err = {0};
    struct rlimit before, few;
    const char *dirs[] = {fixtures};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0);
    assert_true(next >= 0);
    few = before;
    few.rlim_cur = (rlim_t)next; /* no file at all: the directory cannot be read */
    assert_int_equal(close(next), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    cop_status status = cop_registry_search(dirs, 1, NULL, &r, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_refused(status, COP_FAILED, &err, strerror(EMFILE));
    assert_null(r);
}

static void names_kinds(void **state)
{
    (void)state;
    for (cop_kind kind = COP_KIND_MODEL; kind <= COP_KIND_ANALYZER; kind++) {
        assert_int_equal(cop_kind_parse(cop_kind_name(kind)), kind);
        assert_int_equal(cop_kind_parse(cop_kind_plural(kind)), kind);
    }
    assert_int_equal(cop_kind_parse("weasel"), 0);
    assert_string_equal(cop_kind_name((cop_kind)9), "unknown");
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void lists_plugins_and_refusals(void **state)
{
    (void)state;
    cop_registry *r = open_dirs(fixtures, NULL);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cop_describe_list(r, (cop_kind)0, out);
    (void)printed(out, &text);
    assert_contains(text, "models\n");
    assert_contains(text, "  toymodel         1.0.0  One hidden linear layer\n");
    assert_contains(text, "pruners\n");
    assert_contains(text, "failed to load\n");
    const char *shadowed = strstr(text, "toypruner_again.so\n");
    assert_true(shadowed > strstr(text, "shadowed\n"));
    assert_true(shadowed < strstr(text, "failed to load\n"));
    assert_contains(text, "crashed when opened (signal 11)\n");
    free(text);

    out = open_memstream(&text, &size);
    cop_describe_list(r, COP_KIND_DATASET, out);
    (void)printed(out, &text);
    assert_contains(text, "toydata");
    assert_null(strstr(text, "toymodel"));
    free(text);

    cop_error err = {0};
    out = open_memstream(&text, &size);
    assert_ok(cop_describe_list_json(r, (cop_kind)0, out, &err), &err);
    cJSON *json = cJSON_Parse(printed(out, &text));
    assert_non_null(json);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "plugins")),
                     cop_registry_count(r));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "refused")),
                     cop_registry_refusal_count(r));
    cJSON_Delete(json);
    free(text);
    cop_registry_free(r);
}

static const cJSON *option_named(const cJSON *plugin, const char *name)
{
    const cJSON *option = NULL;
    cJSON_ArrayForEach(option, cJSON_GetObjectItem(plugin, "options"))
    {
        if (strcmp(cJSON_GetObjectItem(option, "name")->valuestring, name) == 0)
            return option;
    }
    fail_msg("no option %s", name);
    return NULL;
}

static void inspects_a_plugin(void **state)
{
    (void)state;
    cop_registry *r = open_dirs(fixtures, NULL);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cop_describe_plugin(cop_registry_find(r, COP_KIND_DISTILLER, "toydistiller"), out);
    (void)printed(out, &text);
    assert_contains(text, "distiller toydistiller\n");
    assert_contains(text, "  results    3\n");
    assert_contains(text, "  ABI        2.1, distiller interface 2\n");
    assert_contains(text,
                    "  ipc\n      int, 1 to 1000, in images, required\n      images per class\n");
    assert_contains(text, "  model = { plugin = \"toymodel\"; width = 8; }\n      model\n");
    /* the advanced option comes last */
    assert_true(strstr(text, "  recipe = idc\n      recipe, advanced\n") >
                strstr(text, "  model = "));
    free(text);

    out = open_memstream(&text, &size);
    cop_describe_plugin(cop_registry_find(r, COP_KIND_PRUNER, "toypruner"), out);
    (void)printed(out, &text);
    assert_contains(
        text, "  fail = no\n      enum, one of no | text | silent | strange | absent | file\n");
    assert_contains(text, "  ratio\n      deprecated: write rate\n");
    free(text);

    cop_error err = {0};
    out = open_memstream(&text, &size);
    assert_ok(
        cop_describe_plugin_json(cop_registry_find(r, COP_KIND_ANALYZER, "toyanalyzer"), out, &err),
        &err);
    cJSON *json = cJSON_Parse(printed(out, &text));
    assert_non_null(json);
    assert_string_equal(cJSON_GetObjectItem(json, "kind")->valuestring, "analyzer");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "citation")));
    const cJSON *count = option_named(json, "count");
    assert_string_equal(cJSON_GetObjectItem(count, "type")->valuestring, "int");
    assert_string_equal(cJSON_GetObjectItem(count, "default")->valuestring, "11");
    assert_true(cJSON_GetObjectItem(count, "min")->valuedouble == 2.0);
    assert_string_equal(cJSON_GetObjectItem(count, "unit")->valuestring, "points");
    assert_int_equal(
        cJSON_GetArraySize(cJSON_GetObjectItem(option_named(json, "choice"), "choices")), 3);
    cJSON_Delete(json);
    free(text);
    cop_registry_free(r);
}

static void finds_the_plugin_that_a_word_names(void **state)
{
    (void)state;
    static const struct {
        const char *word, *text; /* NULL: found */
    } cases[] = {
        {"toypruner", NULL},
        {"pruner:toypruner", NULL},
        {"pruners:toypruner", NULL},
        {"model:toypruner", "unknown model \"toypruner\""},
        {"weasel:toypruner", "unknown kind in \"weasel:toypruner\""},
        {"toyprunr", "did you mean \"toypruner\"?"},
        {"exits", "exits.so was refused: ended the process"},
        {"qqqqqqqq", "unknown plugin \"qqqqqqqq\""},
    };
    cop_registry *r = open_dirs(fixtures, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cop_registry_entry *entry = NULL;
        cop_error err = {0};
        cop_status status = cop_describe_find(r, cases[i].word, &entry, &err);
        if (cases[i].text != NULL) {
            assert_refused(status, COP_INVALID, &err, cases[i].text);
            continue;
        }
        assert_ok(status, &err);
        assert_string_equal(entry->plugin->id, "toypruner");
    }
    cop_registry_free(r);
}

static int without_environment(void **state)
{
    (void)state;
    return unsetenv("COPPICE_PLUGIN_PATH");
}

/* Memory that is refused says nothing about a file, and an id that nobody knows may be its. */
static void a_file_that_memory_does_not_suffice_for_is_not_unknown(void **state)
{
    (void)state;
    long pages = 0;
    struct rlimit before, tight;
    char dir[256], path[300];
    cop_error err = {0};
    const cop_plugin *plugin = NULL;
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/new.so", dir); /* one that is not open yet */
    copy_file(COPPICE_TEST_BUILD_DIR "/plugins/analyzer-hessian.so", path);
    FILE *sizes = fopen("/proc/self/statm", "r");
    assert_non_null(sizes);
    assert_int_equal(fscanf(sizes, "%ld", &pages), 1);
    assert_int_equal(fclose(sizes), 0);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = (struct rlimit){(rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE), before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    cop_status status = cop_plugin_open(path, &plugin, &err);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(status, COP_FAILED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cop_plugin_open(path, &plugin, &err), COP_INVALID);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refuses_every_broken_plugin_with_its_reason, without_environment),
        cmocka_unit_test_setup(loads_good_plugins_beside_broken_ones, without_environment),
        cmocka_unit_test_setup(completes_an_older_plugin, without_environment),
        cmocka_unit_test_setup(reads_the_texts_that_a_descriptor_is_long_enough_for,
                               without_environment),
        cmocka_unit_test_setup(reads_option_rows_that_are_shorter_than_its_own,
                               without_environment),
        cmocka_unit_test_setup(refuses_files_that_are_no_objects, without_environment),
        cmocka_unit_test_setup(shadows_equal_files_quietly, without_environment),
        cmocka_unit_test_setup(says_which_directories_are_missing, without_environment),
        cmocka_unit_test(what_a_relative_directory_holds_has_a_path_from_the_root),
        cmocka_unit_test_setup(searches_the_environment_but_never_the_working_directory,
                               without_environment),
        cmocka_unit_test_setup(explains_unknown_ids, without_environment),
        cmocka_unit_test_setup(gives_up_on_a_constructor_that_hangs, without_environment),
        cmocka_unit_test(a_file_that_memory_does_not_suffice_for_is_not_unknown),
        cmocka_unit_test_setup(opens_in_this_process_only_what_is_asked_for, without_environment),
        cmocka_unit_test_setup(a_plugin_does_not_change_how_numbers_are_rounded,
                               without_environment),
        cmocka_unit_test_setup(refuses_what_everyone_may_write, without_environment),
        cmocka_unit_test_setup(says_once_which_plugin_is_taken_and_which_is_shadowed,
                               without_environment),
        cmocka_unit_test_setup(says_which_refused_file_another_plugin_stands_in_for,
                               without_environment),
        cmocka_unit_test_setup(a_directory_that_the_machine_cannot_read_is_no_missing_one,
                               without_environment),
        cmocka_unit_test_setup(names_kinds, without_environment),
        cmocka_unit_test_setup(lists_plugins_and_refusals, without_environment),
        cmocka_unit_test_setup(inspects_a_plugin, without_environment),
        cmocka_unit_test_setup(finds_the_plugin_that_a_word_names, without_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

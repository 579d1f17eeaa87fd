/* Tests of reading the command line. */
#include "support.h"

#include "cli/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const accepted[] = {"set", "out", "jobs", "quiet", NULL};

/* Splits at blanks and reads it, as if behind "coppice run". */
static cop_status read_line(const char *line, cop_arguments *a, char **memory, cop_error *err)
{
    char *argv[COP_MOST_WORDS + 8] = {0}, *rest = *memory = strdup(line);
    int argc = 0;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        argv[argc++] = word;
    return cop_arguments_read(argc, argv, 0, accepted, a, err);
}

static void words_and_options_mix(void **state)
{
    (void)state;
    cop_arguments a;
    cop_error err = {0};
    char *memory = NULL;
    assert_ok(
        read_line("--set a=1 study.cfg --out=some/where --set=b=[2,3] --quiet", &a, &memory, &err),
        &err);
    assert_int_equal(a.word_count, 1);
    assert_string_equal(a.words[0], "study.cfg");
    assert_string_equal(a.out, "some/where");
    assert_int_equal(a.set.count, 2);
    assert_string_equal(a.set.items[0], "a=1");
    assert_string_equal(a.set.items[1], "b=[2,3]");
    assert_true(a.quiet);
    assert_false(a.json);
    assert_null(a.jobs);
    cop_arguments_clear(&a);
    free(memory);
}

static void two_dashes_end_options(void **state)
{
    (void)state;
    cop_arguments a;
    cop_error err = {0};
    char *memory = NULL;
    assert_ok(read_line("- -- --out", &a, &memory, &err), &err);
    assert_int_equal(a.word_count, 2);
    assert_string_equal(a.words[0], "-");
    assert_string_equal(a.words[1], "--out");
    assert_null(a.out);
    cop_arguments_clear(&a);
    free(memory);
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *line, *message;
    } cases[] = {{"--ouy x", "unknown option '--ouy'; did you mean '--out'?"},
                 {"--ouy=x", "unknown option '--ouy=x'; did you mean '--out'?"},
                 {"--weights x", "unknown option '--weights'"}, /* another subcommand's */
                 {"--", NULL},
                 {"-q", "unknown option '-q'"},
                 {"--=3", "unknown option '--=3'"},
                 {"--thisnameisfartoolongforanyoptionthatthereis", "unknown option"},
                 {"--out", "option '--out' wants a value: DIR"},
                 {"--quiet=1", "option '--quiet' takes no value"},
                 {"--out a --out b", "option '--out' is given twice"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_arguments a;
        cop_error err = {0};
        char *memory = NULL;
        cop_status status = read_line(cases[i].line, &a, &memory, &err);
        if (cases[i].message != NULL)
            assert_refused(status, COP_INVALID, &err, cases[i].message);
        else
            assert_ok(status, &err);
        cop_arguments_clear(&a);
        free(memory);
    }
}

/* A command line may name many directories, but not any number. */
static void words_beyond_the_most_are_refused(void **state)
{
    (void)state;
    char line[2 * COP_MOST_WORDS + 2] = "", *memory = NULL;
    cop_arguments a;
    cop_error err = {0};
    for (size_t i = 0; i < COP_MOST_WORDS; i++)
        memcpy(line + 2 * i, i + 1 < COP_MOST_WORDS ? "a " : "a", 2);
    assert_ok(read_line(line, &a, &memory, &err), &err);
    assert_int_equal(a.word_count, COP_MOST_WORDS);
    cop_arguments_clear(&a);
    free(memory);
    memcpy(line + 2 * (size_t)COP_MOST_WORDS - 1, " Q", 3);
    assert_refused(read_line(line, &a, &memory, &err), COP_INVALID, &err, "unexpected 'Q'");
    cop_arguments_clear(&a);
    free(memory);
}

static void whole_numbers_are_checked(void **state)
{
    (void)state;
    cop_error err = {0};
    int64_t value = -7;
    assert_ok(cop_argument_integer("jobs", "12", 1, 100, &value, &err), &err);
    assert_int_equal(value, 12);
    static const char *const wrong[] = {"", "x", "1x", "0", "101", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(cop_argument_integer("jobs", wrong[i], 1, 100, &value, &err), COP_INVALID,
                       &err, "option '--jobs' is '");
    assert_int_equal(value, 12);
}

static void words_survive_the_shell(void **state)
{
    (void)state;
    static const char *const words[] = {"plain-1.cfg",
                                        "",
                                        "two words",
                                        "it's",
                                        "$HOME;`ls`",
                                        "a\"b",
                                        "\x1b[31m red\x07\n's",
                                        "\x7f\xc2\x9b[31m \xc3\xa4",
                                        "ticket.phases.[0].data=real"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char command[256], *text = NULL, got[256] = "";
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        cop_print_shell_word(words[i], out);
        (void)fclose(out);
        assert_null(strpbrk(text, "\x1b\x7f")); /* no terminal obeys it */
        assert_null(strstr(text, "\xc2\x9b"));
        (void)snprintf(command, sizeof command, "printf %%s. %s", text);
        FILE *shell = popen(command, "r");
        assert_non_null(shell);
        size_t length = fread(got, 1, sizeof got - 1, shell);
        assert_int_equal(pclose(shell), 0);
        assert_int_equal(length, strlen(words[i]) + 1);
        got[length - 1] = '\0';
        assert_string_equal(got, words[i]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_options_mix),
        cmocka_unit_test(two_dashes_end_options),
        cmocka_unit_test(wrong_usage_is_refused),
        cmocka_unit_test(words_beyond_the_most_are_refused),
        cmocka_unit_test(whole_numbers_are_checked),
        cmocka_unit_test(words_survive_the_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

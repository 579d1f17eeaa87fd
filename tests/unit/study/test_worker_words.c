/* What workers say, and reading it from a pipe. */
#include "study/executors/lines.h"
#include "study/executors/words.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "train-0123456789abcdef0123456789abcdef";

static void what_is_said_is_read(void **state)
{
    (void)state;
    cop_artifact_id id;
    char *text = NULL;
    size_t size = 0;
    assert_true(cop_artifact_parse(name, &id));
    FILE *out = open_memstream(&text, &size);
    cop_worker_say(out, COP_WORD_BEGUN, &id);
    cop_worker_say_at(out, 30, 120, "loss 1.234");
    cop_worker_say(out, COP_WORD_ENDED, &id);
    cop_worker_say(out, COP_WORD_LEFT, &id);
    cop_worker_say(NULL, COP_WORD_ENDED, &id);
    (void)fclose(out);
    char *rest = text;
    cop_worker_line begun = cop_worker_read(strsep(&rest, "\n"));
    cop_worker_line at = cop_worker_read(strsep(&rest, "\n"));
    cop_worker_line ended = cop_worker_read(strsep(&rest, "\n"));
    assert_int_equal(cop_worker_read(strsep(&rest, "\n")).word, COP_WORD_LEFT);
    assert_string_equal(rest, "");
    assert_int_equal(begun.word, COP_WORD_BEGUN);
    assert_true(cop_same_artifact(&begun.stage, &id));
    assert_int_equal(at.word, COP_WORD_AT);
    assert_int_equal(at.done, 30);
    assert_int_equal(at.total, 120);
    assert_string_equal(at.detail, "loss 1.234");
    assert_int_equal(ended.word, COP_WORD_ENDED);
    assert_true(cop_same_artifact(&ended.stage, &id));
    free(text);
}

static void what_is_no_such_line_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "begun",         "begun ",   "begun train",
                                      "at",         "at 1",          "at 1 0 x", "at -1 2 x",
                                      "at one two", "ended nothing", "hello",    "begunmask"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cop_worker_read(bad[i]).word, COP_WORD_NONE);
}

typedef struct heard {
    char lines[8][64];
    size_t count;
    size_t last_length;
} heard;

static int hear(void *own, const char *line)
{
    heard *h = own;
    (void)snprintf(h->lines[h->count], sizeof h->lines[0], "%.63s", line);
    h->last_length = strlen(line);
    h->count++;
    return strcmp(line, "stop") == 0 ? 7 : 0;
}

static void lines_come_whole_and_long_ones_cut(void **state)
{
    (void)state;
    int ends[2];
    heard h = {.count = 0};
    char longer[3000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\n';
    assert_int_equal(pipe(ends), 0);
    cop_lines s = {.file = ends[0]};
    assert_int_equal(write(ends[1], "one\n\ntw", 7), 7);
    assert_int_equal(cop_lines_read(&s, hear, &h), 0);
    assert_int_equal(h.count, 1); /* the empty line is none, and the third is not whole */
    assert_int_equal(write(ends[1], "o\r", 2), 2);
    assert_int_equal(cop_lines_read(&s, hear, &h), 0);
    assert_string_equal(h.lines[0], "one");
    assert_string_equal(h.lines[1], "two");
    assert_int_equal(write(ends[1], longer, sizeof longer), sizeof longer);
    assert_int_equal(cop_lines_read(&s, hear, &h), 0);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.last_length, COP_LINES_SIZE - 1);
    assert_int_equal(write(ends[1], "stop\nmore\n", 10), 10);
    assert_int_equal(cop_lines_read(&s, hear, &h), 7);
    (void)close(ends[1]);
    assert_int_equal(cop_lines_read(&s, hear, &h), 0);
    assert_int_equal(s.file, -1);
    cop_lines_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read),
        cmocka_unit_test(what_is_no_such_line_is_none),
        cmocka_unit_test(lines_come_whole_and_long_ones_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

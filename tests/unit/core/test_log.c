/* test_log.c: messages and progress, plain and live, against a clock that the test turns. */
#include "core/log.h"
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct captured {
    FILE *stream;
    char *text;
    size_t size;
    double now; /* seconds */
    cop_logger *log;
} captured;

static double read_clock(void *context)
{
    return *(const double *)context;
}

static void start(captured *c, cop_log_level level, bool live)
{
    *c = (captured){0};
    c->stream = open_memstream(&c->text, &c->size);
    assert_non_null(c->stream);
    c->log = cop_logger_new_by(c->stream, level, live, read_clock, &c->now);
    assert_non_null(c->log);
}

static void end_with(captured *c, const char *wanted)
{
    cop_logger_free(c->log);
    (void)fclose(c->stream);
    assert_string_equal(c->text, wanted);
    free(c->text);
}

static void levels_filter_and_name_messages(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "error: e 1\n",
        "error: e 1\nwarning: w\n",
        "error: e 1\nwarning: w\ni\n",
        "error: e 1\nwarning: w\ni\ndebug: d\\n2\n",
    };
    for (int level = COP_LOG_ERROR; level <= COP_LOG_DEBUG; level++) {
        captured c;
        start(&c, (cop_log_level)level, false);
        cop_say(c.log, COP_LOG_ERROR, "e %d", 1);
        cop_say(c.log, COP_LOG_WARNING, "w");
        cop_say(c.log, COP_LOG_INFO, "i");
        cop_say(c.log, COP_LOG_DEBUG, "d\n%d", 2);
        end_with(&c, wanted[level - 1]);
    }
}

static void no_log_is_silent(void **state)
{
    (void)state;
    cop_say(NULL, COP_LOG_ERROR, "nobody hears");
    cop_progress(NULL, "train", 1, 2, "nobody sees");
    cop_logger_free(NULL);
}

static void plain_progress_is_sparse(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, false);
    for (int i = 0; i <= 100; i++) {
        c.now = 0.25 * i;
        cop_progress(c.log, "train", i, 100, "loss %d", 100 - i);
    }
    end_with(&c, "train  0/100 (0 %)  loss 100\n"
                 "train  40/100 (40 %)  4/s  15 s left  loss 60\n"
                 "train  80/100 (80 %)  4/s  5.0 s left  loss 20\n"
                 "train  100/100 (100 %)  4/s  in 25 s  loss 0\n");
}

static void a_phase_that_stops_early_still_shows_its_last(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, false);
    for (int i = 0; i < 3; i++, c.now += 1.0)
        cop_progress(c.log, "distil", i, 9, "%s", "");
    for (int i = 5; i < 7; i++, c.now += 1.0)
        cop_progress(c.log, "train", i, 8, "acc %d %%", i);
    cop_progress(c.log, "train", 1, 8, "again");
    end_with(&c, "distil  0/9 (0 %)\n"
                 "distil  2/9 (22 %)  1/s  7.0 s left\n"
                 "train  5/8 (62 %)  acc 5 %\n"
                 "train  6/8 (75 %)  1/s  2.0 s left  acc 6 %\n"
                 "train  1/8 (12 %)  again\n");
}

static void nothing_to_do_is_nothing_to_say(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, false);
    cop_progress(c.log, "prune round 1", 0, 0, "%s", "");
    cop_progress(c.log, "mask", 1, 1, "%s", "");
    cop_progress(c.log, "prune round 2", 0, 0, "%s", "");
    end_with(&c, "mask  1/1 (100 %)\n");
}

static void a_finished_phase_is_one_line_if_it_was_one_call(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, false);
    cop_progress(c.log, "mask", 1, 1, "%s", "");
    end_with(&c, "mask  1/1 (100 %)\n");
}

static void times_read_like_times(void **state)
{
    (void)state;
    const struct {
        double step;
        const char *left;
    } cases[] = {
        {0.001, "0.1 s left"}, {0.5, "50 s left"}, {1.0, "1:39 left"}, {100.0, "2:45:00 left"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        captured c;
        start(&c, COP_LOG_INFO, false);
        cop_progress(c.log, "x", 0, 100, "%s", "");
        c.now += cases[i].step;
        cop_progress(c.log, "x", 1, 100, "%s", "");
        cop_logger_free(c.log);
        (void)fclose(c.stream);
        if (strstr(c.text, cases[i].left) == NULL)
            fail_msg("no \"%s\" in: %s", cases[i].left, c.text);
        free(c.text);
    }
}

static void live_progress_rewrites_one_line(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, true);
    for (int i = 0; i <= 4; i++) {
        c.now = 0.0625 * i;
        cop_progress(c.log, "train", i, 4, "%s", "");
    }
    end_with(&c, "\rtrain  0/4 (0 %)\033[K"
                 "\rtrain  2/4 (50 %)  16/s  0.1 s left\033[K"
                 "\rtrain  4/4 (100 %)  16/s  in 0.2 s\033[K\n");
}

static void messages_do_not_tear_the_live_line(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, true);
    cop_progress(c.log, "train", 0, 4, "%s", "");
    cop_say(c.log, COP_LOG_WARNING, "slow");
    end_with(&c, "\rtrain  0/4 (0 %)\033[K"
                 "\r\033[Kwarning: slow\n"
                 "\rtrain  0/4 (0 %)\033[K\n");
}

static void live_lines_never_wrap(void **state)
{
    (void)state;
    captured c;
    char wide[201];
    for (size_t i = 0; i < 100; i++)
        memcpy(wide + 2 * i, "ä", 2);
    wide[200] = '\0';
    start(&c, COP_LOG_INFO, true);
    cop_progress(c.log, "x", 0, 9, "%s", wide);
    char wanted[256];
    (void)snprintf(wanted, sizeof wanted, "\rx  0/9 (0 %%)  %.*s\033[K\n", 2 * (79 - 14), wide);
    end_with(&c, wanted);
}

static void progress_is_hidden_below_info(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_WARNING, true);
    cop_progress(c.log, "train", 1, 4, "%s", "");
    end_with(&c, "");
}

static void *say_a_hundred_times(void *log)
{
    for (int i = 0; i < 100; i++)
        cop_say(log, COP_LOG_INFO, "0123456789");
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    (void)state;
    captured c;
    pthread_t threads[4];
    start(&c, COP_LOG_INFO, false);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, say_a_hundred_times, c.log), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    cop_logger_free(c.log);
    (void)fclose(c.stream);
    assert_int_equal(c.size, 400 * 11);
    for (size_t i = 0; i < 400; i++)
        assert_memory_equal(c.text + 11 * i, "0123456789\n", 11);
    free(c.text);
}

static void the_real_clock_runs(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    cop_logger *log = cop_logger_new(stream, COP_LOG_INFO, false);
    cop_progress(log, "x", 0, 2, "%s", "");
    struct timespec moment = {.tv_nsec = 2000000};
    (void)nanosleep(&moment, NULL);
    cop_progress(log, "x", 2, 2, "%s", "");
    cop_logger_free(log);
    (void)fclose(stream);
    assert_non_null(strstr(text, "/s  in "));
    free(text);
}

typedef struct told {
    int count;
    int64_t done;
    char last[64];
} told;

static void listen(void *own, const char *what, int64_t done, int64_t total, const char *detail)
{
    told *t = own;
    assert_string_equal(what, "x");
    assert_int_equal(total, 100);
    t->count++;
    t->done = done;
    (void)snprintf(t->last, sizeof t->last, "%s", detail);
}

static void a_listener_is_told_instead_now_and_then(void **state)
{
    (void)state;
    captured c;
    told t = {0};
    start(&c, COP_LOG_ERROR, false);
    cop_logger_listen(c.log, listen, &t);
    for (int i = 0; i <= 100; i++) {
        cop_progress(c.log, "x", i, 100, "loss %d", i);
        c.now += 0.03;
    }
    assert_in_range(t.count, 10, 17); /* of 101 in 3 s: the first, the last, five each second */
    assert_int_equal(t.done, 100);
    assert_string_equal(t.last, "loss 100");
    end_with(&c, "");
}

static void a_copy_has_all_that_is_said_whatever_is_shown(void **state)
{
    (void)state;
    captured c;
    char *text = NULL;
    size_t size = 0;
    FILE *copy = open_memstream(&text, &size);
    start(&c, COP_LOG_ERROR, true);
    cop_logger_copy(c.log, copy);
    cop_say(c.log, COP_LOG_WARNING, "w");
    cop_say(c.log, COP_LOG_DEBUG, "d");
    for (int i = 0; i <= 4; i++) {
        cop_progress(c.log, "x", i, 4, "%s", "");
        c.now += 6.0;
    }
    cop_logger_copy(c.log, NULL);
    cop_say(c.log, COP_LOG_WARNING, "later");
    (void)fclose(copy);
    assert_string_equal(text, "warning: w\nx  2/4 (50 %)  0.167/s  12 s left\n"
                              "x  4/4 (100 %)  0.167/s  in 24 s\n");
    free(text);
    end_with(&c, "");
}

static void a_board_stands_below_what_is_said(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, true);
    assert_true(cop_logger_is_live(c.log));
    cop_logger_board(c.log, "one\ntwo");
    cop_say(c.log, COP_LOG_INFO, "hello");
    cop_logger_board(c.log, "three");
    cop_logger_board(c.log, "");
    cop_say(c.log, COP_LOG_INFO, "end");
    cop_logger_board(c.log, "four");
    (void)fputs("\n[told]\n", c.stream); /* by a handler of signals */
    cop_logger_leave_board(c.log);
    cop_logger_board(c.log, "five");
    end_with(&c, "one\ntwo"
                 "\r\033[K\033[A\033[Khello\none\ntwo"
                 "\r\033[K\033[A\033[Kthree"
                 "\r\033[Kend\n"
                 "four\n[told]\nfive\r\033[K");
}

static void a_board_is_nothing_where_nothing_is_rewritten(void **state)
{
    (void)state;
    captured c;
    start(&c, COP_LOG_INFO, false);
    assert_false(cop_logger_is_live(c.log));
    cop_logger_board(c.log, "one\ntwo");
    end_with(&c, "");
    start(&c, COP_LOG_ERROR, true);
    cop_logger_board(c.log, "one\ntwo");
    end_with(&c, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_filter_and_name_messages),
        cmocka_unit_test(no_log_is_silent),
        cmocka_unit_test(plain_progress_is_sparse),
        cmocka_unit_test(a_phase_that_stops_early_still_shows_its_last),
        cmocka_unit_test(nothing_to_do_is_nothing_to_say),
        cmocka_unit_test(a_finished_phase_is_one_line_if_it_was_one_call),
        cmocka_unit_test(times_read_like_times),
        cmocka_unit_test(live_progress_rewrites_one_line),
        cmocka_unit_test(messages_do_not_tear_the_live_line),
        cmocka_unit_test(live_lines_never_wrap),
        cmocka_unit_test(progress_is_hidden_below_info),
        cmocka_unit_test(threads_do_not_mix_their_lines),
        cmocka_unit_test(the_real_clock_runs),
        cmocka_unit_test(a_listener_is_told_instead_now_and_then),
        cmocka_unit_test(a_copy_has_all_that_is_said_whatever_is_shown),
        cmocka_unit_test(a_board_stands_below_what_is_said),
        cmocka_unit_test(a_board_is_nothing_where_nothing_is_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

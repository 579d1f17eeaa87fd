/* test_signals.c: a program that calls the command keeps what it has chosen for itself. */
#include "support.h"

#include "cli/signals.h"
#include "core/callback.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void mine(int number)
{
    (void)number;
}

static void (*handler_of(int number))(int)
{
    struct sigaction now;
    assert_int_equal(sigaction(number, NULL, &now), 0);
    return now.sa_handler;
}

static void leaves_the_handlers_and_the_alarm_of_a_program_around_it(void **state)
{
    (void)state;
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGALRM};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    for (size_t i = 0; i < COUNT; i++)
        assert_true(signal(numbers[i], mine) != SIG_ERR);
    (void)alarm(1000);
    cop_signals *before = cop_signals_catch(NULL);
    assert_non_null(before);
    (void)cop_signals_ask();
    for (size_t i = 0; i < COUNT; i++)
        assert_true(handler_of(numbers[i]) == mine);
    cop_signals_at_once("testing");
    cop_signals_restore(before);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(handler_of(numbers[i]) == mine);
    assert_true(alarm(0) > 900);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(signal(numbers[i], SIG_DFL) != SIG_ERR);
}

static void asks_where_nobody_has_chosen_and_gives_back(void **state)
{
    (void)state;
    assert_true(signal(SIGINT, SIG_IGN) != SIG_ERR); /* a background job of a shell */
    assert_true(signal(SIGTERM, SIG_DFL) != SIG_ERR);
    cop_signals *before = cop_signals_catch(NULL);
    assert_non_null(before);
    assert_true(handler_of(SIGINT) == SIG_IGN);
    const volatile sig_atomic_t *asked = cop_signals_ask();
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(*asked, SIGINT); /* which one, as workers are told the same */
    cop_signals_restore(before);
    assert_true(handler_of(SIGINT) == SIG_IGN);
    assert_true(handler_of(SIGTERM) == SIG_DFL);
    assert_true(signal(SIGINT, SIG_DFL) != SIG_ERR);
}

static void goes_on_without_a_terminal_where_that_is_asked_for(void **state)
{
    (void)state;
    assert_true(signal(SIGHUP, SIG_IGN) != SIG_ERR); /* nohup */
    cop_signals *before = cop_signals_catch(NULL);
    assert_non_null(before);
    const volatile sig_atomic_t *asked = cop_signals_ask();
    assert_int_equal(raise(SIGHUP), 0);
    assert_int_equal(*asked, 0);
    cop_signals_restore(before);
    assert_true(signal(SIGHUP, SIG_DFL) != SIG_ERR);
    before = cop_signals_catch(NULL);
    asked = cop_signals_ask();
    assert_int_equal(raise(SIGHUP), 0);
    assert_int_equal(*asked, SIGHUP);
    cop_signals_restore(before);
    assert_true(handler_of(SIGHUP) == SIG_DFL);
}

static void a_pipe_without_a_reader_ends_nothing_that_has_begun(void **state)
{
    (void)state;
    cop_signals *before = cop_signals_catch(NULL);
    assert_non_null(before);
    assert_true(handler_of(SIGPIPE) == SIG_DFL); /* `coppice list | head` ends as others do */
    const volatile sig_atomic_t *asked = cop_signals_ask();
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(*asked, 0);
    cop_signals_restore(before);
    assert_true(handler_of(SIGPIPE) == SIG_DFL);
}

/* The end of the process. */

static sem_t entered;
static cop_signals *volatile kept; /* by the child, to its end */

static void *call_plugin(void *context)
{
    cop_callback call;
    cop_callback_enter(&call, "pruner", "slow", "step");
    (void)sem_post(&entered);
    for (;;)
        (void)pause();
    return context;
}

static void *end_process(void *context)
{
    (void)context;
    exit(0);
}

/* The exit status of a process whose main thread, or another than that in the callback, ends it. */
static int status_of_end(bool is_main)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pthread_t thread;
        kept = cop_signals_catch(NULL);
        if (kept == NULL || sem_init(&entered, 0, 0) != 0 ||
            pthread_create(&thread, NULL, call_plugin, NULL) != 0 || sem_wait(&entered) != 0)
            _exit(2);
        if (is_main)
            exit(0);
        if (pthread_create(&thread, NULL, end_process, NULL) != 0)
            _exit(2);
        for (;;)
            (void)pause();
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_program_may_end_while_another_thread_is_in_a_plugin(void **state)
{
    (void)state;
    assert_int_equal(status_of_end(true), 0);
}

static void a_thread_of_a_plugin_that_ends_the_process_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(status_of_end(false), 1);
}

/* Slurm signals every process of a job, and the one that watches over a worker that worker too: a
 * second SIGTERM must not cost what is being saved. */
static void being_told_twice_to_end_is_being_told(void **state)
{
    (void)state;
    cop_signals *before = cop_signals_catch(NULL);
    assert_non_null(before);
    const volatile sig_atomic_t *asked = cop_signals_ask();
    for (int i = 0; i < 3; i++)
        assert_int_equal(raise(SIGTERM), 0); /* which ended this process else */
    assert_int_equal(*asked, SIGTERM);
    cop_signals_restore(before);
}

static void a_warning_ahead_asks_where_it_is_wanted(void **state)
{
    (void)state;
    cop_signals *before = cop_signals_catch(NULL);
    assert_non_null(before);
    const volatile sig_atomic_t *asked = cop_signals_ask();
    assert_true(handler_of(SIGUSR1) == SIG_DFL);
    cop_signals_ask_ahead();
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(*asked, SIGUSR1);
    cop_signals_restore(before);
    assert_true(handler_of(SIGUSR1) == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_the_handlers_and_the_alarm_of_a_program_around_it),
        cmocka_unit_test(asks_where_nobody_has_chosen_and_gives_back),
        cmocka_unit_test(being_told_twice_to_end_is_being_told),
        cmocka_unit_test(a_warning_ahead_asks_where_it_is_wanted),
        cmocka_unit_test(goes_on_without_a_terminal_where_that_is_asked_for),
        cmocka_unit_test(a_pipe_without_a_reader_ends_nothing_that_has_begun),
        cmocka_unit_test(a_program_may_end_while_another_thread_is_in_a_plugin),
        cmocka_unit_test(a_thread_of_a_plugin_that_ends_the_process_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Claims on a machine's memory: what does not fit together is not granted together, and a process
 * that ends claims nothing. */
#include "support.h"

#include "store/memory_claims.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that claims `bytes` of 100, tells whether they were granted, and waits to be killed. */
static pid_t start_other(const char *dir, double bytes, bool *granted)
{
    int ends[2];
    char answer = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        cop_store *store = NULL;
        cop_error err = {0};
        if (cop_store_open(dir, &store, &err) != COP_OK)
            _exit(1);
        cop_memory_claims *claims = cop_memory_claims_open(store, 100.0);
        answer = claims != NULL && cop_memory_claim(claims, bytes) ? 'y' : 'n';
        if (write(ends[1], &answer, 1) != 1)
            _exit(1);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &answer, 1), 1);
    (void)close(ends[0]);
    (void)close(ends[1]);
    *granted = answer == 'y';
    return child;
}

static void end_other(pid_t child)
{
    int status = 0;
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void what_does_not_fit_beside_others_is_not_granted(void **state)
{
    (void)state;
    char dir[256];
    bool granted = false;
    cop_store *store = NULL;
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_store_open(dir, &store, &err), &err);
    cop_memory_claims *claims = cop_memory_claims_open(store, 100.0);
    assert_non_null(claims);
    assert_true(cop_memory_claim(claims, 1e6)); /* alone */
    assert_true(cop_memory_claim(claims, 30.0));
    pid_t other = start_other(dir, 60.0, &granted);
    assert_true(granted);
    assert_false(cop_memory_claim(claims, 41.0));
    bool third_granted = false;
    pid_t third = start_other(dir, 40.0, &third_granted); /* ours was given up */
    assert_true(third_granted);
    assert_false(cop_memory_claim(claims, 1.0));
    end_other(third); /* it leaves its file, and claims nothing */
    assert_true(cop_memory_claim(claims, 40.0));
    end_other(other);
    assert_true(cop_memory_claim(claims, 1e6));
    cop_memory_claims_close(claims);
    cop_store_close(store);
    char command[400];
    (void)snprintf(command, sizeof command, "test -z \"$(find '%s' -name '*.claim')\"", dir);
    assert_int_equal(system(command), 0); // NOLINT: words of the test's own
    remove_tree(dir);
}

static void without_claims_everything_is_granted(void **state)
{
    (void)state;
    assert_true(cop_memory_claim(NULL, 1e18));
    cop_memory_claims_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_beside_others_is_not_granted),
        cmocka_unit_test(without_claims_everything_is_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

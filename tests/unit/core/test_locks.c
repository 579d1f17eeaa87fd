/* Tests of whether locks are seen by all machines, by the mounts of a system. */
#include "support.h"

#include "core/locks.h"

#include <stdlib.h>
#include <string.h>

/* As /proc/self/mountinfo has them (proc(5)); of each device one mount, the last two of one. */
static const char mounts[] =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "30 22 0:40 / /home rw - nfs4 server:/home rw,vers=4.2,local_lock=none,addr=10.0.0.1\n"
    "31 22 0:41 / /old\\040data rw - nfs server:/old rw,vers=3,nolock,local_lock=all\n"
    "32 22 0:42 / /flock rw - nfs server:/f rw,vers=3,local_lock=flock,addr=10.0.0.1\n"
    "33 22 0:43 / /posix rw - nfs server:/p rw,vers=3,local_lock=posix,addr=10.0.0.1\n"
    "34 22 0:44 / /scratch rw - lustre mgs@tcp:/scratch rw,flock\n"
    "35 22 0:45 / /scratch2 rw - lustre mgs@tcp:/scratch2 rw,localflock\n"
    "36 22 0:46 / /smb rw - cifs //server/share rw,vers=3.0,nobrl\n"
    "37 22 0:47 / /nolock rw - fuse.nolock nolock:/nolocks rw,nolocks\n"
    "38 22 0:48 / /first rw - nfs server:/x rw,nolock\n"
    "39 22 0:48 / /then rw - nfs server:/x rw,local_lock=none";

static void the_options_of_a_mount_say_it(void **state)
{
    (void)state;
    static const struct {
        unsigned major, minor;
        bool shared;
    } cases[] = {{8, 1, true},  {0, 40, true}, {0, 41, false}, {0, 42, false},
                 {0, 43, true}, {0, 44, true}, {0, 45, false}, {0, 46, false},
                 {0, 47, true}, {0, 48, true}, {99, 1, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cop_mounts_share_locks(mounts, cases[i].major, cases[i].minor),
                         cases[i].shared);
    assert_true(cop_mounts_share_locks("", 0, 41));
    assert_true(cop_mounts_share_locks("31 22 0:41 / /x rw nolock\n- nolock", 0, 41));
}

static void the_environment_says_it_instead(void **state)
{
    (void)state;
    bool shared = false;
    cop_error err = {0};
    assert_ok(cop_locks_are_shared("/", &shared, &err), &err);
    assert_true(shared);
    assert_int_equal(setenv("COPPICE_LOCKS", "local", 1), 0);
    assert_ok(cop_locks_are_shared("/", &shared, &err), &err);
    assert_false(shared);
    assert_int_equal(setenv("COPPICE_LOCKS", "shared", 1), 0);
    assert_ok(cop_locks_are_shared("/", &shared, &err), &err);
    assert_true(shared);
    assert_int_equal(setenv("COPPICE_LOCKS", "none", 1), 0);
    assert_int_equal(cop_locks_are_shared("/", &shared, &err), COP_INVALID);
    assert_non_null(strstr(err.message, "COPPICE_LOCKS is \"none\", wanted shared or local"));
    assert_int_equal(unsetenv("COPPICE_LOCKS"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_options_of_a_mount_say_it),
        cmocka_unit_test(the_environment_says_it_instead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

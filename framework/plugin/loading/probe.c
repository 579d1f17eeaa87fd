/* probe.c: opening plugins in a child process first.
 *
 * Opening a shared object runs its constructors, which may do anything. The child opens one file
 * after the other and writes a record for each; when it ends early, the first file without a record
 * is the culprit, and a new child goes on behind it. */
#include "plugin/loading/open.h"

#include "core/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Small enough for a pipe to take it whole. */
typedef struct record {
    size_t index;
    cop_probe_result result;
} record;

/* What a descriptor says, cut where it is long. */
static void note(cop_probe_result *result, const cop_plugin *plugin)
{
    result->kind = (cop_kind)plugin->kind;
    (void)snprintf(result->id, sizeof result->id, "%s", plugin->id);
    (void)snprintf(result->version, sizeof result->version, "%s", plugin->version);
    (void)snprintf(result->results_version, sizeof result->results_version, "%s",
                   plugin->results_version);
    (void)snprintf(result->summary, sizeof result->summary, "%s", plugin->summary);
}

static _Noreturn void run_child(const char *const *paths, size_t first, size_t count, int pipe_end,
                                pid_t parent)
{
    cop_child_begin(parent);
    for (size_t i = first; i < count; i++) {
        record r;
        memset(&r, 0, sizeof r);
        r.index = i;
        cop_error err = {0};
        const cop_plugin *plugin = NULL;
        cop_status status = cop_plugin_open(paths[i], &plugin, &err);
        r.result.is_ok = status == COP_OK;
        r.result.is_system = status == COP_FAILED;
        memcpy(r.result.reason, err.message, sizeof r.result.reason);
        if (r.result.is_ok)
            note(&r.result, plugin);
        if (write(pipe_end, &r, sizeof r) != (ssize_t)sizeof r)
            break;
    }
    _exit(0);
}
_Static_assert(sizeof(((cop_error *)0)->message) == sizeof(((cop_probe_result *)0)->reason),
               "a message is copied whole");

/* 1: something is to be read; 0: nothing within the seconds. */
static int wait_for_input(int pipe_end, int seconds)
{
    struct pollfd wait = {.fd = pipe_end, .events = POLLIN};
    int ready;
    while ((ready = poll(&wait, 1, seconds * 1000)) < 0 && errno == EINTR)
        ;
    return ready > 0;
}

/* 1: a record came; 0: the child is gone; -1: it took too long. Says what is waited for when that
 * takes longer than a second. */
static int next_record(int pipe_end, const char *path, int seconds, cop_logger *log, record *out)
{
    size_t have = 0;
    while (have < sizeof *out) {
        if (wait_for_input(pipe_end, 1) == 0) {
            cop_say(log, COP_LOG_INFO, "waiting up to %d s for %s to be opened", seconds, path);
            if (seconds <= 1 || wait_for_input(pipe_end, seconds - 1) == 0)
                return -1;
        }
        ssize_t got = read(pipe_end, (char *)out + have, sizeof *out - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        have += (size_t)got;
    }
    return 1;
}

static void blame(cop_probe_result *result, bool is_late, int seconds, int status)
{
    result->is_ok = false;
    if (is_late)
        (void)snprintf(result->reason, sizeof result->reason,
                       "did not return within %d s when opened", seconds);
    else if (WIFSIGNALED(status))
        (void)snprintf(result->reason, sizeof result->reason, "crashed when opened (signal %d)",
                       WTERMSIG(status));
    else
        (void)snprintf(result->reason, sizeof result->reason,
                       "ended the process when opened (status %d)", WEXITSTATUS(status));
}

/* Probes from *first on; *first becomes the first file that has no result yet. */
static cop_status probe_some(const char *const *paths, size_t *first, size_t count, int seconds,
                             cop_logger *log, cop_probe_result *results, cop_error *err)
{
    int ends[2];
    if (cop_pipe(ends) != 0)
        return cop_fail(err, COP_FAILED, "looking at plugins: pipe: %s", strerror(errno));
    (void)fflush(NULL); /* or a plugin that exits would flush our buffers a second time */
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(paths, *first, count, ends[1], parent);
    }
    int error = errno;
    (void)close(ends[1]);
    if (child < 0) {
        (void)close(ends[0]);
        return cop_fail(err, COP_FAILED, "looking at plugins: fork: %s", strerror(error));
    }
    record r;
    int came = 1;
    while (*first < count && (came = next_record(ends[0], paths[*first], seconds, log, &r)) == 1 &&
           r.index == *first)
        results[(*first)++] = r.result;
    (void)close(ends[0]);
    if (came < 0)
        (void)kill(child, SIGKILL);
    int status = cop_child_wait(child);
    if (*first < count)
        blame(&results[(*first)++], came < 0, seconds, status);
    return COP_OK;
}

cop_status cop_plugin_probe(const char *const *paths, size_t count, int seconds, cop_logger *log,
                            cop_probe_result *results, cop_error *err)
{
    for (size_t first = 0; first < count;)
        COP_TRY(probe_some(paths, &first, count, seconds, log, results, err));
    return COP_OK;
}

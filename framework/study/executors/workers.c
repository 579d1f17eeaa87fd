/* workers.c: starting worker processes, listening to them, and replacing those that die. */
#include "study/executors/workers.h"

#include "core/child.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/failures.h"
#include "study/graph/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE   2048
#define POLL_MILLIS 200

/* A pipe from a worker, cut into lines. */
typedef struct stream {
    int file; /* -1: it has ended */
    char line[LINE_SIZE];
    size_t length;
} stream;

typedef struct worker {
    pid_t process; /* 0: none runs */
    stream said, log;
    int32_t stage;        /* that it computes; COP_NO_STAGE: none */
    char last[LINE_SIZE]; /* the last line of its log */
} worker;

typedef struct crew {
    cop_runner *r;
    const char *const *argv;
    worker *workers;
    size_t count;
    bool is_told_to_stop;
    bool is_lost; /* a worker ended that had no stage: the run cannot go on */
    cop_error reason;
    cop_worker_ended ended;
    void *own;
} crew;

/* In the child, between fork and exec: nothing but system calls. */
static void become_worker(const char *const *argv, int said, int log, pid_t parent)
{
    (void)setpgid(0, 0); /* a terminal's Ctrl-C is for the run, which tells its workers */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(null, STDIN_FILENO) >= 0 && dup2(said, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0)
        (void)execv(argv[0], (char *const *)argv);
    static const char text[] = "coppice: a worker cannot be started\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(1);
}

static cop_status start(const crew *c, worker *w, cop_error *err)
{
    int said[2], log[2];
    *w = (worker){.stage = COP_NO_STAGE, .said.file = -1, .log.file = -1};
    if (cop_pipe(said) != 0)
        return cop_fail(err, COP_FAILED, "no pipe for a worker: %s", strerror(errno));
    if (cop_pipe(log) != 0) {
        (void)close(said[0]);
        (void)close(said[1]);
        return cop_fail(err, COP_FAILED, "no pipe for a worker: %s", strerror(errno));
    }
    pid_t parent = getpid(), process = fork();
    if (process == 0)
        become_worker(c->argv, said[1], log[1], parent);
    int error = errno;
    (void)close(said[1]);
    (void)close(log[1]);
    if (process < 0) {
        (void)close(said[0]);
        (void)close(log[0]);
        return cop_fail(err, COP_FAILED, "a worker cannot be started: %s", strerror(error));
    }
    w->process = process;
    w->said.file = said[0];
    w->log.file = log[0];
    return COP_OK;
}

/* The stage of that name; COP_NO_STAGE: none is. */
static int32_t find_stage(const cop_study *s, const char *name)
{
    cop_artifact_id id;
    return cop_artifact_parse(name, &id) ? cop_study_find_stage(s, &id) : COP_NO_STAGE;
}

/* What stands behind a word and a blank; NULL: the line begins otherwise. */
static const char *behind(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static cop_status hear_said(crew *c, worker *w, cop_error *err)
{
    const char *begun = behind(w->said.line, COP_WORKER_BEGUN);
    const char *ended = behind(w->said.line, COP_WORKER_ENDED);
    if (begun != NULL)
        w->stage = find_stage(c->r->study, begun);
    if (behind(w->said.line, COP_WORKER_LEFT) != NULL)
        w->stage = COP_NO_STAGE;
    if (ended == NULL)
        return COP_OK;
    w->stage = COP_NO_STAGE;
    return c->ended != NULL ? c->ended(c->own, err) : COP_OK;
}

static void hear_log(const crew *c, worker *w)
{
    (void)snprintf(w->last, sizeof w->last, "%s", w->log.line);
    if (c->count > 1)
        cop_say(c->r->log, COP_LOG_INFO, "%zu: %s", (size_t)(w - c->workers) + 1, w->log.line);
    else
        cop_say(c->r->log, COP_LOG_INFO, "%s", w->log.line);
}

/* Reads what is there, and hears each line; a part of one waits for the rest. */
static cop_status hear(crew *c, worker *w, stream *s, cop_error *err)
{
    char bytes[4096];
    ssize_t count = read(s->file, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR)
        return COP_OK;
    if (count <= 0) {
        (void)close(s->file);
        s->file = -1;
        return COP_OK;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r') {
            s->length += s->length + 1 < sizeof s->line;
            s->line[s->length - 1] = bytes[i];
            continue;
        }
        s->line[s->length] = '\0';
        s->length = 0;
        if (s->line[0] == '\0')
            continue;
        if (s == &w->log)
            hear_log(c, w);
        else
            COP_TRY(hear_said(c, w, err));
    }
    return COP_OK;
}

/* "SIGKILL", or what it said last. */
static void describe_end(const worker *w, int status, char *text, size_t size)
{
    const char *abbreviation = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    const char *words = w->last;
    const char *own = behind(words, "coppice:");
    if (WIFSIGNALED(status))
        (void)snprintf(text, size, "SIG%s", abbreviation != NULL ? abbreviation : "?");
    else if (words[0] != '\0')
        (void)snprintf(text, size, "%.800s", own != NULL ? own : words);
    else
        (void)snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

/* A worker that died costs the stage that it was at. */
static cop_status bury(crew *c, worker *w, int status, cop_error *err)
{
    char end[900], reason[COP_FAILURE_SIZE + 900];
    describe_end(w, status, end, sizeof end);
    if (w->stage == COP_NO_STAGE) {
        if (!c->is_lost)
            (void)cop_fail(&c->reason, COP_FAILED, "a worker ended: %s", end);
        c->is_lost = true;
        return COP_OK;
    }
    const cop_stage *stage = &c->r->study->stages[w->stage];
    (void)snprintf(reason, sizeof reason, "%s: the process that computed it ended: %s",
                   stage->title, end);
    cop_say(c->r->log, COP_LOG_ERROR, "%s; what does not depend on it goes on", reason);
    COP_TRY(cop_failure_keep(c->r->store, &stage->id, COP_FAILURE_MAYBE, reason, err));
    return c->is_told_to_stop ? COP_OK : start(c, w, err);
}

/* A worker whose pipes have ended has ended, or is about to. */
static cop_status reap(crew *c, worker *w, cop_error *err)
{
    if (w->process == 0 || w->said.file >= 0 || w->log.file >= 0)
        return COP_OK;
    int status = cop_child_wait(w->process);
    w->process = 0;
    /* It had saved its state, or had not even begun to listen. */
    bool is_stopped =
        c->is_told_to_stop &&
        ((WIFEXITED(status) && WEXITSTATUS(status) == 130) ||
         (WIFSIGNALED(status) && (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT)));
    bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return is_stopped || is_done ? COP_OK : bury(c, w, status, err);
}

static void tell_all(const crew *c, int number)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->workers[i].process != 0)
            (void)kill(c->workers[i].process, number);
}

static bool are_any(const crew *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->workers[i].process != 0)
            return true;
    return false;
}

static cop_status listen(crew *c, struct pollfd *polls, cop_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        polls[2 * i] = (struct pollfd){.fd = c->workers[i].said.file, .events = POLLIN};
        polls[2 * i + 1] = (struct pollfd){.fd = c->workers[i].log.file, .events = POLLIN};
    }
    if (poll(polls, 2 * c->count, POLL_MILLIS) < 0 && errno != EINTR)
        return cop_fail(err, COP_FAILED, "the workers cannot be heard: %s", strerror(errno));
    for (size_t i = 0; i < c->count; i++) {
        worker *w = &c->workers[i];
        if (polls[2 * i + 1].revents != 0)
            COP_TRY(hear(c, w, &w->log, err));
        if (polls[2 * i].revents != 0)
            COP_TRY(hear(c, w, &w->said, err));
        COP_TRY(reap(c, w, err));
    }
    return COP_OK;
}

static cop_status watch(crew *c, struct pollfd *polls, cop_error *err)
{
    while (are_any(c)) {
        bool is_stopped = c->r->stop != NULL && *c->r->stop != 0;
        if ((is_stopped || c->is_lost) && !c->is_told_to_stop) {
            c->is_told_to_stop = true;
            tell_all(c, is_stopped && *c->r->stop == SIGINT ? SIGINT : SIGTERM);
        }
        COP_TRY(listen(c, polls, err));
    }
    if (c->is_lost) {
        if (err != NULL)
            *err = c->reason;
        return COP_FAILED;
    }
    return c->is_told_to_stop ? cop_fail(err, COP_CANCELLED, "interrupted") : COP_OK;
}

/* After a failure of this process: none is left behind. */
static void end_all(crew *c)
{
    tell_all(c, SIGTERM);
    for (size_t i = 0; i < c->count; i++) {
        worker *w = &c->workers[i];
        if (w->said.file >= 0)
            (void)close(w->said.file);
        if (w->log.file >= 0)
            (void)close(w->log.file);
        if (w->process != 0)
            (void)cop_child_wait(w->process);
    }
}

cop_status cop_run_workers(cop_runner *r, size_t jobs, const char *const *argv,
                           cop_worker_ended ended, void *own, cop_error *err)
{
    crew c = {.r = r,
              .argv = argv,
              .workers = calloc(jobs, sizeof *c.workers),
              .count = jobs,
              .ended = ended,
              .own = own};
    struct pollfd *polls = calloc(2 * jobs, sizeof *polls);
    cop_status status = c.workers != NULL && polls != NULL ? COP_OK : cop_out_of_memory(err);
    if (c.workers == NULL)
        c.count = 0;
    for (size_t i = 0; i < c.count; i++)
        c.workers[i] = (worker){.stage = COP_NO_STAGE, .said.file = -1, .log.file = -1};
    for (size_t i = 0; status == COP_OK && i < c.count; i++)
        status = start(&c, &c.workers[i], err);
    if (status == COP_OK)
        status = watch(&c, polls, err);
    if (status != COP_OK)
        end_all(&c);
    free(c.workers);
    free(polls);
    return status;
}

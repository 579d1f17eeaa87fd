/* signals.c: what ends a subcommand before its time. Handlers get no argument, so what they know is
 * state of the process; they call nothing but what a signal handler may. */
#include "cli/signals.h"

#include "core/callback.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds that work has to stop in after a SIGTERM; schedulers kill after ten or more. */
#define TERM_SECONDS 5 /* likewise of a SIGHUP: nobody is there to ask a second time */
#define TERM_TEXT    "5"

#define INTERRUPTED 130

static volatile sig_atomic_t asks; /* the next signal asks, and does not end */
static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t has_alarm; /* the alarm that is set is ours */
static char doing[64]; /* written while no handler reads it: see cop_signals_at_once */
static char resume_line[4096];

typedef struct line {
    char text[1200];
    size_t length;
} line;

static void add(line *l, const char *text)
{
    for (; *text != '\0' && l->length + 1 < sizeof l->text; text++)
        l->text[l->length++] = (unsigned char)*text < ' ' ? '?' : *text;
}

/* "step of pruner "imp"", if code of a plugin runs. */
static bool add_callback(line *l, const char *before)
{
    const cop_callback *call = cop_callback_current();
    if (call == NULL)
        return false;
    add(l, before);
    add(l, call->name);
    add(l, " of ");
    if (call->kind != NULL) {
        add(l, call->kind);
        add(l, " \"");
    }
    add(l, call->id);
    add(l, call->kind != NULL ? "\"" : "");
    return true;
}

/* A line of its own: on a terminal there may be one of progress. */
static void say(line *l)
{
    if (isatty(STDERR_FILENO) == 1 && write(STDERR_FILENO, "\n", 1) < 0)
        return;
    l->text[l->length++] = '\n';
    ssize_t written = write(STDERR_FILENO, l->text, l->length);
    (void)written;
}

/* Before a call that does not return, AddressSanitizer asks for memory, which the interrupted code
 * may have locked: not in what handlers call. */
#define IN_HANDLER __attribute__((no_sanitize_address))

IN_HANDLER static void end_at_once(const char *why)
{
    line l = {.length = 0};
    add(&l, "coppice: ");
    add(&l, why);
    if (!add_callback(&l, " in ") && doing[0] != '\0') {
        add(&l, " while ");
        add(&l, doing);
    }
    say(&l);
    ssize_t written = write(STDERR_FILENO, resume_line, strlen(resume_line));
    (void)written;
    _exit(INTERRUPTED);
}

IN_HANDLER static void on_alarm(int number)
{
    (void)number;
    end_at_once("stopped at the last checkpoint: nothing ended within " TERM_TEXT " s");
}

static bool has_handler(int number, void (*handler)(int))
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
           now.sa_handler == handler;
}

/* Schedulers signal every process of a job, and a run its workers: a worker is told twice. */
static bool is_told_again(int number)
{
    return asks == 0 && stop_requested != 0 && number != SIGINT && has_alarm != 0;
}

IN_HANDLER static void on_request(int number)
{
    if (is_told_again(number))
        return;
    if (asks == 0)
        end_at_once(stop_requested != 0 ? "stopped at once" : "interrupted");
    asks = 0;
    stop_requested = number;
    line l = {.length = 0};
    add(&l, "coppice: stopping after this ");
    if (!add_callback(&l, ""))
        add(&l, "step");
    bool is_limited = (number == SIGTERM || number == SIGHUP) && has_handler(SIGALRM, on_alarm);
    add(&l, is_limited ? ", or in " TERM_TEXT " s" : "; once more to stop at once");
    say(&l);
    if (is_limited) {
        has_alarm = 1;
        (void)alarm(TERM_SECONDS);
    }
}

/* Whoever read what is said here is gone, as "| head" is: to write to it fails, and that is told at
 * the end, with everything done and kept. */
static void on_pipe(int number)
{
    (void)number;
}

/* The end by a plugin. */

static const char *crash_name(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    default:
        return "SIGABRT";
    }
}

IN_HANDLER static void on_crash(int number)
{
    line l = {.length = 0};
    add(&l, "coppice: crashed (");
    add(&l, crash_name(number));
    bool is_guest = add_callback(&l, ") in ");
    add(&l, is_guest ? "" : ")");
    say(&l);
    if (is_guest)
        _exit(1);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* The main thread of a program around us may end it while another thread is in a callback: that is
 * no guest. A thread that is neither main nor in a call of its own may well work for a plugin. */
static void on_exit_of_guest(void)
{
    line l = {.length = 0};
    if (!cop_callback_is_own() && gettid() == getpid())
        return;
    add(&l, "coppice: the process was ended");
    if (!add_callback(&l, " in "))
        return;
    (void)fflush(stdout);
    say(&l);
    _exit(1);
}

static void watch_exit(void)
{
    (void)atexit(on_exit_of_guest);
}

/* Taking over and giving back. */

static const struct {
    int number;
    void (*handler)(int);
    bool is_extra; /* left alone but where it is asked for */
} watched[] = {
    {SIGINT, on_request, false}, {SIGTERM, on_request, false}, {SIGHUP, on_request, false},
    {SIGALRM, on_alarm, false},  {SIGPIPE, on_pipe, false},    {SIGSEGV, on_crash, false},
    {SIGBUS, on_crash, false},   {SIGFPE, on_crash, false},    {SIGILL, on_crash, false},
    {SIGABRT, on_crash, false},  {SIGUSR1, on_request, true}};
enum { WATCHED_COUNT = sizeof watched / sizeof watched[0] };

struct cop_signals {
    struct sigaction before[WATCHED_COUNT];
    stack_t stack_before;
    void *stack; /* ours, or NULL */
};

/* An alarm that somebody else has set goes on. */
static void clear_alarm(void)
{
    if (has_alarm != 0)
        (void)alarm(0);
    has_alarm = 0;
}

/* Whether nobody has chosen what the signal does. */
static bool is_free(int number)
{
    return has_handler(number, SIG_DFL);
}

static void install(size_t i)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = watched[i].handler;
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(watched[i].number, &action, NULL);
}

/* A stack that has overflowed has no room for its handler. */
static void make_stack(cop_signals *before)
{
    long size = sysconf(_SC_SIGSTKSZ);
    size_t bytes = size < 32768 ? 65536 : 2 * (size_t)size;
    if (sigaltstack(NULL, &before->stack_before) != 0 ||
        (before->stack_before.ss_flags & SS_DISABLE) == 0)
        return; /* there is one, such as a sanitizer's */
    before->stack = malloc(bytes);
    const stack_t mine = {.ss_sp = before->stack, .ss_size = bytes};
    if (before->stack != NULL)
        (void)sigaltstack(&mine, NULL);
}

cop_signals *cop_signals_catch(const char *resume)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    cop_signals *before = calloc(1, sizeof *before);
    if (before == NULL)
        return NULL;
    (void)pthread_once(&once, watch_exit);
    cop_signals_at_once("");
    (void)snprintf(resume_line, sizeof resume_line, "%s", resume != NULL ? resume : "");
    make_stack(before);
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        (void)sigaction(watched[i].number, NULL, &before->before[i]);
        bool is_later = watched[i].is_extra || watched[i].number == SIGPIPE;
        if (!is_later && is_free(watched[i].number))
            install(i);
    }
    return before;
}

void cop_signals_restore(cop_signals *before)
{
    if (before == NULL)
        return;
    clear_alarm();
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        if (has_handler(watched[i].number, watched[i].handler))
            (void)sigaction(watched[i].number, &before->before[i], NULL);
    if (before->stack != NULL)
        (void)sigaltstack(&before->stack_before, NULL);
    free(before->stack);
    free(before);
}

/* A shell without job control starts background jobs with SIGINT ignored; a run can be asked all
 * the same. With SIGHUP ignored (nohup) it goes on when the terminal is closed. */
const volatile sig_atomic_t *cop_signals_ask(void)
{
    stop_requested = 0;
    asks = 1;
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        int number = watched[i].number;
        bool asks_or_ends = number == SIGINT || number == SIGTERM || number == SIGALRM;
        bool is_ours = (asks_or_ends && has_handler(number, SIG_IGN)) || is_free(number);
        if (is_ours && !watched[i].is_extra)
            install(i);
    }
    return &stop_requested;
}

void cop_signals_ask_ahead(void)
{
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        if (watched[i].is_extra &&
            (is_free(watched[i].number) || has_handler(watched[i].number, SIG_IGN)))
            install(i);
}

void cop_signals_at_once(const char *what)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    (void)snprintf(doing, sizeof doing, "%s", what);
    asks = 0;
    stop_requested = 0;
    clear_alarm();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

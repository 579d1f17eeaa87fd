/* log.c: messages and live progress.
 *
 * A phase is a run of cop_progress calls with the same `what` and a count that does not fall. Each
 * call only notes the state; a line is made when one is due, or when the phase ends. What stands on
 * a terminal below the messages is a line of progress, or a board of several lines. */
#include "core/log.h"

#include "core/clock.h"
#include "core/locale.h"
#include "core/quantity.h"
#include "core/text.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define LIVE_INTERVAL  0.1
#define PLAIN_INTERVAL 10.0
#define TELL_INTERVAL  0.2
#define LINE_SIZE      1024

struct cop_logger {
    FILE *to;
    cop_log_level level;
    bool live;
    double (*seconds)(void *context);
    void *context;
    cop_progress_listener listener;
    void *listener_own;
    pthread_mutex_t lock; /* over `to` and all below */
    FILE *copy;           /* NULL: none */
    char *board;          /* owned; NULL: none */
    bool in_phase;
    bool unshown;    /* the noted state is not on any line yet */
    size_t standing; /* live: lines that stand; the cursor is behind the last */
    char what[128];
    char detail[256];
    int64_t first; /* `done` when the phase began */
    int64_t done;
    int64_t total;
    double began; /* in seconds of the clock, as are the next two */
    double noted;
    double shown;
    double copied; /* when progress was copied last */
};

static double monotonic_seconds(void *context)
{
    (void)context;
    return cop_now();
}

cop_logger *cop_logger_new(FILE *to, cop_log_level level, bool live)
{
    return cop_logger_new_by(to, level, live, monotonic_seconds, NULL);
}

cop_logger *cop_logger_new_by(FILE *to, cop_log_level level, bool live,
                              double (*seconds)(void *context), void *context)
{
    cop_logger *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    if (pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return NULL;
    }
    log->to = to;
    log->level = level;
    log->live = live;
    log->seconds = seconds;
    log->context = context;
    return log;
}

static bool is_complete(const cop_logger *log)
{
    return log->done >= log->total;
}

/* "train  30/120 (25 %)  12.5/s  7.2 s left  loss 1.2": what is known of it. */
static void render(const cop_logger *log, cop_text *line)
{
    cop_text_printf(line, "%s  %" PRId64 "/%" PRId64 " (%.0f %%)", log->what, log->done, log->total,
                    100.0 * ((double)log->done / (double)log->total));
    double elapsed = log->noted - log->began;
    double advanced = (double)log->done - (double)log->first;
    if (elapsed > 0.0 && advanced > 0.0) {
        char time[32];
        bool complete = is_complete(log);
        double left = ((double)log->total - (double)log->done) * elapsed / advanced;
        cop_text_printf(line, "  %.3g/s", advanced / elapsed);
        (void)cop_time_text(complete ? elapsed : left, time, sizeof time);
        if (complete)
            cop_text_printf(line, "  in %s", time);
        else
            cop_text_printf(line, "  %s left", time);
    }
    if (log->detail[0] != '\0')
        cop_text_printf(line, "  %s", log->detail);
}

size_t cop_terminal_columns(FILE *to)
{
    struct winsize window;
    int fd = fileno(to);
    bool known = fd >= 0 && ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 1;
    return known ? window.ws_col : 0;
}

/* The same, or what a terminal has at least where that is not known. */
static size_t columns_of(FILE *to)
{
    size_t columns = cop_terminal_columns(to);
    return columns > 0 ? columns : 80;
}

/* Cuts UTF-8 text after so many characters: a line that wraps cannot be rewritten. */
static void cut_to_columns(char *text, size_t columns)
{
    for (char *at = text; *at != '\0'; at++) {
        if (((unsigned char)*at & 0xc0) == 0x80)
            continue;
        if (columns == 0) {
            *at = '\0';
            return;
        }
        columns--;
    }
}

static void erase_standing(cop_logger *log)
{
    if (log->standing > 0)
        fputs("\r\033[K", log->to);
    for (size_t i = 1; i < log->standing; i++)
        fputs("\033[A\033[K", log->to);
    log->standing = 0;
}

/* The lines of a board that there is room for: the last ones. */
static const char *visible_part(const cop_logger *log)
{
    struct winsize window;
    int fd = fileno(log->to);
    bool known = fd >= 0 && ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_row > 2;
    size_t rows = known ? window.ws_row - 1u : 23, lines = 1;
    for (const char *at = log->board + strlen(log->board); at > log->board; at--)
        if (at[-1] == '\n' && ++lines > rows)
            return at;
    return log->board;
}

static void draw_board(cop_logger *log)
{
    size_t columns = columns_of(log->to) - 1;
    char *text = strdup(visible_part(log)), *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        cut_to_columns(line, columns);
        fprintf(log->to, "%s%s", log->standing > 0 ? "\n" : "", line);
        log->standing++;
    }
    free(text);
    (void)fflush(log->to);
}

static void show_progress(cop_logger *log)
{
    cop_text line = {0};
    render(log, &line);
    char *text = cop_text_take(&line);
    if (text != NULL && log->live) {
        cut_to_columns(text, columns_of(log->to) - 1);
        fprintf(log->to, "\r%s\033[K", text);
        log->standing = 1;
    } else if (text != NULL) {
        fprintf(log->to, "%s\n", text);
    }
    (void)fflush(log->to);
    free(text);
    log->unshown = false;
    log->shown = log->noted;
}

static void end_phase(cop_logger *log)
{
    if (!log->in_phase)
        return;
    bool is_written = log->listener == NULL && log->level >= COP_LOG_INFO;
    if (log->unshown && is_written)
        show_progress(log);
    if (log->board == NULL) {
        if (log->standing > 0)
            fputc('\n', log->to);
        log->standing = 0;
    }
    (void)fflush(log->to);
    log->in_phase = false;
}

void cop_logger_free(cop_logger *log)
{
    if (log == NULL)
        return;
    end_phase(log);
    if (log->board != NULL)
        erase_standing(log);
    free(log->board);
    (void)pthread_mutex_destroy(&log->lock);
    free(log);
}

void cop_logger_listen(cop_logger *log, cop_progress_listener listener, void *own)
{
    if (log == NULL)
        return;
    log->listener = listener;
    log->listener_own = own;
}

void cop_logger_copy(cop_logger *log, FILE *to)
{
    if (log == NULL)
        return;
    (void)pthread_mutex_lock(&log->lock);
    log->copy = to;
    log->copied = log->seconds(log->context);
    (void)pthread_mutex_unlock(&log->lock);
}

bool cop_logger_is_live(const cop_logger *log)
{
    return log != NULL && log->live && log->level >= COP_LOG_INFO;
}

void cop_logger_board(cop_logger *log, const char *text)
{
    if (!cop_logger_is_live(log))
        return;
    (void)pthread_mutex_lock(&log->lock);
    erase_standing(log);
    free(log->board);
    log->board = text[0] != '\0' ? strdup(text) : NULL;
    if (log->board != NULL)
        draw_board(log);
    (void)fflush(log->to);
    (void)pthread_mutex_unlock(&log->lock);
}

void cop_logger_leave_board(cop_logger *log)
{
    if (log == NULL)
        return;
    (void)pthread_mutex_lock(&log->lock);
    if (log->board != NULL)
        log->standing = 0;
    free(log->board);
    log->board = NULL;
    (void)pthread_mutex_unlock(&log->lock);
}

/* Writes a line that is said, above what stands. */
static void write_line(cop_logger *log, const char *prefix, const char *line)
{
    bool redraw = log->standing > 0;
    erase_standing(log);
    fprintf(log->to, "%s%s\n", prefix, line);
    if (redraw && log->board != NULL)
        draw_board(log);
    else if (redraw)
        show_progress(log);
    (void)fflush(log->to);
}

static void copy_line(const cop_logger *log, const char *prefix, const char *line)
{
    if (log->copy == NULL)
        return;
    fprintf(log->copy, "%s%s\n", prefix, line);
    (void)fflush(log->copy); /* it is read when the process has crashed */
}

void cop_say(cop_logger *log, cop_log_level level, const char *format, ...)
{
    if (log == NULL || (level > log->level && (log->copy == NULL || level > COP_LOG_INFO)))
        return;
    char message[LINE_SIZE];
    char shown[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const char *prefix = level == COP_LOG_ERROR     ? "error: "
                         : level == COP_LOG_WARNING ? "warning: "
                         : level == COP_LOG_DEBUG   ? "debug: "
                                                    : "";
    (void)cop_escape(message, shown, sizeof shown);
    (void)pthread_mutex_lock(&log->lock);
    if (level <= log->level)
        write_line(log, prefix, shown);
    copy_line(log, prefix, shown);
    (void)pthread_mutex_unlock(&log->lock);
}

/* Notes the state of progress, beginning a phase where this is another one. */
static void note(cop_logger *log, const char *what, int64_t done, int64_t total, const char *detail)
{
    char name[sizeof log->what];
    (void)cop_escape(what, name, sizeof name);
    if (log->in_phase && (strcmp(name, log->what) != 0 || done < log->done))
        end_phase(log);
    log->noted = log->seconds(log->context);
    if (!log->in_phase) {
        memcpy(log->what, name, sizeof name);
        log->in_phase = true;
        log->first = done;
        log->began = log->noted;
        log->shown = -1e300; /* so the first line is due */
    }
    (void)cop_escape(detail, log->detail, sizeof log->detail);
    log->done = done;
    log->total = total;
    log->unshown = true;
}

/* Whether what was noted is to be told or shown now. */
static bool is_due(const cop_logger *log, double interval)
{
    return log->noted - log->shown >= interval;
}

static void tell_listener(cop_logger *log)
{
    if (!is_complete(log) && !is_due(log, TELL_INTERVAL))
        return;
    log->listener(log->listener_own, log->what, log->done, log->total, log->detail);
    log->shown = log->noted;
    log->unshown = false;
}

static void copy_progress(cop_logger *log)
{
    if (log->copy == NULL || (!is_complete(log) && log->noted - log->copied < PLAIN_INTERVAL))
        return;
    cop_text line = {0};
    render(log, &line);
    copy_line(log, "", line.data != NULL ? line.data : "");
    cop_text_free(&line);
    log->copied = log->noted;
}

void cop_progress(cop_logger *log, const char *what, int64_t done, int64_t total,
                  const char *format, ...)
{
    if (log == NULL || total <= 0 ||
        (log->level < COP_LOG_INFO && log->listener == NULL && log->copy == NULL))
        return;
    char detail[sizeof log->detail];
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    (void)pthread_mutex_lock(&log->lock);
    note(log, what, done, total, detail);
    copy_progress(log);
    if (log->listener != NULL)
        tell_listener(log);
    if (log->listener != NULL || log->level < COP_LOG_INFO)
        log->in_phase = !is_complete(log);
    else if (is_complete(log))
        end_phase(log);
    else if (is_due(log, log->live ? LIVE_INTERVAL : PLAIN_INTERVAL))
        show_progress(log);
    (void)pthread_mutex_unlock(&log->lock);
}

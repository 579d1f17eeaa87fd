/* log.c: messages and live progress.
 *
 * A phase is a run of cop_progress calls with the same `what` and a count that does not fall. Each
 * call only notes the state; a line is made when one is due, or when the phase ends. */
#include "core/log.h"

#include "core/clock.h"
#include "core/locale.h"
#include "core/text.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define LIVE_INTERVAL  0.1
#define PLAIN_INTERVAL 10.0
#define LINE_SIZE      1024

struct cop_logger {
    FILE *to;
    cop_log_level level;
    bool live;
    double (*seconds)(void *context);
    void *context;
    pthread_mutex_t lock; /* over `to` and all below */
    bool in_phase;
    bool unshown;  /* the noted state is not on any line yet */
    bool standing; /* live: the cursor is behind a progress line */
    char what[128];
    char detail[256];
    int64_t first; /* `done` when the phase began */
    int64_t done;
    int64_t total;
    double began; /* in seconds of the clock, as are the next two */
    double noted;
    double shown;
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

/* "7.5 s", "12:05" or "3:04:05" into `text`. */
static void duration_text(double seconds, char *text, size_t size)
{
    int64_t whole = seconds < 1e9 ? (int64_t)(seconds + 0.5) : INT64_C(1000000000);
    if (seconds < 9.95)
        (void)cop_snprintf(text, size, "%.1f s", seconds);
    else if (whole < 60)
        (void)snprintf(text, size, "%" PRId64 " s", whole);
    else if (whole < 3600)
        (void)snprintf(text, size, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
    else
        (void)snprintf(text, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600,
                       whole / 60 % 60, whole % 60);
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
        duration_text(complete ? elapsed : left, time, sizeof time);
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
    if (log->standing)
        fputs("\r\033[K", log->to);
    log->standing = false;
}

static void show_progress(cop_logger *log)
{
    cop_text line = {0};
    render(log, &line);
    char *text = cop_text_take(&line);
    if (text != NULL && log->live) {
        cut_to_columns(text, columns_of(log->to) - 1);
        fprintf(log->to, "\r%s\033[K", text);
        log->standing = true;
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
    if (log->unshown)
        show_progress(log);
    if (log->standing)
        fputc('\n', log->to);
    (void)fflush(log->to);
    log->standing = false;
    log->in_phase = false;
}

void cop_logger_free(cop_logger *log)
{
    if (log == NULL)
        return;
    end_phase(log);
    (void)pthread_mutex_destroy(&log->lock);
    free(log);
}

void cop_say(cop_logger *log, cop_log_level level, const char *format, ...)
{
    if (log == NULL || level > log->level)
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
    (void)pthread_mutex_lock(&log->lock);
    bool redraw = log->standing;
    erase_standing(log);
    fprintf(log->to, "%s%s\n", prefix, cop_escape(message, shown, sizeof shown));
    if (redraw)
        show_progress(log);
    (void)fflush(log->to);
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

void cop_progress(cop_logger *log, const char *what, int64_t done, int64_t total,
                  const char *format, ...)
{
    if (log == NULL || log->level < COP_LOG_INFO || total <= 0)
        return;
    char detail[sizeof log->detail];
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    (void)pthread_mutex_lock(&log->lock);
    note(log, what, done, total, detail);
    if (is_complete(log))
        end_phase(log);
    else if (log->noted - log->shown >= (log->live ? LIVE_INTERVAL : PLAIN_INTERVAL))
        show_progress(log);
    (void)pthread_mutex_unlock(&log->lock);
}

/* board.c: how far the workers of a run are: each has a line on a terminal, rewritten, and one for
 * the whole; elsewhere a plain line now and then. */
#include "core/clock.h"
#include "core/log.h"
#include "core/quantity.h"
#include "core/text.h"
#include "study/executors/crew.h"

#include <stdlib.h>

#define LIVE_INTERVAL  0.2
#define PLAIN_INTERVAL 10.0

/* Workers of which a terminal shows a line each. */
#define MOST_LINES 40

/* "train IMP, seed 0  30/120 (25 %)  12.5/s  7.2 s left  loss 1.2" */
static void add_worker(const cop_crew *c, const cop_crew_member *w, cop_text *text)
{
    char time[32], title[400];
    if (w->stage == COP_NO_STAGE) {
        cop_text_append(text, "waits for what others compute");
        return;
    }
    cop_text_append(text, cop_escape(c->r->study->stages[w->stage].title, title, sizeof title));
    if (w->first_heard <= 0.0) {
        cop_text_printf(text, "  for %s", cop_time_text(cop_now() - w->began, time, sizeof time));
        return;
    }
    double seconds = w->heard - w->first_heard, advanced = (double)(w->done - w->first);
    cop_text_printf(text, "  %lld/%lld (%.0f %%)", (long long)w->done, (long long)w->total,
                    100.0 * (double)w->done / (double)w->total);
    if (seconds > 0.0 && advanced > 0.0)
        cop_text_printf(
            text, "  %.3g/s  %s left", advanced / seconds,
            cop_time_text((double)(w->total - w->done) * seconds / advanced, time, sizeof time));
    if (w->detail[0] != '\0')
        cop_text_printf(text, "  %s", w->detail);
}

static void show_live(cop_crew *c)
{
    cop_text text = {0};
    for (size_t i = 0; i < c->count && i < MOST_LINES; i++) {
        if (c->workers[i].process.id == 0)
            continue;
        if (c->count > 1)
            cop_text_printf(&text, "%zu: ", i + 1);
        add_worker(c, &c->workers[i], &text);
        cop_text_append(&text, "\n");
    }
    cop_text_append(&text, cop_remaining_text(c->remaining));
    char *lines = cop_text_take(&text);
    if (lines != NULL)
        cop_logger_board(c->r->log, lines);
    free(lines);
}

/* Only of workers that have been at a stage for a while: others say that it is done. */
static void say_worker(const cop_crew *c, cop_crew_member *w, double now)
{
    if (w->stage == COP_NO_STAGE || w->first_heard <= 0.0 || now - w->shown < PLAIN_INTERVAL)
        return;
    cop_text text = {0};
    if (c->count > 1)
        cop_text_printf(&text, "%zu: ", (size_t)(w - c->workers) + 1);
    add_worker(c, w, &text);
    char *line = cop_text_take(&text);
    if (line != NULL)
        cop_say(c->r->log, COP_LOG_INFO, "%s", line);
    free(line);
    w->shown = now;
}

void cop_crew_show(cop_crew *c)
{
    double now = cop_now();
    bool is_live = cop_logger_is_live(c->r->log);
    for (size_t i = 0; !is_live && i < c->count; i++)
        say_worker(c, &c->workers[i], now);
    if (now - c->shown < (is_live ? LIVE_INTERVAL : PLAIN_INTERVAL))
        return;
    c->shown = now;
    if (is_live)
        show_live(c);
    else
        cop_say(c->r->log, COP_LOG_INFO, "%s", cop_remaining_text(c->remaining));
}

void cop_crew_hide(cop_crew *c)
{
    cop_logger_board(c->r->log, "");
}

/* hearing.c: what workers say, of their stages and on their logs. */
#include "core/clock.h"
#include "core/log.h"
#include "study/executors/crew.h"
#include "study/executors/words.h"
#include "study/graph/compare.h"

#include <stdio.h>
#include <string.h>

/* What a stream's lines are heard with. */
typedef struct hearing {
    cop_crew *c;
    cop_crew_member *w;
    cop_error *err;
} hearing;

static void hear_begun(const cop_crew *c, cop_crew_member *w, const cop_artifact_id *id)
{
    double now = cop_now();
    w->stage = cop_study_find_stage(c->r->study, id);
    w->began = now;
    w->shown = now;
    w->first_heard = 0.0;
    if (w->stage != COP_NO_STAGE && c->tell->begun != NULL)
        c->tell->begun(c->tell->own, &c->r->study->stages[w->stage]);
}

cop_status cop_crew_hear_ended(cop_crew *c, cop_crew_member *w, cop_error *err)
{
    int32_t stage = w->stage;
    w->stage = COP_NO_STAGE;
    c->losses = 0;
    if (stage == COP_NO_STAGE)
        return COP_OK;
    cop_remaining_ended(c->remaining, &c->r->study->stages[stage]);
    return c->tell->ended != NULL ? c->tell->ended(c->tell->own, &c->r->study->stages[stage], err)
                                  : COP_OK;
}

/* A count that falls begins anew: another part of the stage. */
static void hear_at(cop_crew_member *w, const cop_worker_line *said)
{
    double now = cop_now();
    if (w->first_heard <= 0.0 || said->done < w->done || said->total != w->total) {
        w->first = said->done;
        w->first_heard = now;
    }
    w->done = said->done;
    w->total = said->total;
    w->heard = now;
    (void)snprintf(w->detail, sizeof w->detail, "%s", said->detail);
}

bool cop_member_is_late(const cop_crew_member *w)
{
    return w->overdue > 0.0 && w->stage != COP_NO_STAGE && w->stage == w->late;
}

static int hear_said(void *own, const char *line)
{
    const hearing *h = own;
    cop_worker_line said = cop_worker_read(line);
    if (said.word == COP_WORD_BEGUN)
        hear_begun(h->c, h->w, &said.stage);
    else if (said.word == COP_WORD_AT)
        hear_at(h->w, &said);
    else if (said.word == COP_WORD_LEFT && !cop_member_is_late(h->w))
        h->w->stage = COP_NO_STAGE;
    else if (said.word == COP_WORD_ENDED)
        return cop_crew_hear_ended(h->c, h->w, h->err);
    return COP_OK;
}

/* That a worker ends as it was asked to is no news. */
static bool is_chatter(const cop_crew *c, const cop_crew_member *w, const char *line)
{
    static const char *const words[] = {"coppice: stopping after", "coppice: interrupted",
                                        "interrupted"};
    bool is = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        is = is || strncmp(line, words[i], strlen(words[i])) == 0;
    return is && (c->is_told_to_stop || w->overdue > 0.0);
}

/* How loud a line is, which says so itself: then it goes on behind that. */
static cop_log_level level_of(const char **line)
{
    static const struct {
        const char *word;
        cop_log_level level;
    } louder[] = {{"error: ", COP_LOG_ERROR}, {"warning: ", COP_LOG_WARNING}};
    for (size_t i = 0; i < sizeof louder / sizeof louder[0]; i++) {
        size_t length = strlen(louder[i].word);
        if (strncmp(*line, louder[i].word, length) != 0)
            continue;
        *line += length;
        return louder[i].level;
    }
    return COP_LOG_INFO;
}

static int hear_log(void *own, const char *line)
{
    const hearing *h = own;
    if (is_chatter(h->c, h->w, line))
        return COP_OK;
    (void)snprintf(h->w->last, sizeof h->w->last, "%s", line);
    cop_log_level level = level_of(&line);
    if (h->c->count > 1)
        cop_say(h->c->r->log, level, "%zu: %s", (size_t)(h->w - h->c->workers) + 1, line);
    else
        cop_say(h->c->r->log, level, "%s", line);
    return COP_OK;
}

cop_status cop_crew_hear(cop_crew *c, cop_crew_member *w, bool said, bool log, cop_error *err)
{
    hearing h = {c, w, err};
    int answer = log ? cop_lines_read(&w->process.log, hear_log, &h) : 0;
    if (answer == 0 && said)
        answer = cop_lines_read(&w->process.said, hear_said, &h);
    return (cop_status)answer;
}

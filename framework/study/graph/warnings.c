/* warnings.c: what a study's config says and does not do, told before anything runs. */
#include "core/text.h"
#include "study/graph/graph.h"

#include <stdlib.h>
#include <string.h>

/* Whether a line, which begins and ends with a line feed, was said; it is by now. */
static bool was_said(cop_study *s, const char *line)
{
    if (s->said_warnings != NULL && strstr(s->said_warnings, line) != NULL)
        return true;
    cop_text all = {0};
    cop_text_append(&all, s->said_warnings != NULL ? s->said_warnings : "\n");
    cop_text_append(&all, line + 1);
    char *text = cop_text_take(&all);
    if (text != NULL) {
        free(s->said_warnings);
        s->said_warnings = text;
    }
    return false;
}

static void say(cop_study *s, const cop_component *at, const char *what, const char *message,
                size_t length)
{
    const char *file = NULL;
    int place = 0;
    cop_text text = {0};
    if (at != NULL)
        cop_component_place(at, &file, &place);
    cop_text_printf(&text, "\n%s", file != NULL ? file : s->config->path);
    if (file != NULL && place > 0)
        cop_text_printf(&text, ":%d", place);
    cop_text_printf(&text, ": %s%s", what != NULL ? what : "", what != NULL ? ": " : "");
    cop_text_append_bytes(&text, message, length);
    cop_text_append(&text, "\n");
    char *line = cop_text_take(&text);
    if (line != NULL && !was_said(s, line))
        cop_say(s->log, COP_LOG_WARNING, "%.*s", (int)strlen(line) - 2, line + 1);
    free(line);
}

void cop_study_warn(cop_study *s, const cop_component *at, const char *what, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        if (length > 0)
            say(s, at, what, lines, length);
        lines += length + (lines[length] == '\n');
    }
}

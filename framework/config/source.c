/* source.c: putting included files into the text that includes them. */
#include "config/source.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* A way through the text of one file. */
typedef struct walk {
    const cop_config_file *file;
    const char *start, *at, *end;
    int line;
} walk;

static bool begins(const walk *w, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(w->end - w->at) >= length && memcmp(w->at, with, length) == 0;
}

static void step(walk *w)
{
    w->line += *w->at == '\n';
    w->at++;
}

/* Goes behind `close`, or to the end. */
static void skip_past(walk *w, const char *close)
{
    while (w->at < w->end && !begins(w, close))
        step(w);
    for (size_t i = 0; i < strlen(close) && w->at < w->end; i++)
        step(w);
}

static void skip_string(walk *w)
{
    step(w);
    while (w->at < w->end && *w->at != '"') {
        if (*w->at == '\\' && w->end - w->at > 1)
            step(w);
        step(w);
    }
    if (w->at < w->end)
        step(w);
}

/* Goes to the next @ that is in no string and no comment. What is not closed is for the parser to
 * complain about. */
static bool find_at(walk *w)
{
    while (w->at < w->end && *w->at != '@') {
        if (*w->at == '#' || begins(w, "//"))
            skip_past(w, "\n");
        else if (begins(w, "/*"))
            skip_past(w, "*/");
        else if (*w->at == '"')
            skip_string(w);
        else
            step(w);
    }
    return w->at < w->end;
}

static bool is_first_on_line(const walk *w)
{
    const char *before = w->at;
    while (before > w->start && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    return before == w->start || before[-1] == '\n';
}

/* Reads the string that w is at, with its two escapes, into `name`; false where it is none. */
static bool take_name(walk *w, cop_text *name)
{
    if (!begins(w, "\""))
        return false;
    for (w->at++; w->at < w->end && *w->at != '"'; w->at++) {
        if (*w->at == '\\' && w->end - w->at > 1 && (w->at[1] == '\\' || w->at[1] == '"'))
            w->at++;
        if ((unsigned char)*w->at < ' ')
            return false;
        cop_text_append_bytes(name, w->at, 1);
    }
    if (w->at == w->end)
        return false;
    w->at++;
    return true;
}

/* Reads @include "FILE", which w is at. */
static cop_status take_include(walk *w, cop_arena *arena, const char **out, cop_error *err)
{
    static const char word[] = "@include";
    cop_text name = {0};
    bool is_one = is_first_on_line(w) && begins(w, word);
    if (is_one) {
        w->at += sizeof word - 1;
        while (begins(w, " ") || begins(w, "\t"))
            w->at++;
        is_one = take_name(w, &name);
    }
    *out = name.failed ? NULL : cop_arena_strdup(arena, name.data != NULL ? name.data : "");
    cop_text_free(&name);
    if (!is_one)
        return cop_fail_at(err, COP_INVALID, w->file->path, w->line,
                           "an @ where none can be; wanted @include \"FILE\" on a line of its own");
    return *out != NULL ? COP_OK : cop_out_of_memory(err);
}

/* The text goes on with that line of the file. */
static cop_status begin_span(cop_source *s, const walk *w, cop_error *err)
{
    cop_source_span *spans = cop_grow(s->spans, &s->room, s->count + 1, sizeof *spans);
    if (spans == NULL)
        return cop_out_of_memory(err);
    s->spans = spans;
    s->spans[s->count++] = (cop_source_span){s->line, {w->file->path, w->line}};
    return COP_OK;
}

static void append(cop_source *s, const char *from, const char *to)
{
    cop_text_append_bytes(&s->text, from, (size_t)(to - from));
    for (const char *c = from; c < to; c++)
        s->line += *c == '\n';
}

static cop_status read_file(cop_config_files *files, cop_config_file *file, cop_source *s,
                            cop_error *err);

/* Appends the file that w includes, and goes on behind. */
static cop_status include(cop_config_files *files, walk *w, cop_source *s, cop_error *err)
{
    static const char newline[] = "\n";
    cop_config_file inner = {
        .outer = w->file, .how = "@include ", .place = {w->file->path, w->line}};
    COP_TRY(take_include(w, files->arena, &inner.name, err));
    COP_TRY(read_file(files, &inner, s, err));
    append(s, newline, newline + 1); /* a comment at the file's end would go on */
    return begin_span(s, w, err);
}

static cop_status append_walk(cop_config_files *files, walk *w, cop_source *s, cop_error *err)
{
    COP_TRY(begin_span(s, w, err));
    for (bool is_end = false; !is_end;) {
        const char *from = w->at;
        is_end = !find_at(w);
        append(s, from, w->at);
        if (!is_end)
            COP_TRY(include(files, w, s, err));
    }
    return s->text.failed ? cop_out_of_memory(err) : COP_OK;
}

static cop_status read_file(cop_config_files *files, cop_config_file *file, cop_source *s,
                            cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    COP_TRY(cop_config_file_read(files, file, &text, &size, err));
    walk w = {.file = file, .start = text, .at = text, .end = text + size, .line = 1};
    cop_status status = append_walk(files, &w, s, err);
    free(text);
    return status;
}

cop_status cop_source_read(cop_config_files *files, cop_config_file *file, cop_source *out,
                           cop_error *err)
{
    *out = (cop_source){.line = 1};
    cop_text_append(&out->text, "");
    return read_file(files, file, out, err);
}

void cop_source_free(cop_source *source)
{
    cop_text_free(&source->text);
    free(source->spans);
    *source = (cop_source){0};
}

cop_place cop_source_place(const cop_source *source, int line)
{
    size_t low = 0, high = source->count; /* the span is in [low, high) */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source->spans[middle].line <= line)
            low = middle;
        else
            high = middle;
    }
    /* Where several begin on the line, what can be seen there is the last one's: of the others it
     * has blanks alone, or a comment that an included file ends with. */
    const cop_source_span *span = &source->spans[low];
    return (cop_place){span->place.file, span->place.line + (line - span->line)};
}

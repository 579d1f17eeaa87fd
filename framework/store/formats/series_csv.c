/* series_csv.c: writing and reading what a work recorded. */
#include "store/formats/series_csv.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/formats/csv_numbers.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_LIMIT (64u << 20)
#define HEADER       "name,step,value\n"

bool cop_series_is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= COP_SERIES_NAME_SIZE || !cop_is_utf8(name, length) ||
        name[0] == ' ' || name[length - 1] == ' ')
        return false;
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == ',' || *c == '"' || cop_control_length(c) > 0)
            return false;
    }
    return true;
}

static void write_series(cop_text *t, const cop_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        const cop_series_point *p = &series->points[i];
        cop_text_printf(t, "%s,%" PRId64 ",", series->name, p->step);
        if (isnan(p->value)) /* which has a sign, too, and bits that mean nothing */
            cop_text_append(t, "nan\n");
        else
            cop_text_printf(t, "%.17g\n", p->value);
    }
}

cop_status cop_series_csv_write(const cop_series *series, size_t count, const char *path,
                                cop_error *err)
{
    cop_text t = {0};
    cop_text_append(&t, HEADER);
    for (size_t i = 0; i < count; i++)
        write_series(&t, &series[i]);
    size_t length = t.length;
    char *text = cop_text_take(&t);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, length, err);
    free(text);
    return status;
}

/* What is read so far. */
typedef struct reading {
    const char *path;
    cop_arena *arena;
    cop_series *series;       /* room for COP_SERIES_MOST */
    cop_series_point *points; /* of all of them, in the file's order; room for every line */
    size_t count, lines;
} reading;

static cop_status refuse(const reading *r, const char *wanted, cop_error *err)
{
    return cop_fail_at(err, COP_DAMAGED, r->path, (int)r->lines + 2, "wanted %s", wanted);
}

/* Points to a series of that name: the last one, or a new one behind it. */
static cop_status find_series(reading *r, const char *name, cop_series **out, cop_error *err)
{
    *out = r->count > 0 ? &r->series[r->count - 1] : NULL;
    if (*out != NULL && strcmp((*out)->name, name) == 0)
        return COP_OK;
    if (!cop_series_is_name(name))
        return refuse(r, "a name of 1 to 40 bytes", err);
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->series[i].name, name) == 0)
            return refuse(r, "all lines of a series together", err);
    }
    if (r->count == COP_SERIES_MOST)
        return refuse(r, "no more than 16 series", err);
    *out = &r->series[r->count++];
    **out = (cop_series){.name = cop_arena_strdup(r->arena, name), .points = r->points + r->lines};
    return (*out)->name != NULL ? COP_OK : cop_out_of_memory(err);
}

/* A whole number from 0, of which *text is moved to the end. */
static bool read_step(char **text, int64_t *step)
{
    char *end = NULL;
    errno = 0;
    if (**text < '0' || **text > '9')
        return false;
    *step = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* One line, of which *text is moved to the end; its comma behind the name is overwritten. */
static cop_status read_line(reading *r, char **text, cop_error *err)
{
    cop_series *series = NULL;
    cop_series_point *point = &r->points[r->lines];
    char *name = *text, *comma = strchr(name, ',');
    if (comma == NULL)
        return refuse(r, "a name, a step and a value, separated by commas", err);
    *comma = '\0';
    *text = comma + 1;
    COP_TRY(find_series(r, name, &series, err));
    if (!read_step(text, &point->step) || *(*text)++ != ',' ||
        !cop_csv_read_number(text, &point->value) || *(*text)++ != '\n')
        return refuse(r, "a name, a step and a value, separated by commas", err);
    if (series->count > 0 && point->step <= point[-1].step)
        return refuse(r, "steps in ascending order", err);
    series->count++;
    r->lines++;
    return COP_OK;
}

static cop_status read_text(reading *r, char *text, size_t size, cop_error *err)
{
    r->series = cop_arena_array(r->arena, COP_SERIES_MOST, sizeof *r->series);
    r->points = cop_arena_array(r->arena, cop_csv_count_lines(text) + 1, sizeof *r->points);
    if (r->series == NULL || r->points == NULL)
        return cop_out_of_memory(err);
    if (strncmp(text, HEADER, strlen(HEADER)) != 0)
        return cop_fail_at(err, COP_DAMAGED, r->path, 1, "is not what a work recorded");
    for (char *at = text + strlen(HEADER); at < text + size;)
        COP_TRY(read_line(r, &at, err));
    return COP_OK;
}

cop_status cop_series_csv_read(const char *path, cop_arena *arena, cop_series **series,
                               size_t *count, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    reading r = {.path = path, .arena = arena};
    *series = NULL;
    *count = 0;
    COP_TRY(cop_file_read_regular(path, SERIES_LIMIT, &text, &size, err));
    cop_status status = read_text(&r, text, size, err);
    free(text);
    if (status != COP_OK)
        return status;
    *series = r.series;
    *count = r.count;
    return COP_OK;
}

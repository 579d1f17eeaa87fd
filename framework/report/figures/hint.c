/* hint.c: an analyzer's plot hint, resolved against its table. */
#include "report/figures/hint.h"

#include "core/memory.h"
#include "report/data/shown.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *cop_axis_label(const cop_column *column, cop_arena *arena)
{
    const char *unit = cop_shown_unit(column);
    char *text = unit[0] != '\0' ? cop_arena_printf(arena, "%s (%s)", column->name, unit)
                                 : cop_arena_strdup(arena, column->name);
    for (char *c = text; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c;
    return text;
}

static int column_of(const cop_hint *h, const char *name)
{
    return name != NULL ? cop_table_find_column(h->group->first, name) : -1;
}

static void resolve_y(cop_hint *h)
{
    const char *names = h->plot->y;
    while (names != NULL && names[0] != '\0') {
        char name[COP_NAME_SIZE];
        size_t length = strcspn(names, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, names);
        int column = column_of(h, name);
        if (column >= 0 && h->y_count < COP_HINT_COLUMNS)
            h->y[h->y_count++] = column;
        else
            h->dropped += column >= 0;
        names += length;
        names += names[0] == ',';
    }
}

static int find_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static bool is_y(const cop_hint *h, size_t column)
{
    for (size_t i = 0; i < h->y_count; i++) {
        if (h->y[i] == (int)column)
            return true;
    }
    return false;
}

/* Whether two rows stand at one place of one curve, as far as the plot's own columns say. */
static bool same_place(const cop_hint *h, const cop_table *table, size_t a, size_t b)
{
    return cop_same_cell(table, a, table, b, (size_t)h->x) &&
           (h->series < 0 || cop_same_cell(table, a, table, b, (size_t)h->series)) &&
           (h->plot->kind != COP_PLOT_HEATMAP ||
            cop_same_cell(table, a, table, b, (size_t)h->y[0]));
}

/* Whether a number tells apart rows that would be averaged otherwise. One that follows from the
 * place, such as the ends of a bin from its centre, does not. */
static bool splits_places(const cop_hint *h, size_t column)
{
    for (size_t m = 0; m < h->group->member_count; m++) {
        const cop_table *table = h->group->members[m].table;
        for (size_t a = 0; a < cop_table_row_count(table); a++) {
            for (size_t b = 0; b < a; b++) {
                if (same_place(h, table, a, b) && !cop_same_cell(table, a, table, b, column))
                    return true;
            }
        }
    }
    return false;
}

/* Whether a column tells kinds of rows apart that the plot itself does not: a text does, unless the
 * places along the axis are texts themselves, of which it follows. */
static bool tells_kinds(const cop_hint *h, size_t column)
{
    int c = (int)column;
    return cop_tells_kinds(h->group->first, column) && c != h->x && c != h->series &&
           c != h->error && c != h->value && !is_y(h, column) &&
           ((cop_table_column(h->group->first, column)->type == COP_COLUMN_TEXT &&
             cop_table_column(h->group->first, (size_t)h->x)->type != COP_COLUMN_TEXT) ||
            splits_places(h, column));
}

/* Notes which columns tell kinds apart, once for the whole figure; false when memory is out. */
static bool resolve_kind_columns(cop_hint *h)
{
    size_t count = cop_table_column_count(h->group->first);
    bool *tells = cop_arena_array(h->r->arena, count, sizeof *tells);
    for (size_t c = 0; tells != NULL && c < count; c++)
        tells[c] = tells_kinds(h, c);
    h->tells_kinds = tells;
    return tells != NULL;
}

/* The kind of a row: its cells that tell kinds apart; "" where there are none. */
static const char *kind_of(const cop_hint *h, const cop_table *table, size_t row)
{
    const char *kind = "";
    for (size_t c = 0; kind != NULL && c < cop_table_column_count(table); c++) {
        if (!h->tells_kinds[c])
            continue;
        const char *cell = cop_cell_name(table, row, c, h->r->arena);
        kind = cell != NULL ? cop_arena_printf(h->r->arena, "%s%s%s", kind,
                                               kind[0] != '\0' ? ", " : "", cell)
                            : NULL;
    }
    return kind;
}

/* The series of a row, which tells its kind where `by_kind` says that the column does not. */
static const char *series_of(const cop_hint *h, const cop_table *table, size_t row)
{
    const char *own =
        h->series >= 0 ? cop_cell_name(table, row, (size_t)h->series, h->r->arena) : "";
    if (own == NULL || !h->by_kind)
        return own;
    const char *kind = kind_of(h, table, row);
    if (kind == NULL || own[0] == '\0' || kind[0] == '\0')
        return kind != NULL && own[0] == '\0' ? kind : own;
    return cop_arena_printf(h->r->arena, "%s, %s", own, kind);
}

/* Sets by_kind where rows of one series are of several kinds: they may not be averaged. */
static bool resolve_kinds(cop_hint *h)
{
    const char *series[COP_HINT_SERIES], *kinds[COP_HINT_SERIES];
    size_t count = 0;
    for (size_t m = 0; m < h->group->member_count; m++) {
        const cop_table *table = h->group->members[m].table;
        for (size_t row = 0; row < cop_table_row_count(table); row++) {
            const char *own = series_of(h, table, row), *kind = kind_of(h, table, row);
            if (own == NULL || kind == NULL)
                return false;
            int at = find_name(series, count, own);
            if (at >= 0 && strcmp(kinds[at], kind) != 0) {
                h->by_kind = true;
                return true;
            }
            if (at >= 0 || count == COP_HINT_SERIES)
                continue;
            series[count] = own;
            kinds[count++] = kind;
        }
    }
    return true;
}

static bool resolve_series(cop_hint *h)
{
    h->series_count = 1;
    h->series_names[0] = "";
    if (!resolve_kind_columns(h) || !resolve_kinds(h))
        return false;
    if (h->series < 0 && !h->by_kind)
        return true;
    h->series_count = 0;
    for (size_t m = 0; m < h->group->member_count; m++) {
        const cop_table *table = h->group->members[m].table;
        for (size_t row = 0; row < cop_table_row_count(table); row++) {
            const char *name = series_of(h, table, row);
            if (name == NULL)
                return false;
            if (find_name(h->series_names, h->series_count, name) >= 0)
                continue;
            if (h->series_count == COP_HINT_SERIES) {
                h->dropped++;
                return true;
            }
            h->series_names[h->series_count++] = name;
        }
    }
    return true;
}

static size_t count_rows(const cop_table_group *g)
{
    size_t rows = 0;
    for (size_t m = 0; m < g->member_count; m++)
        rows += cop_table_row_count(g->members[m].table);
    return rows;
}

/* How long the ending is that all names share, from a dot on (".weight" of parameters); 0: none, or
 * there is one name. */
static size_t shared_ending(const char *const *names, size_t count)
{
    const char *ending = count > 1 ? strrchr(names[0], '.') : NULL;
    size_t length = ending != NULL && ending > names[0] ? strlen(ending) : 0;
    for (size_t i = 1; i < count && length > 0; i++) {
        size_t own = strlen(names[i]);
        length = own > length && strcmp(names[i] + own - length, ending) == 0 ? length : 0;
    }
    return length;
}

/* Takes off what names along an axis share. */
static bool shorten_x_names(cop_hint *h)
{
    size_t ending = shared_ending(h->x_names, h->x_name_count);
    h->x_labels = h->x_names;
    if (ending == 0)
        return true;
    h->x_labels = cop_arena_array(h->r->arena, h->x_name_count, sizeof *h->x_labels);
    for (size_t i = 0; h->x_labels != NULL && i < h->x_name_count; i++) {
        int length = (int)(strlen(h->x_names[i]) - ending);
        h->x_labels[i] = cop_arena_printf(h->r->arena, "%.*s", length, h->x_names[i]);
        if (h->x_labels[i] == NULL)
            return false;
    }
    return h->x_labels != NULL;
}

static bool resolve_x_names(cop_hint *h)
{
    if (cop_table_column(h->group->first, (size_t)h->x)->type != COP_COLUMN_TEXT)
        return true;
    h->x_names = cop_arena_array(h->r->arena, count_rows(h->group) + 1, sizeof *h->x_names);
    if (h->x_names == NULL)
        return false;
    for (size_t m = 0; m < h->group->member_count; m++) {
        const cop_table *table = h->group->members[m].table;
        for (size_t row = 0; row < cop_table_row_count(table); row++) {
            const char *name = cop_table_at(table, row, (size_t)h->x).text;
            if (find_name(h->x_names, h->x_name_count, name) < 0)
                h->x_names[h->x_name_count++] = name;
        }
    }
    return shorten_x_names(h);
}

cop_status cop_hint_resolve(const cop_results *r, const cop_table_group *group, cop_hint *out,
                            cop_error *err)
{
    *out = (cop_hint){.r = r, .group = group, .plot = cop_table_plot(group->first)};
    out->x = column_of(out, out->plot->x);
    out->error = column_of(out, out->plot->error);
    out->value = column_of(out, out->plot->value);
    out->series = column_of(out, out->plot->series);
    if (out->series >= 0 && cop_is_repetition(cop_table_column(group->first, (size_t)out->series)))
        out->series = -1;
    resolve_y(out);
    if (out->x < 0 || out->y_count == 0)
        return COP_OK; /* cop_tables_add lets no such plot in; then there is nothing to draw */
    return resolve_series(out) && resolve_x_names(out) ? COP_OK : cop_out_of_memory(err);
}

const char *cop_hint_label(const cop_hint *h, size_t inner)
{
    const char *series = h->series_names[inner % h->series_count];
    if (h->y_count == 1)
        return series;
    const char *y = cop_axis_label(
        cop_table_column(h->group->first, (size_t)h->y[inner / h->series_count]), h->r->arena);
    if (y == NULL || h->series_count == 1)
        return y;
    return cop_arena_printf(h->r->arena, "%s, %s", y, series);
}

/* Whether two rows number the same repetition. */
static bool same_repetition(const cop_table *table, size_t a, size_t b)
{
    for (size_t c = 0; c < cop_table_column_count(table); c++) {
        if (cop_is_repetition(cop_table_column(table, c)) && !cop_same_cell(table, a, table, b, c))
            return false;
    }
    return true;
}

/* The repetition of `row`, counted within the table; `firsts` collects each one's first row. */
static size_t repetition_of(const cop_table *table, size_t row, size_t *firsts, size_t *count)
{
    for (size_t i = *count; i-- > 0;) {
        if (same_repetition(table, row, firsts[i]))
            return i;
    }
    firsts[*count] = row;
    return (*count)++;
}

/* A cell's number; NaN for column −1. */
static double number_at(const cop_table *table, size_t row, int column)
{
    return column < 0 ? (double)NAN : cop_table_number(table, row, (size_t)column);
}

static cop_point point_at(const cop_hint *h, const cop_table *table, size_t row, int y)
{
    cop_point p = {.y = number_at(table, row, y), .value = number_at(table, row, h->value)};
    p.x = h->x_names != NULL
              ? find_name(h->x_names, h->x_name_count, cop_table_at(table, row, (size_t)h->x).text)
              : number_at(table, row, h->x);
    double half = number_at(table, row, h->error);
    p.low = p.y - half;
    p.high = p.y + half;
    return p;
}

/* Appends the rows of one table that belong to the curve. */
static bool add_rows(const cop_hint *h, const cop_table *table, size_t inner, size_t *repetitions,
                     cop_sample_point *rows, size_t *count)
{
    size_t own = 0, total = cop_table_row_count(table);
    size_t *firsts = cop_arena_array(h->r->arena, total + 1, sizeof *firsts);
    if (firsts == NULL)
        return false;
    for (size_t row = 0; row < total; row++) {
        size_t repetition = *repetitions + repetition_of(table, row, firsts, &own);
        if (h->series >= 0 || h->by_kind) {
            const char *name = series_of(h, table, row);
            if (name == NULL)
                return false;
            if (strcmp(name, h->series_names[inner % h->series_count]) != 0)
                continue;
        }
        rows[(*count)++] =
            (cop_sample_point){repetition, point_at(h, table, row, h->y[inner / h->series_count])};
    }
    *repetitions += own;
    return true;
}

cop_status cop_hint_curve(const cop_hint *h, const cop_record_ticket *line, size_t inner,
                          cop_gather gather, cop_curve *out, cop_repetitions *over, cop_error *err)
{
    size_t count = 0, repetitions = 0;
    cop_sample_point *rows = cop_arena_array(h->r->arena, count_rows(h->group) + 1, sizeof *rows);
    if (rows == NULL)
        return cop_out_of_memory(err);
    for (size_t m = 0; m < h->group->member_count; m++) {
        const cop_table_group_member *member = &h->group->members[m];
        if (cop_same_line(member->ticket, line) &&
            (gather != COP_GATHER_FIRST || repetitions == 0) &&
            !add_rows(h, member->table, inner, &repetitions, rows, &count))
            return cop_out_of_memory(err);
    }
    int y = h->y[inner / h->series_count];
    out->y_scale = cop_shown_scale(cop_table_column(h->group->first, (size_t)y));
    if (gather != COP_GATHER_ALL)
        return cop_curve_average(rows, count, h->r->arena, out, over, err);
    out->points = cop_arena_array(h->r->arena, count + 1, sizeof *out->points);
    if (out->points == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        out->points[i] = rows[i].point;
    out->count = count;
    return COP_OK;
}

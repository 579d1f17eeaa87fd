/* varied.c: the table of the settings in which cells differ. */
#include "cli/varied.h"

#include "core/text.h"

#include <string.h>

#define LETTERS    24 /* of a value in the table */
#define VALUE_SIZE (4 * LETTERS + 1)

/* A value as the table has it. */
static const char *shown(const char *value, char out[VALUE_SIZE])
{
    char line[400];
    return cop_shorten(cop_escape(value != NULL ? value : "-", line, sizeof line), LETTERS, out);
}

static size_t letters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static size_t column_width(const cop_varied_settings *d, size_t cell)
{
    char text[VALUE_SIZE];
    size_t most = 4;
    for (size_t i = 0; i < d->count; i++) {
        size_t width = letters(shown(d->rows[i].values[cell], text));
        most = width > most ? width : most;
    }
    return most;
}

static size_t path_width(const cop_varied_settings *d)
{
    size_t most = strlen("setting");
    for (size_t i = 0; i < d->count; i++)
        most = strlen(d->rows[i].path) > most ? strlen(d->rows[i].path) : most;
    return most;
}

static void print_padded(const char *text, size_t width, FILE *out)
{
    size_t used = letters(text);
    (void)fprintf(out, "  %s%*s", text, (int)(used < width ? width - used : 0), "");
}

static void print_table(const cop_varied_settings *d, size_t cells, FILE *out)
{
    char text[VALUE_SIZE];
    size_t first = path_width(d);
    print_padded("setting", first, out);
    for (size_t k = 0; k < cells; k++)
        (void)fprintf(out, "  %-*zu", (int)column_width(d, k), k + 1);
    (void)fputs("\n", out);
    for (size_t i = 0; i < d->count; i++) {
        print_padded(d->rows[i].path, first, out);
        for (size_t k = 0; k < cells; k++)
            print_padded(shown(d->rows[i].values[k], text), column_width(d, k), out);
        (void)fputs("\n", out);
    }
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A value at its first cell, with all that have it. */
static void print_value(const cop_varied_setting *row, size_t first, size_t cells, FILE *out)
{
    char text[400];
    for (size_t k = 0; k < first; k++)
        if (is_same(row->values[k], row->values[first]))
            return;
    const char *value = row->values[first];
    (void)fprintf(out, "    %s:", cop_escape(value != NULL ? value : "-", text, sizeof text));
    for (size_t k = first; k < cells; k++)
        if (is_same(row->values[k], value))
            (void)fprintf(out, "%s %zu", k > first ? "," : "", k + 1);
    (void)fputs("\n", out);
}

static void print_list(const cop_varied_settings *d, size_t cells, FILE *out)
{
    for (size_t i = 0; i < d->count; i++) {
        (void)fprintf(out, "  %s\n", d->rows[i].path);
        for (size_t k = 0; k < cells; k++)
            print_value(&d->rows[i], k, cells, out);
    }
}

/* No more cells than that are in columns. */
#define MOST_COLUMNS 16

void cop_varied_print(const cop_config *config, const cop_varied_settings *d, size_t width,
                      FILE *out)
{
    size_t cells = config->cell_count, wanted = 2 + path_width(d);
    char text[512];
    if (cells < 2)
        return;
    (void)fputs("the cells, and the settings in which they differ:\n", out);
    for (size_t k = 0; k < cells; k++)
        (void)fprintf(out, "  %4zu  %s\n", k + 1,
                      cop_escape(config->cells[k].label, text, sizeof text));
    (void)fputs("\n", out);
    for (size_t k = 0; k < cells && cells <= MOST_COLUMNS; k++)
        wanted += 2 + column_width(d, k);
    if (cells <= MOST_COLUMNS && wanted <= width)
        print_table(d, cells, out);
    else
        print_list(d, cells, out);
    (void)fputs("\n", out);
}

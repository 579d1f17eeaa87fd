/* analysis_names.c: telling several instances of one analyzer apart. */
#include "study/graph/analysis_names.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

static bool same_plugin(const cop_component *a, const cop_component *b)
{
    return strcmp(cop_component_entry(a)->plugin->id, cop_component_entry(b)->plugin->id) == 0;
}

/* A component's "name = value" lines, each with something before its name. */
static void append_lines(cop_text *text, const char *before, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        cop_text_append(text, before);
        cop_text_append_bytes(text, lines, length);
        cop_text_append(text, "\n");
        lines += length + (lines[length] == '\n');
    }
}

/* What the analyzer looks at. */
static const cop_component *dataset_of(const cop_cell *cell, size_t i)
{
    if (cell->analyzer_datasets[i] != NULL)
        return cell->analyzer_datasets[i];
    return cop_cell_copies_dataset(cell);
}

/* All that is said of an analyzer: its options, and those of its dataset. The caller's; NULL when
 * memory is out. */
static char *lines_of(const cop_cell *cell, size_t i)
{
    cop_text text = {0};
    const cop_component *dataset = dataset_of(cell, i);
    append_lines(&text, "", cop_component_effective(cell->analyzers[i]));
    cop_text_printf(&text, "dataset = \"%s\"\n", cop_component_entry(dataset)->plugin->id);
    append_lines(&text, "dataset.", cop_component_effective(dataset));
    return cop_text_take(&text);
}

/* Whether one of the lines is the given one. */
static bool has_line(const char *at, const char *line, size_t length)
{
    while (*at != '\0') {
        size_t own = strcspn(at, "\n");
        if (own == length && memcmp(at, line, length) == 0)
            return true;
        at += own + (at[own] == '\n');
    }
    return false;
}

/* Adds those lines that some other has not. */
static void append_different(cop_text *label, const char *line, char *const *others, size_t count)
{
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        bool differs = false;
        for (size_t k = 0; k < count; k++)
            differs = differs || (others[k] != NULL && !has_line(others[k], line, length));
        if (differs) {
            cop_text_append(label, label->length > 0 ? ", " : "");
            cop_text_append_bytes(label, line, length);
        }
        line += length + (line[length] == '\n');
    }
}

char *cop_analysis_label(const cop_cell *cell, size_t i)
{
    if (cell->analyzer_labels[i] != NULL)
        return strdup(cell->analyzer_labels[i]);
    size_t count = cell->analyzer_count;
    cop_text label = {0};
    char **lines = calloc(count, sizeof *lines);
    bool has_memory = lines != NULL;
    for (size_t k = 0; has_memory && k < count; k++) {
        if (same_plugin(cell->analyzers[i], cell->analyzers[k]))
            has_memory = (lines[k] = lines_of(cell, k)) != NULL;
    }
    if (has_memory)
        append_different(&label, lines[i], lines, count);
    for (size_t k = 0; lines != NULL && k < count; k++)
        free(lines[k]);
    free(lines);
    return has_memory ? cop_text_take(&label) : NULL;
}

/* analysis_names.c: telling several instances of one analyzer apart. */
#include "study/graph/analysis_names.h"

#include "core/text.h"

#include <string.h>

static bool same_plugin(const cop_component *a, const cop_component *b)
{
    return strcmp(cop_component_entry(a)->plugin->id, cop_component_entry(b)->plugin->id) == 0;
}

/* Whether one of a component's "name = value" lines is the given one. */
static bool has_line(const cop_component *c, const char *line, size_t length)
{
    const char *at = cop_component_effective(c);
    while (*at != '\0') {
        size_t own = strcspn(at, "\n");
        if (own == length && memcmp(at, line, length) == 0)
            return true;
        at += own + (at[own] == '\n');
    }
    return false;
}

char *cop_analysis_label(const cop_cell *cell, size_t i)
{
    cop_text label = {0};
    const cop_component *own = cell->analyzers[i];
    const char *line = cop_component_effective(own);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        bool differs = false;
        for (size_t k = 0; k < cell->analyzer_count; k++)
            differs = differs || (same_plugin(own, cell->analyzers[k]) &&
                                  !has_line(cell->analyzers[k], line, length));
        if (differs) {
            cop_text_append(&label, label.length > 0 ? ", " : "");
            cop_text_append_bytes(&label, line, length);
        }
        line += length + (line[length] == '\n');
    }
    return cop_text_take(&label);
}

/* resolved.c: the texts of the cells, put together as a config. */
#include "config/resolved.h"

#include "config/read_study.h"
#include "core/memory.h"
#include "core/text.h"
#include "plugin/options/setting.h"

#include <string.h>

/* The first part is the group `study`, which the config as a whole needs. */
#define STUDY_PART 0

typedef struct span {
    const char *text;
    size_t length;
} span;

/* What the functions here share. */
typedef struct resolving {
    const cop_config *config;
    const size_t *parts;
    cop_text text;
} resolving;

static span part_of(const resolving *r, size_t cell, size_t part)
{
    const size_t *at = r->parts + cell * (COP_CELL_PARTS + 1) + part;
    return (span){r->config->effective + at[0], at[1] - at[0]};
}

static bool is_same(span a, span b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool is_common(const resolving *r, size_t part)
{
    span first = part_of(r, 0, part);
    for (size_t i = 1; i < r->config->cell_count; i++) {
        if (!is_same(first, part_of(r, i, part)))
            return false;
    }
    return true;
}

/* A study without a name is called after its file: in another file, by its name. */
static void append_study(resolving *r, span part)
{
    static const char nameless[] = "name = \"\";";
    const char *at = memmem(part.text, part.length, nameless, sizeof nameless - 1);
    if (at == NULL) {
        cop_text_append_bytes(&r->text, part.text, part.length);
        return;
    }
    cop_text_append_bytes(&r->text, part.text, (size_t)(at - part.text));
    cop_text_append(&r->text, "name = ");
    cop_append_string(&r->text, r->config->name);
    const char *rest = at + sizeof nameless - 2; /* from the semicolon on */
    cop_text_append_bytes(&r->text, rest, part.length - (size_t)(rest - part.text));
}

static void append_part(resolving *r, size_t cell, size_t part)
{
    span text = part_of(r, cell, part);
    if (part == STUDY_PART)
        append_study(r, text);
    else
        cop_text_append_bytes(&r->text, text.text, text.length);
}

static void append_labels(resolving *r)
{
    cop_text_append(&r->text, "  labels = [");
    for (size_t i = 0; i < r->config->cell_count; i++) {
        cop_text_append(&r->text, i > 0 ? ", " : "");
        cop_append_string(&r->text, r->config->cells[i].label);
    }
    cop_text_append(&r->text, "];\n");
}

/* The cells, each with what is not common to all. */
static void append_sweep(resolving *r, const bool common[COP_CELL_PARTS])
{
    cop_text_append(&r->text, "sweep = ( { path = \"\";\n");
    append_labels(r);
    cop_text_append(&r->text, "  values = (");
    for (size_t i = 0; i < r->config->cell_count; i++) {
        cop_text_append(&r->text, i > 0 ? ",\n    { " : "\n    { ");
        for (size_t k = 0; k < COP_CELL_PARTS; k++) {
            if (!common[k])
                append_part(r, i, k);
        }
        cop_text_append(&r->text, "}");
    }
    cop_text_append(&r->text, "); } );\n");
}

cop_status cop_config_resolve(cop_config *c, const size_t *parts, bool sweeps, cop_error *err)
{
    resolving r = {.config = c, .parts = parts};
    bool common[COP_CELL_PARTS];
    cop_text_append(&r.text,
                    "# Written by coppice from the config of a run: every setting with its "
                    "value.\n");
    for (size_t k = 0; k < COP_CELL_PARTS; k++) {
        common[k] = is_common(&r, k);
        if (common[k] || k == STUDY_PART)
            append_part(&r, 0, k);
    }
    if (sweeps)
        append_sweep(&r, common);
    c->resolved = cop_text_take(&r.text);
    return c->resolved != NULL ? COP_OK : cop_out_of_memory(err);
}

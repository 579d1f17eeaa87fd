/* describe.c: plugins and their options, printed for people. */
#include "plugin/options/describe.h"

#include "core/memory.h"
#include "core/text.h"
#include "plugin/options/value.h"
#include "plugin/preparation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Prints a plugin's text with control characters made visible. */
static void put(FILE *out, const char *text)
{
    char shown[1024];
    (void)fputs(cop_escape(text, shown, sizeof shown), out);
}

static void put_number(FILE *out, double value)
{
    cop_text text = {0};
    cop_append_float(&text, value);
    (void)fputs(text.failed ? "?" : text.data, out);
    cop_text_free(&text);
}

static void list_kind(const cop_registry *r, cop_kind kind, FILE *out)
{
    bool is_first = true;
    for (size_t i = 0; i < cop_registry_count(r); i++) {
        const cop_plugin *p = cop_registry_at(r, i)->plugin;
        if (p->kind != (uint32_t)kind)
            continue;
        if (is_first)
            (void)fprintf(out, "%s\n", cop_kind_plural(kind));
        is_first = false;
        (void)fprintf(out, "  %-16s ", p->id);
        put(out, p->version);
        (void)fputs("  ", out);
        put(out, p->summary);
        (void)fputc('\n', out);
    }
}

static void list_refusals(const cop_registry *r, bool is_shadowed, const char *title, FILE *out)
{
    for (size_t i = 0; i < cop_registry_refusal_count(r); i++) {
        const cop_registry_refusal *refusal = cop_registry_refusal_at(r, i);
        if (refusal->is_shadowed != is_shadowed)
            continue;
        (void)fputs(title, out);
        title = "";
        (void)fputs("  ", out);
        put(out, refusal->path);
        (void)fputs("\n      ", out);
        put(out, refusal->reason);
        (void)fputc('\n', out);
    }
}

void cop_describe_list(const cop_registry *r, cop_kind kind, FILE *out)
{
    for (cop_kind k = COP_KIND_MODEL; k <= COP_KIND_ANALYZER; k++)
        if (kind == 0 || kind == k)
            list_kind(r, k, out);
    list_refusals(r, true, "shadowed\n", out);
    list_refusals(r, false, "failed to load\n", out);
}

static void put_range(const cop_option *o, FILE *out)
{
    if (o->choices != NULL) {
        (void)fputs(", one of", out);
        for (size_t i = 0; o->choices[i] != NULL; i++) {
            (void)fputs(i > 0 ? " | " : " ", out);
            put(out, o->choices[i]);
        }
    }
    if (!cop_option_has_range(o))
        return;
    if (isfinite(o->min) && isfinite(o->max)) {
        (void)fputs(", ", out);
        put_number(out, o->min);
        (void)fputs(" to ", out);
        put_number(out, o->max);
    } else if (isfinite(o->min) || isfinite(o->max)) {
        (void)fputs(isfinite(o->min) ? ", at least " : ", at most ", out);
        put_number(out, isfinite(o->min) ? o->min : o->max);
    }
}

static bool is_path(const cop_option *o)
{
    return o->type == COP_OPTION_PATH || o->type == COP_OPTION_PATH_LIST;
}

static void put_option(const cop_option *o, FILE *out)
{
    (void)fprintf(out, "  %s", o->name);
    if (o->def != NULL) {
        (void)fputs(" = ", out);
        put(out, o->def[0] != '\0' ? o->def : "\"\"");
    }
    (void)fputs("\n      ", out);
    if (o->alias_of != NULL) {
        (void)fprintf(out, "deprecated: write %s\n", o->alias_of);
        return;
    }
    (void)fputs(cop_option_type_name(o->type), out);
    put_range(o, out);
    if (o->unit != NULL) {
        (void)fputs(", in ", out);
        put(out, o->unit);
    }
    if ((o->flags & COP_OPTION_REQUIRED) != 0)
        (void)fputs(", required", out);
    if ((o->flags & COP_OPTION_ADVANCED) != 0)
        (void)fputs(", advanced", out);
    if ((o->flags & COP_OPTION_EXECUTION_ONLY) != 0)
        (void)fputs(is_path(o) ? ", whose place cannot change results" : ", cannot change results",
                    out);
    if ((o->flags & COP_OPTION_JUDGEMENT) != 0)
        (void)fputs(", read when results are judged", out);
    if ((o->flags & COP_OPTION_SET_RECIPE) != 0)
        (void)fputs(", read when networks are trained on the set", out);
    if ((o->flags & COP_OPTION_LENGTH) != 0)
        (void)fputs(", says how many steps there are", out);
    (void)fputs("\n      ", out);
    put(out, o->help);
    (void)fputc('\n', out);
}

/* 0: ordinary, 1: advanced, 2: old names. */
static int option_rank(const cop_option *o)
{
    if (o->alias_of != NULL)
        return 2;
    return (o->flags & COP_OPTION_ADVANCED) != 0 ? 1 : 0;
}

void cop_describe_options(const cop_option *options, size_t count, FILE *out)
{
    for (int rank = 0; rank <= 2; rank++)
        for (size_t i = 0; i < count; i++)
            if (option_rank(&options[i]) == rank)
                put_option(&options[i], out);
}

static void put_field(FILE *out, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    (void)fprintf(out, "  %-10s ", name);
    put(out, value);
    (void)fputc('\n', out);
}

#define LINE_COLUMNS 100
#define TEXT_COLUMN  13 /* where the fields' texts begin */

/* A field of several sentences, broken between words. */
static void put_long_field(FILE *out, const char *name, const char *value)
{
    char shown[4096];
    if (value == NULL)
        return;
    (void)fprintf(out, "  %-10s", name);
    size_t column = TEXT_COLUMN - 1;
    const char *word = cop_escape(value, shown, sizeof shown);
    while (*(word += strspn(word, " ")) != '\0') {
        size_t length = strcspn(word, " ");
        bool is_full = column > TEXT_COLUMN && column + 1 + length > LINE_COLUMNS;
        if (is_full)
            (void)fprintf(out, "\n%*s", TEXT_COLUMN - 1, "");
        column = (is_full ? TEXT_COLUMN - 1 : column) + 1 + length;
        (void)fprintf(out, " %.*s", (int)length, word);
        word += length;
    }
    (void)fputc('\n', out);
}

void cop_describe_plugin(const cop_registry_entry *entry, FILE *out)
{
    const cop_plugin *p = entry->plugin;
    (void)fprintf(out, "%s %s\n", cop_kind_name((cop_kind)p->kind), p->id);
    put_field(out, "summary", p->summary);
    put_field(out, "version", p->version);
    put_field(out, "results", p->results_version);
    put_field(out, "author", p->author);
    put_field(out, "licence", p->licence);
    put_field(out, "citation", p->citation);
    put_long_field(out, "defaults", p->defaults);
    put_long_field(out, "departures", p->departures);
    put_field(out, "file", entry->path);
    put_field(out, "content", entry->content_hash);
    (void)fprintf(out, "  %-10s %u.%u, %s interface %u\n", "ABI", p->abi_major, p->abi_minor,
                  cop_kind_name((cop_kind)p->kind), p->kind_interface);
    (void)fputs(p->option_count > 0 ? "\noptions\n" : "\nno options\n", out);
    cop_describe_options(p->options, p->option_count, out);
    if (p->kind != COP_KIND_DATASET)
        return;
    size_t count = 0;
    const cop_option *rows = cop_preparation_options(&count);
    (void)fputs("\noptions of every dataset, done in this order\n", out);
    cop_describe_options(rows, count, out);
}

static cop_status refuse_several(const cop_registry *r, const char *word, cop_error *err)
{
    cop_text names = {0};
    for (size_t i = 0; i < cop_registry_count(r); i++) {
        const cop_plugin *p = cop_registry_at(r, i)->plugin;
        if (strcmp(p->id, word) == 0)
            cop_text_printf(&names, "%s%s:%s", names.length > 0 ? ", " : "",
                            cop_kind_name((cop_kind)p->kind), p->id);
    }
    cop_status status =
        cop_fail(err, COP_INVALID, "\"%s\" is more than one plugin: write one of %s", word,
                 names.data != NULL ? names.data : "KIND:ID");
    cop_text_free(&names);
    return status;
}

/* A file of that name may be of any kind: which one it would be is not known. */
static const cop_registry_refusal *refusal_of(const cop_registry *r, const char *word)
{
    char ending[2][COP_NAME_SIZE + 8];
    (void)snprintf(ending[0], sizeof ending[0], "/%.80s.so", word);
    (void)snprintf(ending[1], sizeof ending[1], "-%.80s.so", word);
    for (size_t i = 0; i < cop_registry_refusal_count(r); i++) {
        const char *path = cop_registry_refusal_at(r, i)->path;
        for (size_t k = 0; k < 2; k++) {
            size_t length = strlen(path), end = strlen(ending[k]);
            if (length >= end && strcmp(path + length - end, ending[k]) == 0)
                return cop_registry_refusal_at(r, i);
        }
    }
    return NULL;
}

static cop_status refuse_none(const cop_registry *r, const char *word, cop_error *err)
{
    for (size_t i = 0; i < cop_registry_refusal_count(r); i++) {
        const cop_registry_refusal *refused = cop_registry_refusal_at(r, i);
        if (refused->is_system) /* it may be the one */
            return cop_fail(err, COP_FAILED, "%s could not be opened: %s", refused->path,
                            refused->reason);
    }
    char shown[80];
    (void)cop_escape(word, shown, sizeof shown);
    const cop_registry_refusal *refusal = refusal_of(r, word);
    if (refusal != NULL)
        return cop_fail(err, COP_INVALID, "unknown plugin \"%s\"; %s was refused: %s", shown,
                        refusal->path, refusal->reason);
    const char **ids = calloc(cop_registry_count(r) + 1, sizeof *ids);
    if (ids == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < cop_registry_count(r); i++)
        ids[i] = cop_registry_at(r, i)->plugin->id;
    const char *near = cop_nearest(word, ids, cop_registry_count(r));
    free(ids);
    if (near != NULL)
        return cop_fail(err, COP_INVALID, "unknown plugin \"%s\"; did you mean \"%s\"?", shown,
                        near);
    return cop_fail(err, COP_INVALID, "unknown plugin \"%s\": `coppice list` names them all",
                    shown);
}

cop_status cop_describe_find(const cop_registry *r, const char *word,
                             const cop_registry_entry **entry, cop_error *err)
{
    *entry = NULL;
    const char *colon = strchr(word, ':');
    if (colon != NULL) {
        char name[COP_NAME_SIZE];
        (void)snprintf(name, sizeof name, "%.*s", (int)(colon - word), word);
        cop_kind kind = cop_kind_parse(name);
        if (kind == 0)
            return cop_fail(err, COP_INVALID,
                            "unknown kind in \"%.80s\"; known: model, dataset, distiller, pruner, "
                            "analyzer",
                            word);
        *entry = cop_registry_find(r, kind, colon + 1);
        return *entry != NULL ? COP_OK : cop_registry_unknown(r, kind, colon + 1, err);
    }
    size_t found = 0;
    cop_kind kind = (cop_kind)0;
    for (size_t i = 0; i < cop_registry_count(r); i++)
        if (strcmp(cop_registry_at(r, i)->plugin->id, word) == 0) {
            kind = (cop_kind)cop_registry_at(r, i)->plugin->kind;
            found++;
        }
    if (found == 1)
        *entry = cop_registry_find(r, kind, word);
    if (*entry != NULL)
        return COP_OK;
    if (found == 1)
        return cop_registry_unknown(r, kind, word, err);
    return found > 1 ? refuse_several(r, word, err) : refuse_none(r, word, err);
}

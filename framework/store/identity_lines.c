/* identity_lines.c: lines, and in them lists of settings in braces and of a recipe's fields. */
#include "store/identity_lines.h"

#include "core/memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How deep settings are taken apart; deeper ones stay one text. */
#define MOST_DEPTH 8

/* A part of the text. */
typedef struct span {
    const char *at;
    size_t length;
} span;

typedef struct reading {
    cop_arena *arena;
    cop_identity *out;
    cop_error *err;
} reading;

static span trim(span s)
{
    while (s.length > 0 && s.at[0] == ' ') {
        s.at++;
        s.length--;
    }
    while (s.length > 0 && s.at[s.length - 1] == ' ')
        s.length--;
    return s;
}

static const char *keep(const reading *r, span s)
{
    char *text = cop_arena_alloc(r->arena, s.length + 1);
    if (text != NULL)
        memcpy(text, s.at, s.length);
    return text;
}

static cop_status add(const reading *r, const char *name, span value)
{
    cop_identity *out = r->out;
    cop_identity_line *grown = cop_grow(out->lines, &out->capacity, out->count + 1, sizeof *grown);
    if (grown != NULL)
        out->lines = grown;
    const char *kept = keep(r, value);
    if (grown == NULL || name == NULL || kept == NULL)
        return cop_out_of_memory(r->err);
    cop_identity_line *line = &out->lines[out->count++];
    *line = (cop_identity_line){.name = name, .value = kept};
    line->is_stage = cop_artifact_parse(kept, &line->stage);
    return COP_OK;
}

static const char *join(const reading *r, const char *name, span key)
{
    return cop_arena_printf(r->arena, "%s.%.*s", name, (int)key.length, key.at);
}

/* Where the item ends that begins at `at`: at its semicolon, which is neither in a text nor in
 * brackets. */
static size_t item_length(span s)
{
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.at[i];
        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && strchr("{([", c) != NULL)
            depth++;
        else if (!in_text && strchr("})]", c) != NULL)
            depth--;
        else if (!in_text && depth == 0 && c == ';')
            return i;
    }
    return s.length;
}

static cop_status add_value(const reading *r, const char *name, span value, int depth);

/* "alphas = 3; pairs = "all"; " */
static cop_status add_items(const reading *r, const char *name, span items, int depth)
{
    for (items = trim(items); items.length > 0; items = trim(items)) {
        size_t length = item_length(items);
        const char *equals = memchr(items.at, '=', length);
        size_t key = equals != NULL ? (size_t)(equals - items.at) : 0;
        const span value =
            trim((span){items.at + key + (equals != NULL), length - key - (equals != NULL)});
        COP_TRY(add_value(r, join(r, name, trim((span){items.at, key})), value, depth));
        size_t step = length < items.length ? length + 1 : length;
        items.at += step;
        items.length -= step;
    }
    return COP_OK;
}

/* The length of the word that ends before `=`, at the beginning; 0: there is none. */
static size_t field_name(span s)
{
    size_t i = 0;
    while (i < s.length && (isalnum((unsigned char)s.at[i]) || s.at[i] == '_'))
        i++;
    return i < s.length && s.at[i] == '=' ? i : 0;
}

/* "name=sgd duration=1ep milestones=2 0.5 0.7": a field goes up to the next word with a name. */
static cop_status add_fields(const reading *r, const char *name, span fields)
{
    for (fields = trim(fields); fields.length > 0; fields = trim(fields)) {
        size_t key = field_name(fields), end = key + 1;
        if (key == 0)
            return add(r, join(r, name, (span){"", 0}), fields);
        for (; end < fields.length; end++) {
            const span rest = {fields.at + end + 1, fields.length - end - 1};
            if (fields.at[end] == ' ' && field_name(rest) > 0)
                break;
        }
        COP_TRY(add(r, join(r, name, (span){fields.at, key}),
                    (span){fields.at + key + 1, end - key - 1}));
        fields.at += end;
        fields.length -= end;
    }
    return COP_OK;
}

/* A value, with what it consists of. */
static cop_status add_value(const reading *r, const char *name, span value, int depth)
{
    static const char recipe[] = "name=";
    const char *open = memchr(value.at, '{', value.length);
    bool is_closed = open != NULL && value.at[value.length - 1] == '}' && value.at[0] != '"';
    size_t head = is_closed ? (size_t)(open - value.at) : 0;
    if (name == NULL)
        return cop_out_of_memory(r->err);
    if (is_closed && depth < MOST_DEPTH) {
        COP_TRY(add(r, name, trim((span){value.at, head})));
        return add_items(r, name, (span){open + 1, value.length - head - 2}, depth + 1);
    }
    if (value.length > strlen(recipe) && memcmp(value.at, recipe, strlen(recipe)) == 0)
        return add_fields(r, name, value);
    return add(r, name, value);
}

/* A line's name is its first word; "0: copy" is "copy 0", and two more have two words. */
static cop_status add_line(const reading *r, span line)
{
    static const char *const pairs[] = {"its mask ", "default augment "};
    const char *space = memchr(line.at, ' ', line.length);
    size_t name = space != NULL ? (size_t)(space - line.at) : line.length;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (line.length > strlen(pairs[i]) && memcmp(line.at, pairs[i], strlen(pairs[i])) == 0)
            name = strlen(pairs[i]) - 1;
    size_t digits = strspn(line.at, "0123456789");
    const span rest = trim((span){line.at + name, line.length - name});
    const char *end = memchr(rest.at, ' ', rest.length);
    if (digits > 0 && digits + 1 == name && line.at[digits] == ':' && end != NULL) {
        size_t word = (size_t)(end - rest.at);
        const char *both =
            cop_arena_printf(r->arena, "%.*s %.*s", (int)word, rest.at, (int)digits, line.at);
        return add(r, both, trim((span){end, rest.length - word}));
    }
    return add_value(r, keep(r, (span){line.at, name}), rest, 0);
}

/* Names that are there several times. */

static int by_name(const void *left, const void *right)
{
    const cop_identity_line *a = *(cop_identity_line *const *)left,
                            *b = *(cop_identity_line *const *)right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Pointers to the lines, by name; the arena's. */
static cop_identity_line **sort(const cop_identity *identity, cop_arena *arena)
{
    cop_identity_line **sorted = cop_arena_array(arena, identity->count + 1, sizeof *sorted);
    for (size_t i = 0; sorted != NULL && i < identity->count; i++)
        sorted[i] = &identity->lines[i];
    if (sorted != NULL)
        qsort(sorted, identity->count, sizeof *sorted, by_name);
    return sorted;
}

static cop_status number_names(const reading *r)
{
    cop_identity_line **sorted = sort(r->out, r->arena);
    if (sorted == NULL)
        return cop_out_of_memory(r->err);
    for (size_t i = 0, end = 0; i < r->out->count; i = end) {
        const char *name = sorted[i]->name;
        for (end = i + 1; end < r->out->count && strcmp(sorted[end]->name, name) == 0; end++) {
            sorted[end]->name = cop_arena_printf(r->arena, "%s (%zu)", name, end - i + 1);
            if (sorted[end]->name == NULL)
                return cop_out_of_memory(r->err);
        }
    }
    return COP_OK;
}

cop_status cop_identity_read(const char *text, cop_arena *arena, cop_identity *out, cop_error *err)
{
    const reading r = {.arena = arena, .out = out, .err = err};
    *out = (cop_identity){0};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 0)
            COP_TRY(add_line(&r, (span){text, length}));
        text += length + (text[length] == '\n');
    }
    return number_names(&r);
}

void cop_identity_clear(cop_identity *identity)
{
    free(identity->lines);
    *identity = (cop_identity){0};
}

const char *cop_identity_meaning(const char *name)
{
    static const struct {
        const char *name, *meaning;
    } rows[] = {{"numerics", "version of the framework's arithmetic"},
                {"stage", "what is done"},
                {"isa", "instructions of the framework's own kernels"},
                {"onednn", "instructions that oneDNN uses"},
                {"openblas", "processor that OpenBLAS computes for"},
                {"data", "fingerprint of the data"},
                {"precision", "of the numbers"},
                {"threads", "that compute"},
                {"steps", "of the work"},
                {"component", "the plugin, with the version of its results"},
                {"default augment", "what its recipes call the default"},
                {"model", "the network"},
                {"synthetic", "distilled set in place of the real data"},
                {"recipe", "how it is trained"},
                {"recipe.name", "how it is trained"},
                {"start", "weights that it starts from: a seed's, or a training's"},
                {"at", "the snapshot of that training"},
                {"carry", "training that the other tensors are taken from"},
                {"schedule", "of the learning rate, after that start"},
                {"momentum", "that it starts with"},
                {"mask", "weights that there are"},
                {"order", "seed of the order of the data"},
                {"augment", "seed of the augmentation"},
                {"seed", "of the work"},
                {"training", "that it asked for"},
                {"snapshot", "of that training"},
                {"trained", "network whose weights are pruned"},
                {"round", "of pruning, from 0"},
                {"copy", "trained copy"},
                {"dense", "copy of the dense network"},
                {"other", "another ticket, and what it is to this one"},
                {"its mask", "of that other ticket"},
                {"file", "hash of the file that it is taken from"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].name);
        const char *behind = name + length;
        if (strncmp(name, rows[i].name, length) != 0)
            continue;
        if (*behind == '\0' ||
            (*behind == ' ' && (behind[1] == '(' || isdigit((unsigned char)behind[1]))))
            return rows[i].meaning;
    }
    return "";
}

/* Comparing. */

static int name_against(const void *name, const void *line)
{
    return strcmp(name, (*(cop_identity_line *const *)line)->name);
}

static const cop_identity_line *find(cop_identity_line **sorted, size_t count, const char *name)
{
    cop_identity_line **found =
        count > 0 ? bsearch(name, sorted, count, sizeof *sorted, name_against) : NULL;
    return found != NULL ? *found : NULL;
}

static cop_status compare(const cop_identity *a, const cop_identity *b, cop_arena *arena,
                          cop_line_differs differs, void *own, cop_error *err)
{
    cop_identity_line **in_a = sort(a, arena), **in_b = sort(b, arena);
    if (in_a == NULL || in_b == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < a->count; i++) {
        const cop_identity_line *other = find(in_b, b->count, a->lines[i].name);
        if (other == NULL || strcmp(other->value, a->lines[i].value) != 0)
            COP_TRY(differs(own, &a->lines[i], other, err));
    }
    for (size_t i = 0; i < b->count; i++)
        if (find(in_a, a->count, b->lines[i].name) == NULL)
            COP_TRY(differs(own, NULL, &b->lines[i], err));
    return COP_OK;
}

cop_status cop_identity_compare(const cop_identity *a, const cop_identity *b,
                                cop_line_differs differs, void *own, cop_error *err)
{
    cop_arena *arena = cop_arena_new();
    cop_status status =
        arena != NULL ? compare(a, b, arena, differs, own, err) : cop_out_of_memory(err);
    cop_arena_free(arena);
    return status;
}

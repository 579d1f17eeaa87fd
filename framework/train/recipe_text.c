/* recipe_text.c: recipes as text: "key=value" for each field, milestones last, as many as their
 * number says. */
#include "train/recipe_text.h"

#include "core/locale.h"
#include "core/memory.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD 96 /* the longest value: augmentations */

static const char *key_of(const cop_recipe_field *field)
{
    return field->key != NULL ? field->key : field->row.name;
}

static const void *place_in(const cop_recipe *r, const cop_recipe_field *field)
{
    return (const char *)r + field->row.offset;
}

static const char *value_text(const cop_option *row, const void *at, char text[WORD])
{
    switch (row->type) {
    case COP_OPTION_DURATION:
        return cop_duration_text(*(const cop_duration *)at, text, WORD);
    case COP_OPTION_INT:
        (void)snprintf(text, WORD, "%lld", (long long)*(const int64_t *)at);
        return text;
    case COP_OPTION_FLOAT:
        (void)cop_snprintf(text, WORD, "%.17g", *(const double *)at);
        return text;
    case COP_OPTION_AUGMENT:
        return cop_augment_text(*(const uint32_t *)at, text, WORD);
    case COP_OPTION_ENUM:
        return row->choices[*(const int32_t *)at];
    case COP_OPTION_BOOL:
        return *(const bool *)at ? "true" : "false";
    default:
        return "";
    }
}

static bool read_choice(const cop_option *row, const char *word, int32_t *at)
{
    for (int32_t i = 0; row->choices[i] != NULL; i++)
        if (strcmp(row->choices[i], word) == 0) {
            *at = i;
            return true;
        }
    return false;
}

/* False where the word is no such value. */
static bool read_value(const cop_option *row, const char *word, void *at)
{
    char *end = NULL;
    switch (row->type) {
    case COP_OPTION_DURATION: {
        cop_duration *duration = at;
        return cop_duration_from_text(word, duration) && duration->unit != COP_FRACTION;
    }
    case COP_OPTION_INT:
        *(int64_t *)at = strtoll(word, &end, 10);
        return end != word && *end == '\0' && (double)*(int64_t *)at >= row->min;
    case COP_OPTION_FLOAT:
        *(double *)at = cop_strtod(word, &end);
        return end != word && *end == '\0' && isfinite(*(double *)at);
    case COP_OPTION_AUGMENT:
        return cop_augment_parse(word, at, NULL) == COP_OK;
    case COP_OPTION_ENUM:
        return read_choice(row, word, at);
    case COP_OPTION_BOOL:
        *(bool *)at = strcmp(word, "true") == 0;
        return *(bool *)at || strcmp(word, "false") == 0;
    default:
        return false;
    }
}

/* No epochs are no steps. */
static bool is_equal_duration(const cop_duration *a, const cop_duration *b)
{
    return a->value == b->value && (a->unit == b->unit || a->value == 0.0);
}

bool cop_recipe_has_default(const cop_recipe_field *field, const cop_recipe *r)
{
    cop_recipe other = {0};
    if (field->row.def == NULL)
        return false;
    cop_recipe_set_default(field, &other);
    const void *a = place_in(r, field), *b = place_in(&other, field);
    switch (field->row.type) {
    case COP_OPTION_FLOAT:
        return *(const double *)a == *(const double *)b;
    case COP_OPTION_DURATION:
        return is_equal_duration(a, b);
    case COP_OPTION_ENUM:
        return *(const int32_t *)a == *(const int32_t *)b;
    case COP_OPTION_BOOL:
        return *(const bool *)a == *(const bool *)b;
    default:
        return false;
    }
}

void cop_recipe_set_default(const cop_recipe_field *field, cop_recipe *r)
{
    if (field->row.def != NULL)
        (void)read_value(&field->row, field->row.def, (char *)r + field->row.offset);
}

const char *cop_recipe_text(const cop_recipe *r, char *text, size_t size)
{
    char word[WORD];
    int used = snprintf(text, size, "name=%s", r->name);
    const cop_recipe_field *field = NULL;
    for (size_t i = 0; (field = cop_recipe_field_at(i)) != NULL; i++) {
        if (field->row.type == COP_OPTION_FLOAT_LIST || cop_recipe_has_default(field, r) ||
            (size_t)used >= size)
            continue;
        const char *value = value_text(&field->row, place_in(r, field), word);
        used += snprintf(text + used, size - (size_t)used, " %s=%s", key_of(field), value);
    }
    const cop_milestones *m = &r->milestones;
    if ((size_t)used < size)
        used += snprintf(text + used, size - (size_t)used, " milestones=%d", m->count);
    for (int32_t i = 0; i < m->count && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, " %s",
                         cop_duration_text(m->at[i], word, sizeof word));
    return text;
}

/* The next word of *rest, without its key where it is to have one; false where there is none. */
static bool next_word(const char **rest, const char *key, char word[WORD])
{
    const char *at = *rest;
    at += *at == ' ';
    if (key != NULL) {
        size_t length = strlen(key);
        if (strncmp(at, key, length) != 0 || at[length] != '=')
            return false;
        at += length + 1;
    }
    size_t length = strcspn(at, " ");
    if (length == 0 || length >= WORD)
        return false;
    memcpy(word, at, length);
    word[length] = '\0';
    *rest = at + length;
    return true;
}

static bool read_fields(const char **rest, cop_recipe *out)
{
    char word[WORD];
    const cop_recipe_field *field = NULL;
    for (size_t i = 0; (field = cop_recipe_field_at(i)) != NULL; i++) {
        if (field->row.type == COP_OPTION_FLOAT_LIST)
            continue;
        const char *value = next_word(rest, key_of(field), word) ? word : field->row.def;
        if (value == NULL || !read_value(&field->row, value, (char *)out + field->row.offset))
            return false;
    }
    return true;
}

static bool read_milestones(const char **rest, cop_milestones *out)
{
    char word[WORD];
    if (!next_word(rest, "milestones", word) || strspn(word, "0123456789") != strlen(word))
        return false;
    long count = strtol(word, NULL, 10);
    if (count > COP_MAX_MILESTONES)
        return false;
    for (; out->count < count; out->count++)
        if (!next_word(rest, NULL, word) || !cop_duration_from_text(word, &out->at[out->count]))
            return false;
    return true;
}

bool cop_recipe_from_text(const char *text, cop_recipe *out)
{
    char name[WORD];
    memset(out, 0, sizeof *out);
    if (!next_word(&text, "name", name) || strlen(name) >= sizeof out->name)
        return false;
    memcpy(out->name, name, strlen(name) + 1);
    return read_fields(&text, out) && read_milestones(&text, &out->milestones) && *text == '\0';
}

cop_recipe *cop_recipe_from_line(const char *line, cop_error *err)
{
    cop_recipe read;
    char shown[128];
    if (!cop_recipe_from_text(line, &read)) {
        (void)cop_fail(err, COP_INVALID, "\"%s\" is no recipe",
                       cop_escape(line, shown, sizeof shown));
        return NULL;
    }
    cop_recipe *own = cop_recipe_copy(&read);
    if (own == NULL)
        (void)cop_out_of_memory(err);
    return own;
}

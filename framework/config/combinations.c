/* combinations.c: the rules of exclude and include. */
#include "config/combinations.h"

#include "core/memory.h"
#include "plugin/options/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known while rules are read. */
typedef struct choosing {
    cop_sweep *sweep;
    const char *file;
    cop_arena *arena;
    cop_error *err;
    bool **fits;               /* of the rule at hand: for each axis its values; NULL: any */
    bool *included, *excluded; /* of each combination */
    bool has_include;
} choosing;

static cop_status refuse(const choosing *c, const config_setting_t *at, const char *message)
{
    cop_place place = cop_setting_place(at, c->file);
    return cop_fail_at(c->err, COP_INVALID, place.file, place.line, "%s", message);
}

static bool is_key(const char *name)
{
    return name != NULL && (strcmp(name, "exclude") == 0 || strcmp(name, "include") == 0);
}

bool cop_combinations_is_entry(const config_setting_t *entry)
{
    return config_setting_is_group(entry) && (config_setting_get_member(entry, "exclude") != NULL ||
                                              config_setting_get_member(entry, "include") != NULL);
}

static cop_status refuse_name(const choosing *c, const config_setting_t *term)
{
    const cop_sweep *s = c->sweep;
    const char **names = cop_arena_array(c->arena, s->axis_count + 1, sizeof *names);
    if (names == NULL)
        return cop_out_of_memory(c->err);
    for (size_t i = 0; i < s->axis_count; i++)
        names[i] = s->axes[i].name;
    cop_place place = cop_setting_place(term, c->file);
    cop_status status =
        cop_fail_at(c->err, COP_INVALID, place.file, place.line,
                    "no axis of the sweep is called \"%.64s\"", config_setting_name(term));
    cop_suggest(c->err, config_setting_name(term), names, s->axis_count);
    return status;
}

static cop_status find_axis(const choosing *c, const config_setting_t *term, size_t *axis)
{
    const cop_sweep *s = c->sweep;
    size_t count = 0;
    for (size_t i = 0; i < s->axis_count; i++) {
        if (strcmp(s->axes[i].name, config_setting_name(term)) != 0)
            continue;
        *axis = i;
        count++;
    }
    if (count == 1)
        return COP_OK;
    if (count == 0)
        return refuse_name(c, term);
    cop_place place = cop_setting_place(term, c->file);
    return cop_fail_at(c->err, COP_INVALID, place.file, place.line,
                       "%zu axes of the sweep are called \"%.64s\": give them a name each", count,
                       config_setting_name(term));
}

/* Whether both have the same text; numbers may be integers or floats. */
static cop_status is_same(const choosing *c, const config_setting_t *a, const config_setting_t *b,
                          bool *out)
{
    cop_text x = {0}, y = {0};
    cop_setting_text(a, &x);
    cop_setting_text(b, &y);
    bool has_failed = x.failed || y.failed;
    *out = !has_failed && x.data != NULL && y.data != NULL && strcmp(x.data, y.data) == 0;
    cop_text_free(&x);
    cop_text_free(&y);
    return has_failed ? cop_out_of_memory(c->err) : COP_OK;
}

/* Marks the values of the axis that are `wanted`, or have it as their label. */
static cop_status mark_values(const choosing *c, const config_setting_t *wanted,
                              const cop_axis *axis, bool *marks, bool *is_found)
{
    const char *label = config_setting_get_string(wanted);
    *is_found = false;
    for (size_t v = 0; v < axis->count; v++) {
        bool fits = label != NULL && strcmp(axis->labels[v], label) == 0;
        if (!fits)
            COP_TRY(is_same(c, wanted, config_setting_get_elem(axis->values, (unsigned)v), &fits));
        marks[v] = marks[v] || fits;
        *is_found = *is_found || fits;
    }
    return COP_OK;
}

static cop_status refuse_value(const choosing *c, const config_setting_t *wanted,
                               const cop_axis *axis)
{
    cop_text text = {0}, known = {0};
    char shown[200], all[400];
    cop_setting_text(wanted, &text);
    for (size_t v = 0; v < axis->count; v++)
        cop_text_printf(&known, "%s\"%s\"", v > 0 ? ", " : "", axis->labels[v]);
    cop_place place = cop_setting_place(wanted, c->file);
    cop_status status =
        text.failed || known.failed
            ? cop_out_of_memory(c->err)
            : cop_fail_at(c->err, COP_INVALID, place.file, place.line,
                          "the axis \"%s\" has no value and no label %s; its labels are %s",
                          axis->name, cop_escape(text.data, shown, sizeof shown),
                          cop_escape(known.data, all, sizeof all));
    cop_text_free(&text);
    cop_text_free(&known);
    return status;
}

/* One setting of a rule: a value, a label, or a list of them. */
static cop_status read_term(const choosing *c, const config_setting_t *term)
{
    size_t at = 0;
    bool is_found = false;
    COP_TRY(find_axis(c, term, &at));
    const cop_axis *axis = &c->sweep->axes[at];
    c->fits[at] = cop_arena_array(c->arena, axis->count, sizeof **c->fits);
    if (c->fits[at] == NULL)
        return cop_out_of_memory(c->err);
    COP_TRY(mark_values(c, term, axis, c->fits[at], &is_found));
    bool is_list = config_setting_is_list(term) || config_setting_is_array(term);
    if (is_found)
        return COP_OK;
    if (!is_list || config_setting_length(term) == 0)
        return refuse_value(c, term, axis);
    for (int i = 0; i < config_setting_length(term); i++) {
        const config_setting_t *item = config_setting_get_elem(term, (unsigned)i);
        COP_TRY(mark_values(c, item, axis, c->fits[at], &is_found));
        if (!is_found)
            return refuse_value(c, item, axis);
    }
    return COP_OK;
}

static bool rule_fits(const choosing *c, size_t combination)
{
    for (size_t a = 0; a < c->sweep->axis_count; a++)
        if (c->fits[a] != NULL && !c->fits[a][cop_sweep_value(c->sweep, combination, a)])
            return false;
    return true;
}

static cop_status read_rule(const choosing *c, const config_setting_t *rule, bool *marks)
{
    if (!config_setting_is_group(rule))
        return refuse(c, rule, "a rule of exclude or include is a group { AXIS = VALUE; ... }");
    if (config_setting_length(rule) == 0)
        return refuse(c, rule, "a rule of exclude or include names no axis");
    memset(c->fits, 0, (c->sweep->axis_count + 1) * sizeof *c->fits);
    for (int i = 0; i < config_setting_length(rule); i++)
        COP_TRY(read_term(c, config_setting_get_elem(rule, (unsigned)i)));
    bool is_used = false;
    for (size_t k = 0; k < c->sweep->combinations; k++) {
        if (!rule_fits(c, k))
            continue;
        marks[k] = true;
        is_used = true;
    }
    return is_used ? COP_OK
                   : refuse(c, rule,
                            "this rule fits no combination: axes of one zip never have these "
                            "values together");
}

/* The list that exclude or include is; one group stands for a list of it. */
static cop_status read_rules(choosing *c, const config_setting_t *rules)
{
    bool is_include = strcmp(config_setting_name(rules), "include") == 0;
    bool *marks = is_include ? c->included : c->excluded;
    c->has_include = c->has_include || is_include;
    if (config_setting_is_group(rules))
        return read_rule(c, rules, marks);
    if (!config_setting_is_list(rules) && !config_setting_is_array(rules))
        return refuse(c, rules, "exclude and include are lists of groups: ( { AXIS = VALUE; } )");
    for (int i = 0; i < config_setting_length(rules); i++)
        COP_TRY(read_rule(c, config_setting_get_elem(rules, (unsigned)i), marks));
    return COP_OK;
}

static cop_status read_entry(choosing *c, const config_setting_t *entry)
{
    static const char *const known[] = {"exclude", "include"};
    for (int i = 0; i < config_setting_length(entry); i++) {
        const config_setting_t *member = config_setting_get_elem(entry, (unsigned)i);
        const char *name = config_setting_name(member);
        if (is_key(name)) {
            COP_TRY(read_rules(c, member));
            continue;
        }
        cop_place place = cop_setting_place(member, c->file);
        cop_status status = cop_fail_at(c->err, COP_INVALID, place.file, place.line,
                                        "\"%.64s\" beside exclude or include: an axis is an entry "
                                        "of its own",
                                        name);
        cop_suggest(c->err, name, known, 2);
        return status;
    }
    return COP_OK;
}

/* Takes the combinations that are cells. */
static cop_status take(const choosing *c, const config_setting_t *list)
{
    cop_sweep *s = c->sweep;
    s->chosen = cop_arena_array(c->arena, s->combinations, sizeof *s->chosen);
    if (s->chosen == NULL)
        return cop_out_of_memory(c->err);
    s->cells = 0;
    for (size_t k = 0; k < s->combinations; k++)
        if ((!c->has_include || c->included[k]) && !c->excluded[k])
            s->chosen[s->cells++] = k;
    return s->cells > 0 ? COP_OK : refuse(c, list, "exclude and include leave no cell");
}

cop_status cop_combinations_choose(const config_setting_t *list, const char *file, cop_arena *arena,
                                   cop_sweep *sweep, cop_error *err)
{
    choosing c = {.sweep = sweep, .file = file, .arena = arena, .err = err};
    c.fits = cop_arena_array(arena, sweep->axis_count + 1, sizeof *c.fits);
    c.included = cop_arena_array(arena, sweep->combinations, sizeof *c.included);
    c.excluded = cop_arena_array(arena, sweep->combinations, sizeof *c.excluded);
    if (c.fits == NULL || c.included == NULL || c.excluded == NULL)
        return cop_out_of_memory(err);
    bool has_entry = false;
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *entry = config_setting_get_elem(list, (unsigned)i);
        if (!cop_combinations_is_entry(entry))
            continue;
        has_entry = true;
        COP_TRY(read_entry(&c, entry));
    }
    return has_entry ? take(&c, list) : COP_OK;
}

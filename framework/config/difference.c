/* difference.c: first which cells belong together, then their settings, then what several pairs
 * have in common. */
#include "config/difference.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Pairs of cells. */

/* A cell and where it stands. */
typedef struct labelled {
    const char *label;
    size_t cell;
} labelled;

static int by_label(const void *left, const void *right)
{
    const labelled *a = left, *b = right;
    int order = strcmp(a->label, b->label);
    return order != 0 ? order : (a->cell > b->cell) - (a->cell < b->cell);
}

static labelled *sort_cells(const cop_config_settings *config, cop_arena *arena)
{
    labelled *cells = cop_arena_array(arena, config->cell_count, sizeof *cells);
    for (size_t i = 0; cells != NULL && i < config->cell_count; i++)
        cells[i] = (labelled){.label = config->cells[i].label != NULL ? config->cells[i].label : "",
                              .cell = i};
    if (cells != NULL)
        qsort(cells, config->cell_count, sizeof *cells, by_label);
    return cells;
}

/* Walks both lists by label. */
static void pair_by_label(const labelled *a, size_t a_count, const labelled *b, size_t b_count,
                          cop_config_difference *out)
{
    size_t i = 0, k = 0;
    while (i < a_count || k < b_count) {
        int order = i == a_count ? 1 : k == b_count ? -1 : strcmp(a[i].label, b[k].label);
        if (order == 0)
            out->pairs[out->pair_count++] = (cop_cell_pair){.a = a[i++].cell, .b = b[k++].cell};
        else if (order < 0)
            out->only_a[out->only_a_count++] = a[i++].cell;
        else
            out->only_b[out->only_b_count++] = b[k++].cell;
    }
}

static void pair_by_place(size_t a_count, size_t b_count, cop_config_difference *out)
{
    out->is_by_place = true;
    out->only_a_count = out->only_b_count = 0;
    for (size_t i = 0; i < a_count && i < b_count; i++)
        out->pairs[out->pair_count++] = (cop_cell_pair){.a = i, .b = i};
    for (size_t i = b_count; i < a_count; i++)
        out->only_a[out->only_a_count++] = i;
    for (size_t i = a_count; i < b_count; i++)
        out->only_b[out->only_b_count++] = i;
}

static int by_a(const void *left, const void *right)
{
    const cop_cell_pair *x = left, *y = right;
    return (x->a > y->a) - (x->a < y->a);
}

static cop_status pair_cells(const cop_config_settings *a, const cop_config_settings *b,
                             cop_arena *arena, cop_config_difference *out, cop_error *err)
{
    labelled *in_a = sort_cells(a, arena), *in_b = sort_cells(b, arena);
    out->pairs = cop_arena_array(arena, a->cell_count, sizeof *out->pairs);
    out->only_a = cop_arena_array(arena, a->cell_count, sizeof *out->only_a);
    out->only_b = cop_arena_array(arena, b->cell_count, sizeof *out->only_b);
    if (in_a == NULL || in_b == NULL || out->pairs == NULL || out->only_a == NULL ||
        out->only_b == NULL)
        return cop_out_of_memory(err);
    pair_by_label(in_a, a->cell_count, in_b, b->cell_count, out);
    if (out->pair_count == 0)
        pair_by_place(a->cell_count, b->cell_count, out);
    qsort(out->pairs, out->pair_count, sizeof *out->pairs, by_a);
    return COP_OK;
}

/* Settings. */

/* A setting that differs in one pair. */
typedef struct found {
    const char *path, *a, *b;
    size_t pair;
} found;

typedef struct finding {
    found *items; /* owned */
    size_t count, capacity;
    cop_error *err;
} finding;

static cop_status note(finding *f, const char *path, const char *a, const char *b, size_t pair)
{
    found *grown = cop_grow(f->items, &f->capacity, f->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(f->err);
    f->items = grown;
    f->items[f->count++] = (found){.path = path, .a = a, .b = b, .pair = pair};
    return COP_OK;
}

/* Each of these settings, in the cell of A against that of B. */
static cop_status compare_settings(finding *f, const cop_settings *settings,
                                   const cop_config_settings *a, const cop_config_settings *b,
                                   size_t pair, cop_cell_pair cells)
{
    for (size_t i = 0; i < settings->count; i++) {
        const char *path = settings->items[i].path;
        const char *in_a = cop_cell_value(a, cells.a, path),
                   *in_b = cop_cell_value(b, cells.b, path);
        bool is_same = in_a == in_b || (in_a != NULL && in_b != NULL && strcmp(in_a, in_b) == 0);
        if (!is_same)
            COP_TRY(note(f, path, in_a, in_b, pair));
    }
    return COP_OK;
}

static int order_values(const char *a, const char *b)
{
    return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

/* Without the pair: what several pairs have in common. */
static int order_found(const found *x, const found *y)
{
    int order = strcmp(x->path, y->path);
    if (order == 0)
        order = order_values(x->a, y->a);
    return order != 0 ? order : order_values(x->b, y->b);
}

static int by_setting(const void *left, const void *right)
{
    const found *x = left, *y = right;
    int order = order_found(x, y);
    return order != 0 ? order : (x->pair > y->pair) - (x->pair < y->pair);
}

/* Sorted, a setting that was met in both configs stands beside itself. */
static cop_status join(const finding *f, cop_arena *arena, cop_config_difference *out)
{
    size_t *pairs = cop_arena_array(arena, f->count + 1, sizeof *pairs);
    out->settings = cop_arena_array(arena, f->count + 1, sizeof *out->settings);
    if (pairs == NULL || out->settings == NULL)
        return cop_out_of_memory(f->err);
    for (size_t i = 0; i < f->count; i++) {
        const found *one = &f->items[i];
        cop_setting_difference *last = &out->settings[out->setting_count];
        pairs[i] = one->pair;
        if (i == 0 || order_found(&f->items[i - 1], one) != 0) {
            *last = (cop_setting_difference){
                .path = one->path, .a = one->a, .b = one->b, .pairs = pairs + i};
            out->setting_count++;
            last->pair_count = 1;
            continue;
        }
        last--;
        pairs[(size_t)(last->pairs - pairs) + last->pair_count] = one->pair;
        last->pair_count += last->pairs[last->pair_count - 1] != one->pair;
    }
    return COP_OK;
}

static cop_status compare_all(finding *f, const cop_config_settings *a,
                              const cop_config_settings *b, const cop_config_difference *pairs)
{
    for (size_t i = 0; i < pairs->pair_count; i++) {
        const cop_cell_pair cells = pairs->pairs[i];
        COP_TRY(compare_settings(f, &a->common, a, b, i, cells));
        COP_TRY(compare_settings(f, &a->cells[cells.a].own, a, b, i, cells));
        COP_TRY(compare_settings(f, &b->common, a, b, i, cells));
        COP_TRY(compare_settings(f, &b->cells[cells.b].own, a, b, i, cells));
    }
    if (f->count > 1)
        qsort(f->items, f->count, sizeof *f->items, by_setting);
    return COP_OK;
}

cop_status cop_config_compare(const cop_config_settings *a, const cop_config_settings *b,
                              cop_arena *arena, cop_config_difference *out, cop_error *err)
{
    finding f = {.err = err};
    *out = (cop_config_difference){0};
    COP_TRY(pair_cells(a, b, arena, out, err));
    cop_status status = compare_all(&f, a, b, out);
    if (status == COP_OK)
        status = join(&f, arena, out);
    free(f.items);
    return status;
}

/* varied.c: comparing the cells of a config, setting by setting. */
#include "config/varied.h"

#include "config/leaves.h"
#include "core/memory.h"

#include <string.h>

/* Leaves of one path, [begin, end). */
typedef struct run {
    size_t begin, end;
} run;

static run run_at(const cop_leaves *all, size_t begin)
{
    run r = {begin, begin};
    while (r.end < all->count && strcmp(all->items[r.end].path, all->items[begin].path) == 0)
        r.end++;
    return r;
}

static bool is_told(const cop_leaves *all, run r)
{
    const char *first = all->items[r.begin].text, *last = all->items[r.end - 1].text;
    if (strcmp(first, last) != 0) /* they are in order */
        return true;
    return all->items[r.begin].differs &&
           strcmp(cop_leaf_name(all->items[r.begin].path), "plugin") == 0;
}

static cop_status fill(const cop_leaves *all, size_t cells, cop_varied_settings *out,
                       cop_error *err)
{
    out->rows = cop_arena_array(all->arena, all->count + 1, sizeof *out->rows);
    if (out->rows == NULL)
        return cop_out_of_memory(err);
    for (run r = {0, 0}; r.begin < all->count; r.begin = r.end) {
        r = run_at(all, r.begin);
        if (!is_told(all, r))
            continue;
        const char **values = cop_arena_array(all->arena, cells, sizeof *values);
        if (values == NULL)
            return cop_out_of_memory(err);
        for (size_t i = r.begin; i < r.end; i++)
            values[all->items[i].value] = all->items[i].text;
        out->rows[out->count++] = (cop_varied_setting){all->items[r.begin].path, values};
    }
    return COP_OK;
}

/* The resolved config has the cells as values of one axis, without what all have in common. */
cop_status cop_config_varied(const cop_config *c, cop_arena *arena, cop_varied_settings *out,
                             cop_error *err)
{
    *out = (cop_varied_settings){0};
    config_t tree;
    cop_leaves all = {.arena = arena};
    COP_TRY(cop_syntax_parse(c->resolved, strlen(c->resolved), NULL, &tree, err));
    const config_setting_t *cells = config_lookup(&tree, "sweep.[0].values");
    cop_status status = COP_OK;
    if (cells != NULL && c->cell_count > 1)
        status = cop_leaves_read(cells, c->cell_count, arena, &all, err);
    if (status == COP_OK)
        status = fill(&all, c->cell_count, out, err);
    cop_leaves_free(&all);
    config_destroy(&tree);
    return status;
}

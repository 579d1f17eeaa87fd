/* candidates.c: printing what a word may become. */
#include "cli/candidates.h"

#include "config/settings.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

void cop_candidate(const cop_candidates *c, const char *word, const char *behind)
{
    if (strncmp(word, c->begin, strlen(c->begin)) == 0 && strlen(word) >= c->cut)
        (void)fprintf(c->out, "%s%s\n", word + c->cut, behind);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static size_t add_paths(const cop_settings *s, const char **paths)
{
    for (size_t i = 0; i < s->count; i++)
        paths[i] = s->items[i].path;
    return s->count;
}

static void print_paths(const cop_candidates *c, const cop_config_settings *all, cop_arena *arena)
{
    size_t count = all->common.count;
    for (size_t i = 0; i < all->cell_count; i++)
        count += all->cells[i].own.count;
    const char **paths = cop_arena_array(arena, count + 1, sizeof *paths);
    if (paths == NULL)
        return; /* no candidates */
    size_t end = add_paths(&all->common, paths);
    for (size_t i = 0; i < all->cell_count; i++)
        end += add_paths(&all->cells[i].own, paths + end);
    qsort(paths, count, sizeof *paths, by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(paths[i], paths[i - 1]) != 0)
            cop_candidate(c, paths[i], "=");
}

void cop_candidate_settings(const cop_candidates *c, const cop_config *config)
{
    cop_config_settings all;
    cop_arena *arena = cop_arena_new();
    const char *text = config->resolved;
    if (arena != NULL &&
        cop_config_settings_parse(text, strlen(text), NULL, arena, &all, NULL) == COP_OK)
        print_paths(c, &all, arena);
    cop_arena_free(arena);
}

/* candidates.c: printing what a word may become. */
#include "cli/candidates.h"

#include "core/path.h"
#include "plugin/options/setting.h"

#include <stdlib.h>
#include <string.h>

void cop_candidate(const cop_candidates *c, const char *word, const char *behind)
{
    if (strncmp(word, c->begin, strlen(c->begin)) == 0 && strlen(word) >= c->cut)
        (void)fprintf(c->out, "%s%s\n", word + c->cut, behind);
}

/* Paths as they are found, to be sorted. */
typedef struct paths {
    char **items; /* owned, as its texts */
    size_t count, room;
} paths;

static void add_path(paths *p, const char *path)
{
    if (p->count == p->room) {
        size_t room = p->room > 0 ? 2 * p->room : 64;
        char **grown = realloc(p->items, room * sizeof *grown);
        if (grown == NULL)
            return; /* fewer candidates */
        p->items = grown;
        p->room = room;
    }
    p->items[p->count] = strdup(path);
    p->count += p->items[p->count] != NULL;
}

/* Lists of values have no paths of their own, lists of groups have. */
static bool has_paths_within(const config_setting_t *s)
{
    if (config_setting_is_group(s))
        return true;
    return config_setting_is_list(s) && config_setting_length(s) > 0 &&
           config_setting_is_group(config_setting_get_elem(s, 0));
}

static void walk(const config_setting_t *s, const char *path, paths *out)
{
    if (!has_paths_within(s)) {
        add_path(out, path);
        return;
    }
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *inner = config_setting_get_elem(s, (unsigned)i);
        const char *name = config_setting_name(inner), *dot = path[0] != '\0' ? "." : "";
        char further[COP_PATH_SIZE];
        if (name != NULL)
            (void)snprintf(further, sizeof further, "%s%s%s", path, dot, name);
        else
            (void)snprintf(further, sizeof further, "%s%s[%d]", path, dot, i);
        if (path[0] != '\0' || name == NULL || strcmp(name, "sweep") != 0)
            walk(inner, further, out);
    }
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void cop_candidate_settings(const cop_candidates *c, const cop_config *config)
{
    paths found = {0};
    config_t tree;
    if (cop_syntax_parse(config->resolved, strlen(config->resolved), NULL, &tree, NULL) != COP_OK)
        return;
    walk(config_root_setting(&tree), "", &found);
    /* The cells of a resolved config are the values of one axis. */
    const config_setting_t *cells = config_lookup(&tree, "sweep.[0].values");
    for (int i = 0; cells != NULL && i < config_setting_length(cells); i++)
        walk(config_setting_get_elem(cells, (unsigned)i), "", &found);
    if (found.count > 0)
        qsort(found.items, found.count, sizeof *found.items, by_text);
    for (size_t i = 0; i < found.count; i++)
        if (i == 0 || strcmp(found.items[i], found.items[i - 1]) != 0)
            cop_candidate(c, found.items[i], "=");
    for (size_t i = 0; i < found.count; i++)
        free(found.items[i]);
    free(found.items);
    config_destroy(&tree);
}

/* cases.c: see cases.h. */
#include "cli/cases.h"

#include "core/memory.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".cfg"
enum { SUFFIX_LENGTH = sizeof SUFFIX - 1 };

static bool has_suffix(const char *name)
{
    size_t length = strlen(name);
    return length > SUFFIX_LENGTH && strcmp(name + length - SUFFIX_LENGTH, SUFFIX) == 0;
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && has_suffix(entry->d_name);
}

/* dir/name + suffix, on the heap. */
static char *join(const char *dir, const char *name, const char *suffix)
{
    size_t size = strlen(dir) + strlen(name) + strlen(suffix) + 2;
    char *path = malloc(size);
    if (path != NULL)
        (void)snprintf(path, size, "%s/%s%s", dir, name, suffix);
    return path;
}

static cop_status add(cop_cases *c, char *path, cop_error *err)
{
    char **longer = path != NULL ? realloc(c->paths, (c->count + 1) * sizeof *longer) : NULL;
    if (longer == NULL) {
        free(path);
        return cop_out_of_memory(err);
    }
    c->paths = longer;
    c->paths[c->count++] = path;
    return COP_OK;
}

/* The files' names without suffix, sorted. */
static cop_status list(const char *dir, struct dirent ***entries, size_t *count, cop_error *err)
{
    int found = scandir(dir, entries, is_case, alphasort);
    if (found < 0)
        return cop_fail_at(err, COP_INVALID, dir, 0, "cannot list benchmark cases: %s",
                           strerror(errno));
    *count = (size_t)found;
    for (size_t i = 0; i < *count; i++) {
        char *name = (*entries)[i]->d_name;
        name[strlen(name) - SUFFIX_LENGTH] = '\0';
    }
    return COP_OK;
}

static void free_list(struct dirent **entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

static cop_status refuse(const char *dir, const char *word, struct dirent **entries, size_t count,
                         cop_error *err)
{
    char shown[200];
    const char **names = calloc(count + 1, sizeof *names);
    if (names == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        names[i] = entries[i]->d_name;
    const char *near = cop_nearest(word, names, count);
    (void)cop_escape(word, shown, sizeof shown);
    if (near != NULL)
        cop_fail(err, COP_INVALID, "unknown case '%s'; did you mean '%s'?", shown, near);
    else
        cop_fail(err, COP_INVALID, "unknown case '%s'; the cases are the .cfg files of %s", shown,
                 dir);
    free(names);
    return COP_INVALID;
}

static cop_status add_named(const char *dir, const char *word, struct dirent **entries,
                            size_t count, cop_cases *out, cop_error *err)
{
    if (strchr(word, '/') != NULL || has_suffix(word))
        return add(out, strdup(word), err);
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i]->d_name, word) == 0)
            return add(out, join(dir, word, SUFFIX), err);
    return refuse(dir, word, entries, count, err);
}

static bool has_name(const char *const *words, size_t count)
{
    bool found = count == 0;
    for (size_t i = 0; i < count; i++)
        found = found || (strchr(words[i], '/') == NULL && !has_suffix(words[i]));
    return found;
}

cop_status cop_cases_find(const char *dir, const char *const *words, size_t count, cop_cases *out,
                          cop_error *err)
{
    struct dirent **entries = NULL;
    size_t entry_count = 0;
    cop_status status = COP_OK;
    *out = (cop_cases){0};
    if (has_name(words, count)) /* else the directory does not matter */
        COP_TRY(list(dir, &entries, &entry_count, err));
    for (size_t i = 0; i < count && status == COP_OK; i++)
        status = add_named(dir, words[i], entries, entry_count, out, err);
    for (size_t i = 0; count == 0 && i < entry_count && status == COP_OK; i++)
        status = add(out, join(dir, entries[i]->d_name, SUFFIX), err);
    free_list(entries, entry_count);
    if (status == COP_OK && out->count == 0)
        status = cop_fail_at(err, COP_INVALID, dir, 0, "there are no benchmark cases here");
    return status;
}

void cop_cases_clear(cop_cases *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->paths[i]);
    free(c->paths);
    *c = (cop_cases){0};
}

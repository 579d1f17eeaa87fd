/* registry.c: finding plugins along the search path, and keeping those that pass. */
#include "plugin/registry.h"

#include "core/hash.h"
#include "core/text.h"
#include "plugin/home.h"
#include "plugin/open.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_SECONDS 20

struct cop_registry {
    cop_registry_entry *entries;
    size_t count;
    cop_registry_refusal *refusals;
    size_t refusal_count;
};

/* A file that is to be opened. */
typedef struct candidate {
    char *path;
    char hash[33];
} candidate;

typedef struct search {
    candidate *found;
    size_t count;
    cop_registry *registry;
    cop_error *err;
} search;

static cop_status refuse_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory");
}

/* The array with room for one more item, or NULL (the old one is then still the caller's). */
static void *grow(void *items, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return items;
    return realloc(items, (count == 0 ? 1 : 2 * count) * size);
}

static cop_status add_failure(cop_registry *r, const char *path, const char *reason, bool is_memory,
                              cop_error *err)
{
    cop_registry_refusal *grown = grow(r->refusals, r->refusal_count, sizeof *grown);
    if (grown == NULL)
        return refuse_memory(err);
    r->refusals = grown;
    cop_registry_refusal one = {strdup(path), strdup(reason), is_memory};
    if (one.path == NULL || one.reason == NULL) {
        free(one.path);
        free(one.reason);
        return refuse_memory(err);
    }
    r->refusals[r->refusal_count++] = one;
    return COP_OK;
}

static cop_status add_refusal(cop_registry *r, const char *path, const char *reason, cop_error *err)
{
    return add_failure(r, path, reason, false, err);
}

/* --- finding ---------------------------------------------------------------------------------- */

static cop_status add_candidate(search *s, const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path)
        return add_refusal(s->registry, dir, "a file name in it is too long", s->err);
    cop_error inner = {0};
    cop_digest digest;
    if (stat(path, &info) != 0)
        return add_refusal(s->registry, path, strerror(errno), s->err);
    if (!S_ISREG(info.st_mode))
        return add_refusal(s->registry, path, "is not a regular file", s->err);
    if (cop_hash_file(path, &digest, &inner) != COP_OK)
        return add_failure(s->registry, path, inner.message, errno == ENOMEM, s->err);
    candidate one = {.path = NULL};
    (void)cop_digest_hex(digest, one.hash);
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->found[i].hash, one.hash) == 0)
            return COP_OK; /* the same file again, under this path or another */
    candidate *grown = grow(s->found, s->count, sizeof *grown);
    if (grown == NULL)
        return refuse_memory(s->err);
    s->found = grown;
    one.path = strdup(path);
    if (one.path == NULL)
        return refuse_memory(s->err);
    s->found[s->count++] = one;
    return COP_OK;
}

static int is_object(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

/* By bytes, so that a duplicate loses the same way in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Adds the directory's *.so by name. A missing one is COP_UNAVAILABLE. */
static cop_status search_dir(search *s, const char *dir)
{
    struct dirent **names = NULL;
    int count = scandir(dir, &names, is_object, by_name);
    if (count < 0 && errno == ENOMEM)
        return refuse_memory(s->err);
    if (count < 0)
        return cop_fail(s->err, COP_UNAVAILABLE, "plugin directory %s: %s", dir, strerror(errno));
    cop_status status = COP_OK;
    for (int i = 0; i < count; i++) {
        if (status == COP_OK)
            status = add_candidate(s, dir, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return status;
}

/* A directory that the environment names may be missing: that is shown, not fatal. */
static cop_status search_environment(search *s)
{
    const char *list = getenv("COPPICE_PLUGIN_PATH");
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");
        char dir[PATH_MAX];
        if (length > 0 && length < sizeof dir) { /* an empty part is not the working directory */
            memcpy(dir, list, length);
            dir[length] = '\0';
            cop_status status = search_dir(s, dir);
            if (status == COP_UNAVAILABLE)
                status = add_refusal(s->registry, dir,
                                     "COPPICE_PLUGIN_PATH names it, but it cannot "
                                     "be read",
                                     s->err);
            COP_TRY(status);
        }
        list += length + (list[length] == ':');
    }
    return COP_OK;
}

static cop_status search_all(search *s, const char *const *extra_dirs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cop_status status = search_dir(s, extra_dirs[i]);
        if (status == COP_UNAVAILABLE) { /* the user asked for just this one */
            if (s->err != NULL)
                s->err->status = COP_INVALID;
            return COP_INVALID;
        }
        COP_TRY(status);
    }
    COP_TRY(search_environment(s));
    char home[PATH_MAX];
    cop_status status = cop_plugin_home(home, sizeof home) ? search_dir(s, home) : COP_OK;
    return status == COP_UNAVAILABLE ? COP_OK : status;
}

/* --- opening ---------------------------------------------------------------------------------- */

static cop_status add_entry(cop_registry *r, const candidate *c, const cop_plugin *plugin,
                            cop_error *err)
{
    const cop_registry_entry *there = cop_registry_find(r, (cop_kind)plugin->kind, plugin->id);
    if (there != NULL) {
        char reason[PATH_MAX + 200];
        (void)snprintf(reason, sizeof reason, "%s \"%s\" is there already, from %s",
                       cop_kind_name((cop_kind)plugin->kind), plugin->id, there->path);
        return add_refusal(r, c->path, reason, err);
    }
    cop_registry_entry *grown = grow(r->entries, r->count, sizeof *grown);
    if (grown == NULL)
        return refuse_memory(err);
    r->entries = grown;
    cop_registry_entry one = {.path = strdup(c->path)};
    if (one.path == NULL)
        return refuse_memory(err);
    cop_status status = cop_plugin_copy(plugin, &one.plugin, err);
    if (status != COP_OK) {
        free(one.path);
        return status;
    }
    memcpy(one.content_hash, c->hash, sizeof one.content_hash);
    r->entries[r->count++] = one;
    return COP_OK;
}

static cop_status open_all(search *s, const cop_probe_result *results)
{
    for (size_t i = 0; i < s->count; i++) {
        const candidate *c = &s->found[i];
        const cop_plugin *plugin = NULL;
        cop_error inner = {0};
        if (!results[i].is_ok) {
            COP_TRY(
                add_failure(s->registry, c->path, results[i].reason, results[i].is_memory, s->err));
            continue;
        }
        cop_status status = cop_plugin_open(c->path, &plugin, &inner);
        if (status == COP_OK)
            COP_TRY(add_entry(s->registry, c, plugin, s->err));
        else
            COP_TRY(add_failure(s->registry, c->path, inner.message, status == COP_FAILED, s->err));
    }
    return COP_OK;
}

static cop_status probe_and_open(search *s)
{
    size_t room = s->count > 0 ? s->count : 1;
    const char **paths = calloc(room, sizeof *paths);
    cop_probe_result *results = calloc(room, sizeof *results);
    cop_status status = COP_OK;
    if (paths == NULL || results == NULL) {
        status = refuse_memory(s->err);
    } else {
        for (size_t i = 0; i < s->count; i++)
            paths[i] = s->found[i].path;
        status = cop_plugin_probe(paths, s->count, OPEN_SECONDS, results, s->err);
        if (status == COP_OK)
            status = open_all(s, results);
    }
    free(paths);
    free(results);
    return status;
}

static int by_kind_and_id(const void *a, const void *b)
{
    const cop_plugin *x = ((const cop_registry_entry *)a)->plugin;
    const cop_plugin *y = ((const cop_registry_entry *)b)->plugin;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcmp(x->id, y->id);
}

cop_status cop_registry_open(const char *const *extra_dirs, size_t count, cop_registry **out,
                             cop_error *err)
{
    *out = NULL;
    cop_registry *r = calloc(1, sizeof *r);
    if (r == NULL)
        return refuse_memory(err);
    search s = {.registry = r, .err = err};
    cop_status status = search_all(&s, extra_dirs, count);
    if (status == COP_OK)
        status = probe_and_open(&s);
    for (size_t i = 0; i < s.count; i++)
        free(s.found[i].path);
    free(s.found);
    if (status != COP_OK) {
        cop_registry_free(r);
        return status;
    }
    if (r->count > 1)
        qsort(r->entries, r->count, sizeof *r->entries, by_kind_and_id);
    *out = r;
    if (err != NULL)
        *err = (cop_error){0}; /* of directories that may be missing */
    return COP_OK;
}

void cop_registry_free(cop_registry *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++) {
        cop_plugin_free(r->entries[i].plugin);
        free(r->entries[i].path);
    }
    for (size_t i = 0; i < r->refusal_count; i++) {
        free(r->refusals[i].path);
        free(r->refusals[i].reason);
    }
    free(r->entries);
    free(r->refusals);
    free(r);
}

/* --- asking ----------------------------------------------------------------------------------- */

size_t cop_registry_count(const cop_registry *r)
{
    return r->count;
}

const cop_registry_entry *cop_registry_at(const cop_registry *r, size_t i)
{
    return &r->entries[i];
}

size_t cop_registry_refusal_count(const cop_registry *r)
{
    return r->refusal_count;
}

const cop_registry_refusal *cop_registry_refusal_at(const cop_registry *r, size_t i)
{
    return &r->refusals[i];
}

const cop_registry_entry *cop_registry_find(const cop_registry *r, cop_kind kind, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->entries[i].plugin->kind == (uint32_t)kind &&
            strcmp(r->entries[i].plugin->id, id) == 0)
            return &r->entries[i];
    return NULL;
}

/* Whether the file is named as the plugin's would be: ID.so or KIND-ID.so. */
static bool is_named(const char *path, cop_kind kind, const char *id)
{
    const char *slash = strrchr(path, '/');
    char names[2][COP_NAME_SIZE + 32];
    (void)snprintf(names[0], sizeof names[0], "%s.so", id);
    (void)snprintf(names[1], sizeof names[1], "%s-%s.so", cop_kind_name(kind), id);
    const char *file = slash != NULL ? slash + 1 : path;
    return strcmp(file, names[0]) == 0 || strcmp(file, names[1]) == 0;
}

cop_status cop_registry_unknown(const cop_registry *r, cop_kind kind, const char *id,
                                cop_error *err)
{
    char shown[80];
    (void)cop_escape(id, shown, sizeof shown);
    const char *colon = strchr(id, ':');
    if (colon != NULL && cop_registry_find(r, kind, colon + 1) != NULL)
        return cop_fail(err, COP_INVALID, "unknown %s \"%s\"; the kind is known here: write \"%s\"",
                        cop_kind_name(kind), shown, colon + 1);
    for (size_t i = 0; i < r->refusal_count; i++)
        if (r->refusals[i].is_memory)
            return cop_fail(err, COP_FAILED, "out of memory: %s could not be opened: %s",
                            r->refusals[i].path, r->refusals[i].reason);
    for (size_t i = 0; i < r->refusal_count; i++)
        if (is_named(r->refusals[i].path, kind, id))
            return cop_fail(err, COP_INVALID, "unknown %s \"%s\"; %s was refused: %s",
                            cop_kind_name(kind), shown, r->refusals[i].path, r->refusals[i].reason);
    const char **ids = calloc(r->count + 1, sizeof *ids);
    if (ids == NULL)
        return refuse_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->entries[i].plugin->kind == (uint32_t)kind)
            ids[count++] = r->entries[i].plugin->id;
    const char *nearest = cop_nearest(id, ids, count);
    cop_text known = {0};
    for (size_t i = 0; i < count; i++)
        cop_text_printf(&known, "%s%s", i > 0 ? ", " : "", ids[i]);
    cop_status status =
        known.failed ? refuse_memory(err)
        : nearest != NULL
            ? cop_fail(err, COP_INVALID, "unknown %s \"%s\"; did you mean \"%s\"?",
                       cop_kind_name(kind), shown, nearest)
            : cop_fail(err, COP_INVALID, "unknown %s \"%s\"; known: %s", cop_kind_name(kind), shown,
                       known.data != NULL ? known.data : "none");
    cop_text_free(&known);
    free(ids);
    return status;
}

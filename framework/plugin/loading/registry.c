/* registry.c: finding plugins along the search path, and keeping those that pass. */
#include "plugin/loading/registry.h"

#include "core/callback.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "plugin/loading/home.h"
#include "plugin/loading/open.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

/* Opening takes milliseconds; a disk that sleeps, or a busy machine, may take seconds. */
#define OPEN_SECONDS 10

/* An entry, and what only the registry needs of it. */
typedef struct item {
    cop_registry_entry entry; /* first: entries are handed out by its address */
    cop_probe_result seen;
    cop_plugin partial; /* points into `seen`; entry.plugin until the object is opened */
    char *failure;      /* why it could not be opened here; NULL */
    bool is_open, is_said;
} item;

struct cop_registry {
    item **items; /* of their own, so that their addresses stay */
    size_t count, capacity;
    cop_registry_refusal *refusals;
    size_t refusal_count, refusal_capacity;
    char **dirs; /* that were named and read, from the root */
    size_t dir_count, dir_capacity;
};

/* A file that is to be opened. */
typedef struct candidate {
    char *path;
    char hash[33];
} candidate;

typedef struct search {
    candidate *found;
    size_t count, capacity;
    cop_registry *registry;
    cop_logger *log;
    cop_error *err;
} search;

static cop_status add_failure(cop_registry *r, const char *path, const char *reason, bool is_system,
                              cop_error *err)
{
    cop_registry_refusal *grown =
        cop_grow(r->refusals, &r->refusal_capacity, r->refusal_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    r->refusals = grown;
    cop_registry_refusal one = {
        .path = strdup(path), .reason = strdup(reason), .is_system = is_system};
    if (one.path == NULL || one.reason == NULL) {
        free(one.path);
        free(one.reason);
        return cop_out_of_memory(err);
    }
    r->refusals[r->refusal_count++] = one;
    return COP_OK;
}

static cop_status add_refusal(cop_registry *r, const char *path, const char *reason, cop_error *err)
{
    return add_failure(r, path, reason, false, err);
}

/* The value of a variable; one that another user chose is not looked at. */
static const char *trusted_variable(const char *name)
{
    return getauxval(AT_SECURE) != 0 ? NULL : getenv(name);
}

static bool may_everyone_replace(const char *dir)
{
    struct stat info;
    return stat(dir, &info) == 0 && (info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0;
}

/* Why a file is not trusted, or NULL: its own mode, that of the directory that it was found in, and
 * that of the directory where a symbolic link leads. */
static const char *distrust(const char *path, const char *dir, const struct stat *info)
{
    const char *allowed = trusted_variable("COPPICE_ALLOW_WRITABLE_PLUGINS");
    char real[PATH_MAX];
    if (allowed != NULL && strcmp(allowed, "1") == 0)
        return NULL;
    if ((info->st_mode & S_IWOTH) != 0)
        return "everyone may write it: chmod o-w, or set COPPICE_ALLOW_WRITABLE_PLUGINS=1";
    bool is_replaceable = may_everyone_replace(dir);
    if (!is_replaceable && realpath(path, real) != NULL) {
        *strrchr(real, '/') = '\0';
        is_replaceable = may_everyone_replace(real[0] != '\0' ? real : "/");
    }
    return is_replaceable ? "everyone may write its directory: chmod o-w, or set "
                            "COPPICE_ALLOW_WRITABLE_PLUGINS=1"
                          : NULL;
}

/* Whether the machine failed, and not the file: an error that says nothing about what is there. */
static bool is_system_error(int error)
{
    return error != ENOENT && error != EACCES && error != ELOOP && error != ENOTDIR &&
           error != ENAMETOOLONG;
}

static cop_status add_candidate(search *s, const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    if (cop_path_join(path, sizeof path, NULL, dir, "%s", name) != COP_OK)
        return add_refusal(s->registry, dir, "a file name in it is too long", s->err);
    cop_error inner = {0};
    cop_digest digest;
    if (stat(path, &info) != 0) {
        int error = errno;
        return add_failure(s->registry, path, strerror(error), is_system_error(error), s->err);
    }
    if (!S_ISREG(info.st_mode))
        return add_refusal(s->registry, path, "is not a regular file", s->err);
    const char *doubt = distrust(path, dir, &info);
    if (doubt != NULL)
        return add_refusal(s->registry, path, doubt, s->err);
    if (cop_hash_file(path, &digest, &inner) != COP_OK)
        return add_failure(s->registry, path, inner.message, is_system_error(errno), s->err);
    candidate one = {.path = NULL};
    (void)cop_digest_hex(digest, one.hash);
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->found[i].hash, one.hash) == 0)
            return COP_OK; /* the same file again, under this path or another */
    candidate *grown = cop_grow(s->found, &s->capacity, s->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(s->err);
    s->found = grown;
    one.path = strdup(path);
    if (one.path == NULL)
        return cop_out_of_memory(s->err);
    s->found[s->count++] = one;
    return COP_OK;
}

static int is_object(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

/* Adds the directory's *.so by name, with paths from the root: whoever opens one may work elsewhere
 * by then. A missing one is COP_UNAVAILABLE. */
static cop_status search_dir(search *s, const char *dir)
{
    struct dirent **names = NULL;
    char real[PATH_MAX];
    int count = scandir(dir, &names, is_object, cop_entries_by_name);
    if (count < 0) {
        int error = errno;
        return cop_fail(s->err, is_system_error(error) ? COP_FAILED : COP_UNAVAILABLE,
                        "plugin directory %s: %s", dir, strerror(error));
    }
    cop_status status = COP_OK;
    const char *from = dir[0] == '/' || realpath(dir, real) == NULL ? dir : real;
    for (int i = 0; i < count; i++) {
        if (status == COP_OK)
            status = add_candidate(s, from, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return status;
}

/* Keeps the path of a directory that was named, so that another process can search it too. */
static cop_status keep_dir(search *s, const char *dir)
{
    cop_registry *r = s->registry;
    char **grown = cop_grow(r->dirs, &r->dir_capacity, r->dir_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(s->err);
    r->dirs = grown;
    r->dirs[r->dir_count] = realpath(dir, NULL);
    if (r->dirs[r->dir_count] == NULL)
        return cop_fail(s->err, COP_FAILED, "plugin directory %s: %s", dir, strerror(errno));
    r->dir_count++;
    return COP_OK;
}

/* A directory that the environment names may be missing: that is shown, not fatal. */
static cop_status search_environment(search *s)
{
    const char *list = trusted_variable("COPPICE_PLUGIN_PATH");
    if (list == NULL && getenv("COPPICE_PLUGIN_PATH") != NULL)
        cop_say(s->log, COP_LOG_WARNING,
                "COPPICE_PLUGIN_PATH is not looked at: this program runs with another user's "
                "rights (set-uid)");
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");
        char dir[PATH_MAX];
        if (length > 0 && length < sizeof dir) { /* an empty part is not the working directory */
            memcpy(dir, list, length);
            dir[length] = '\0';
            cop_status status = search_dir(s, dir);
            if (status == COP_OK)
                status = keep_dir(s, dir);
            else if (status == COP_UNAVAILABLE)
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
        COP_TRY(keep_dir(s, extra_dirs[i]));
    }
    COP_TRY(search_environment(s));
    char home[PATH_MAX];
    cop_status status = cop_plugin_home(home, sizeof home) ? search_dir(s, home) : COP_OK;
    return status == COP_UNAVAILABLE ? COP_OK : status;
}

static item *find_item(const cop_registry *r, cop_kind kind, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i]->seen.kind == kind && strcmp(r->items[i]->seen.id, id) == 0)
            return r->items[i];
    return NULL;
}

static cop_status add_shadowed(cop_registry *r, const char *path, const item *by, cop_error *err)
{
    char reason[PATH_MAX + 200];
    (void)snprintf(reason, sizeof reason, "%s \"%s\" is taken from %s, which is searched first",
                   cop_kind_name(by->seen.kind), by->seen.id, by->entry.path);
    COP_TRY(add_refusal(r, path, reason, err));
    r->refusals[r->refusal_count - 1].is_shadowed = true;
    return COP_OK;
}

static void free_item(item *it)
{
    if (it == NULL)
        return;
    if (it->is_open)
        cop_plugin_free(it->entry.plugin);
    free(it->entry.path);
    free(it->failure);
    free(it);
}

static item *new_item(const candidate *c, const cop_probe_result *seen)
{
    item *it = calloc(1, sizeof *it);
    if (it == NULL)
        return NULL;
    it->seen = *seen;
    it->partial = (cop_plugin){.kind = (uint32_t)seen->kind,
                               .id = it->seen.id,
                               .version = it->seen.version,
                               .results_version = it->seen.results_version,
                               .summary = it->seen.summary};
    it->entry.plugin = &it->partial;
    it->entry.path = strdup(c->path);
    memcpy(it->entry.content_hash, c->hash, sizeof it->entry.content_hash);
    if (it->entry.path != NULL)
        return it;
    free(it);
    return NULL;
}

static cop_status add_item(cop_registry *r, const candidate *c, const cop_probe_result *seen,
                           cop_error *err)
{
    const item *there = find_item(r, seen->kind, seen->id);
    if (there != NULL)
        return add_shadowed(r, c->path, there, err);
    item **grown = cop_grow(r->items, &r->capacity, r->count + 1, sizeof(item *));
    if (grown == NULL)
        return cop_out_of_memory(err);
    r->items = grown;
    item *it = new_item(c, seen);
    if (it == NULL)
        return cop_out_of_memory(err);
    r->items[r->count++] = it;
    return COP_OK;
}

static cop_status keep_all(search *s, const cop_probe_result *results)
{
    for (size_t i = 0; i < s->count; i++) {
        const candidate *c = &s->found[i];
        if (!results[i].is_ok)
            COP_TRY(
                add_failure(s->registry, c->path, results[i].reason, results[i].is_system, s->err));
        else
            COP_TRY(add_item(s->registry, c, &results[i], s->err));
    }
    return COP_OK;
}

static cop_status probe_and_keep(search *s)
{
    size_t room = s->count > 0 ? s->count : 1;
    const char **paths = calloc(room, sizeof *paths);
    cop_probe_result *results = calloc(room, sizeof *results);
    cop_status status = COP_OK;
    if (paths == NULL || results == NULL) {
        status = cop_out_of_memory(s->err);
    } else {
        for (size_t i = 0; i < s->count; i++)
            paths[i] = s->found[i].path;
        status = cop_plugin_probe(paths, s->count, OPEN_SECONDS, s->log, results, s->err);
        if (status == COP_OK)
            status = keep_all(s, results);
    }
    free(paths);
    free(results);
    return status;
}

static int by_kind_and_id(const void *a, const void *b)
{
    const cop_probe_result *x = &(*(item *const *)a)->seen;
    const cop_probe_result *y = &(*(item *const *)b)->seen;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcmp(x->id, y->id);
}

cop_status cop_registry_search(const char *const *extra_dirs, size_t count, cop_logger *log,
                               cop_registry **out, cop_error *err)
{
    *out = NULL;
    cop_registry *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cop_out_of_memory(err);
    search s = {.registry = r, .log = log, .err = err};
    cop_status status = search_all(&s, extra_dirs, count);
    if (status == COP_OK)
        status = probe_and_keep(&s);
    for (size_t i = 0; i < s.count; i++)
        free(s.found[i].path);
    free(s.found);
    if (status != COP_OK) {
        cop_registry_free(r);
        return status;
    }
    if (r->count > 1)
        qsort(r->items, r->count, sizeof *r->items, by_kind_and_id);
    *out = r;
    if (err != NULL)
        *err = (cop_error){0}; /* of directories that may be missing */
    return COP_OK;
}

void cop_registry_free(cop_registry *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        free_item(r->items[i]);
    for (size_t i = 0; i < r->refusal_count; i++) {
        free(r->refusals[i].path);
        free(r->refusals[i].reason);
    }
    for (size_t i = 0; i < r->dir_count; i++)
        free(r->dirs[i]);
    free(r->dirs);
    free(r->items);
    free(r->refusals);
    free(r);
}

size_t cop_registry_count(const cop_registry *r)
{
    return r->count;
}

const cop_registry_entry *cop_registry_at(const cop_registry *r, size_t i)
{
    return &r->items[i]->entry;
}

size_t cop_registry_refusal_count(const cop_registry *r)
{
    return r->refusal_count;
}

const cop_registry_refusal *cop_registry_refusal_at(const cop_registry *r, size_t i)
{
    return &r->refusals[i];
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

/* The file of that name that the machine could not read, or NULL: it may be the plugin meant. */
static const cop_registry_refusal *unread_of(const cop_registry *r, cop_kind kind, const char *id)
{
    for (size_t i = 0; i < r->refusal_count; i++)
        if (r->refusals[i].is_system && is_named(r->refusals[i].path, kind, id))
            return &r->refusals[i];
    return NULL;
}

/* Opens the object in this process. What the child saw of it is what it must be: a file that was
 * exchanged since is not opened as the other. */
static cop_status open_item(item *it, cop_error *err)
{
    const cop_plugin *plugin = NULL;
    cop_digest digest;
    char hash[33];
    COP_TRY(cop_hash_file(it->entry.path, &digest, err));
    if (strcmp(cop_digest_hex(digest, hash), it->entry.content_hash) != 0)
        return cop_fail(err, COP_FAILED, "the file changed while plugins were looked for");
    cop_callback call;
    cop_callback_enter(&call, "plugin", it->entry.path, "opening");
    cop_status status = cop_plugin_open(it->entry.path, &plugin, err);
    cop_callback_leave(&call);
    COP_TRY(status);
    if (plugin->kind != (uint32_t)it->seen.kind || strcmp(plugin->id, it->seen.id) != 0)
        return cop_fail(err, COP_FAILED,
                        "is another plugin in this process than it was in a child");
    COP_TRY(cop_plugin_copy(plugin, &it->entry.plugin, err));
    it->is_open = true;
    return COP_OK;
}

const cop_registry_entry *cop_registry_find(const cop_registry *r, cop_kind kind, const char *id)
{
    item *it = find_item(r, kind, id);
    cop_error inner = {0};
    if (it == NULL || it->failure != NULL || unread_of(r, kind, id) != NULL)
        return NULL;
    if (it->is_open || open_item(it, &inner) == COP_OK)
        return &it->entry;
    it->failure = strdup(inner.message);
    return NULL;
}

/* What is to be said of a refused file when the item is used; nothing of one that has neither its
 * kind and id nor its name. */
static void say_refusal(const item *it, const cop_registry_refusal *refusal, cop_logger *log)
{
    char name[COP_NAME_SIZE + 40], text[3 * PATH_MAX];
    (void)snprintf(name, sizeof name, "%s \"%s\" is taken from ", cop_kind_name(it->seen.kind),
                   it->seen.id);
    if (refusal->is_shadowed && strncmp(refusal->reason, name, strlen(name)) == 0)
        (void)snprintf(text, sizeof text, "%s%s and not from %s, which is searched later", name,
                       it->entry.path, refusal->path);
    else if (!refusal->is_shadowed && is_named(refusal->path, it->seen.kind, it->seen.id))
        (void)snprintf(text, sizeof text, "%s%s and not from %s, which was refused: %s", name,
                       it->entry.path, refusal->path, refusal->reason);
    else
        return;
    cop_say(log, COP_LOG_WARNING, "%s", text);
}

void cop_registry_say_shadowed(const cop_registry *r, const cop_registry_entry *entry,
                               cop_logger *log)
{
    item *it = find_item(r, (cop_kind)entry->plugin->kind, entry->plugin->id);
    if (it == NULL || it->is_said || log == NULL)
        return;
    it->is_said = true;
    for (size_t i = 0; i < r->refusal_count; i++)
        say_refusal(it, &r->refusals[i], log);
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
    const item *it = find_item(r, kind, id);
    const cop_registry_refusal *unread = unread_of(r, kind, id);
    for (size_t i = 0; i < r->refusal_count && unread == NULL && it == NULL; i++)
        if (r->refusals[i].is_system) /* under another name it may be the one */
            unread = &r->refusals[i];
    if (unread != NULL)
        return cop_fail(err, COP_FAILED, "%s could not be opened: %s", unread->path,
                        unread->reason);
    if (it != NULL)
        return cop_fail(err, COP_FAILED, "%s \"%s\": %s: %s", cop_kind_name(kind), shown,
                        it->entry.path,
                        it->failure != NULL ? it->failure : "cannot be opened: out of memory");
    for (size_t i = 0; i < r->refusal_count; i++)
        if (!r->refusals[i].is_shadowed && is_named(r->refusals[i].path, kind, id))
            return cop_fail(err, COP_INVALID, "unknown %s \"%s\"; %s was refused: %s",
                            cop_kind_name(kind), shown, r->refusals[i].path, r->refusals[i].reason);
    const char **ids = calloc(r->count + 1, sizeof *ids);
    if (ids == NULL)
        return cop_out_of_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i]->seen.kind == kind)
            ids[count++] = r->items[i]->seen.id;
    const char *nearest = cop_nearest(id, ids, count);
    cop_text known = {0};
    for (size_t i = 0; i < count; i++)
        cop_text_printf(&known, "%s%s", i > 0 ? ", " : "", ids[i]);
    cop_status status =
        known.failed ? cop_out_of_memory(err)
        : nearest != NULL
            ? cop_fail(err, COP_INVALID, "unknown %s \"%s\"; did you mean \"%s\"?",
                       cop_kind_name(kind), shown, nearest)
            : cop_fail(err, COP_INVALID, "unknown %s \"%s\"; known: %s", cop_kind_name(kind), shown,
                       known.data != NULL ? known.data : "none");
    cop_text_free(&known);
    free(ids);
    return status;
}

size_t cop_registry_dir_count(const cop_registry *r)
{
    return r->dir_count;
}

const char *cop_registry_dir(const cop_registry *r, size_t i)
{
    return r->dirs[i];
}

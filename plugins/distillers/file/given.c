/* given.c: the set as a whole. */
#define _POSIX_C_SOURCE 200809L
#include "given.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void given_clear(given *g)
{
    free(g->pixels);
    free(g->labels);
    cop_recipe_free(g->recipe);
    *g = (given){0};
}

cop_status given_allocate(given *g, const cop_task *task, int64_t count, cop_error *err)
{
    size_t values = (size_t)cop_task_values(task) * sizeof *g->pixels;
    size_t classes = (size_t)cop_task_classes(task) * sizeof *g->labels;
    g->count = count;
    g->pixels = calloc((size_t)count, values);
    g->labels = calloc((size_t)count, classes);
    if (g->pixels == NULL || g->labels == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for %lld images", (long long)count);
    return COP_OK;
}

/* Makes visible what no line of text holds. */
static void clean(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

/* The last part of a path. */
static void base_name(const char *path, char *out, size_t size)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    (void)snprintf(out, size, "%.*s", (int)(end - begin), path + begin);
}

/* Where the set comes from, for whoever finds a copy of it. */
static void say_origin(const options *o, const cop_tensor_file *file, given *g)
{
    char name[192];
    base_name(o->path, name, sizeof name);
    clean(name);
    if (file == NULL) {
        (void)snprintf(g->origin, sizeof g->origin, "folder %s of %lld pictures", name,
                       (long long)g->count);
        return;
    }
    const char *maker = cop_tensor_file_note(file, "made_by");
    (void)snprintf(g->origin, sizeof g->origin, "file %s, XXH3 %s", name,
                   cop_tensor_file_hash(file));
    size_t used = strlen(g->origin);
    if (maker != NULL && used + strlen(maker) + 16 < sizeof g->origin)
        (void)snprintf(g->origin + used, sizeof g->origin - used, ", made by %s", maker);
    clean(g->origin + used); /* the file's own words */
}

cop_status given_in_file(cop_status status, cop_error *err)
{
    if (status != COP_INVALID)
        return status;
    if (err != NULL)
        err->status = COP_FAILED;
    return COP_FAILED;
}

static cop_status read_tensors(const options *o, const cop_task *task, given *out, cop_error *err)
{
    cop_tensor_file *file = NULL;
    COP_TRY(given_in_file(cop_tensor_file_read(o->path, &file, err), err));
    cop_status status = given_stated(o, task, file, out, err);
    if (status == COP_OK)
        status = given_arrays(o, task, file, out, err);
    if (status == COP_OK && o->label_kind == LABELS_AUTO)
        status = given_check_labels(o, task, file, out, err);
    if (status == COP_OK)
        say_origin(o, file, out);
    cop_tensor_file_free(file);
    return status;
}

static cop_status read_folder(const options *o, const cop_task *task, given *out, cop_error *err)
{
    COP_TRY(given_stated(o, task, NULL, out, err));
    COP_TRY(given_pictures(o, task, out, err));
    out->is_folder = true;
    say_origin(o, NULL, out);
    return COP_OK;
}

cop_status given_read(const options *o, const cop_task *task, given *out, cop_error *err)
{
    struct stat info;
    *out = (given){0};
    if (o->path[0] == '\0')
        return cop_fail(err, COP_INVALID, "path is to name the set: a file or a folder");
    bool is_folder = stat(o->path, &info) == 0 && S_ISDIR(info.st_mode);
    return is_folder ? read_folder(o, task, out, err) : read_tensors(o, task, out, err);
}

/* folder.c: a set out of a folder of pictures for each class. */
#define _POSIX_C_SOURCE 200809L
#include "given.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Sorted names of what is in a folder; hidden ones are left out. */
typedef struct names {
    char **items;
    size_t count;
} names;

static void clear(names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i]);
    free(n->items);
    *n = (names){0};
}

/* The digits of a number behind its zeros; NULL where the name is no number. */
static const char *digits_of(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || name[digits] != '\0')
        return NULL;
    return name + strspn(name, "0");
}

int given_compare_names(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    const char *first = digits_of(left), *second = digits_of(right);
    if ((first != NULL) != (second != NULL))
        return first != NULL ? -1 : 1;
    if (first != NULL && strlen(first) != strlen(second))
        return strlen(first) < strlen(second) ? -1 : 1;
    int by_value = first != NULL ? strcmp(first, second) : 0;
    return by_value != 0 ? by_value : strcmp(left, right);
}

static bool add(names *n, const char *name)
{
    char **grown = realloc(n->items, (n->count + 1) * sizeof *grown);
    char *copy = strdup(name);
    n->items = grown != NULL ? grown : n->items;
    if (grown == NULL || copy == NULL) {
        free(copy);
        return false;
    }
    n->items[n->count++] = copy;
    return true;
}

/* The next name in a folder; NULL at its end, and where it cannot be read: *reason tells why. */
static const struct dirent *next_entry(DIR *folder, int *reason)
{
    errno = 0;
    const struct dirent *entry = readdir(folder);
    *reason = entry == NULL ? errno : 0;
    return entry;
}

static cop_status list(const char *path, names *out, cop_error *err)
{
    bool has_room = true;
    int reason = 0;
    *out = (names){0};
    DIR *folder = opendir(path);
    if (folder == NULL)
        return cop_fail(err, COP_INVALID, "%s: cannot be listed: %s", path, strerror(errno));
    for (const struct dirent *entry; has_room && (entry = next_entry(folder, &reason)) != NULL;)
        if (entry->d_name[0] != '.')
            has_room = add(out, entry->d_name);
    (void)closedir(folder);
    if (reason != 0) {
        clear(out);
        return cop_fail(err, COP_FAILED, "%s: cannot be listed: %s", path, strerror(reason));
    }
    if (!has_room) {
        clear(out);
        return cop_fail(err, COP_FAILED, "out of memory");
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, given_compare_names);
    return COP_OK;
}

/* The path of something in a folder; the caller's, NULL when memory is out. */
static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        (void)snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Adds the pictures in one class's folder behind those of the classes before. */
static cop_status list_class(const char *root, const char *name, names *files, cop_error *err)
{
    char *folder = join(root, name);
    names inside = {0};
    if (folder == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = list(folder, &inside, err);
    for (size_t i = 0; status == COP_OK && i < inside.count; i++) {
        char *path = join(folder, inside.items[i]);
        if (path == NULL || !add(files, path))
            status = cop_fail(err, COP_FAILED, "out of memory");
        free(path);
    }
    if (status == COP_OK && inside.count == 0)
        status = cop_fail(err, COP_INVALID, "%s: holds no pictures", folder);
    clear(&inside);
    free(folder);
    return status;
}

/* All pictures, and where each class's end. */
static cop_status list_all(const options *o, const names *classes, names *files, size_t *ends,
                           cop_error *err)
{
    for (size_t c = 0; c < classes->count; c++) {
        COP_TRY(list_class(o->path, classes->items[c], files, err));
        ends[c] = files->count;
    }
    return COP_OK;
}

/* The folders of the classes, as the options name them or sorted. */
static cop_status list_classes(const options *o, const cop_task *task, names *out, cop_error *err)
{
    cop_status status = o->classes.count > 0 ? COP_OK : list(o->path, out, err);
    for (size_t i = 0; status == COP_OK && i < o->classes.count; i++)
        if (!add(out, o->classes.items[i]))
            status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK && out->count != (size_t)cop_task_classes(task))
        status = cop_fail(err, COP_INVALID, "%s: holds %zu classes, wanted %d", o->path, out->count,
                          (int)cop_task_classes(task));
    return status;
}

/* Bytes [H, W, C] to pixels [C, H, W]. */
static void spread(const cop_task *task, const uint8_t *bytes, float *pixels)
{
    int64_t plane = (int64_t)cop_task_height(task) * cop_task_width(task);
    int32_t channels = cop_task_channels(task);
    for (int32_t c = 0; c < channels; c++)
        for (int64_t i = 0; i < plane; i++)
            pixels[c * plane + i] = (float)bytes[i * channels + c] / 255.0f;
}

static cop_status read_all(const cop_task *task, const names *files, const size_t *ends, given *out,
                           cop_error *err)
{
    int64_t values = cop_task_values(task);
    COP_TRY(given_allocate(out, task, (int64_t)files->count, err));
    uint8_t *bytes = malloc((size_t)values);
    cop_status status = bytes != NULL ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
    int64_t label = 0;
    for (size_t i = 0; status == COP_OK && i < files->count; i++) {
        while (i >= ends[label])
            label++;
        status = given_in_file(picture_read(files->items[i], task, bytes, err), err);
        if (status != COP_OK)
            break;
        spread(task, bytes, out->pixels + (int64_t)i * values);
        out->labels[(int64_t)i * cop_task_classes(task) + label] = 1.0f;
    }
    free(bytes);
    return status;
}

static cop_status check_options(const options *o, const cop_task *task, cop_error *err)
{
    if (o->space != SPACE_AUTO && o->space != SPACE_BYTES)
        return cop_fail(err, COP_INVALID, "pictures are bytes: space is \"bytes\", or not stated");
    if (o->labels_path[0] != '\0' || o->label_kind == LABELS_SOFT || o->label_kind == LABELS_LOGITS)
        return cop_fail(err, COP_INVALID, "pictures are of the classes of their folders");
    if (cop_task_channels(task) != 1 && cop_task_channels(task) != 3)
        return cop_fail(err, COP_INVALID, "pictures have 1 or 3 channels, and the data %d",
                        (int)cop_task_channels(task));
    return COP_OK;
}

/* Whether the name is that of a class of the data; of which in *label. */
static bool is_class(const cop_plan *plan, const char *name, int32_t *label)
{
    const char *known = NULL;
    for (*label = 0; (known = cop_plan_class_name(plan, *label)) != NULL; (*label)++)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}

static cop_status check_folder(const options *o, const cop_plan *plan, const char *name, size_t at,
                               cop_error *err)
{
    int32_t label = 0;
    if (digits_of(name) != NULL && strtoull(name, NULL, 10) == at)
        return COP_OK; /* a label, in its place */
    if (!is_class(plan, name, &label))
        return cop_fail(err, COP_INVALID,
                        "%s: the folder \"%s\" is no class of the data, whose first is \"%s\": "
                        "state classes, the folders in the order of the labels",
                        o->path, name, cop_plan_class_name(plan, 0));
    if ((size_t)label != at)
        return cop_fail(err, COP_INVALID,
                        "%s: the folder \"%s\" is number %zu, and class %d of the data: state "
                        "classes, the folders in the order of the labels",
                        o->path, name, at, (int)label);
    return COP_OK;
}

cop_status given_check_folders(const options *o, const cop_plan *plan, cop_error *err)
{
    names folders = {0};
    if (o->classes.count > 0 || cop_plan_class_name(plan, 0) == NULL)
        return COP_OK;
    cop_status status = list(o->path, &folders, err);
    for (size_t i = 0; status == COP_OK && i < folders.count; i++)
        status = check_folder(o, plan, folders.items[i], i, err);
    clear(&folders);
    return status;
}

cop_status given_pictures(const options *o, const cop_task *task, given *out, cop_error *err)
{
    names classes = {0}, files = {0};
    size_t *ends = calloc((size_t)cop_task_classes(task), sizeof *ends);
    cop_status status = ends != NULL ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK)
        status = check_options(o, task, err);
    if (status == COP_OK)
        status = list_classes(o, task, &classes, err);
    if (status == COP_OK)
        status = list_all(o, &classes, &files, ends, err);
    if (status == COP_OK)
        status = read_all(task, &files, ends, out, err);
    clear(&classes);
    clear(&files);
    free(ends);
    return status;
}

/* folders.c: listing folders of images. */
#define _POSIX_C_SOURCE 200809L
#include "folders.h"

#include <coppice/dataset.h>
#include <coppice/files.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, MOST_LIST = 1 << 20 };

void names_free(name_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct name_list){0};
}

cop_status names_add(name_list *names, const char *text, size_t length, cop_error *err)
{
    if (names->count == names->room) {
        size_t room = names->room > 0 ? 2 * names->room : 16;
        char **items = realloc(names->items, room * sizeof *items);
        if (items == NULL)
            return cop_fail(err, COP_FAILED, "out of memory");
        names->items = items;
        names->room = room;
    }
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    memcpy(copy, text, length);
    copy[length] = '\0';
    names->items[names->count++] = copy;
    return COP_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(name_list *names)
{
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, compare);
}

/* directory/name, refused where it is too long to be a path. */
static cop_status join(const char *directory, const char *name, char path[PATH_SIZE],
                       cop_error *err)
{
    int length = snprintf(path, PATH_SIZE, "%s/%s", directory, name);
    if (length >= 0 && length < PATH_SIZE)
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, directory, 0, "has too long a name in it");
}

bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static bool is_image(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

/* Whether an entry of a directory is wanted: a folder, or an image. */
typedef bool entry_test(const char *name, const char *path);

static bool wants_folder(const char *name, const char *path)
{
    (void)name;
    return is_directory(path);
}

static bool wants_image(const char *name, const char *path)
{
    return is_image(name) && is_file(path);
}

/* The next entry of a directory; NULL at its end, and where it cannot be read. */
static const struct dirent *next_entry(DIR *stream, const char *directory, cop_status *status,
                                       cop_error *err)
{
    errno = 0;
    const struct dirent *entry = readdir(stream);
    if (entry == NULL && errno != 0)
        *status =
            cop_fail_at(err, COP_FAILED, directory, 0, "cannot be listed: %s", strerror(errno));
    return entry;
}

/* Adds the names (or, with `whole`, the paths) of the wanted entries, sorted; hidden ones are not.
 */
static cop_status list_entries(const char *directory, entry_test *is_wanted, bool whole,
                               name_list *out, cop_error *err)
{
    DIR *stream = opendir(directory);
    if (stream == NULL)
        return cop_fail_at(err, COP_INVALID, directory, 0, "cannot open: %s", strerror(errno));
    cop_status status = COP_OK;
    for (const struct dirent *entry;
         status == COP_OK && (entry = next_entry(stream, directory, &status, err)) != NULL;) {
        char path[PATH_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        status = join(directory, entry->d_name, path, err);
        if (status == COP_OK && is_wanted(entry->d_name, path)) {
            const char *text = whole ? path : entry->d_name;
            status = names_add(out, text, strlen(text), err);
        }
    }
    (void)closedir(stream);
    sort(out);
    return status;
}

bool has_folders(const char *path)
{
    name_list found = {0};
    bool has = list_entries(path, wants_folder, false, &found, NULL) == COP_OK && found.count > 0;
    names_free(&found);
    return has;
}

void classes_free(class_list *classes)
{
    names_free(&classes->folders);
    names_free(&classes->titles);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A folder's name, and what the class is called. */
static cop_status take_line(const char *line, size_t length, class_list *out, cop_error *err)
{
    while (length > 0 && is_blank(line[length - 1]))
        length--;
    while (length > 0 && is_blank(line[0])) {
        line++;
        length--;
    }
    if (length == 0)
        return COP_OK;
    size_t folder = 0;
    while (folder < length && !is_blank(line[folder]))
        folder++;
    size_t title = folder;
    while (title < length && is_blank(line[title]))
        title++;
    COP_TRY(names_add(&out->folders, line, folder, err));
    if (title == length)
        return names_add(&out->titles, line, folder, err);
    return names_add(&out->titles, line + title, length - title, err);
}

static cop_status take_text(const char *path, const char *text, size_t size, class_list *out,
                            cop_error *err)
{
    if (memchr(text, '\0', size) != NULL)
        return cop_fail_at(err, COP_INVALID, path, 0, "is no text: it has a byte 0");
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - (text + at)) : size - at;
        COP_TRY(take_line(text + at, length, out, err));
        at += length + 1;
    }
    return COP_OK;
}

static cop_status take_file(const char *path, class_list *out, cop_error *err)
{
    int file = -1;
    int64_t size = 0;
    char *text = malloc(MOST_LIST);
    if (text == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_file_open(path, &file, &size, err);
    if (status == COP_OK && size >= MOST_LIST)
        status = cop_fail_at(err, COP_INVALID, path, 0, "is too long for a list of classes");
    if (status == COP_OK)
        status = cop_file_read_at(file, path, 0, text, (size_t)size, err);
    if (status == COP_OK)
        status = take_text(path, text, (size_t)size, out, err);
    if (file >= 0)
        (void)close(file);
    free(text);
    return status;
}

static cop_status take_list(const cop_string_list *list, class_list *out, cop_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        COP_TRY(names_add(&out->folders, list->items[i], strlen(list->items[i]), err));
        COP_TRY(names_add(&out->titles, list->items[i], strlen(list->items[i]), err));
    }
    return COP_OK;
}

static cop_status take_folders(const char *directory, class_list *out, cop_error *err)
{
    COP_TRY(list_entries(directory, wants_folder, false, &out->folders, err));
    for (size_t i = 0; i < out->folders.count; i++)
        COP_TRY(names_add(&out->titles, out->folders.items[i], strlen(out->folders.items[i]), err));
    return COP_OK;
}

/* Names of folders within the directory, and none twice. */
static cop_status check_folders(const name_list *folders, cop_error *err)
{
    for (size_t i = 0; i < folders->count; i++) {
        const char *name = folders->items[i];
        if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
            return cop_fail(err, COP_INVALID, "class \"%s\": wanted the name of a folder", name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, folders->items[k]) == 0)
                return cop_fail(err, COP_INVALID, "class \"%s\" is listed twice", name);
    }
    return COP_OK;
}

cop_status classes_find(const char *directory, const cop_string_list *list, const char *file,
                        class_list *out, cop_error *err)
{
    if (list->count > 0 && file[0] != '\0')
        return cop_fail(err, COP_INVALID, "classes and class_file both list the classes");
    if (list->count > 0)
        COP_TRY(take_list(list, out, err));
    else if (file[0] != '\0')
        COP_TRY(take_file(file, out, err));
    else
        COP_TRY(take_folders(directory, out, err));
    size_t count = out->folders.count;
    if (count < 2 || count > COP_MAX_CLASSES)
        return cop_fail_at(err, COP_INVALID, file[0] != '\0' ? file : directory, 0,
                           "%zu classes, wanted 2 to %d", count, (int)COP_MAX_CLASSES);
    return check_folders(&out->folders, err);
}

void samples_free(sample_list *samples)
{
    names_free(&samples->paths);
    free(samples->labels);
    samples->labels = NULL;
}

static cop_status label(sample_list *s, size_t from, int32_t class, cop_error *err)
{
    int32_t *labels = realloc(s->labels, s->paths.count * sizeof *labels);
    if (labels == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    s->labels = labels;
    for (size_t i = from; i < s->paths.count; i++)
        labels[i] = class;
    return COP_OK;
}

/* Adds copies of what `from` has behind what `to` has. */
static cop_status append(name_list *to, const name_list *from, cop_error *err)
{
    for (size_t i = 0; i < from->count; i++)
        COP_TRY(names_add(to, from->items[i], strlen(from->items[i]), err));
    return COP_OK;
}

cop_status samples_find(const char *directory, const class_list *classes, sample_list *out,
                        cop_error *err)
{
    for (size_t c = 0; c < classes->folders.count; c++) {
        char folder[PATH_SIZE];
        name_list found = {0};
        size_t before = out->paths.count;
        COP_TRY(join(directory, classes->folders.items[c], folder, err));
        cop_status status = list_entries(folder, wants_image, true, &found, err);
        if (status == COP_OK && found.count == 0)
            status = cop_fail_at(err, COP_INVALID, folder, 0,
                                 "has no images: files in .jpg, .jpeg or .png");
        if (status == COP_OK)
            status = append(&out->paths, &found, err);
        names_free(&found);
        COP_TRY(status);
        COP_TRY(label(out, before, (int32_t)c, err));
    }
    return COP_OK;
}

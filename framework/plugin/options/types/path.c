/* path.c: the option type of paths. A relative path is relative to the directory of the file that
 * names it; one of `--set`, which no file names, and a default are relative to the working
 * directory. What identities hold of a path is what it leads to. */
#include "plugin/options/types/types.h"

#include "core/folder.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory in a directory, and so on: a link may lead in circles. */
#define MAX_DEPTH 64

/* The text as it is, or after the directory of `file` (NULL: no file). */
static const char *resolve(cop_arena *arena, const char *file, const char *written)
{
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (written[0] == '\0' || written[0] == '/' || slash == NULL)
        return cop_arena_strdup(arena, written);
    size_t directory = (size_t)(slash - file) + 1, rest = strlen(written) + 1;
    char *path = cop_arena_alloc(arena, directory + rest);
    if (path != NULL) {
        memcpy(path, file, directory);
        memcpy(path + directory, written, rest);
    }
    return path;
}

/* Hashes what the path leads to; without a hasher only sees whether it can be read. False where it
 * cannot, or is no file and no directory. */
static bool hash_path(const char *path, int depth, cop_hasher *hasher);

static void hash_text(cop_hasher *hasher, const char *text)
{
    if (hasher != NULL)
        cop_hasher_update_text(hasher, text);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* The names in a directory, sorted; the caller's. */
static bool list_names(const char *path, char ***names, size_t *count)
{
    size_t room = 0;
    *names = NULL;
    *count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return false;
    cop_status status = COP_OK;
    for (const struct dirent *entry;
         (entry = cop_next_entry(directory, path, &status, NULL)) != NULL;) {
        char **more = cop_grow(*names, &room, *count + 1, sizeof *more);
        char *name = strdup(entry->d_name);
        *names = more != NULL ? more : *names;
        status = more != NULL && name != NULL ? COP_OK : COP_FAILED;
        if (status == COP_OK)
            (*names)[(*count)++] = name;
        else
            free(name);
    }
    (void)closedir(directory);
    if (*count > 0)
        qsort(*names, *count, sizeof **names, compare_names);
    return status == COP_OK;
}

static bool hash_directory(const char *path, int depth, cop_hasher *hasher)
{
    char **names = NULL;
    size_t count = 0;
    bool is_read = depth < MAX_DEPTH && list_names(path, &names, &count);
    hash_text(hasher, "directory");
    for (size_t i = 0; i < count && is_read; i++) {
        cop_text inner = {0};
        cop_text_printf(&inner, "%s/%s", path, names[i]);
        hash_text(hasher, names[i]);
        is_read = !inner.failed && hash_path(inner.data, depth + 1, hasher);
        cop_text_free(&inner);
    }
    hash_text(hasher, "end");
    free_names(names, count);
    return is_read;
}

static bool hash_path(const char *path, int depth, cop_hasher *hasher)
{
    struct stat info;
    cop_digest digest;
    if (stat(path, &info) != 0)
        return false;
    if (S_ISDIR(info.st_mode))
        return hash_directory(path, depth, hasher);
    if (!S_ISREG(info.st_mode))
        return false;
    if (hasher == NULL)
        return access(path, R_OK) == 0;
    if (cop_hash_file(path, &digest, NULL) != COP_OK)
        return false;
    char hex[33];
    cop_hasher_update_text(hasher, cop_digest_hex(digest, hex));
    return true;
}

/* What the path leads to: "" for no path. One that was readable and is not any more fails: what is
 * unknown must not pass for anything. */
static void append_content(const char *path, cop_text *text)
{
    cop_hasher *hasher = cop_hasher_new();
    char hex[33];
    if (hasher == NULL) {
        text->failed = true;
        return;
    }
    if (path[0] == '\0')
        cop_append_string(text, "");
    else if (hash_path(path, 0, hasher))
        cop_append_string(text, cop_digest_hex(cop_hasher_finish(hasher), hex));
    else
        text->failed = true;
    cop_hasher_free(hasher);
}

/* From the root, so that it leads to the same wherever the text is read. */
static void append_absolute(const char *path, cop_text *text)
{
    char here[COP_PATH_SIZE];
    if (path[0] == '\0' || path[0] == '/' || getcwd(here, sizeof here) == NULL) {
        cop_append_string(text, path);
        return;
    }
    cop_text whole = {0};
    cop_text_printf(&whole, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
    text->failed |= whole.failed;
    if (!whole.failed)
        cop_append_string(text, whole.data);
    cop_text_free(&whole);
}

/* What identities hold must be known. */
static cop_status check_readable(const cop_reader *reader, const cop_option *option,
                                 const config_setting_t *setting, const char *path, cop_error *err)
{
    char shown[512];
    const uint32_t unidentified = COP_OPTION_EXECUTION_ONLY | COP_OPTION_JUDGEMENT;
    bool is_known = path[0] == '\0' || (option->flags & unidentified) != 0;
    if (is_known || hash_path(path, 0, NULL))
        return COP_OK;
    return cop_value_refuse(reader, option, setting, err,
                            "is \"%s\", which cannot be read, or is no file and no directory",
                            cop_escape(path, shown, sizeof shown));
}

static cop_status read_path(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return cop_refuse_type(reader, option, setting, &cop_path_type, err);
    cop_place place = cop_setting_place(setting, reader->file);
    const char *file = place.line > 0 ? place.file : NULL; /* --set and defaults have no line */
    value->as.s = resolve(reader->arena, file, config_setting_get_string(setting));
    if (value->as.s == NULL)
        return cop_out_of_memory(err);
    /* A plugin is looked at anywhere: what its default leads to need not be there. */
    return !reader->is_table ? check_readable(reader, option, setting, value->as.s, err) : COP_OK;
}

static void append_path(const cop_option *option, const cop_value *value, bool is_identity,
                        cop_text *text)
{
    (void)option;
    if (is_identity)
        append_content(value->as.s, text);
    else
        append_absolute(value->as.s, text);
}

const cop_value_type cop_path_type = {.name = "path",
                                      .wanted = "a string",
                                      COP_FIELD_OF(const char *, s),
                                      .is_bare = cop_is_unquoted,
                                      .read = read_path,
                                      .append = append_path};

/* files.c: taking away what earlier reports wrote, and nothing else. */
#include "report/making/files.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_LIMIT (16u << 20)

/* What the functions here share. */
typedef struct settling {
    const char *dir;
    const char *const *names;
    size_t count;
    const cJSON *old; /* the list that is there; NULL for none */
    cop_logger *log;
} settling;

/* The directories that reports write into. */
static const char *const folders[] = {"", "figures/", "images/"};
enum { FOLDERS = sizeof folders / sizeof folders[0] };

/* A name as reports give them: a list that somebody wrote may hold any. */
static bool is_name(const char *name)
{
    for (size_t i = 1; i < FOLDERS; i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(name, folders[i], length) == 0) {
            name += length;
            break;
        }
    }
    return name[0] != '\0' && name[0] != '.' && strlen(name) < 256 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               strlen(name);
}

static bool is_ours(const settling *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->names[i], name) == 0)
            return true;
    }
    return strcmp(name, "files.json") == 0;
}

/* The list of the last report; NULL where there is none that can be read. */
static cJSON *read_list(const char *dir)
{
    char path[COP_PATH_SIZE], *text = NULL;
    if (cop_path_join(path, sizeof path, NULL, dir, "files.json") != COP_OK ||
        cop_file_read_regular(path, LIST_LIMIT, &text, NULL, NULL) != COP_OK)
        return NULL;
    cJSON *root = cJSON_Parse(text);
    free(text);
    if (cJSON_IsObject(root))
        return root;
    cJSON_Delete(root);
    return NULL;
}

static cop_status add_file(const settling *s, cJSON *list, const char *name, cop_error *err)
{
    char path[COP_PATH_SIZE], hex[33];
    cop_digest digest;
    COP_TRY(cop_path_join(path, sizeof path, err, s->dir, "%s", name));
    COP_TRY(cop_hash_file(path, &digest, err));
    if (cJSON_AddStringToObject(list, name, cop_digest_hex(digest, hex)) == NULL)
        return cop_out_of_memory(err);
    return COP_OK;
}

/* What the old list names beside the files of this report. */
static cop_status add_old(const settling *s, cJSON *list, cop_error *err)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, s->old)
    {
        const char *hash = cJSON_GetStringValue(item);
        if (hash == NULL || is_ours(s, item->string))
            continue;
        if (cJSON_AddStringToObject(list, item->string, hash) == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

static cop_status write_list(const settling *s, bool with_old, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, s->dir, "files.json"));
    cJSON *list = cJSON_CreateObject();
    cop_status status = list != NULL ? COP_OK : cop_out_of_memory(err);
    for (size_t i = 0; i < s->count && status == COP_OK; i++)
        status = add_file(s, list, s->names[i], err);
    if (status == COP_OK && with_old)
        status = add_old(s, list, err);
    char *text = status == COP_OK ? cJSON_Print(list) : NULL;
    cJSON_Delete(list);
    if (status != COP_OK)
        return status;
    if (text == NULL)
        return cop_out_of_memory(err);
    status = cop_file_write(path, text, strlen(text), err);
    cJSON_free(text);
    return status;
}

/* Whether the name, and the folder that it is in, are what they seem: no link leads elsewhere. */
static bool is_plain_file(const settling *s, const char *name, char *path, size_t size)
{
    struct stat info;
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        if (cop_path_join(path, size, NULL, s->dir, "%.*s", (int)(slash - name), name) != COP_OK ||
            lstat(path, &info) != 0 || !S_ISDIR(info.st_mode))
            return false;
    }
    return cop_path_join(path, size, NULL, s->dir, "%s", name) == COP_OK &&
           lstat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static void remove_old(const settling *s)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, s->old)
    {
        char path[COP_PATH_SIZE], hex[33], shown[512];
        cop_digest digest;
        const char *name = item->string, *hash = cJSON_GetStringValue(item);
        if (hash == NULL || !is_name(name) || is_ours(s, name) ||
            !is_plain_file(s, name, path, sizeof path) ||
            cop_hash_file(path, &digest, NULL) != COP_OK)
            continue;
        if (strcmp(cop_digest_hex(digest, hex), hash) == 0)
            (void)unlink(path);
        else
            cop_say(s->log, COP_LOG_WARNING,
                    "%s is of an earlier report and not of this one, but was changed since: it "
                    "stays",
                    cop_escape(path, shown, sizeof shown));
    }
}

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    return length > end && strcmp(name + length - end, ending) == 0;
}

/* Whether the old list names it: then it was said already why it stays. */
static bool is_listed(const settling *s, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s->old, name)) != NULL;
}

/* Counts files that look like a report's and are not this one's; keeps one of their names. */
static size_t count_strangers(const settling *s, const char *folder, char *first, size_t size)
{
    char path[COP_PATH_SIZE], name[512];
    size_t count = 0;
    if (cop_path_join(path, sizeof path, NULL, s->dir, "%s", folder) != COP_OK)
        return 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;) {
        (void)snprintf(name, sizeof name, "%s%s", folder, entry->d_name);
        if (!is_name(name) || is_ours(s, name) || is_listed(s, name) ||
            !(ends_in(name, ".csv") || ends_in(name, ".svg") || ends_in(name, ".pdf") ||
              ends_in(name, ".png") || ends_in(name, ".gp")))
            continue;
        count++;
        /* The least name, as directories have no order of their own. */
        if (first[0] == '\0' || strcmp(name, first) < 0)
            (void)snprintf(first, size, "%s", name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

static void tell_strangers(const settling *s)
{
    char first[512] = "", shown[512];
    size_t count = 0;
    for (size_t i = 0; i < FOLDERS; i++)
        count += count_strangers(s, folders[i], first, sizeof first);
    if (count > 0)
        cop_say(s->log, COP_LOG_WARNING,
                "%s: %zu file%s not of this report (%s%s); whose is not known, so %s",
                cop_escape(s->dir, shown, sizeof shown), count, count == 1 ? " is" : "s are", first,
                count == 1 ? "" : ", ...", count == 1 ? "it stays" : "they stay");
}

cop_status cop_report_files_note(const char *dir, const char *const *names, size_t count,
                                 cop_error *err)
{
    cJSON *old = read_list(dir);
    const settling s = {dir, names, count, old, NULL};
    cop_status status = write_list(&s, true, err);
    cJSON_Delete(old);
    return status;
}

cop_status cop_report_files_settle(const char *dir, const char *const *names, size_t count,
                                   cop_logger *log, cop_error *err)
{
    cJSON *old = read_list(dir);
    const settling s = {dir, names, count, old, log};
    remove_old(&s);
    tell_strangers(&s);
    cJSON_Delete(old);
    return write_list(&s, false, err);
}

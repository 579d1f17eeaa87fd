/* study_folders.c: naming and finding the records of studies. */
#include "store/study_folders.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "store/artifact_files.h"
#include "store/formats/study_json.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Letters of a study's name in its folder's, and digits of the hash. */
#define MOST_BYTES  80
#define HASH_DIGITS 12

/* Whether a name ends as those do that a hash was appended to: then it gets one too, since else it
 * could be another's. */
static bool ends_in_hash(const char *name)
{
    size_t length = strlen(name);
    const char *end = name + length - (length > HASH_DIGITS ? HASH_DIGITS + 1 : length);
    return length > HASH_DIGITS && end[0] == '-' &&
           strspn(end + 1, "0123456789abcdef") == HASH_DIGITS;
}

const char *cop_study_folder(const char *study, char folder[COP_STUDY_FOLDER_SIZE])
{
    size_t length = 0, step = 0;
    const char *end = study + strlen(study);
    bool is_changed = study[0] == '\0' || ends_in_hash(study);
    for (const char *at = study; *at != '\0'; at += step) {
        size_t control = cop_control_length(at), letter = cop_utf8_length(at, end);
        bool is_kept = control == 0 && letter > 0 && *at != '/' && !(at == study && *at == '.');
        step = letter > 0 ? letter : 1;
        is_changed = is_changed || !is_kept;
        if (length + step > MOST_BYTES) {
            is_changed = true;
            break;
        }
        if (is_kept)
            memcpy(folder + length, at, step);
        else
            folder[length] = '_';
        length += is_kept ? step : 1;
    }
    folder[length] = '\0';
    if (is_changed) {
        char hex[33];
        (void)cop_digest_hex(cop_hash_bytes(study, strlen(study)), hex);
        (void)snprintf(folder + length, COP_STUDY_FOLDER_SIZE - length, "-%.*s", HASH_DIGITS, hex);
    }
    return folder;
}

cop_status cop_study_folder_path(const char *dir, const char *study, char *path, size_t size,
                                 cop_error *err)
{
    char folder[COP_STUDY_FOLDER_SIZE];
    return cop_path_join(path, size, err, dir, COP_STUDIES_FOLDER "/%s",
                         cop_study_folder(study, folder));
}

cop_status cop_study_folder_make(const char *dir, const char *study, char *path, size_t size,
                                 cop_error *err)
{
    COP_TRY(cop_study_folder_path(dir, study, path, size, err));
    return cop_make_dirs(path, err);
}

bool cop_study_folder_has_record(const char *folder)
{
    char path[COP_PATH_SIZE];
    struct stat info;
    return cop_path_join(path, sizeof path, NULL, folder, COP_STUDY_FILE) == COP_OK &&
           stat(path, &info) == 0;
}

cop_status cop_study_folders_visit(const char *dir, cop_study_visit visit, void *own,
                                   cop_error *err)
{
    char studies[COP_PATH_SIZE];
    struct dirent **entries = NULL;
    COP_TRY(cop_path_join(studies, sizeof studies, err, dir, COP_STUDIES_FOLDER));
    int count = scandir(studies, &entries, cop_entry_is_visible, cop_entries_by_name);
    if (count < 0)
        return errno == ENOENT || errno == ENOTDIR ? COP_OK
                                                   : cop_fail_errno(err, "cannot list", studies);
    cop_status status = COP_OK;
    for (int i = 0; i < count; i++) {
        char path[COP_PATH_SIZE];
        if (status == COP_OK)
            status = cop_path_join(path, sizeof path, err, studies, "%s", entries[i]->d_name);
        if (status == COP_OK)
            status = visit(own, entries[i]->d_name, path, err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* What is found while the right record is looked for. */
typedef struct search {
    const char *folder; /* the one wanted; NULL: any */
    char *path;         /* of the last that suits */
    size_t size;        /* at least COP_PATH_SIZE */
    size_t count, suits;
    cop_text names; /* of all, for messages */
} search;

/* The study's name as the record tells it; of a damaged one, the folder's. */
static cop_status note(void *own, const char *folder, const char *path, cop_error *err)
{
    search *s = own;
    char file[COP_PATH_SIZE], shown[300], *name = NULL;
    cop_record_kind kind = COP_RECORD_NONE;
    if (!cop_study_folder_has_record(path))
        return COP_OK;
    COP_TRY(cop_path_join(file, sizeof file, err, path, COP_STUDY_FILE));
    (void)cop_record_identify(file, &kind, &name, NULL);
    cop_text_printf(&s->names, "%s\"%s\"", s->count > 0 ? ", " : "",
                    cop_escape(name != NULL ? name : folder, shown, sizeof shown));
    free(name);
    s->count++;
    if (s->folder != NULL && strcmp(s->folder, folder) != 0)
        return COP_OK;
    s->suits++;
    (void)snprintf(s->path, s->size, "%s", path);
    return COP_OK;
}

/* Where the version before kept the record of the one study: it is not read, and stays. */
static bool is_of_version_before(const char *dir)
{
    char path[COP_PATH_SIZE], *name = NULL;
    cop_record_kind kind = COP_RECORD_NONE;
    if (!cop_study_folder_has_record(dir) ||
        cop_path_join(path, sizeof path, NULL, dir, COP_STUDY_FILE) != COP_OK ||
        cop_record_identify(path, &kind, &name, NULL) != COP_OK)
        return false;
    free(name);
    return kind != COP_RECORD_NONE;
}

static cop_status refuse_empty(const char *dir, cop_error *err)
{
    if (is_of_version_before(dir))
        return cop_fail_at(err, COP_FAILED, dir, 0,
                           "was written by an earlier version of Coppice: run its config on this "
                           "directory again (coppice run CONFIG --out DIR), which keeps what is "
                           "still good, and reports it");
    return cop_fail_at(err, COP_FAILED, dir, 0,
                       "holds no run (no " COP_STUDIES_FOLDER "/*/" COP_STUDY_FILE ")");
}

static cop_status judge(const search *s, const char *dir, const char *study, cop_error *err)
{
    char shown[300];
    if (s->names.failed)
        return cop_out_of_memory(err);
    if (s->count == 0)
        return refuse_empty(dir, err);
    if (study != NULL && s->suits == 0)
        return cop_fail_at(err, COP_INVALID, dir, 0, "holds no study \"%s\", but %s",
                           cop_escape(study, shown, sizeof shown), s->names.data);
    if (s->suits > 1)
        return cop_fail_at(err, COP_INVALID, dir, 0,
                           "holds %zu studies; choose one with --study: %s", s->count,
                           s->names.data);
    return COP_OK;
}

cop_status cop_study_folder_choose(const char *dir, const char *study, char *path, size_t size,
                                   cop_error *err)
{
    char folder[COP_STUDY_FOLDER_SIZE];
    search s = {.folder = study != NULL ? cop_study_folder(study, folder) : NULL,
                .path = path,
                .size = size};
    cop_status status = cop_study_folders_visit(dir, note, &s, err);
    if (status == COP_OK)
        status = judge(&s, dir, study, err);
    cop_text_free(&s.names);
    return status;
}

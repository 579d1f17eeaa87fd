/* claim.c: whose an output directory is.
 *
 * A store bears a mark, and where it does, the names that we write are ours to replace. Without one
 * the directory may be of a version that wrote none: an artifact that proves itself, or a study's
 * record, tells. Otherwise it is anybody's, and we move in only where nothing of theirs would be
 * overwritten. */
#include "core/damage.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/path.h"
#include "store/formats/artifact_json.h"
#include "store/formats/study_json.h"
#include "store/paths.h"
#include "store/shared.h"
#include "store/study_folders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MARK_LIMIT 4096

static const char mark[] =
    "coppice store\nThis directory is written by coppice: artifacts by name, "
    "drafts and what was broken.\n";

/* The first line alone is compared: what follows explains. */
#define MARK_LENGTH 14

static cop_status refuse(const char *path, cop_error *err)
{
    return cop_fail_at(err, COP_INVALID, path, 0,
                       "is there and not ours; results cannot go to this directory");
}

/* A store without a mark. */

/* Whether an entry of the store is an artifact that proves itself. */
static cop_status is_artifact(const char *store, const char *name, bool *is, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_artifact_id id;
    cop_manifest *manifest = NULL;
    *is = false;
    if (!cop_artifact_parse(name, &id))
        return COP_OK;
    COP_TRY(cop_path_join(path, sizeof path, err, store, "%s", name));
    cop_status status = cop_open_manifest(path, &id, &manifest, err);
    *is = manifest != NULL;
    cop_manifest_free(manifest);
    return status == COP_DAMAGED ? COP_OK : status;
}

static cop_status has_artifact(const char *store, bool *has, cop_error *err)
{
    *has = false;
    DIR *listing = opendir(store);
    if (listing == NULL)
        return errno == ENOENT ? COP_OK : cop_fail_errno(err, "cannot list", store);
    cop_status status = COP_OK;
    for (const struct dirent *entry;
         !*has && (entry = cop_next_entry(listing, store, &status, err)) != NULL;)
        status = is_artifact(store, entry->d_name, has, err);
    (void)closedir(listing);
    return status;
}

/* Whether study.json in the folder is a study's record. */
static cop_status is_record(void *own, const char *name_of_folder, const char *folder,
                            cop_error *err)
{
    bool *has = own;
    char path[COP_PATH_SIZE], *name = NULL;
    struct stat info;
    cop_record_kind kind = COP_RECORD_NONE;
    (void)name_of_folder;
    COP_TRY(cop_path_join(path, sizeof path, err, folder, COP_STUDY_FILE));
    if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return COP_OK;
    COP_TRY(cop_record_identify(path, &kind, &name, err));
    free(name);
    *has = *has || kind != COP_RECORD_NONE;
    return COP_OK;
}

/* Whether there is a study's record; an earlier version kept its one in OUT itself. */
static cop_status has_record(const char *dir, bool *has, cop_error *err)
{
    *has = false;
    COP_TRY(is_record(has, "", dir, err));
    return *has ? COP_OK : cop_study_folders_visit(dir, is_record, has, err);
}

/* Something else in the place of one of our directories. */
static cop_status check_folders(const char *dir, cop_error *err)
{
    static const char *const folders[] = {COP_STORE_FOLDER, COP_WORK_FOLDER, COP_STUDIES_FOLDER};
    char path[COP_PATH_SIZE];
    struct stat info;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        COP_TRY(cop_path_join(path, sizeof path, err, dir, "%s", folders[i]));
        if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode))
            return refuse(path, err);
    }
    return COP_OK;
}

/* Refuses a studies/ that holds anything: which folders there are in it depends on the studies'
 * names, and which tables and figures in their reports on their plugins. */
static cop_status check_no_studies(const char *dir, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_STUDIES_FOLDER));
    DIR *listing = opendir(path);
    if (listing == NULL && errno == ENOENT)
        return COP_OK;
    if (listing == NULL)
        return errno == ENOTDIR ? refuse(path, err) : cop_fail_errno(err, "cannot list", path);
    cop_status status = COP_OK;
    bool holds = cop_next_entry(listing, path, &status, err) != NULL;
    (void)closedir(listing);
    return holds ? refuse(path, err) : status;
}

/* Whether nothing is there that we would overwrite. */
static cop_status check_free(const char *dir, cop_error *err)
{
    char path[COP_PATH_SIZE];
    struct stat info;
    /* An empty one may be a killed run's, and is never written to before the store is ours. */
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_WORK_FOLDER "/" COP_LOCK_FILE));
    if (lstat(path, &info) == 0 && info.st_size > 0)
        return refuse(path, err);
    return check_no_studies(dir, err);
}

/* Whether the mark is there; COP_INVALID where its place is taken. */
static cop_status is_marked(const char *path, bool *marked, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    struct stat info;
    *marked = false;
    if (lstat(path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR ? COP_OK
                                                   : cop_fail_errno(err, "cannot read", path);
    if (!S_ISREG(info.st_mode) || info.st_size > MARK_LIMIT)
        return refuse(path, err);
    COP_TRY(cop_file_read_regular(path, MARK_LIMIT, &text, &size, err));
    *marked = size >= MARK_LENGTH && memcmp(text, mark, MARK_LENGTH) == 0;
    free(text);
    return *marked ? COP_OK : refuse(path, err);
}

static cop_status make_folders(const char *dir, cop_error *err)
{
    static const char *const folders[] = {COP_STORE_FOLDER, COP_WORK_FOLDER, COP_STUDIES_FOLDER};
    char path[COP_PATH_SIZE];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        COP_TRY(cop_path_join(path, sizeof path, err, dir, "%s", folders[i]));
        COP_TRY(cop_make_dirs(path, err));
    }
    return COP_OK;
}

static void marker_path(const char *dir, char *path, size_t size)
{
    (void)cop_path_join(path, size, NULL, dir, COP_STORE_FOLDER "/%s", COP_MARKER_FILE);
}

/* Whether the store is marked; COP_INVALID where it is not, and cannot be ours. */
static cop_status check_claim(const char *dir, bool *marked, cop_error *err)
{
    char store[COP_PATH_SIZE], path[COP_PATH_SIZE];
    bool known = false;
    COP_TRY(cop_path_check_out(dir, err));
    COP_TRY(cop_path_join(store, sizeof store, err, dir, COP_STORE_FOLDER));
    marker_path(dir, path, sizeof path);
    COP_TRY(cop_shared_store_check(dir, err));
    COP_TRY(check_folders(dir, err));
    COP_TRY(is_marked(path, marked, err));
    if (*marked)
        return COP_OK;
    COP_TRY(has_artifact(store, &known, err));
    if (!known)
        COP_TRY(has_record(dir, &known, err));
    if (known)
        return COP_OK;
    cop_error why = {0};
    cop_status status = check_free(dir, &why);
    /* What is in the way may be another run's, which has marked the store since. */
    if (status == COP_INVALID)
        COP_TRY(is_marked(path, marked, err));
    if (status == COP_OK || *marked)
        return COP_OK;
    if (err != NULL)
        *err = why;
    return status;
}

cop_status cop_store_check(const char *dir, cop_error *err)
{
    bool marked = false;
    return check_claim(dir, &marked, err);
}

cop_status cop_claim_store(const char *dir, cop_error *err)
{
    bool marked = false;
    COP_TRY(check_claim(dir, &marked, err));
    return make_folders(dir, err);
}

cop_status cop_mark_store(const char *dir, cop_error *err)
{
    char path[COP_PATH_SIZE];
    bool marked = false;
    marker_path(dir, path, sizeof path);
    COP_TRY(is_marked(path, &marked, err));
    return marked ? COP_OK : cop_file_write(path, mark, strlen(mark), err);
}

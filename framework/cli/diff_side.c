/* diff_side.c: what a path on the command line means. */
#include "cli/diff.h"

#include "store/artifact_files.h"
#include "store/paths.h"
#include "store/study_folders.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Takes the last part off a path, which it gives; NULL where there is no other. "a" is in ".". */
static const char *split(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash[1] == '\0')
        return NULL;
    *slash = '\0';
    return slash + 1;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The directory that the path is in: "" would be the one that begins with "/". */
static const char *named(const char *path)
{
    return path[0] != '\0' ? path : "/";
}

/* DIR/studies/FOLDER: writes DIR. */
static bool is_study_folder(const char *path, char *dir, size_t size)
{
    (void)snprintf(dir, size, "%s", path);
    if (!cop_study_folder_has_record(path) || split(dir) == NULL ||
        strcmp(last_part(dir), COP_STUDIES_FOLDER) != 0)
        return false;
    if (split(dir) == NULL)
        (void)snprintf(dir, size, ".");
    return true;
}

/* DIR/STAGE or DIR/store/STAGE: writes DIR, and gives the stage, which stays in `path`; NULL where
 * it is none. */
static const char *split_stage(char *path, char *dir, size_t size)
{
    char studies[COP_PATH_SIZE];
    const char *stage = split(path);
    if (stage == NULL)
        return NULL;
    (void)snprintf(dir, size, "%s", named(path));
    if (strcmp(last_part(dir), COP_STORE_FOLDER) == 0 && split(dir) == NULL)
        (void)snprintf(dir, size, ".");
    return cop_path_join(studies, sizeof studies, NULL, named(dir), COP_STUDIES_FOLDER) == COP_OK &&
                   is_directory(studies)
               ? stage
               : NULL;
}

static cop_status open_study(const char *dir, const char *study, cop_side *out, cop_error *err)
{
    char folder[COP_PATH_SIZE];
    COP_TRY(cop_study_folder_choose(dir, study, folder, sizeof folder, err));
    return cop_seen_read_folder(dir, folder, &out->seen, err);
}

cop_status cop_side_open(const char *word, const char *study, cop_side *out, cop_error *err)
{
    char path[COP_PATH_SIZE], dir[COP_PATH_SIZE], holder[COP_PATH_SIZE], whole[PATH_MAX];
    *out = (cop_side){.word = word};
    COP_TRY(cop_path_join(path, sizeof path, err, word, "%s", "")); /* as it ends in a slash now */
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
        path[end - 1] = '\0';
    if (strchr(path, '/') == NULL && realpath(path, whole) != NULL)
        (void)snprintf(path, sizeof path, "%s", whole); /* what it is in tells what it is */
    if (is_study_folder(path, holder, sizeof holder))
        return cop_seen_read_folder(named(holder), path, &out->seen, err);
    COP_TRY(cop_path_join(dir, sizeof dir, err, path, COP_STUDIES_FOLDER));
    if (is_directory(dir))
        return open_study(word, study, out, err);
    const char *stage = split_stage(path, dir, sizeof dir);
    if (stage == NULL)
        return open_study(word, study, out, err); /* which says what is wrong */
    out->is_stage = true;
    COP_TRY(cop_seen_read(named(dir), study, &out->seen, err));
    return cop_seen_find(&out->seen, stage, &out->stage, err);
}

void cop_side_clear(cop_side *side)
{
    cop_seen_clear(&side->seen);
}

/* shared.c: links to a store, and a file for each directory that has them. */
#include "store/shared.h"

#include "core/file.h"
#include "core/folder.h"
#include "core/hash.h"
#include "core/path.h"
#include "store/artifact.h"
#include "store/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USERS_FOLDER "users"

static const char *const linked[] = {COP_STORE_FOLDER, COP_WORK_FOLDER, COP_LOG_FOLDER};
enum { LINKED_COUNT = sizeof linked / sizeof linked[0] };

/* The path without links, of what is there. */
static cop_status resolve(const char *path, char real[COP_PATH_SIZE], cop_error *err)
{
    char *text = realpath(path, NULL);
    if (text == NULL)
        return cop_fail_errno(err, "cannot find", path);
    cop_status status = cop_path_join(real, COP_PATH_SIZE, err, text, "%s", "");
    free(text);
    size_t length = status == COP_OK ? strlen(real) : 0;
    if (length > 1 && real[length - 1] == '/')
        real[length - 1] = '\0';
    return status;
}

/* The directory that the store of `dir`, which may be a link, is in, without links; empty where no
 * store is there. */
static cop_status home_of(const char *dir, char home[COP_PATH_SIZE], cop_error *err)
{
    char path[COP_PATH_SIZE];
    home[0] = '\0';
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_STORE_FOLDER));
    if (access(path, F_OK) != 0)
        return COP_OK;
    COP_TRY(resolve(path, home, err));
    *strrchr(home, '/') = '\0';
    return COP_OK;
}

static cop_status user_path(const char *shared, const char *user, char path[COP_PATH_SIZE],
                            cop_error *err)
{
    char hash[33];
    return cop_path_join(path, COP_PATH_SIZE, err, shared, USERS_FOLDER "/%s",
                         cop_digest_hex(cop_hash_bytes(user, strlen(user)), hash));
}

/* Before the links are made: whoever looks what is used must not miss one. */
static cop_status enlist(const char *shared, const char *user, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, shared, USERS_FOLDER));
    COP_TRY(cop_make_dirs(path, err));
    COP_TRY(user_path(shared, user, path, err));
    return access(path, F_OK) == 0 ? COP_OK : cop_file_write(path, user, strlen(user), err);
}

/* Whether the link is there; refused is what is something else, or leads elsewhere. */
static cop_status look(const char *link, const char *target, bool *is_there, cop_error *err)
{
    struct stat info;
    char real[COP_PATH_SIZE];
    *is_there = lstat(link, &info) == 0;
    if (!*is_there)
        return errno == ENOENT ? COP_OK : cop_fail_errno(err, "cannot read", link);
    if (!S_ISLNK(info.st_mode))
        return cop_fail_at(err, COP_INVALID, link, 0,
                           "is there: the output directory has a store of its own, and cannot use "
                           "another");
    COP_TRY(resolve(link, real, err));
    return strcmp(real, target) == 0
               ? COP_OK
               : cop_fail_at(err, COP_INVALID, link, 0,
                             "leads to %s: the output directory uses that store already", real);
}

static cop_status join_pair(const char *dir, const char *shared, size_t i, char link[COP_PATH_SIZE],
                            char target[COP_PATH_SIZE], cop_error *err)
{
    COP_TRY(cop_path_join(link, COP_PATH_SIZE, err, dir, "%s", linked[i]));
    return cop_path_join(target, COP_PATH_SIZE, err, shared, "%s", linked[i]);
}

static cop_status make_links(const char *dir, const char *shared, cop_error *err)
{
    char link[COP_PATH_SIZE], target[COP_PATH_SIZE];
    for (size_t i = 0; i < LINKED_COUNT; i++) {
        bool is_there = false;
        COP_TRY(join_pair(dir, shared, i, link, target, err));
        COP_TRY(look(link, target, &is_there, err));
        if (!is_there && symlink(target, link) != 0 && errno != EEXIST)
            return cop_fail_errno(err, "cannot make the link", link);
    }
    return COP_OK;
}

/* Nothing is made before all of it can be. */
static cop_status check_links(const char *dir, const char *shared, cop_error *err)
{
    char link[COP_PATH_SIZE], target[COP_PATH_SIZE];
    bool is_there = false;
    for (size_t i = 0; i < LINKED_COUNT; i++) {
        COP_TRY(join_pair(dir, shared, i, link, target, err));
        COP_TRY(look(link, target, &is_there, err));
    }
    return COP_OK;
}

static cop_status make_folders(const char *shared, cop_error *err)
{
    for (size_t i = 0; i < LINKED_COUNT; i++) {
        char path[COP_PATH_SIZE];
        COP_TRY(cop_path_join(path, sizeof path, err, shared, "%s", linked[i]));
        COP_TRY(cop_make_dirs(path, err));
    }
    return COP_OK;
}

cop_status cop_shared_store_use(const char *dir, const char *shared, cop_error *err)
{
    char user[COP_PATH_SIZE], root[COP_PATH_SIZE];
    COP_TRY(cop_store_check(shared, err));
    COP_TRY(cop_make_dirs(shared, err));
    COP_TRY(cop_make_dirs(dir, err));
    COP_TRY(cop_shared_store_check(shared, err));
    COP_TRY(cop_shared_store_check(dir, err));
    /* One that uses another's store shares that. */
    COP_TRY(home_of(shared, root, err));
    if (root[0] == '\0')
        COP_TRY(resolve(shared, root, err));
    COP_TRY(resolve(dir, user, err));
    if (strcmp(root, user) == 0)
        return cop_fail_at(err, COP_INVALID, dir, 0,
                           "is the output directory, and cannot be its shared store as well");
    COP_TRY(make_folders(root, err));
    COP_TRY(check_links(user, root, err));
    COP_TRY(enlist(root, user, err));
    return make_links(user, root, err);
}

/* The directory that the store of `dir` is in; empty where that is none that others share. */
static cop_status find_root(const char *dir, char root[COP_PATH_SIZE], cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(home_of(dir, root, err));
    if (root[0] == '\0')
        return COP_OK;
    COP_TRY(cop_path_join(path, sizeof path, err, root, USERS_FOLDER));
    if (access(path, F_OK) != 0)
        root[0] = '\0';
    return COP_OK;
}

cop_status cop_shared_store_check(const char *dir, cop_error *err)
{
    for (size_t i = 0; i < LINKED_COUNT; i++) {
        char link[COP_PATH_SIZE], target[COP_PATH_SIZE];
        struct stat info;
        COP_TRY(cop_path_join(link, sizeof link, err, dir, "%s", linked[i]));
        if (lstat(link, &info) != 0 || !S_ISLNK(info.st_mode) || access(link, F_OK) == 0 ||
            errno != ENOENT)
            continue;
        ssize_t length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        return cop_fail_at(
            err, COP_FAILED, link, 0,
            "leads to %s, which is not there: where the shared store was moved, make "
            "the link anew",
            target);
    }
    return COP_OK;
}

cop_status cop_shared_store_join(const char *dir, cop_error *err)
{
    char root[COP_PATH_SIZE], self[COP_PATH_SIZE];
    COP_TRY(find_root(dir, root, err));
    if (root[0] == '\0')
        return COP_OK;
    COP_TRY(resolve(dir, self, err));
    return strcmp(root, self) != 0 ? enlist(root, self, err) : COP_OK;
}

static cop_status visit_user(const char *path, const char *self, cop_user_visit visit, void *own,
                             cop_error *err)
{
    char *user = NULL;
    COP_TRY(cop_file_read_regular(path, COP_PATH_SIZE, &user, NULL, err));
    cop_status status = strcmp(user, self) != 0 ? visit(own, user, err) : COP_OK;
    free(user);
    return status;
}

cop_status cop_shared_store_users(const char *dir, cop_user_visit visit, void *own, cop_error *err)
{
    char root[COP_PATH_SIZE], self[COP_PATH_SIZE], users[COP_PATH_SIZE];
    cop_status status = COP_OK;
    COP_TRY(find_root(dir, root, err));
    if (root[0] == '\0')
        return COP_OK;
    COP_TRY(resolve(dir, self, err));
    if (strcmp(root, self) != 0)
        COP_TRY(visit(own, root, err)); /* it may have studies of its own */
    COP_TRY(cop_path_join(users, sizeof users, err, root, USERS_FOLDER));
    DIR *listing = opendir(users);
    if (listing == NULL)
        return cop_fail_errno(err, "cannot list", users);
    const struct dirent *entry = NULL;
    while (status == COP_OK && (entry = cop_next_entry(listing, users, &status, err)) != NULL) {
        char path[COP_PATH_SIZE];
        if (strlen(entry->d_name) != 32)
            continue; /* one that is being written */
        status = cop_path_join(path, sizeof path, err, users, "%s", entry->d_name);
        if (status == COP_OK)
            status = visit_user(path, self, visit, own, err);
    }
    (void)closedir(listing);
    return status;
}

cop_status cop_shared_store_forget(const char *dir, const char *user, bool only_looks,
                                   cop_error *err)
{
    char root[COP_PATH_SIZE], path[COP_PATH_SIZE];
    COP_TRY(find_root(dir, root, err));
    if (root[0] != '\0') {
        COP_TRY(user_path(root, user, path, err));
        if ((only_looks ? access(path, F_OK) : unlink(path)) == 0)
            return COP_OK;
        if (errno != ENOENT)
            return cop_fail_errno(err, "cannot remove", path);
    }
    return cop_fail(
        err, COP_INVALID,
        "%s is no directory that the store of %s lists: it knows whole paths, a file for "
        "each in %s/users",
        user, dir, root[0] != '\0' ? root : dir);
}

/* paths.h: what the files of store/ share: the store itself, how long its paths may be, and
 * clearing away. */
#ifndef COP_STORE_PATHS_H
#define COP_STORE_PATHS_H

#define COP_STORE_PATH    4096
#define COP_MANIFEST_FILE "artifact.json"

struct cop_store {
    char *dir;
    int lock; /* a descriptor that holds the directory as in use; -1 where it cannot be locked */
};

/* Removes a directory's files and the directory; artifacts have no folders inside. */
void cop_remove_dir(const char *dir);

/* Takes a shared lock on OUT/work/lock, which closing the result gives up; if nobody else held it,
 * first removes the drafts and half-written files that killed runs left. -1 where the directory
 * cannot be locked (read-only): then nothing is removed. */
int cop_lock_and_sweep(const char *dir);

#endif

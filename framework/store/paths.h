/* paths.h: what the files of store/ share: the store itself and how long its paths may be. */
#ifndef COP_STORE_PATHS_H
#define COP_STORE_PATHS_H

#define COP_STORE_PATH    4096
#define COP_MANIFEST_FILE "artifact.json"

struct cop_store {
    char *dir;
};

#endif

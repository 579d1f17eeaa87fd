/* shared.h: a store that several output directories share, so that what one of them has computed is
 * there for all.
 *
 *   SHARED/store, work, logs   as in an output directory (artifact.h)
 *   SHARED/users/<hash>        a text: the path of an output directory whose results are in it
 *   OUT/store, work, logs      links to those of SHARED
 *
 * Leases, checkpoints and the lock go with the store, so that studies in different directories
 * divide what they have in common as those in one do. */
#ifndef COP_STORE_SHARED_H
#define COP_STORE_SHARED_H

#include <coppice/status.h>

/* Has the output directory `dir` use the store in `shared`; both are made where they are not there.
 * One that does already is fine. COP_INVALID where `dir` has a store of its own, or uses another
 * one, or `shared` is nothing of ours. */
cop_status cop_shared_store_use(const char *dir, const char *shared, cop_error *err);

/* Calls `visit` with every output directory that uses the same store as `dir`, which may be one of
 * them or the shared directory itself, but for `dir`; with none where its store is its own. A user
 * that is not there is visited too. */
typedef cop_status (*cop_user_visit)(void *own, const char *user, cop_error *err);
cop_status cop_shared_store_users(const char *dir, cop_user_visit visit, void *own, cop_error *err);

/* Forgets that the output directory `user` uses the store of `dir`, as it is gone. COP_INVALID
 * where it is not listed. */
cop_status cop_shared_store_forget(const char *dir, const char *user, cop_error *err);

#endif

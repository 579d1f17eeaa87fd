/* locks.h: whether a file's lock is seen by every machine that has the file. */
#ifndef COP_CORE_LOCKS_H
#define COP_CORE_LOCKS_H

#include <coppice/status.h>

/* Whether locks of files in the directory hold on all machines: not where its file system is
 * mounted so that they are this machine's alone (NFS with nolock or local_lock, Lustre with
 * localflock, SMB with nobrl). COPPICE_LOCKS of the environment, "shared" or "local", says it
 * instead; COP_INVALID where it is something else. */
cop_status cop_locks_are_shared(const char *dir, bool *shared, cop_error *err);

/* What the mounts of a system, in the form of /proc/self/mountinfo, say of the device. One that is
 * not there is taken for shared. */
bool cop_mounts_share_locks(const char *mounts, unsigned major, unsigned minor);

#endif

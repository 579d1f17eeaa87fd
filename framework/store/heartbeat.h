/* heartbeat.h: telling a holder that lives from one that is lost where locks cannot: the holder
 * counts up in its file, and whoever waits for the file looks whether that moves.
 *
 * Nobody's clock is compared with another's: what counts is that the text changed between two
 * looks of one process, and how much time passed for that process meanwhile. */
#ifndef COP_STORE_HEARTBEAT_H
#define COP_STORE_HEARTBEAT_H

#include <coppice/status.h>

/* Seconds without a beat after which a holder counts as lost: 60, or COPPICE_LEASE_SECONDS of the
 * environment (COP_INVALID where that is no number above 0). Four beats are made in that time. */
cop_status cop_heartbeat_seconds(double *seconds, cop_error *err);

typedef struct cop_heartbeat cop_heartbeat;

/* From here on a thread of its own writes `who`, a line, and a count below it to the open file,
 * which outlives it, until it is stopped. COP_FAILED where there can be no thread. The caller's. */
cop_status cop_heartbeat_start(int file, const char *who, double seconds, cop_heartbeat **out,
                               cop_error *err);

/* NULL is fine. */
void cop_heartbeat_stop(cop_heartbeat *heartbeat);

/* What a process that waits has seen of a file; zeroed before the first look. */
typedef struct cop_heartbeat_watch {
    uint64_t seen; /* a hash of the text */
    double since;  /* when it was first so, by this process's own clock */
    bool has_seen;
} cop_heartbeat_watch;

/* Looks at the file's text, and says whether it has been the same for that long. */
bool cop_heartbeat_is_lost(cop_heartbeat_watch *watch, const char *text, double seconds);

#endif

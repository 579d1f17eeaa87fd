/* memory_claims.h: what the processes on one machine that work in an output directory say they will
 * hold of its memory, so that they do not begin together what does not fit together:
 * OUT/work/memory-HOST-PROCESS.claim, locked by the process.
 *
 * The kernel lets a claim go with its process. Where the file system knows no locks, everything is
 * granted. */
#ifndef COP_STORE_MEMORY_CLAIMS_H
#define COP_STORE_MEMORY_CLAIMS_H

#include "store/artifact.h"

typedef struct cop_memory_claims cop_memory_claims;

/* Makes this process's file, claiming nothing yet; `allowed` bytes may be claimed by all together.
 * NULL where claims cannot be kept; else the caller's. */
cop_memory_claims *cop_memory_claims_open(const cop_store *s, double allowed);

/* NULL is fine. */
void cop_memory_claims_close(cop_memory_claims *c);

/* Claims so many bytes for this process, in place of what it claimed before. False, and what it
 * claimed before given up, where they do not fit beside the others' claims; but whoever is alone is
 * granted anything. NULL grants everything. */
bool cop_memory_claim(cop_memory_claims *c, double bytes);

#endif

/* listing.h: what lies in an output directory, by names alone: artifacts, drafts, checkpoints. */
#ifndef COP_STORE_LISTING_H
#define COP_STORE_LISTING_H

#include "core/arena.h"
#include "store/formats/artifact_id.h"

/* A name, and the artifact in it. */
typedef struct cop_listed {
    cop_artifact_id id;
    const char *name; /* of the entry in its folder */
} cop_listed;

/* Sorted by artifact. */
typedef struct cop_listed_set {
    cop_listed *items;
    size_t count, capacity;
} cop_listed_set;

typedef struct cop_listing {
    cop_listed_set published;   /* folders of OUT/store called as artifacts; unread */
    cop_listed_set drafts;      /* the same as drafts; an artifact may have several */
    cop_listed_set checkpoints; /* files of OUT/work, as the next two */
    cop_listed_set leases;      /* which somebody may hold */
    cop_listed_set failures;
    cop_listed_set logs; /* files of OUT/logs */
} cop_listing;

/* Lists the output directory `dir`, which need not be one. Names are the arena's, the sets are to
 * be cleared whatever the answer. */
cop_status cop_listing_read(const char *dir, cop_arena *arena, cop_listing *out, cop_error *err);
void cop_listing_clear(cop_listing *l);

/* Sorts a set, as cop_listed_find wants it. */
void cop_listed_sort(cop_listed_set *set);

/* The first entry of the artifact; NULL where there is none. */
const cop_listed *cop_listed_find(const cop_listed_set *set, const cop_artifact_id *id);

#endif

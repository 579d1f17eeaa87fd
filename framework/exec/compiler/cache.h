/* cache.h: compiled programs that are kept while nobody uses them, for the next who compiles the
 * same graph: the hundred trainings of a study compile their step once.
 *
 * A study owns one, its models carry it (cop_model_use_cache), and whatever graph a model is built
 * into has its programs kept there (cop_graph_use_cache). Those who call cop_compile and
 * cop_program_free, plugins among them, know nothing of it: a program is lent to one of them at a
 * time, is compiled once more while another one has it, and comes back when it is freed, as if it
 * had just been compiled. While it is idle it has no arena: that is most of what a program takes,
 * costs little to get again, and would add up.
 *
 * Any thread may use a cache. */
#ifndef COP_EXEC_COMPILER_CACHE_H
#define COP_EXEC_COMPILER_CACHE_H

#include "exec/compiler/signature.h"
#include "graph/node.h"

/* Bytes that idle programs may take where the environment does not say. */
#define COP_PROGRAM_CACHE_BYTES ((size_t)64 << 20)

/* A cache whose idle programs take at most so many bytes: instructions, code and signatures, as far
 * as this library knows of them. The least recently used goes first. 0 keeps none. */
cop_status cop_program_cache_new(size_t bytes, cop_program_cache **out, cop_error *err);

/* As above with COP_PROGRAM_CACHE_BYTES, or COPPICE_PROGRAM_CACHE MiB of the environment; for 0
 * *out is NULL. COP_INVALID where that is no such number. */
cop_status cop_program_cache_from_environment(cop_program_cache **out, cop_error *err);

/* Frees it; NULL is fine. Programs that are lent stay good, and end when they are freed. */
void cop_program_cache_free(cop_program_cache *cache);

/* What has happened in it, and how it stands. */
typedef struct cop_program_cache_counts {
    int64_t compiled, reused; /* programs asked for: made anew; found */
    int64_t dropped;          /* idle ones that went to make room */
    int64_t lent, idle;       /* programs now */
    size_t bytes;             /* of the idle ones */
} cop_program_cache_counts;

cop_program_cache_counts cop_program_cache_count(cop_program_cache *cache);

/* For cop_compile and cop_program_free alone. */

/* An idle program of that signature, now lent, or NULL. It has no arena yet. */
cop_program *cop_program_cache_take(cop_program_cache *cache,
                                    const cop_program_signature *signature);

/* Counts a program that was compiled for want of an idle one as lent by the cache, and takes its
 * signature over. Without memory to note it the program stays the caller's alone. */
void cop_program_cache_adopt(cop_program_cache *cache, cop_program *p,
                             cop_program_signature *signature);

/* Takes back a program that was taken or adopted. */
void cop_program_cache_give_back(cop_program *p);

#endif

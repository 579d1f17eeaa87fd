/* random.h: counter-based random streams (Philox-4x32-10; Salmon et al. 2011, through Random123).
 *
 * A stream is named by (seed, purpose, index) and nothing else, so a draw does not depend on what
 * was drawn before it elsewhere: resume, parallel order and thread count cannot change it. */
#ifndef COPPICE_RANDOM_H
#define COPPICE_RANDOM_H

#include <coppice/base.h>

COP_BEGIN

/* A value: copy it to fork, keep it on the stack. Fields are private to the implementation. */
typedef struct cop_stream {
    uint64_t key;     /* from seed and purpose */
    uint64_t index;   /* high half of the counter */
    uint64_t block;   /* low half: blocks drawn so far */
    uint32_t word[4]; /* the current block */
    uint32_t used;    /* words of it already handed out */
    uint32_t pad;
} cop_stream;

/* The stream of that name, at its beginning. `purpose` is a short literal such as "order". */
COP_API cop_stream cop_stream_make(uint64_t seed, const char *purpose, uint64_t index);

/* The next 32 random bits. Every draw moves the stream on; a stream has one user at a time. */
COP_API uint32_t cop_stream_u32(cop_stream *s);

/* Two words, the first in the high half: a seed for something that wants one of its own. */
COP_API uint64_t cop_stream_u64(cop_stream *s);

/* Uniform on [0, 1), a multiple of 2^-24 (so exact in float). */
COP_API float cop_stream_uniform(cop_stream *s);

/* Uniform on {0, …, n−1} without modulo bias; n ≥ 1. */
COP_API uint64_t cop_stream_below(cop_stream *s, uint64_t n);

/* Standard normal by Box–Muller; one call consumes two words. */
COP_API float cop_stream_normal(cop_stream *s);

/* A uniformly random order of 0 … n−1 (Fisher–Yates). */
COP_API void cop_stream_permutation(cop_stream *s, int64_t *order, int64_t n);

/* +1 or −1, one bit each. */
COP_API void cop_stream_rademacher(cop_stream *s, float *out, int64_t n);

COP_END

#endif

/* random.c: counter-based random streams on Philox-4x32-10 (Salmon et al., SC 2011). */
#include <coppice/random.h>

#include <Random123/philox.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

#define WORDS_PER_BLOCK 4
#define TWO_PI          6.283185307179586476925

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

cop_stream cop_stream_make(uint64_t seed, const char *purpose, uint64_t index)
{
    /* For one purpose the key is a bijection of the seed: no two seeds share a stream. */
    uint64_t hash = XXH64(purpose, strlen(purpose), 0);
    return (cop_stream){.key = mix(mix(seed) ^ hash), .index = index, .used = WORDS_PER_BLOCK};
}

static void next_block(cop_stream *s)
{
    philox4x32_ctr_t counter = {{(uint32_t)s->block, (uint32_t)(s->block >> 32), (uint32_t)s->index,
                                 (uint32_t)(s->index >> 32)}};
    philox4x32_key_t key = {{(uint32_t)s->key, (uint32_t)(s->key >> 32)}};
    philox4x32_ctr_t drawn = philox4x32(counter, key);
    memcpy(s->word, drawn.v, sizeof s->word);
    s->block++;
    s->used = 0;
}

uint32_t cop_stream_u32(cop_stream *s)
{
    if (s->used >= WORDS_PER_BLOCK)
        next_block(s);
    return s->word[s->used++];
}

uint64_t cop_stream_u64(cop_stream *s)
{
    uint64_t high = cop_stream_u32(s);
    return high << 32 | cop_stream_u32(s);
}

float cop_stream_uniform(cop_stream *s)
{
    return (float)(cop_stream_u32(s) >> 8) * 0x1p-24f;
}

/* n ≤ 2^32: a multiplication instead of a division (Lemire 2019). */
static uint64_t below_32(cop_stream *s, uint64_t n)
{
    uint64_t product = cop_stream_u32(s) * n;
    if ((uint32_t)product < n) {
        uint64_t reject = ((UINT64_C(1) << 32) - n) % n;
        while ((uint32_t)product < reject)
            product = cop_stream_u32(s) * n;
    }
    return product >> 32;
}

static uint64_t below_64(cop_stream *s, uint64_t n)
{
    uint64_t reject = (UINT64_MAX - n + 1) % n;
    uint64_t drawn = 0;
    do {
        drawn = cop_stream_u64(s);
    } while (drawn < reject);
    return drawn % n;
}

uint64_t cop_stream_below(cop_stream *s, uint64_t n)
{
    if (n <= 1)
        return 0;
    return n <= UINT64_C(1) << 32 ? below_32(s, n) : below_64(s, n);
}

float cop_stream_normal(cop_stream *s)
{
    /* Both words are drawn before use: C leaves the order of evaluation open. The radius' word is
     * moved off zero, where the logarithm has its pole. */
    double radius = ((double)cop_stream_u32(s) + 0.5) * 0x1p-32;
    double angle = (double)cop_stream_u32(s) * 0x1p-32;
    return (float)(sqrt(-2.0 * log(radius)) * cos(TWO_PI * angle));
}

void cop_stream_permutation(cop_stream *s, int64_t *order, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)cop_stream_below(s, (uint64_t)i + 1);
        int64_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

void cop_stream_rademacher(cop_stream *s, float *out, int64_t n)
{
    uint32_t bits = 0;
    for (int64_t i = 0; i < n; i++) {
        bits = i % 32 == 0 ? cop_stream_u32(s) : bits >> 1;
        out[i] = (bits & 1) != 0 ? 1.0f : -1.0f;
    }
}

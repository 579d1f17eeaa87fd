/* driver.c: runs a fuzz target where there is no libFuzzer: first every file of a corpus, then
 * mutations of them, which depend on the seed and their number alone.
 *
 *   fuzz_NAME CORPUS_DIR [MUTATIONS [FIRST [SEED]]]
 *
 * Files that are named good-… must be taken by the reader, and those that are named bad-… refused.
 * A crash names the mutation; "fuzz_NAME CORPUS_DIR 1 THAT_ONE" runs it alone. */
#include "fuzz.h"

#include "core/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FILES = 256, MOST_BYTES = 1 << 16 };

typedef struct input {
    char *name;
    char *data;
    size_t size;
} input;

static input corpus[MOST_FILES];
static size_t corpus_count;

/* What is under way, for a message from a signal's handler. */
static char under_way[320];

static void say_under_way(void)
{
    size_t length = strlen(under_way);
    if (write(STDERR_FILENO, under_way, length) != (ssize_t)length)
        return;
}

static void on_signal(int signal)
{
    say_under_way();
    (void)raise(signal); /* the handler is reset: this ends the process */
}

/* Sanitizers tell by this what they are about to end the process for. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static void watch(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(say_under_way);
        return;
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)sigaction(signals[i], &action, NULL);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_corpus(const char *dir)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_visible, by_name);
    FUZZ_REQUIRE(count > 0 && count <= MOST_FILES);
    for (int i = 0; i < count; i++) {
        char path[4096];
        input *in = &corpus[corpus_count++];
        (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        in->name = strdup(entries[i]->d_name);
        FUZZ_REQUIRE(in->name != NULL);
        FUZZ_REQUIRE(cop_file_read(path, MOST_BYTES, &in->data, &in->size, NULL) == COP_OK);
        free(entries[i]);
    }
    free(entries);
}

/* Mutations. */

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t bound)
{
    return bound > 0 ? (size_t)(draw(state) % bound) : 0;
}

/* Puts `more` bytes in the place of `gone` ones at `at`; what does not fit is left. */
static void replace(uint8_t *data, size_t *size, size_t at, size_t gone, const void *from,
                    size_t more)
{
    if (gone > *size - at)
        gone = *size - at;
    if (*size - gone + more > MOST_BYTES)
        return;
    memmove(data + at + more, data + at + gone, *size - at - gone);
    memcpy(data + at, from, more);
    *size = *size - gone + more;
}

static void put_token(uint8_t *data, size_t *size, uint64_t *state)
{
    static const char *const tokens[] = {
        "0",  "-1", "1e999", "nan", "inf",     "null",    "true", "[]",       "{}",   "\"\"",
        ",",  "\n", "1e308", "0x1", "\\",      "\\u0000", "\"",   "[[[[[[[[", "%s%n", ";",
        "//", "/*", "@",     "= ",  "1000000", "(",       "}",    "\t",       "\xff", "-0"};
    const char *token = tokens[below(state, sizeof tokens / sizeof tokens[0])];
    replace(data, size, below(state, *size + 1), below(state, 4), token, strlen(token));
}

static void put_number(uint8_t *data, size_t *size, uint64_t *state)
{
    static const int64_t numbers[] = {0,         1,         -1,         INT64_MAX,        INT64_MIN,
                                      INT32_MAX, INT32_MIN, UINT32_MAX, (int64_t)1 << 53, 255,
                                      65536,     9999999};
    char text[24];
    size_t at = below(state, *size + 1), digits = 0;
    while (at < *size && (data[at] < '0' || data[at] > '9'))
        at++;
    while (at + digits < *size && data[at + digits] >= '0' && data[at + digits] <= '9')
        digits++;
    int length = snprintf(text, sizeof text, "%lld",
                          (long long)numbers[below(state, sizeof numbers / sizeof numbers[0])]);
    replace(data, size, at, digits, text, (size_t)length);
}

static void mutate_once(uint8_t *data, size_t *size, uint64_t *state)
{
    static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xff, '"', '{', ']', ',', '9'};
    size_t at = below(state, *size), length = 1 + below(state, 32);
    const input *other = &corpus[below(state, corpus_count)];
    size_t from = below(state, other->size + 1);
    switch (*size == 0 ? 4 : below(state, 9)) {
    case 0:
        data[at] ^= (uint8_t)(1u << below(state, 8));
        return;
    case 1:
        data[at] = bytes[below(state, sizeof bytes)];
        return;
    case 2:
        replace(data, size, at, length, "", 0);
        return;
    case 3: /* what stands there once more */
        replace(data, size, at, 0, other->data, 0);
        if (length <= *size - at)
            replace(data, size, at, 0, memcpy((uint8_t[32]){0}, data + at, length), length);
        return;
    case 4: /* a piece of another file */
        length = below(state, other->size - from + 1);
        replace(data, size, at, below(state, length + 1), other->data + from, length);
        return;
    case 5:
        *size = at;
        return;
    case 6:
        put_number(data, size, state);
        return;
    default:
        put_token(data, size, state);
        return;
    }
}

/* What a target reads lies in memory of its own size, so that a sanitizer sees every step beyond. */
static bool run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return fuzz_was_accepted();
}

static bool is_named(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool run_corpus(void)
{
    bool as_named = true;
    for (size_t i = 0; i < corpus_count; i++) {
        const input *in = &corpus[i];
        (void)snprintf(under_way, sizeof under_way, "in the corpus's %s\n", in->name);
        bool taken = run((const uint8_t *)in->data, in->size);
        if ((is_named(in->name, "good-") && !taken) || (is_named(in->name, "bad-") && taken)) {
            (void)fprintf(stderr, "%s is %s\n", in->name, taken ? "taken" : "refused");
            as_named = false;
        }
    }
    return as_named;
}

static size_t run_mutations(unsigned long long first, unsigned long long count, uint64_t seed)
{
    static uint8_t data[MOST_BYTES];
    size_t taken = 0;
    for (unsigned long long i = first; i < first + count; i++) {
        uint64_t state = seed * 0x2545f4914f6cdd1du + i;
        const input *in = &corpus[i % corpus_count];
        size_t size = in->size;
        memcpy(data, in->data, size);
        for (size_t k = 1 + below(&state, 3); k > 0; k--)
            mutate_once(data, &size, &state);
        (void)snprintf(under_way, sizeof under_way, "in mutation %llu, of the corpus's %s\n", i,
                       in->name);
        taken += run(data, size);
    }
    return taken;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s CORPUS_DIR [MUTATIONS [FIRST [SEED]]]\n", argv[0]);
        return 2;
    }
    unsigned long long count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    unsigned long long first = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    unsigned long long seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    watch();
    read_corpus(argv[1]);
    bool as_named = run_corpus();
    size_t taken = run_mutations(first, count, seed);
    (void)printf("%zu files, %llu mutations, of which the reader took %zu\n", corpus_count, count,
                 taken);
    for (size_t i = 0; i < corpus_count; i++) {
        free(corpus[i].name);
        free(corpus[i].data);
    }
    return as_named ? 0 : 1;
}

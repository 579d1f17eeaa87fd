/* guards.c: memory between pages that fault. */
#include "validate/guards.h"

#include "core/callback.h"
#include "core/memory.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* What the bytes around a piece are filled with. */
#define FILLING 0xa5

enum { TENSOR_ALIGNMENT = 64 };

/* A page that faults, whole pages of which the piece is at the end, a page that faults. */
typedef struct piece {
    char name[COP_NAME_SIZE];
    unsigned char *map; /* the first page */
    size_t mapped, page;
    unsigned char *data;
    size_t bytes;
} piece;

struct cop_guards {
    piece *pieces; /* owned */
    size_t count, capacity;
    cop_memory_source source;
    char noted[256]; /* the first touch outside; empty: none */
};

static const cop_check bounds = {"writes nothing outside its tensors",
                                 "the bytes before and behind what is written to stay as they are",
                                 "tensor.h: cop_tensor.data, of its shape and type"};

/* Where the first page behind a piece begins. */
static unsigned char *end_of(const piece *p)
{
    return p->map + p->mapped - p->page;
}

static bool map_pages(piece *p, size_t room)
{
    long page = sysconf(_SC_PAGESIZE);
    p->page = page > 0 ? (size_t)page : 4096;
    if (room > SIZE_MAX / 2)
        return false;
    p->mapped = (room + p->page - 1) / p->page * p->page + 2 * p->page;
    void *map = mmap(NULL, p->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return false;
    p->map = map;
    if (mprotect(p->map + p->page, p->mapped - 2 * p->page, PROT_READ | PROT_WRITE) == 0)
        return true;
    (void)munmap(p->map, p->mapped);
    return false;
}

void *cop_guards_get(cop_guards *g, const char *name, size_t bytes, size_t alignment)
{
    size_t room = bytes > 0 ? (bytes + alignment - 1) / alignment * alignment : alignment;
    piece p = {.bytes = bytes};
    piece *grown = cop_grow(g->pieces, &g->capacity, g->count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    g->pieces = grown;
    if (!map_pages(&p, room))
        return NULL;
    (void)snprintf(p.name, sizeof p.name, "%s", name);
    p.data = end_of(&p) - room;
    memset(p.map + p.page, FILLING, p.mapped - 2 * p.page);
    memset(p.data, 0, bytes);
    g->pieces[g->count++] = p;
    return p.data;
}

static void note(cop_guards *g, const char *callback, const piece *p, const char *did,
                 const unsigned char *at)
{
    bool is_before = at < p->data;
    ptrdiff_t distance = is_before ? p->data - at : at - (p->data + p->bytes) + 1;
    if (g->noted[0] == '\0')
        (void)snprintf(g->noted, sizeof g->noted, "%s %s byte %td %s '%s', which has %zu bytes",
                       callback, did, distance, is_before ? "before" : "behind", p->name, p->bytes);
}

static void check_range(cop_guards *g, const char *callback, const piece *p,
                        const unsigned char *from, const unsigned char *to)
{
    for (const unsigned char *at = from; at < to; at++) {
        if (*at != FILLING) {
            note(g, callback, p, "wrote to", at);
            return;
        }
    }
}

static void check_piece(cop_guards *g, const char *callback, const piece *p)
{
    check_range(g, callback, p, p->map + p->page, p->data);
    check_range(g, callback, p, p->data + p->bytes, end_of(p));
}

void cop_guards_check(cop_guards *g, const char *callback)
{
    for (size_t i = 0; g != NULL && i < g->count && g->noted[0] == '\0'; i++)
        check_piece(g, callback, &g->pieces[i]);
}

void cop_guards_put(cop_guards *g, void *data)
{
    for (size_t i = 0; i < g->count && data != NULL; i++) {
        if (g->pieces[i].data != data)
            continue;
        check_piece(g, "a callback", &g->pieces[i]);
        (void)munmap(g->pieces[i].map, g->pieces[i].mapped);
        g->pieces[i] = g->pieces[--g->count];
        return;
    }
}

static void *get_tensor(void *context, const char *name, size_t bytes)
{
    return cop_guards_get(context, name, bytes, TENSOR_ALIGNMENT);
}

static void put_tensor(void *context, void *data)
{
    cop_guards_put(context, data);
}

cop_guards *cop_guards_new(void)
{
    cop_guards *g = calloc(1, sizeof *g);
    if (g != NULL)
        g->source = (cop_memory_source){.context = g, .get = get_tensor, .put = put_tensor};
    return g;
}

const cop_memory_source *cop_guards_source(const cop_guards *g)
{
    return &g->source;
}

void cop_guards_report(const cop_guards *g, cop_reporter *r)
{
    cop_reporter_begin(r, &bounds);
    if (g->noted[0] != '\0')
        cop_reporter_finding(r, "%s", g->noted);
    else
        cop_reporter_ok(r);
}

/* Faults. */

/* Global, as a signal's handler is called without an argument. */
static cop_guards *watched;
static cop_reporter *listener;

static const piece *find_guard(const unsigned char *at)
{
    for (size_t i = 0; i < watched->count; i++) {
        const piece *p = &watched->pieces[i];
        bool is_first = at >= p->map && at < p->map + p->page;
        bool is_last = at >= end_of(p) && at < end_of(p) + p->page;
        if (is_first || is_last)
            return p;
    }
    return NULL;
}

static const char *what_was_done(const void *context)
{
#if defined(__x86_64__)
    const ucontext_t *at = context;
    return (at->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "wrote to" : "read";
#else
    (void)context;
    return "read or wrote to";
#endif
}

/* The fault is the plugin's, in the middle of its own code, so that what the report needs is not
 * in use; were it otherwise, the parent would tell of a hang. */
static void handle_fault(int signal_number, siginfo_t *info, void *context)
{
    const piece *p = find_guard(info->si_addr);
    if (p == NULL) {
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number); /* comes when this returns */
        return;
    }
    const cop_callback *call = cop_callback_current();
    note(watched, call != NULL ? call->name : "a thread", p, what_was_done(context), info->si_addr);
    cop_guards_report(watched, listener);
    cop_reporter_done(listener);
    _exit(0);
}

void cop_guards_watch(cop_guards *g, cop_reporter *r)
{
    struct sigaction action = {.sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO};
    watched = g;
    listener = r;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGSEGV, &action, NULL);
    (void)sigaction(SIGBUS, &action, NULL);
}

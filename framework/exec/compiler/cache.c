/* cache.c: see cache.h. A program has an entry from its adoption to its end; the entries of idle
 * programs form a list in the order of their last use, which is all there is to search: a study has
 * some dozens of programs, and the digest tells most of them apart at once. */
#include "exec/compiler/cache.h"

#include "core/memory.h"
#include "core/text.h"
#include "exec/compiler/compiler.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* What oneDNN is taken to need for a primitive. It does not say; the code is in a store of its own,
 * where equal primitives share it and which outlasts them in any case. */
#define PRIMITIVE_BYTES ((size_t)8 << 10)

struct cop_cached {
    cop_program_cache *cache;
    cop_program *program;
    cop_program_signature signature;
    size_t bytes;
    bool is_lent;
    cop_cached *older, *newer; /* while idle */
};

struct cop_program_cache {
    pthread_mutex_t lock; /* over all below */
    size_t most;
    cop_cached *newest, *oldest;
    cop_program_cache_counts counts;
    bool is_closed; /* freed, and only here for those that are lent */
};

cop_status cop_program_cache_new(size_t bytes, cop_program_cache **out, cop_error *err)
{
    cop_program_cache *cache = calloc(1, sizeof *cache);
    *out = NULL;
    if (cache == NULL)
        return cop_out_of_memory(err);
    if (pthread_mutex_init(&cache->lock, NULL) != 0) {
        free(cache);
        return cop_fail(err, COP_FAILED, "a lock for compiled programs cannot be made");
    }
    cache->most = bytes;
    *out = cache;
    return COP_OK;
}

cop_status cop_program_cache_from_environment(cop_program_cache **out, cop_error *err)
{
    const char *text = getenv("COPPICE_PROGRAM_CACHE");
    int64_t mib = (int64_t)(COP_PROGRAM_CACHE_BYTES >> 20);
    *out = NULL;
    if (text != NULL && text[0] != '\0' &&
        (!cop_integer_parse(text, &mib) || mib < 0 || (uint64_t)mib > SIZE_MAX >> 20))
        return cop_fail(err, COP_INVALID,
                        "COPPICE_PROGRAM_CACHE is \"%s\", wanted a number of MiB, 0 for none",
                        text);
    return mib > 0 ? cop_program_cache_new((size_t)mib << 20, out, err) : COP_OK;
}

static void end_entry(cop_cached *entry)
{
    cop_program_signature_clear(&entry->signature);
    free(entry);
}

/* Ends a chain of entries, linked by `older`, and their programs. Without the lock: it takes time.
 */
static void end_all(cop_cached *first)
{
    while (first != NULL) {
        cop_cached *next = first->older;
        cop_program_destroy(first->program);
        end_entry(first);
        first = next;
    }
}

static void destroy(cop_program_cache *cache)
{
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void cop_program_cache_free(cop_program_cache *cache)
{
    if (cache == NULL)
        return;
    (void)pthread_mutex_lock(&cache->lock);
    cop_cached *idle = cache->newest;
    cache->newest = cache->oldest = NULL;
    cache->is_closed = true;
    bool is_last = cache->counts.lent == 0;
    (void)pthread_mutex_unlock(&cache->lock);
    end_all(idle);
    if (is_last)
        destroy(cache);
}

cop_program_cache_counts cop_program_cache_count(cop_program_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    cop_program_cache_counts counts = cache->counts;
    (void)pthread_mutex_unlock(&cache->lock);
    return counts;
}

/* The list of idle entries. */

static void unlink_idle(cop_program_cache *cache, cop_cached *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->older = entry->newer = NULL;
    cache->counts.idle--;
    cache->counts.bytes -= entry->bytes;
}

static void link_newest(cop_program_cache *cache, cop_cached *entry)
{
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
    cache->counts.idle++;
    cache->counts.bytes += entry->bytes;
}

/* Takes out what has not been used for longest until the rest fits; a chain for end_all. */
static cop_cached *make_room(cop_program_cache *cache)
{
    cop_cached *out = NULL;
    while (cache->counts.bytes > cache->most) {
        cop_cached *entry = cache->oldest;
        unlink_idle(cache, entry);
        cache->counts.dropped++;
        entry->older = out;
        out = entry;
    }
    return out;
}

/* Lending. */

cop_program *cop_program_cache_take(cop_program_cache *cache,
                                    const cop_program_signature *signature)
{
    (void)pthread_mutex_lock(&cache->lock);
    cop_cached *entry = cache->newest;
    while (entry != NULL && !cop_program_signature_equal(&entry->signature, signature))
        entry = entry->older;
    if (entry != NULL) {
        unlink_idle(cache, entry);
        entry->is_lent = true;
        cache->counts.lent++;
        cache->counts.reused++;
    }
    (void)pthread_mutex_unlock(&cache->lock);
    return entry != NULL ? entry->program : NULL;
}

static size_t group_bytes(const cop_fused *group)
{
    return group == NULL ? 0
                         : sizeof *group + (size_t)group->op_count * sizeof *group->ops +
                               (size_t)group->operand_count * sizeof *group->operands;
}

static size_t plane_bytes(const cop_plane *plane)
{
    return plane == NULL ? 0
                         : sizeof *plane + (size_t)plane->op_count * sizeof *plane->ops +
                               (size_t)plane->register_count * sizeof *plane->registers;
}

static size_t program_bytes(const cop_program *p)
{
    size_t bytes =
        sizeof *p + p->buffer_room * sizeof *p->buffers +
        (size_t)p->buffer_count * sizeof *p->data + p->instruction_room * sizeof *p->instructions +
        (size_t)p->storage_count * sizeof *p->storages +
        (size_t)p->input_count * sizeof *p->inputs + (size_t)p->output_count * sizeof *p->outputs;
    for (int32_t i = 0; i < p->instruction_count; i++) {
        const cop_instruction *in = &p->instructions[i];
        bytes += (size_t)in->operand_count * (sizeof *in->operands + sizeof *in->operand_shapes) +
                 (size_t)in->result_count * sizeof *in->results + group_bytes(in->group) +
                 plane_bytes(in->plane) + (in->primitive != NULL ? PRIMITIVE_BYTES : 0);
    }
    return bytes;
}

void cop_program_cache_adopt(cop_program_cache *cache, cop_program *p,
                             cop_program_signature *signature)
{
    cop_cached *entry = calloc(1, sizeof *entry);
    (void)pthread_mutex_lock(&cache->lock);
    cache->counts.compiled++;
    cache->counts.lent += entry != NULL ? 1 : 0;
    (void)pthread_mutex_unlock(&cache->lock);
    if (entry == NULL)
        return;
    *entry = (cop_cached){.cache = cache,
                          .program = p,
                          .signature = *signature,
                          .bytes = sizeof *entry + signature->size + program_bytes(p),
                          .is_lent = true};
    *signature = (cop_program_signature){0};
    p->cached = entry;
}

/* Notes that an entry is no longer lent. Freeing a program twice would lend it to two at once, and
 * both would compute nonsense: that ends here, as the second free() of a piece of memory does. */
static void end_loan(cop_program_cache *cache, cop_cached *entry)
{
    if (!entry->is_lent) {
        (void)fputs("coppice: a compiled program is freed twice\n", stderr);
        abort();
    }
    entry->is_lent = false;
    cache->counts.lent--;
}

void cop_program_cache_give_back(cop_program *p)
{
    cop_cached *entry = p->cached, *out = NULL;
    cop_program_cache *cache = entry->cache;
    cop_program_reset(p);
    (void)pthread_mutex_lock(&cache->lock);
    end_loan(cache, entry);
    bool is_last = cache->is_closed && cache->counts.lent == 0;
    if (cache->is_closed) {
        out = entry;
    } else if (entry->bytes > cache->most) {
        out = entry; /* nobody else goes for what does not fit alone */
        cache->counts.dropped++;
    } else {
        link_newest(cache, entry);
        out = make_room(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    end_all(out);
    if (is_last)
        destroy(cache);
}

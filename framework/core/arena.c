/* arena.c: a bump allocator over a list of blocks. */
#include "core/arena.h"
#include "core/locale.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT  alignof(max_align_t)
#define BLOCK_SIZE ((size_t)16384)

/* The first block's size; each is twice the one before, up to BLOCK_SIZE: most arenas hold the few
 * strings of one group of options, and a study of ten thousand cells has a hundred thousand. */
#define FIRST_BLOCK ((size_t)512)

typedef struct block {
    struct block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char data[];
} block;

/* An object that was handed over; lies in the arena itself. */
typedef struct owned {
    struct owned *earlier;
    void *object;
    void (*release)(void *object);
} owned;

struct cop_arena {
    block *newest; /* the one that is being filled; the others hang behind it */
    size_t next;   /* bytes of the next block; 0: FIRST_BLOCK */
    owned *last;
};

cop_arena *cop_arena_new(void)
{
    return calloc(1, sizeof(cop_arena));
}

void cop_arena_free(cop_arena *arena)
{
    if (arena == NULL)
        return;
    for (const owned *o = arena->last; o != NULL; o = o->earlier)
        o->release(o->object);
    for (block *b = arena->newest; b != NULL;) {
        block *next = b->next;
        free(b);
        b = next;
    }
    free(arena);
}

/* A zeroed block of at least `size` bytes. One made for a single large request goes behind the
 * newest, whose rest stays in use. */
static block *add_block(cop_arena *arena, size_t size)
{
    bool large = size > BLOCK_SIZE / 4;
    size_t usual = arena->next > 0 ? arena->next : FIRST_BLOCK;
    size_t room = large || size > usual ? size : usual;
    block *b = calloc(1, sizeof(block) + room);
    if (b == NULL)
        return NULL;
    b->size = room;
    if (!large)
        arena->next = usual < BLOCK_SIZE ? 2 * usual : BLOCK_SIZE;
    if (large && arena->newest != NULL) {
        b->next = arena->newest->next;
        arena->newest->next = b;
    } else {
        b->next = arena->newest;
        arena->newest = b;
    }
    return b;
}

void *cop_arena_alloc(cop_arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(block) - ALIGNMENT)
        return NULL; /* C has no larger objects */
    size_t padded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    block *b = arena->newest;
    if (b == NULL || b->size - b->used < padded)
        b = add_block(arena, padded);
    if (b == NULL)
        return NULL;
    void *data = b->data + b->used;
    b->used += padded;
    return data;
}

void *cop_arena_array(cop_arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : cop_arena_alloc(arena, bytes);
}

bool cop_arena_own(cop_arena *arena, void *object, void (*release)(void *object))
{
    owned *o = cop_arena_alloc(arena, sizeof *o);
    if (o == NULL) {
        release(object);
        return false;
    }
    *o = (owned){arena->last, object, release};
    arena->last = o;
    return true;
}

char *cop_arena_strdup(cop_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = cop_arena_alloc(arena, size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

char *cop_arena_printf(cop_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = cop_vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : cop_arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    (void)cop_vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

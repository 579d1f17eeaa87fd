/* arena.h: many small allocations that live and die together. */
#ifndef COP_CORE_ARENA_H
#define COP_CORE_ARENA_H

#include <coppice/base.h>

typedef struct cop_arena cop_arena;

/* An empty arena, owned by the caller, or NULL when memory is out. Freeing it (NULL is fine) frees
 * everything that it handed out. An arena belongs to one thread at a time. */
cop_arena *cop_arena_new(void);
void cop_arena_free(cop_arena *arena);

/* `size` zero-filled bytes, aligned for any type, or NULL when memory is out. */
void *cop_arena_alloc(cop_arena *arena, size_t size);

/* As cop_arena_alloc for `count` items; NULL also when the size overflows. */
void *cop_arena_array(cop_arena *arena, size_t count, size_t size);

/* Hands an object over to the arena, which frees it by `release` when it is freed itself, the last
 * one first. False when memory is out: then it is released at once. */
bool cop_arena_own(cop_arena *arena, void *object, void (*release)(void *object));

/* A copy of the text, or NULL when memory is out. */
char *cop_arena_strdup(cop_arena *arena, const char *text);

/* The formatted text, or NULL when memory is out. */
char *cop_arena_printf(cop_arena *arena, const char *format, ...) COP_PRINTF(2, 3);

#endif

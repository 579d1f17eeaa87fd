/* identity_lines.h: an identity's text taken apart, to be shown and compared.
 *
 * A line is a name and what it says. Where it says a component or a recipe, each of its settings is
 * a line of its own behind it: "component" is then "pruner imp 1", and "component.rate" "0.5". */
#ifndef COP_STORE_IDENTITY_LINES_H
#define COP_STORE_IDENTITY_LINES_H

#include "core/arena.h"
#include "store/formats/artifact_id.h"

typedef struct cop_identity_line {
    const char *name; /* no other line's: the second "dense" is "dense (2)" */
    const char *value;
    bool is_stage;         /* the value is the name of one: */
    cop_artifact_id stage; /* this */
} cop_identity_line;

typedef struct cop_identity {
    cop_identity_line *lines; /* in the order of the text */
    size_t count, capacity;
} cop_identity;

/* Takes any text apart. Lines and texts are the arena's but for `lines` itself, which
 * cop_identity_clear frees, whatever the answer. COP_FAILED where memory is refused. */
cop_status cop_identity_read(const char *text, cop_arena *arena, cop_identity *out, cop_error *err);
void cop_identity_clear(cop_identity *identity);

/* What a line is, in words: "weights that it starts from"; "" where that is not known, as of the
 * settings of a component. */
const char *cop_identity_meaning(const char *name);

/* Calls `differs` for each name whose line differs between two identities, in the order of the
 * first one's lines, then of the second's; a line that one of them lacks is NULL. Goes on until
 * it answers otherwise than COP_OK, and answers that. */
typedef cop_status (*cop_line_differs)(void *own, const cop_identity_line *a,
                                       const cop_identity_line *b, cop_error *err);
cop_status cop_identity_compare(const cop_identity *a, const cop_identity *b,
                                cop_line_differs differs, void *own, cop_error *err);

#endif

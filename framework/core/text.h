/* text.h: growing a text, guessing what a misspelt name meant, and making text safe to print. */
#ifndef COP_CORE_TEXT_H
#define COP_CORE_TEXT_H

#include <coppice/base.h>

/* A text that grows. Start from `cop_text text = {0};`. When memory runs out `failed` is set and
 * stays set, later calls do nothing and cop_text_take gives NULL: one check at the end suffices. */
typedef struct cop_text {
    char *data; /* zero-terminated; NULL while nothing was appended */
    size_t length;
    size_t capacity;
    bool failed;
} cop_text;

void cop_text_append(cop_text *text, const char *more);
void cop_text_append_bytes(cop_text *text, const char *more, size_t size);
void cop_text_printf(cop_text *text, const char *format, ...) COP_PRINTF(2, 3);

/* Hands the text over (never NULL unless memory ran out; release it with free) and empties it. */
char *cop_text_take(cop_text *text);

/* Drops the text. Not needed after cop_text_take. */
void cop_text_free(cop_text *text);

/* The decimal integer that is the whole text ("-7"): false for anything else, and for what 64 bits
 * do not hold. */
bool cop_integer_parse(const char *text, int64_t *out);

/* Which of `names` the word was most likely meant to be: the fewest edits (insertion, deletion,
 * replacement, swap of neighbours; case aside), the first among equals. NULL if nothing is near:
 * at most one edit in three letters. */
const char *cop_nearest(const char *word, const char *const *names, size_t count);

/* Writes `text` on one line with control characters made visible (\n, \t, \x1b …) into `out`,
 * which is returned; what does not fit is cut and "..." says so. UTF-8 passes. */
const char *cop_escape(const char *text, char *out, size_t size);

/* Copies a text of at most `letters` (code points; at least 3), or its beginning and its end with
 * an ellipsis between. `out` has room for 4 * letters + 1 bytes. Returns it. */
const char *cop_shorten(const char *text, size_t letters, char *out);

/* The bytes of the well-formed UTF-8 character at `at`, before `end`; 0 where there is none. No
 * overlong forms, no surrogates (Unicode, table 3-7). */
size_t cop_utf8_length(const char *at, const char *end);

/* Whether the bytes are well-formed UTF-8. */
bool cop_is_utf8(const char *bytes, size_t size);

/* The bytes of the control character at `at`, which a terminal might obey: 1 below U+0020 and for
 * U+007F, 2 for U+0080 to U+009F, 0 for any other and for the end of the text. */
size_t cop_control_length(const char *at);

#endif

/* header.c: reading the dictionary of a .npy file, {'descr': '<f4', 'fortran_order': False,
 * 'shape': (10, 3, 32, 32), } with blanks wherever Python allows them. */
#include "header.h"

#include <stdio.h>
#include <string.h>

enum { WORD_SIZE = 24, LARGEST = 1 << 30 };

typedef struct scanner {
    const char *at, *end;
    char *reason;
} scanner;

static bool fail(scanner *s, const char *reason)
{
    (void)snprintf(s->reason, NPY_REASON, "%s", reason);
    return false;
}

static void skip_blanks(scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n'))
        s->at++;
}

/* Takes the character, if it comes next. */
static bool take(scanner *s, char c)
{
    skip_blanks(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool expect(scanner *s, char c)
{
    char text[64];
    if (take(s, c))
        return true;
    (void)snprintf(text, sizeof text, "its header is damaged: '%c' is missing", c);
    return fail(s, text);
}

/* A text in single or double quotes. */
static bool take_text(scanner *s, char word[WORD_SIZE])
{
    char quote = take(s, '\'') ? '\'' : '"';
    size_t length = 0;
    if (quote == '"' && !take(s, '"'))
        return fail(s,
                    "its header is damaged: a text is missing (a structured type cannot be read)");
    for (; s->at < s->end && *s->at != quote && length + 1 < WORD_SIZE; s->at++)
        word[length++] = *s->at;
    word[length] = '\0';
    if (s->at == s->end || *s->at != quote)
        return fail(s, "its header is damaged: a text does not end");
    s->at++;
    return true;
}

/* '<f4': byte order, kind, bytes. '|' is of one byte, which has no order. */
static bool take_type(scanner *s, npy_header *out)
{
    char word[WORD_SIZE];
    if (!take_text(s, word))
        return false;
    bool is_known = strlen(word) == 3 && strchr("<>|=", word[0]) != NULL &&
                    strchr("uif", word[1]) != NULL && strchr("1248", word[2]) != NULL &&
                    (word[0] != '|' || word[2] == '1');
    if (!is_known)
        return fail(s, "its elements are no integers or floating-point numbers of 1 to 8 bytes");
    out->kind = word[1];
    out->bytes = word[2] - '0';
    out->is_big = word[0] == '>';
    return true;
}

static bool take_bool(scanner *s, bool *out)
{
    static const char *const words[] = {"False", "True"};
    skip_blanks(s);
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(s->end - s->at) >= length && memcmp(s->at, words[i], length) == 0) {
            s->at += length;
            *out = i == 1;
            return true;
        }
    }
    return fail(s, "its header is damaged: fortran_order is neither True nor False");
}

static bool take_length(scanner *s, int64_t *out)
{
    int64_t value = 0;
    skip_blanks(s);
    if (s->at == s->end || *s->at < '0' || *s->at > '9')
        return fail(s, "its header is damaged: shape wants whole numbers");
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        value = value * 10 + (*s->at - '0');
        if (value > LARGEST)
            return fail(s, "it has an axis of more than 2^30");
    }
    if (s->at < s->end && *s->at == 'L') /* as Python 2 wrote them */
        s->at++;
    *out = value;
    return value > 0 ? true : fail(s, "it is empty");
}

static bool take_shape(scanner *s, npy_header *out)
{
    if (!expect(s, '('))
        return false;
    while (!take(s, ')')) {
        if (out->rank == NPY_RANK)
            return fail(s, "it has more than 4 axes");
        if (!take_length(s, &out->shape[out->rank]))
            return false;
        out->rank++;
        if (!take(s, ',')) {
            if (!expect(s, ')'))
                return false;
            break;
        }
    }
    return out->rank > 0 ? true : fail(s, "it is a single number");
}

static bool take_entry(scanner *s, npy_header *out, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char word[WORD_SIZE];
    unsigned key = 0;
    if (!take_text(s, word) || !expect(s, ':'))
        return false;
    while (key < 3 && strcmp(word, keys[key]) != 0)
        key++;
    if (key == 3 || (*seen & 1u << key) != 0)
        return fail(s, "its header is damaged: a key is unknown, or there twice");
    *seen |= 1u << key;
    if (key == 0)
        return take_type(s, out);
    return key == 1 ? take_bool(s, &out->is_fortran) : take_shape(s, out);
}

bool npy_header_parse(const char *text, size_t size, npy_header *out, char reason[NPY_REASON])
{
    scanner s = {.at = text, .end = text + size, .reason = reason};
    unsigned seen = 0;
    *out = (npy_header){0};
    if (!expect(&s, '{'))
        return false;
    while (!take(&s, '}')) {
        if (!take_entry(&s, out, &seen))
            return false;
        if (!take(&s, ',')) {
            if (!expect(&s, '}'))
                return false;
            break;
        }
    }
    skip_blanks(&s);
    if (seen != 7u || s.at != s.end)
        return fail(&s, "its header is damaged: descr, fortran_order and shape are wanted");
    return true;
}

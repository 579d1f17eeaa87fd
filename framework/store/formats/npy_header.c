/* npy_header.c: reading the dictionary, with blanks wherever Python allows them. */
#include "store/formats/npy_header.h"

#include "core/text.h"

#include <string.h>

enum { WORD_SIZE = 24, LONGEST_AXIS = 1 << 30 };

/* What is still to be read. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static cop_status damaged(cop_error *err, const char *what)
{
    return cop_fail(err, COP_INVALID, "its header is damaged: %s", what);
}

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

/* Takes that text, after blanks; false, with nothing taken, where something else stands there. */
static bool take(cursor *c, const char *text)
{
    size_t length = strlen(text);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0)
        return false;
    c->at += length;
    return true;
}

static cop_status expect(cursor *c, const char *text, cop_error *err)
{
    if (take(c, text))
        return COP_OK;
    return cop_fail(err, COP_INVALID, "its header is damaged: '%s' is missing", text);
}

/* 'text' or "text" without escapes. */
static cop_status take_word(cursor *c, char out[WORD_SIZE], cop_error *err)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return damaged(err, "a text is missing (a structured type cannot be read)");
    const char *begin = c->at + 1, *end = memchr(begin, *c->at, (size_t)(c->end - begin));
    if (end == NULL)
        return damaged(err, "a text does not end");
    size_t length = (size_t)(end - begin);
    if (length >= WORD_SIZE || memchr(begin, '\\', length) != NULL)
        return damaged(err, "a text is long, or has escapes");
    memcpy(out, begin, length);
    out[length] = '\0';
    c->at = end + 1;
    return COP_OK;
}

/* '<f4': byte order, kind, bytes. '|' is of one byte, which has no order; '=' is that of whoever
 * wrote it, which NumPy never writes: taken as '<'. */
static cop_status take_type(cursor *c, cop_npy_header *out, cop_error *err)
{
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                        "i8", "u1", "u2", "u4", "u8", "b1"};
    char word[WORD_SIZE], shown[4 * WORD_SIZE];
    COP_TRY(take_word(c, word, err));
    bool has_order = word[0] != '\0' && strchr("<>|=", word[0]) != NULL;
    for (size_t i = 0; has_order && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word + 1, known[i]) != 0 || (word[0] == '|' && word[2] != '1'))
            continue;
        out->type = known[i];
        out->width = word[2] - '0';
        out->is_big = word[0] == '>';
        return COP_OK;
    }
    return cop_fail(err, COP_INVALID, "elements of type %s cannot be read",
                    cop_escape(word, shown, sizeof shown));
}

static cop_status take_order(cursor *c, bool *is_fortran, cop_error *err)
{
    *is_fortran = take(c, "True");
    if (*is_fortran || take(c, "False"))
        return COP_OK;
    return damaged(err, "fortran_order is neither True nor False");
}

static cop_status take_length(cursor *c, int64_t *out, cop_error *err)
{
    skip_blanks(c);
    const char *begin = c->at;
    int64_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        value = 10 * value + (*c->at - '0');
        if (value > LONGEST_AXIS)
            return cop_fail(err, COP_INVALID, "it has an axis of more than 2^30");
    }
    if (c->at == begin)
        return damaged(err, "shape wants whole numbers");
    if (c->at < c->end && *c->at == 'L') /* as Python 2 wrote them */
        c->at++;
    *out = value;
    return COP_OK;
}

/* (), (3,) or (3, 4); (3) would be a number. */
static cop_status take_shape(cursor *c, cop_shape *out, cop_error *err)
{
    COP_TRY(expect(c, "(", err));
    while (!take(c, ")")) {
        if (out->rank == COP_MAX_RANK)
            return cop_fail(err, COP_INVALID, "it has more than %d axes", COP_MAX_RANK);
        COP_TRY(take_length(c, &out->dim[out->rank++], err));
        if (!take(c, ","))
            return expect(c, out->rank > 1 ? ")" : ",", err);
    }
    return COP_OK;
}

/* Each of the three keys once, in any order. */
static cop_status take_entry(cursor *c, cop_npy_header *out, unsigned *seen, cop_error *err)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char word[WORD_SIZE];
    unsigned key = 0;
    COP_TRY(take_word(c, word, err));
    COP_TRY(expect(c, ":", err));
    while (key < 3 && strcmp(word, keys[key]) != 0)
        key++;
    if (key == 3 || (*seen & 1u << key) != 0)
        return damaged(err, "a key is unknown, or there twice");
    *seen |= 1u << key;
    if (key == 0)
        return take_type(c, out, err);
    return key == 1 ? take_order(c, &out->is_fortran, err) : take_shape(c, &out->shape, err);
}

cop_status cop_npy_header_parse(const char *text, size_t size, cop_npy_header *out, cop_error *err)
{
    cursor c = {text, text + size};
    unsigned seen = 0;
    *out = (cop_npy_header){0};
    COP_TRY(expect(&c, "{", err));
    while (!take(&c, "}")) {
        COP_TRY(take_entry(&c, out, &seen, err));
        if (take(&c, ","))
            continue;
        COP_TRY(expect(&c, "}", err)); /* only the last may go without a comma */
        break;
    }
    skip_blanks(&c);
    if (seen != 7u || c.at != c.end)
        return damaged(err, "descr, fortran_order and shape are wanted, and nothing else");
    return COP_OK;
}

cop_dtype cop_npy_header_dtype(const cop_npy_header *header)
{
    char kind = header->type[0];
    if (kind == 'f')
        return header->width == 8 ? COP_F64 : COP_F32;
    return kind == 'b' || (kind == 'u' && header->width == 1) ? COP_U8 : COP_I64;
}

/* npy_file.c: reading NumPy's arrays, none of which is trusted. */
#include "store/formats/npy_file.h"

#include "core/shape.h"
#include "core/text.h"
#include "store/formats/safetensors_types.h"

#include <stdlib.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
#define MAGIC (sizeof magic - 1)

/* NumPy's own limit for headers that it reads without being told to trust them. */
#define MOST_HEADER 10000

bool cop_npy_begins(const void *bytes, size_t size)
{
    return size >= MAGIC && memcmp(bytes, magic, MAGIC) == 0;
}

/* What the header says. */
typedef struct array {
    char order; /* '<', '>' or '|' */
    char kind;  /* 'f', 'i', 'u' or 'b' */
    size_t width;
    bool is_fortran;
    cop_shape shape;
    const unsigned char *data;
    size_t size;
} array;

/* The header's text. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_spaces(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

/* Takes that text, after spaces; false, with nothing taken, where something else stands there. */
static bool take(cursor *c, const char *text)
{
    size_t length = strlen(text);
    skip_spaces(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0)
        return false;
    c->at += length;
    return true;
}

/* 'text' or "text" without escapes. */
static bool take_string(cursor *c, char *out, size_t size)
{
    skip_spaces(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    const char *begin = c->at + 1, *end = memchr(begin, *c->at, (size_t)(c->end - begin));
    if (end == NULL || (size_t)(end - begin) >= size ||
        memchr(begin, '\\', (size_t)(end - begin)) != NULL)
        return false;
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    c->at = end + 1;
    return true;
}

static bool take_size(cursor *c, int64_t *out)
{
    skip_spaces(c);
    const char *begin = c->at;
    int64_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = 10 * value + (*c->at - '0');
    }
    (void)take(c, "L"); /* as Python 2 wrote it */
    *out = value;
    return c->at > begin;
}

/* (), (3,) or (3, 4) */
static bool take_shape(cursor *c, cop_shape *out)
{
    if (!take(c, "("))
        return false;
    *out = (cop_shape){0};
    while (!take(c, ")")) {
        if (out->rank == COP_MAX_RANK || !take_size(c, &out->dim[out->rank++]))
            return false;
        if (take(c, ","))
            continue;
        return out->rank > 1 && take(c, ")");
    }
    return true;
}

static bool take_bool(cursor *c, bool *out)
{
    *out = take(c, "True");
    return *out || take(c, "False");
}

/* "<f4": byte order, kind and width. */
static bool read_type(const char *text, array *a)
{
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                        "i8", "u1", "u2", "u4", "u8", "b1"};
    if (text[0] != '<' && text[0] != '>' && text[0] != '|')
        return false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(text + 1, known[i]) != 0)
            continue;
        a->order = text[0];
        a->kind = known[i][0];
        a->width = (size_t)(known[i][1] - '0');
        return a->order != '|' || a->width == 1;
    }
    return false;
}

/* Each of the three keys once, in any order. */
static cop_status read_dictionary(cursor c, array *a, cop_error *err)
{
    char key[16], type[64], shown[96];
    bool has_type = false, has_order = false, has_shape = false;
    bool good = take(&c, "{"), is_closed = false;
    while (good && !(is_closed = take(&c, "}"))) {
        good = take_string(&c, key, sizeof key) && take(&c, ":");
        if (good && strcmp(key, "descr") == 0 && !has_type)
            good = has_type = take_string(&c, type, sizeof type);
        else if (good && strcmp(key, "fortran_order") == 0 && !has_order)
            good = has_order = take_bool(&c, &a->is_fortran);
        else if (good && strcmp(key, "shape") == 0 && !has_shape)
            good = has_shape = take_shape(&c, &a->shape);
        else
            good = false;
        if (good && !take(&c, ",")) { /* only the last may go without */
            is_closed = good = take(&c, "}");
            break;
        }
    }
    skip_spaces(&c);
    if (!good || !is_closed || !has_type || !has_order || !has_shape || c.at != c.end)
        return cop_fail(err, COP_INVALID,
                        "its header is not the dictionary of an array of numbers with at most %d "
                        "axes",
                        COP_MAX_RANK);
    if (!read_type(type, a))
        return cop_fail(err, COP_INVALID, "elements of type %s cannot be read",
                        cop_escape(type, shown, sizeof shown));
    return COP_OK;
}

static cop_status read_header(const unsigned char *bytes, size_t size, array *a, cop_error *err)
{
    if (!cop_npy_begins(bytes, size) || size < MAGIC + 4)
        return cop_fail(err, COP_INVALID, "is not an array of NumPy's");
    int version = bytes[MAGIC];
    if (version < 1 || version > 3)
        return cop_fail(err, COP_INVALID, "is of version %d of the format, wanted 1 to 3", version);
    size_t field = version == 1 ? 2 : 4, begin = MAGIC + 2 + field, length = 0;
    if (size < begin)
        return cop_fail(err, COP_INVALID, "ends within its header");
    for (size_t i = field; i-- > 0;)
        length = 256 * length + bytes[MAGIC + 2 + i];
    if (length > MOST_HEADER)
        return cop_fail(err, COP_INVALID, "has a header of %zu bytes, wanted at most %d", length,
                        MOST_HEADER);
    if (length > size - begin)
        return cop_fail(err, COP_INVALID, "ends within its header");
    const char *text = (const char *)bytes + begin;
    COP_TRY(read_dictionary((cursor){text, text + length}, a, err));
    a->data = bytes + begin + length;
    a->size = size - begin - length;
    return COP_OK;
}

static cop_dtype dtype_of(const array *a)
{
    if (a->kind == 'f')
        return a->width == 8 ? COP_F64 : COP_F32;
    return a->kind == 'b' || (a->kind == 'u' && a->width == 1) ? COP_U8 : COP_I64;
}

static cop_status check_size(const array *a, cop_error *err)
{
    char text[96];
    size_t bytes = 0;
    if (!cop_shape_bytes(a->shape, dtype_of(a), &bytes))
        return cop_fail(err, COP_INVALID, "shape %s is too large",
                        cop_shape_text(a->shape, text, sizeof text));
    bytes = bytes / cop_dtype_size(dtype_of(a)) * a->width;
    if (bytes == a->size)
        return COP_OK;
    return cop_fail(err, COP_INVALID, "shape %s takes %zu bytes of elements, and there are %zu",
                    cop_shape_text(a->shape, text, sizeof text), bytes, a->size);
}

/* The bits of the i-th element of the file. */
static uint64_t bits_at(const array *a, int64_t i)
{
    const unsigned char *at = a->data + (size_t)i * a->width;
    uint64_t bits = 0;
    for (size_t k = 0; k < a->width; k++)
        bits = bits << 8 | at[a->order == '>' ? k : a->width - 1 - k];
    return bits;
}

static int64_t signed_value(uint64_t bits, size_t width)
{
    uint64_t sign = UINT64_C(1) << (8 * width - 1);
    int64_t value = 0;
    bits = (bits ^ sign) - sign; /* carries the sign to the top */
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store(const array *a, uint64_t bits, const cop_tensor *t, int64_t to)
{
    uint32_t low = (uint32_t)bits;
    switch (t->dtype) {
    case COP_F32:
        if (a->width == 2)
            cop_f32(t)[to] = cop_f32_from_f16((uint16_t)bits);
        else
            memcpy(cop_f32(t) + to, &low, sizeof low);
        break;
    case COP_F64:
        memcpy(cop_f64(t) + to, &bits, sizeof bits);
        break;
    case COP_U8:
        cop_u8(t)[to] = a->kind == 'b' ? bits != 0 : (uint8_t)bits;
        break;
    case COP_I64:
        cop_i64(t)[to] = a->kind == 'u' ? (int64_t)bits : signed_value(bits, a->width);
        break;
    }
}

/* Where element i of Fortran's order (the first axis runs fastest) lies in C's. */
static int64_t c_order(cop_shape shape, int64_t i)
{
    int64_t index[COP_MAX_RANK] = {0}, place = 0;
    for (int32_t axis = 0; axis < shape.rank; axis++) {
        index[axis] = i % shape.dim[axis];
        i /= shape.dim[axis];
    }
    for (int32_t axis = 0; axis < shape.rank; axis++)
        place = place * shape.dim[axis] + index[axis];
    return place;
}

/* An integer that does not fit is found before anything is added. */
static cop_status check_integers(const array *a, cop_error *err)
{
    int64_t count = cop_shape_count(a->shape);
    if (a->kind != 'u' || a->width != 8)
        return COP_OK;
    for (int64_t i = 0; i < count; i++)
        if (bits_at(a, i) > INT64_MAX)
            return cop_fail(err, COP_INVALID, "element %lld is too large for a signed integer",
                            (long long)i);
    return COP_OK;
}

cop_status cop_npy_take(const void *bytes, size_t size, const char *name, cop_tensors *set,
                        cop_error *err)
{
    array a = {0};
    cop_tensor *tensor = NULL;
    COP_TRY(read_header(bytes, size, &a, err));
    COP_TRY(check_size(&a, err));
    COP_TRY(check_integers(&a, err));
    COP_TRY(cop_tensors_add(set, name, dtype_of(&a), a.shape, &tensor, err));
    int64_t count = cop_shape_count(a.shape);
    for (int64_t i = 0; i < count; i++)
        store(&a, bits_at(&a, i), tensor, a.is_fortran ? c_order(a.shape, i) : i);
    return COP_OK;
}

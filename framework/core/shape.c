/* shape.c: shapes and element types: making, counting, comparing and printing them. */
#include "core/shape.h"

#include <inttypes.h>
#include <stdio.h>

cop_shape cop_shape0(void)
{
    return (cop_shape){.rank = 0};
}

cop_shape cop_shape1(int64_t a)
{
    return (cop_shape){.rank = 1, .dim = {a}};
}

cop_shape cop_shape2(int64_t a, int64_t b)
{
    return (cop_shape){.rank = 2, .dim = {a, b}};
}

cop_shape cop_shape3(int64_t a, int64_t b, int64_t c)
{
    return (cop_shape){.rank = 3, .dim = {a, b, c}};
}

cop_shape cop_shape4(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (cop_shape){.rank = 4, .dim = {a, b, c, d}};
}

int64_t cop_shape_count(cop_shape shape)
{
    int64_t count = 1;
    for (int32_t i = 0; i < shape.rank && i < COP_MAX_RANK; i++) {
        /* Saturates: a shape that no tensor can have must not wrap into one that fits. */
        if (__builtin_mul_overflow(count, shape.dim[i], &count))
            return INT64_MAX;
    }
    return count;
}

bool cop_shape_equal(cop_shape a, cop_shape b)
{
    if (a.rank != b.rank)
        return false;
    for (int32_t i = 0; i < a.rank && i < COP_MAX_RANK; i++) {
        if (a.dim[i] != b.dim[i])
            return false;
    }
    return true;
}

const char *cop_shape_text(cop_shape shape, char *text, size_t size)
{
    if (size == 0)
        return text;
    size_t at = (size_t)snprintf(text, size, "[");
    for (int32_t i = 0; i < shape.rank && i < COP_MAX_RANK && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%" PRId64, i > 0 ? ", " : "", shape.dim[i]);
    if (at < size)
        (void)snprintf(text + at, size - at, "]");
    return text;
}

size_t cop_dtype_size(cop_dtype dtype)
{
    switch (dtype) {
    case COP_F32:
        return 4;
    case COP_F64:
    case COP_I64:
        return 8;
    case COP_U8:
        return 1;
    }
    return 0;
}

const char *cop_dtype_name(cop_dtype dtype)
{
    switch (dtype) {
    case COP_F32:
        return "f32";
    case COP_F64:
        return "f64";
    case COP_U8:
        return "u8";
    case COP_I64:
        return "i64";
    }
    return "unknown";
}

bool cop_shape_bytes(cop_shape shape, cop_dtype dtype, size_t *bytes)
{
    int64_t total = (int64_t)cop_dtype_size(dtype);
    if (total == 0 || shape.rank < 0 || shape.rank > COP_MAX_RANK)
        return false;
    for (int32_t i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 0 || __builtin_mul_overflow(total, shape.dim[i], &total))
            return false;
    }
    *bytes = (size_t)total;
    return true;
}

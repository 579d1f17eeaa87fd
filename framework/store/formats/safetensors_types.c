/* safetensors_types.c: the element types that a safetensors file can hold, and how they are read.
 */
#include "store/formats/safetensors_types.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors are little-endian; this code copies them without swapping"
#endif

/* The widenings work forward: so they never overwrite what is still to be read when `from` is the
 * tail of the buffer at `to`. */

static float f32_from_bits(uint32_t bits)
{
    float value = 0.0f;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float cop_f32_from_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1fu;
    uint32_t fraction = half & 0x3ffu;
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f; /* zero and subnormals */
        return sign != 0 ? -magnitude : magnitude;
    }
    exponent = exponent == 0x1f ? 0xff : exponent + (127 - 15);
    return f32_from_bits(sign | (exponent << 23) | (fraction << 13));
}

static void widen_f16(void *to, const unsigned char *from, size_t count)
{
    float *out = to;
    for (size_t i = 0; i < count; i++) {
        uint16_t half = 0;
        memcpy(&half, from + 2 * i, sizeof half);
        out[i] = cop_f32_from_f16(half);
    }
}

static void widen_bf16(void *to, const unsigned char *from, size_t count)
{
    float *out = to;
    for (size_t i = 0; i < count; i++) {
        uint16_t half = 0;
        memcpy(&half, from + 2 * i, sizeof half);
        out[i] = f32_from_bits((uint32_t)half << 16);
    }
}

static void widen_i32(void *to, const unsigned char *from, size_t count)
{
    int64_t *out = to;
    for (size_t i = 0; i < count; i++) {
        int32_t value = 0;
        memcpy(&value, from + 4 * i, sizeof value);
        out[i] = value;
    }
}

static void normalise_bool(void *to, const unsigned char *from, size_t count)
{
    uint8_t *out = to;
    for (size_t i = 0; i < count; i++)
        out[i] = from[i] != 0;
}

const cop_file_type *cop_file_type_find(const char *name)
{
    static const cop_file_type types[] = {
        {"F32", COP_F32, 4, NULL},      {"F64", COP_F64, 8, NULL},
        {"U8", COP_U8, 1, NULL},        {"I64", COP_I64, 8, NULL},
        {"F16", COP_F32, 2, widen_f16}, {"BF16", COP_F32, 2, widen_bf16},
        {"I32", COP_I64, 4, widen_i32}, {"BOOL", COP_U8, 1, normalise_bool},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    }
    return NULL;
}

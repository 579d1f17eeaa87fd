/* safetensors_types.h: the element types of safetensors files. */
#ifndef COP_STORE_FORMATS_SAFETENSORS_TYPES_H
#define COP_STORE_FORMATS_SAFETENSORS_TYPES_H

#include <coppice/tensor.h>

typedef struct cop_file_type {
    const char *name; /* in the file's header */
    cop_dtype dtype;  /* what it is read as */
    size_t size;      /* bytes of an element in the file, at most those of `dtype` */

    /* Turns the `count` file elements at `from` into elements of `dtype` at `to`; NULL where they
     * are the same. `from` may be the tail of the buffer at `to`, which they then fill. */
    void (*convert)(void *to, const unsigned char *from, size_t count);
} cop_file_type;

/* The type of that name, or NULL. */
const cop_file_type *cop_file_type_find(const char *name);

/* A float of 16 bits (IEEE 754 binary16) as one of 32, exactly. */
float cop_f32_from_f16(uint16_t half);

#endif

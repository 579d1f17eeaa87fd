/* readable.h: what is only read, among pointers to what is written too. */
#ifndef COP_CORE_READABLE_H
#define COP_CORE_READABLE_H

/* The pointer for a table, or a library, that knows plain ones only: whoever takes it from there
 * promises to write nothing through it. */
static inline float *cop_readable(const float *x)
{
    union {
        const float *constant;
        float *plain;
    } pointer = {.constant = x};
    return pointer.plain;
}

#endif

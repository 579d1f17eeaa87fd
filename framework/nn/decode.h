/* decode.h: which tiles a decoding makes of how many stored images. Read by framework/nn only. */
#ifndef COP_NN_DECODE_H
#define COP_NN_DECODE_H

#include <coppice/synthetic.h>

/* During distillation a class gives at most this many images (COP_DECODE_BOUND). */
#define COP_DECODE_BOUND_IMAGES 128

/* Stored images first … first + count − 1 cut by `factor`: factor²·count decoded images. */
typedef struct cop_decode_part {
    int32_t factor;
    int64_t first, count;
} cop_decode_part;

/* The i-th part of decoding `count` images, in output order; false past the last. Parts with no
 * image occur. */
bool cop_decode_part_at(cop_decode decode, int32_t factor, int64_t count, int32_t i,
                        cop_decode_part *part);

/* The decoding that makes the samples to train on: COP_DECODE_BOUND is the distiller's own economy
 * and stands for COP_DECODE_SINGLE there, factor 1 for COP_DECODE_NONE. */
cop_decode cop_decode_for_training(cop_decode decode, int32_t factor);

#endif

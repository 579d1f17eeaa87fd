/* decode.h: which tiles a decoding makes of how many stored images. Read by
 * framework/nn and framework/distil. */
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
 * image occur. `bound` counts for COP_DECODE_BOUND alone, here and below. */
bool cop_decode_part_at(cop_decode decode, int32_t factor, int64_t count, int64_t bound, int32_t i,
                        cop_decode_part *part);

/* cop_decoded_count and cop_decode_images with a bound of one's own. */
int64_t cop_decoded_count_within(cop_decode decode, int32_t factor, int64_t count, int64_t bound);
cop_node cop_decode_images_within(cop_graph *g, cop_node pixels, cop_decode decode, int32_t factor,
                                  int64_t bound);

/* The decoding that makes the samples to train on: COP_DECODE_BOUND is the distiller's own economy
 * and stands for COP_DECODE_SINGLE there, factor 1 for COP_DECODE_NONE. */
cop_decode cop_decode_for_training(cop_decode decode, int32_t factor);

#endif

/* decode.h: stored images of one class as the training images that are matched. */
#ifndef IDC_DECODE_H
#define IDC_DECODE_H

#include "options.h"

/* Images that `count` stored ones decode to; `bound` counts for IDC_DECODE_BOUND alone. */
int64_t idc_decoded_count(idc_decode decode, int64_t factor, int64_t count, int64_t bound);

/* pixels [count, C, H, W] → [decoded, C, H, W]. */
cop_node idc_decode_images(cop_graph *g, cop_node pixels, idc_decode decode, int64_t factor,
                           int64_t bound);

#endif

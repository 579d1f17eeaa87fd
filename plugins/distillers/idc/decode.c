/* decode.c: multi-formation while distilling. `bound` is done here rather than by the framework's
 * own decoding because its bound is an option. */
#include "decode.h"

#include <stdlib.h>

/* A run of stored images that are decoded by one factor. */
typedef struct part {
    int64_t factor, first, count;
} part;

/* The i-th part; false past the last. */
static bool part_at(idc_decode decode, int64_t factor, int64_t count, int64_t bound, int64_t i,
                    part *out)
{
    if (decode == IDC_DECODE_SINGLE) {
        *out = (part){factor, 0, count};
        return i == 0;
    }
    if (decode == IDC_DECODE_MULTI) {
        *out = (part){i + 1, 0, count};
        return i < factor;
    }
    /* The largest factors first, each for as many images as leave room for the rest to be whole. */
    int64_t first = 0, decoded = 0;
    for (int64_t f = factor; f >= 1 && first < count; f--) {
        int64_t left = count - first, room = bound - decoded - left;
        int64_t n = f == 1 ? left : room > 0 ? room / (f * f) : 0;
        n = n < left ? n : left;
        if (factor - f == i) {
            *out = (part){f, first, n};
            return true;
        }
        first += n;
        decoded += n * f * f;
    }
    return false;
}

int64_t idc_decoded_count(idc_decode decode, int64_t factor, int64_t count, int64_t bound)
{
    int64_t total = 0;
    part p;
    for (int64_t i = 0; part_at(decode, factor, count, bound, i, &p); i++)
        total += p.count * p.factor * p.factor;
    return total;
}

cop_node idc_decode_images(cop_graph *g, cop_node pixels, idc_decode decode, int64_t factor,
                           int64_t bound)
{
    cop_shape shape = cop_node_shape(g, pixels);
    cop_node *pieces = calloc((size_t)factor, sizeof *pieces);
    if (pieces == NULL)
        return cop_graph_refuse(g, "out of memory to decode");
    size_t count = 0;
    part p;
    for (int64_t i = 0; part_at(decode, factor, shape.dim[0], bound, i, &p); i++) {
        if (p.count == 0)
            continue;
        cop_node run = p.count == shape.dim[0] ? pixels : cop_slice(g, pixels, 0, p.first, p.count);
        pieces[count++] =
            p.factor == 1 ? run : cop_decode_images(g, run, COP_DECODE_SINGLE, (int32_t)p.factor);
    }
    cop_node all = count == 1 ? pieces[0] : cop_concat(g, pieces, count, 0);
    free(pieces);
    return all;
}

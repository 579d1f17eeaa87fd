/* decode.c: multi-formation (Kim et al. 2022, section 4.1): stored images are cut into tiles that
 * are upsampled to full size. */
#include "nn/decode.h"

#include "graph/node.h"

#include <stdlib.h>

/* Largest factors first. An image is cut by the present factor only while all images after it can
 * still be had whole within the bound; what is left at the end stays whole. */
static bool bound_part_at(int32_t factor, int64_t count, int64_t bound, int32_t i,
                          cop_decode_part *part)
{
    int64_t first = 0, decoded = 0;
    for (int32_t f = factor; f >= 1; f--) {
        int64_t left = count - first;
        int64_t tiles = (int64_t)f * f;
        int64_t room = bound - decoded - left;
        int64_t n = room > 0 ? room / tiles : 0;
        if (f == 1 || n > left)
            n = left;
        if (factor - f == i) {
            *part = (cop_decode_part){.factor = f, .first = first, .count = n};
            return true;
        }
        first += n;
        decoded += n * tiles;
    }
    return false;
}

bool cop_decode_part_at(cop_decode decode, int32_t factor, int64_t count, int64_t bound, int32_t i,
                        cop_decode_part *part)
{
    *part = (cop_decode_part){.factor = 1, .first = 0, .count = count};
    switch (decode) {
    case COP_DECODE_NONE:
        return i == 0;
    case COP_DECODE_SINGLE:
        part->factor = factor;
        return i == 0;
    case COP_DECODE_MULTI:
        part->factor = i + 1;
        return i < factor;
    case COP_DECODE_BOUND:
        return bound_part_at(factor, count, bound, i, part);
    }
    return false;
}

cop_decode cop_decode_for_training(cop_decode decode, int32_t factor)
{
    if (factor <= 1)
        return COP_DECODE_NONE;
    return decode == COP_DECODE_BOUND ? COP_DECODE_SINGLE : decode;
}

int64_t cop_decoded_count_within(cop_decode decode, int32_t factor, int64_t count, int64_t bound)
{
    int64_t decoded = 0;
    cop_decode_part part;
    for (int32_t i = 0; cop_decode_part_at(decode, factor, count, bound, i, &part); i++)
        decoded += (int64_t)part.factor * part.factor * part.count;
    return decoded;
}

int64_t cop_decoded_count(cop_decode decode, int32_t factor, int64_t count)
{
    return cop_decoded_count_within(decode, factor, count, COP_DECODE_BOUND_IMAGES);
}

/* 0.5 added after the end of one axis. A concatenation, so that pixels stay the bits they are. */
static cop_node pad_grey(cop_graph *g, cop_node x, int axis, int64_t after)
{
    if (after == 0 || x == COP_NO_NODE)
        return x;
    cop_shape shape = cop_node_shape(g, x);
    shape.dim[axis] = after;
    cop_node parts[2] = {x, cop_constant(g, shape, 0.5)};
    return cop_concat(g, parts, 2, axis);
}

/* [n, C, H, W] → [factor²·n, C, H, W], tile by tile in row order. */
static cop_node cut_and_upsample(cop_graph *g, cop_node x, int32_t factor)
{
    if (factor == 1)
        return x;
    cop_shape s = cop_node_shape(g, x);
    int64_t tile_h = (s.dim[2] + factor - 1) / factor, tile_w = (s.dim[3] + factor - 1) / factor;
    cop_node padded = pad_grey(g, x, 2, tile_h * factor - s.dim[2]);
    padded = pad_grey(g, padded, 3, tile_w * factor - s.dim[3]);
    size_t count = (size_t)factor * (size_t)factor;
    cop_node *tiles = malloc(count * sizeof *tiles);
    if (tiles == NULL)
        return cop_graph_out_of_memory(g);
    for (size_t t = 0; t < count; t++) {
        int64_t row = (int64_t)t / factor, column = (int64_t)t % factor;
        cop_node band = cop_slice(g, padded, 2, row * tile_h, tile_h);
        tiles[t] = cop_slice(g, band, 3, column * tile_w, tile_w);
    }
    cop_node all = cop_concat(g, tiles, count, 0);
    free(tiles);
    return cop_resize_bilinear(g, all, s.dim[2], s.dim[3]);
}

cop_node cop_decode_images_within(cop_graph *g, cop_node pixels, cop_decode decode, int32_t factor,
                                  int64_t bound)
{
    if (pixels == COP_NO_NODE)
        return COP_NO_NODE;
    cop_shape s = cop_node_shape(g, pixels);
    if (s.rank != 4)
        return cop_graph_refuse(g, "decoding wants images [N, C, H, W], given has rank %d",
                                (int)s.rank);
    if (factor < 1 || factor > s.dim[2] || factor > s.dim[3])
        return cop_graph_refuse(g, "images of %lld x %lld cannot be cut %d by %d",
                                (long long)s.dim[2], (long long)s.dim[3], (int)factor, (int)factor);
    cop_node *decoded = malloc((size_t)factor * sizeof *decoded);
    if (decoded == NULL)
        return cop_graph_out_of_memory(g);
    size_t count = 0;
    cop_decode_part part;
    for (int32_t i = 0; cop_decode_part_at(decode, factor, s.dim[0], bound, i, &part); i++) {
        if (part.count == 0)
            continue;
        cop_node stored = pixels;
        if (part.count != s.dim[0])
            stored = cop_slice(g, pixels, 0, part.first, part.count);
        decoded[count++] = cut_and_upsample(g, stored, part.factor);
    }
    cop_node all = count == 1 ? decoded[0] : cop_concat(g, decoded, count, 0);
    free(decoded);
    return cop_node_label(g, all, "decode");
}

cop_node cop_decode_images(cop_graph *g, cop_node pixels, cop_decode decode, int32_t factor)
{
    return cop_decode_images_within(g, pixels, decode, factor, COP_DECODE_BOUND_IMAGES);
}

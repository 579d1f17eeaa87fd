/* tiles.h: images in tiles, and batches of transformed tiles.
 *
 * Tiles are numbered by sample, row and column. */
#ifndef COP_EXEC_KERNELS_WINOGRAD_TILES_H
#define COP_EXEC_KERNELS_WINOGRAD_TILES_H

#include <coppice/graph.h>

#include "exec/kernels/winograd/scheme.h"

/* How an image [N, C, H, W] in blocks of sixteen channels is cut into square tiles: those of `side`
 * pixels begin `step` apart, the first at `origin`; they may overlap, and hang over the edge. */
typedef struct cop_tiling {
    int64_t blocks;        /* of channels that are taken: neighbours, from the image's first on */
    int64_t sample_blocks; /* that a sample has */
    int64_t height, width;
    int64_t rows, columns; /* of tiles, in a sample */
    int step, origin, side;
} cop_tiling;

cop_tiling cop_tiling_of(cop_shape image, int64_t rows, int64_t columns, int step, int origin,
                         int side);

/* Transformed tiles: position p of block b of tile t is at p·position + b·block + 16·t. */
typedef struct cop_batch {
    float *data;
    int64_t position, block;
} cop_batch;

/* A batch of `tiles` tiles of so many blocks at `data`, and the floats that `positions` take. */
cop_batch cop_batch_at(float *data, int64_t tiles, int64_t blocks);
int64_t cop_batch_floats(int64_t positions, int64_t tiles, int64_t blocks);

/* Tiles first … first + count − 1 of an image, transformed, as all of a batch. What hangs over the
 * edge counts as zero. `side` is of the transformed tile, in positions. */
void cop_tiles_enter(const cop_tiling *tiling, const float *image, int64_t first, int64_t count,
                     cop_winograd_enter *enter, int side, const cop_batch *batch);

/* The reverse. What hangs over the edge is dropped. */
void cop_tiles_leave(const cop_tiling *tiling, float *image, int64_t first, int64_t count,
                     cop_winograd_map *leave, int side, const cop_batch *batch);

#endif

/* tiles.c: tiles of images to transformed tiles, and back. */
#include "exec/kernels/winograd/tiles.h"

enum { SQUARE = COP_WINOGRAD_SIDE * COP_WINOGRAD_SIDE * COP_VECTOR };

cop_tiling cop_tiling_of(cop_shape image, int64_t rows, int64_t columns, int step, int origin,
                         int side)
{
    return (cop_tiling){.blocks = image.dim[1] / COP_VECTOR,
                        .sample_blocks = image.dim[1] / COP_VECTOR,
                        .height = image.dim[2],
                        .width = image.dim[3],
                        .rows = rows,
                        .columns = columns,
                        .step = step,
                        .origin = origin,
                        .side = side};
}

/* A line more than its elements between positions: at a power of two they would all fall into the
 * same few sets of the cache. */
cop_batch cop_batch_at(float *data, int64_t tiles, int64_t blocks)
{
    return (cop_batch){data, (tiles * blocks + 1) * COP_VECTOR, tiles * COP_VECTOR};
}

int64_t cop_batch_floats(int64_t positions, int64_t tiles, int64_t blocks)
{
    return positions * cop_batch_at(NULL, tiles, blocks).position;
}

/* A tile's square in a plane of its image, and the part of it that is inside. */
typedef struct place {
    int64_t first;                    /* of its channel blocks: planes before it */
    int64_t row, column;              /* of the square's corner; may be −1 */
    int64_t top, bottom, left, right; /* of the part, in the square; the ends exclusive */
    bool whole;
} place;

static int64_t end_of(int64_t begin, int64_t side, int64_t size)
{
    return begin + side < size ? side : size - begin;
}

static place place_of(const cop_tiling *t, int64_t tile)
{
    int64_t per_sample = t->rows * t->columns;
    place p = {.first = tile / per_sample * t->sample_blocks,
               .row = tile % per_sample / t->columns * t->step + t->origin,
               .column = tile % t->columns * t->step + t->origin};
    p.top = p.row < 0 ? -p.row : 0;
    p.left = p.column < 0 ? -p.column : 0;
    p.bottom = end_of(p.row, t->side, t->height);
    p.right = end_of(p.column, t->side, t->width);
    p.whole = p.top == 0 && p.left == 0 && p.bottom == t->side && p.right == t->side;
    return p;
}

/* Where pixel (i, j) of the square is, from the image's first float. */
static int64_t pixel(const cop_tiling *t, const place *p, int64_t block, int64_t i, int64_t j)
{
    return (((p->first + block) * t->height + p->row + i) * t->width + p->column + j) * COP_VECTOR;
}

static float *position(const cop_batch *batch, int64_t block, int64_t tile)
{
    return batch->data + block * batch->block + tile * COP_VECTOR;
}

/* As long as the widest square: what rows outside the image are. */
static const float zeros[COP_WINOGRAD_SIDE * COP_VECTOR];

static void enter_one(const cop_tiling *t, const float *image, const place *p, int64_t block,
                      cop_winograd_enter *enter, float *positions, cop_pitch pitch)
{
    cop_pixels pixels = {.left = (int)p->left, .right = (int)p->right};
    for (int i = 0; i < t->side; i++)
        pixels.row[i] =
            i >= p->top && i < p->bottom ? image + pixel(t, p, block, i, p->left) : zeros;
    enter(positions, pitch, &pixels);
}

static void leave_one(const cop_tiling *t, float *image, const place *p, int64_t block,
                      cop_winograd_map *leave, const float *positions, cop_pitch pitch)
{
    const cop_pitch in_image = {t->width * COP_VECTOR, COP_VECTOR};
    const cop_pitch in_square = {t->side * COP_VECTOR, COP_VECTOR};
    float square[SQUARE];
    if (p->whole) {
        leave(image + pixel(t, p, block, 0, 0), in_image, positions, pitch);
        return;
    }
    leave(square, in_square, positions, pitch);
    for (int64_t i = p->top; i < p->bottom; i++)
        for (int64_t j = p->left; j < p->right; j++)
            cop_vector_store(image + pixel(t, p, block, i, j),
                             cop_vector_load(square + (i * t->side + j) * COP_VECTOR));
}

/* Tiles of one block follow each other in memory, so they are taken in turn. */
void cop_tiles_enter(const cop_tiling *tiling, const float *image, int64_t first, int64_t count,
                     cop_winograd_enter *enter, int side, const cop_batch *batch)
{
    const cop_pitch pitch = {side * batch->position, batch->position};
    for (int64_t b = 0; b < tiling->blocks; b++)
        for (int64_t k = 0; k < count; k++) {
            place p = place_of(tiling, first + k);
            enter_one(tiling, image, &p, b, enter, position(batch, b, k), pitch);
        }
}

void cop_tiles_leave(const cop_tiling *tiling, float *image, int64_t first, int64_t count,
                     cop_winograd_map *leave, int side, const cop_batch *batch)
{
    const cop_pitch pitch = {side * batch->position, batch->position};
    for (int64_t b = 0; b < tiling->blocks; b++)
        for (int64_t k = 0; k < count; k++) {
            place p = place_of(tiling, first + k);
            leave_one(tiling, image, &p, b, leave, position(batch, b, k), pitch);
        }
}

/* gradient.c: the gradient by the weights: products of x's tiles and gy's, summed
 * over all tiles.
 *
 * Threads form `groups` of `parts`: a group has tiles of its own and sums of its own, which are
 * added up in the end; in it, each part has columns of its own. All parts let the group's tiles of
 * x enter by themselves: that is little work beside the products, and what one thread works with
 * never has to pass from another's cache. */
#include "core/openmp.h"
#include "exec/kernels/winograd/cut.h"
#include "exec/kernels/winograd/multiply.h"
#include "exec/kernels/winograd/taps.h"

enum {
    FLOATS = 512 * 1024,       /* of a thread's batch, as far as the tiles below allow */
    FEW_TILES = 28,            /* enough for the sums to be worth their way from the cache */
    MANY_TILES = 128,          /* all at once up to here */
    SMALL_FLOATS = 1024 * 1024 /* of sums that each thread may have to itself */
};

typedef struct gradient {
    const cop_conv_spec *spec;
    const cop_winograd_scheme *scheme;
    cop_tiling x, gy;
    int positions;
    int64_t tiles, pairs;
    int64_t batch; /* tiles of it */
    int64_t groups, parts;
    bool at_once; /* all tiles are one batch, and sums leave as soon as a pair of columns is done */
} gradient;

static gradient gradient_of(const cop_conv_spec *spec, int threads)
{
    const cop_winograd_scheme *s = cop_winograd_scheme_of(spec);
    gradient g = {.spec = spec, .scheme = s, .positions = s->side * s->side};
    int64_t in = spec->w.dim[1], out = spec->w.dim[0];
    g.x = cop_winograd_tiling(spec, spec->x, s->forward.step, s->forward.origin, s->forward.window);
    g.gy = cop_winograd_tiling(spec, spec->y, COP_WINOGRAD_TILE, 0, COP_WINOGRAD_TILE);
    g.tiles = cop_winograd_tiles(spec);
    g.pairs = (g.gy.blocks + 1) / 2;
    bool small = COP_WINOGRAD_MATRICES * in * out <= SMALL_FLOATS;
    g.parts = small && g.tiles >= threads * FEW_TILES ? 1 : cop_least(threads, g.pairs);
    g.groups = g.tiles >= threads / g.parts ? threads / g.parts : 1; /* each with tiles */
    g.at_once = g.groups == 1 && g.tiles <= MANY_TILES;
    int64_t fitting = FLOATS / (g.positions * (in + out / g.parts));
    g.batch = g.at_once ? g.tiles : cop_least(cop_most(fitting, FEW_TILES), MANY_TILES);
    return g;
}

static int64_t column_floats(const gradient *g)
{
    return g->x.blocks * COP_VECTOR * COP_VECTOR;
}

static int64_t matrix_step(const gradient *g, int64_t blocks)
{
    return cop_winograd_matrix_step(g->x.blocks, blocks);
}

/* Of a group's sums. */
static int64_t sums_floats(const gradient *g)
{
    return COP_WINOGRAD_MATRICES * matrix_step(g, g->gy.blocks);
}

/* Blocks of gy's channels, at most, that a part has. */
static int64_t part_blocks(const gradient *g)
{
    return g->at_once ? 2 : 2 * ((g->pairs + g->parts - 1) / g->parts);
}

static int64_t x_floats(const gradient *g)
{
    return cop_batch_floats(g->positions, g->batch, g->x.blocks);
}

static int64_t own_floats(const gradient *g)
{
    int64_t sums = g->at_once ? COP_WINOGRAD_MATRICES * matrix_step(g, 2) : 0;
    return sums + x_floats(g) + cop_batch_floats(g->positions, g->batch, part_blocks(g));
}

/* Adds products of a batch to two columns of the sums, or one: block `block` of those of gy that
 * have entered, and the next. `step` is between matrices. */
static void add_pair(const gradient *g, float *sums, int64_t step, const cop_batch *x,
                     const cop_batch *gy, int64_t block, int columns, int64_t count, bool first)
{
    bool begun[COP_WINOGRAD_MATRICES] = {false};
    for (int p = 0; p < g->positions; p++) {
        int matrix = cop_winograd_matrix(g->scheme, p);
        cop_winograd_accumulate(sums + matrix * step, x->data + p * x->position, x->block,
                                gy->data + p * gy->position + block * gy->block, gy->block, count,
                                g->x.blocks, columns, first && !begun[matrix]);
        begun[matrix] = true;
    }
}

static void leave_column(const gradient *g, float *result, const float *sums, int64_t step,
                         int64_t column)
{
    for (int64_t row = 0; row < g->x.blocks; row++)
        cop_taps_leave(g->scheme, result, g->spec->w, sums, step, row, column);
}

static void one_batch(const gradient *g, float *sums, const float *x, const float *gy,
                      float *scratch, int64_t tile, int64_t count, int64_t block, int64_t blocks,
                      bool first)
{
    int side = g->scheme->side;
    int64_t offset;
    cop_tiling columns = cop_winograd_some_blocks(&g->gy, block, blocks, &offset);
    cop_batch left = cop_batch_at(scratch, count, g->x.blocks);
    cop_batch right = cop_batch_at(scratch + x_floats(g), count, columns.blocks);
    cop_tiles_enter(&g->x, x, tile, count, g->scheme->forward.enter, side, &left);
    cop_tiles_enter(&columns, gy + offset, tile, count, g->scheme->enter_gy, side, &right);
    for (int64_t k = 0; k < columns.blocks; k += 2)
        add_pair(g, sums + (block + k) * column_floats(g), matrix_step(g, g->gy.blocks), &left,
                 &right, k, k + 1 < columns.blocks ? 2 : 1, count, first);
}

static void sum_up(const gradient *g, float *sums, const float *x, const float *gy, float *scratch,
                   int64_t id)
{
    int64_t group = id / g->parts, part = id % g->parts;
    int64_t tile = g->tiles * group / g->groups;
    int64_t mine = g->tiles * (group + 1) / g->groups - tile;
    int64_t block = 2 * (g->pairs * part / g->parts);
    int64_t blocks = 2 * (g->pairs * (part + 1) / g->parts) - block;
    int64_t batches = (mine + g->batch - 1) / g->batch;
    for (int64_t k = 0; k < batches; k++)
        one_batch(g, sums + group * sums_floats(g), x, gy, scratch, tile + mine * k / batches,
                  mine * (k + 1) / batches - mine * k / batches, block, blocks, k == 0);
}

/* Adds the other groups' sums to the first one's, for one column, and lets it leave. */
static void finish_column(const gradient *g, float *result, float *sums, int64_t column)
{
    int64_t floats = column_floats(g), step = matrix_step(g, g->gy.blocks);
    float *first = sums + column * floats;
    for (int64_t group = 1; group < g->groups; group++)
        for (int q = 0; q < COP_WINOGRAD_MATRICES; q++) {
            float *to = first + q * step;
            const float *from = to + group * sums_floats(g);
            for (int64_t i = 0; i < floats; i++)
                to[i] += from[i];
        }
    leave_column(g, result, first, step, column);
}

static void all_at_once(const gradient *g, float *result, const float *x, const float *gy,
                        float *scratch, int64_t id)
{
    int side = g->scheme->side;
    int64_t count = g->tiles, step = matrix_step(g, 2);
    float *sums = scratch + x_floats(g) + cop_batch_floats(g->positions, g->batch, 2);
    cop_batch left = cop_batch_at(scratch, count, g->x.blocks);
    cop_tiles_enter(&g->x, x, 0, count, g->scheme->forward.enter, side, &left);
    for (int64_t pair = g->pairs * id / g->parts; pair < g->pairs * (id + 1) / g->parts; pair++) {
        int64_t offset;
        cop_tiling columns = cop_winograd_some_blocks(&g->gy, 2 * pair, 2, &offset);
        cop_batch right = cop_batch_at(scratch + x_floats(g), count, columns.blocks);
        cop_tiles_enter(&columns, gy + offset, 0, count, g->scheme->enter_gy, side, &right);
        add_pair(g, sums, step, &left, &right, 0, (int)columns.blocks, count, true);
        for (int64_t k = 0; k < columns.blocks; k++)
            leave_column(g, result, sums + k * column_floats(g), step, 2 * pair + k);
    }
}

size_t cop_winograd_gradient_floats(const cop_conv_spec *spec, int threads)
{
    gradient g = gradient_of(spec, threads);
    int64_t sums = g.at_once ? 0 : g.groups * sums_floats(&g);
    return (size_t)(sums + threads * own_floats(&g));
}

/* The work is cut for `threads`, also where OpenMP gives fewer; some may have none. */
void cop_winograd_gradient(const cop_conv_spec *spec, float *result, const float *x,
                           const float *gy, float *scratch, int threads)
{
    gradient g = gradient_of(spec, threads);
    float *own = scratch + (g.at_once ? 0 : g.groups * sums_floats(&g));
#pragma omp parallel num_threads(threads)
    {
        int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
        for (int64_t id = me; id < g.groups * g.parts; id += team) {
            if (g.at_once)
                all_at_once(&g, result, x, gy, own + id * own_floats(&g), id);
            else
                sum_up(&g, scratch, x, gy, own + id * own_floats(&g), id);
        }
#pragma omp barrier
        for (int64_t k = g.gy.blocks * me / team; k < g.gy.blocks * (me + 1) / team && !g.at_once;
             k++)
            finish_column(&g, result, scratch, k);
    }
}

/* images.c: from image to image: the forward convolution and the gradient by data.
 *
 * The matrices are made first, by all threads together; then each thread takes batches of tiles of
 * its own. Every sum goes over the channels in order, so that threads and batches change no bit. */
#include "core/openmp.h"
#include "exec/kernels/winograd/cut.h"
#include "exec/kernels/winograd/multiply.h"
#include "exec/kernels/winograd/taps.h"

/* Tiles of a batch: few, so that it stays in the second-level cache; more where matrices come from
 * beyond the third. */
enum { FEW_TILES = 28, MANY_TILES = 64, LARGE_FLOATS = 4 * 1024 * 1024 };

typedef struct images {
    const cop_conv_spec *spec;
    const cop_winograd_scheme *scheme;
    const cop_winograd_pass *pass;
    cop_tiling from, to;
    int64_t tiles, batch; /* in all, and at most in a batch */
} images;

static images images_of(const cop_conv_spec *spec)
{
    bool data = spec->kind == COP_CONV_DATA;
    images m = {.spec = spec, .scheme = cop_winograd_scheme_of(spec)};
    const cop_winograd_pass *p = m.pass = data ? &m.scheme->data : &m.scheme->forward;
    m.from = cop_winograd_tiling(spec, data ? spec->y : spec->x, p->step, p->origin, p->window);
    m.to = cop_winograd_tiling(spec, data ? spec->x : spec->y, p->result, 0, p->result);
    m.tiles = cop_winograd_tiles(spec);
    bool large = COP_WINOGRAD_MATRICES * spec->w.dim[0] * spec->w.dim[1] > LARGE_FLOATS;
    m.batch = cop_least(large ? MANY_TILES : FEW_TILES, m.tiles);
    return m;
}

static int64_t matrix_step(const images *m)
{
    return cop_winograd_matrix_step(m->from.blocks, m->to.blocks);
}

/* Of the transformed operand of a batch, and of all that a thread has. */
static int64_t operand_floats(const images *m)
{
    return cop_batch_floats(m->scheme->side * m->scheme->side, m->batch, m->from.blocks);
}

static int64_t own_floats(const images *m)
{
    return operand_floats(m) +
           cop_batch_floats(m->scheme->side * m->scheme->side, m->batch, m->to.blocks);
}

static void make_column(const images *m, float *matrices, const float *weights, int64_t column)
{
    float *to = matrices + column * m->from.blocks * COP_VECTOR * COP_VECTOR;
    for (int64_t row = 0; row < m->from.blocks; row++)
        cop_taps_enter(m->scheme, to, matrix_step(m), weights, m->spec->w,
                       m->spec->kind == COP_CONV_DATA, row, column);
}

static void one_batch(const images *m, float *result, const float *operand, const float *matrices,
                      float *scratch, int64_t first, int64_t count)
{
    int side = m->scheme->side;
    cop_batch in = cop_batch_at(scratch, count, m->from.blocks);
    cop_batch out = cop_batch_at(scratch + operand_floats(m), count, m->to.blocks);
    cop_tiles_enter(&m->from, operand, first, count, m->pass->enter, side, &in);
    for (int p = 0; p < side * side; p++)
        cop_winograd_multiply(out.data + p * out.position, out.block, in.data + p * in.position,
                              in.block,
                              matrices + cop_winograd_matrix(m->scheme, p) * matrix_step(m), count,
                              m->from.blocks, m->to.blocks);
    cop_tiles_leave(&m->to, result, first, count, m->pass->leave, side, &out);
}

size_t cop_winograd_images_floats(const cop_conv_spec *spec, int threads)
{
    images m = images_of(spec);
    return (size_t)(COP_WINOGRAD_MATRICES * matrix_step(&m) + threads * own_floats(&m));
}

void cop_winograd_images(const cop_conv_spec *spec, float *result, const float *operand,
                         const float *weights, float *scratch, int threads)
{
    const images cut = images_of(spec), *m = &cut;
    float *batches = scratch + COP_WINOGRAD_MATRICES * matrix_step(m);
#pragma omp parallel num_threads(threads)
    {
        int64_t team = omp_get_num_threads(), id = omp_get_thread_num();
        for (int64_t k = m->to.blocks * id / team; k < m->to.blocks * (id + 1) / team; k++)
            make_column(m, scratch, weights, k);
#pragma omp barrier
        int64_t first = m->tiles * id / team, mine = m->tiles * (id + 1) / team - first;
        int64_t parts = (mine + m->batch - 1) / m->batch;
        for (int64_t k = 0; k < parts; k++)
            one_batch(m, result, operand, scratch, batches + id * own_floats(m),
                      first + mine * k / parts, mine * (k + 1) / parts - mine * k / parts);
    }
}

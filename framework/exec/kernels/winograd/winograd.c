/* winograd.c: what Winograd's algorithm is used for, and how it is cut up. */
#include "exec/kernels/winograd/winograd.h"

#include "exec/kernels/winograd/cut.h"

int64_t cop_winograd_tiles_along(int64_t size)
{
    return (size + COP_WINOGRAD_TILE - 1) / COP_WINOGRAD_TILE;
}

int64_t cop_winograd_tiles(const cop_conv_spec *spec)
{
    return spec->y.dim[0] * cop_winograd_tiles_along(spec->y.dim[2]) *
           cop_winograd_tiles_along(spec->y.dim[3]);
}

const cop_winograd_scheme *cop_winograd_scheme_of(const cop_conv_spec *spec)
{
    return spec->window.stride_h == 1 ? &cop_winograd_unit : &cop_winograd_strided;
}

cop_tiling cop_winograd_tiling(const cop_conv_spec *spec, cop_shape image, int step, int origin,
                               int side)
{
    return cop_tiling_of(image, cop_winograd_tiles_along(spec->y.dim[2]),
                         cop_winograd_tiles_along(spec->y.dim[3]), step, origin, side);
}

cop_tiling cop_winograd_some_blocks(const cop_tiling *tiling, int64_t first, int64_t count,
                                    int64_t *offset)
{
    cop_tiling some = *tiling;
    some.blocks = cop_least(count, tiling->blocks - first);
    *offset = first * tiling->height * tiling->width * COP_VECTOR;
    return some;
}

int cop_winograd_matrix(const cop_winograd_scheme *s, int p)
{
    return COP_WINOGRAD_UNIQUE * s->matrix[p / s->side] + s->matrix[p % s->side];
}

static bool is_compiled_for_wide_registers(void)
{
#ifdef __AVX512F__
    return true;
#else
    return false;
#endif
}

static bool is_three_by_three(const cop_window *w)
{
    return w->size_h == 3 && w->size_w == 3 && w->pad_h == 1 && w->pad_w == 1 &&
           w->stride_h == w->stride_w && (w->stride_h == 1 || w->stride_h == 2);
}

bool cop_winograd_can(const cop_conv_spec *spec)
{
    return is_three_by_three(&spec->window) && spec->w.dim[0] % COP_VECTOR == 0 &&
           spec->w.dim[1] % COP_VECTOR == 0;
}

/* Few tiles do not pay for transforming the weights, nor narrow layers for stride 2's many
 * positions, nor tiles that hang over the image's edge. Where it begins to pay was measured. */
bool cop_winograd_suits(const cop_conv_spec *spec)
{
    int64_t least_channels = cop_least(spec->w.dim[0], spec->w.dim[1]);
    int64_t pixels = spec->y.dim[0] * spec->y.dim[2] * spec->y.dim[3];
    int64_t tiles = cop_winograd_tiles(spec);
    if (!is_compiled_for_wide_registers() || !cop_winograd_can(spec) ||
        4 * pixels < 3 * tiles * COP_WINOGRAD_TILE * COP_WINOGRAD_TILE)
        return false;
    return spec->window.stride_h == 1 ? tiles >= 16 : tiles >= 64 && least_channels >= 64;
}

size_t cop_winograd_scratch_bytes(const cop_conv_spec *spec, int threads)
{
    bool weights = spec->kind == COP_CONV_WEIGHTS;
    return sizeof(float) * (weights ? cop_winograd_gradient_floats(spec, threads)
                                    : cop_winograd_images_floats(spec, threads));
}

void cop_kernel_winograd(const cop_conv_spec *spec, float *result, const float *a, const float *b,
                         float *scratch, int threads)
{
    if (spec->kind == COP_CONV_WEIGHTS)
        cop_winograd_gradient(spec, result, a, b, scratch, threads);
    else
        cop_winograd_images(spec, result, a, b, scratch, threads);
}

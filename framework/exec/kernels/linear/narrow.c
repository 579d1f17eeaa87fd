/* narrow.c: convolution gradients by an input of few channels. */
#include "exec/kernels/linear/narrow.h"

#include <string.h>

enum { PIXELS = 12, WIDTH = 16, SERIAL_COUNT = 8192 };

typedef float vec __attribute__((vector_size(64), aligned(4)));

bool cop_narrow_suits(cop_shape w)
{
    return w.dim[1] <= COP_NARROW_CHANNELS && w.dim[1] * w.dim[2] * w.dim[3] <= COP_NARROW_TAPS;
}

size_t cop_narrow_scratch_bytes(const cop_narrow *c)
{
    return (size_t)c->w.dim[0] * COP_NARROW_TAPS * sizeof(float);
}

/* Rows of weights, one per output channel, filled up with zeros. */
static void pack(const cop_narrow *c, float *rows, const float *w)
{
    int64_t taps = c->w.dim[1] * c->w.dim[2] * c->w.dim[3];
    memset(rows, 0, cop_narrow_scratch_bytes(c));
    for (int64_t o = 0; o < c->w.dim[0]; o++)
        memcpy(rows + o * COP_NARROW_TAPS, w + o * taps, (size_t)taps * sizeof *w);
}

/* out[p] = Σ_o gy[o at pixel p] · rows[o], for `count` neighbouring pixels (all of PIXELS are
 * computed; those beyond `count` repeat the last). */
static void multiply(const cop_narrow *c, const float *gy, int64_t plane, int64_t count,
                     const float *rows, float (*out)[COP_NARROW_TAPS])
{
    vec low[PIXELS] = {{0}}, high[PIXELS] = {{0}};
    int64_t at[PIXELS];
    for (int p = 0; p < PIXELS; p++)
        at[p] = (p < count ? p : count - 1) * c->lanes;
    for (int64_t first = 0; first < c->w.dim[0]; first += c->lanes, gy += plane * c->lanes)
        for (int32_t l = 0; l < c->lanes; l++) {
            const float *row = rows + (first + l) * COP_NARROW_TAPS;
            vec a = *(const vec *)row, b = *(const vec *)(row + WIDTH);
#pragma GCC unroll 12
            for (int p = 0; p < PIXELS; p++) {
                float g = gy[at[p] + l];
                low[p] += g * a;
                high[p] += g * b;
            }
        }
    for (int p = 0; p < count; p++) {
        *(vec *)out[p] = low[p];
        *(vec *)(out[p] + WIDTH) = high[p];
    }
}

/* Adds a pixel's row to the windows' places in one sample's gx. */
static void scatter(const cop_narrow *c, float *gx, int64_t i, int64_t j, const float *row)
{
    int64_t top = i * c->window.stride_h - c->window.pad_h;
    int64_t left = j * c->window.stride_w - c->window.pad_w;
    int64_t height = c->x.dim[2], width = c->x.dim[3], kh = c->w.dim[2], kw = c->w.dim[3];
    for (int64_t ch = 0; ch < c->x.dim[1]; ch++)
        for (int64_t h = 0; h < kh; h++) {
            if (top + h < 0 || top + h >= height)
                continue;
            float *to = gx + (ch * height + top + h) * width;
            const float *from = row + (ch * kh + h) * kw;
            for (int64_t w = 0; w < kw; w++)
                if (left + w >= 0 && left + w < width)
                    to[left + w] += from[w];
        }
}

static void one_sample(const cop_narrow *c, float *gx, const float *gy, const float *rows)
{
    int64_t out_width = c->y.dim[3], plane = c->y.dim[2] * out_width;
    float row[PIXELS][COP_NARROW_TAPS];
    memset(gx, 0, (size_t)(c->x.dim[1] * c->x.dim[2] * c->x.dim[3]) * sizeof *gx);
    for (int64_t begin = 0; begin < plane; begin += PIXELS) {
        int64_t count = plane - begin < PIXELS ? plane - begin : PIXELS;
        multiply(c, gy + begin * c->lanes, plane, count, rows, row);
        for (int64_t p = 0; p < count; p++)
            scatter(c, gx, (begin + p) / out_width, (begin + p) % out_width, row[p]);
    }
}

void cop_kernel_conv_data_narrow(const cop_narrow *c, float *gx, const float *gy, const float *w,
                                 float *scratch, int threads)
{
    int64_t samples = c->x.dim[0], x_size = cop_shape_count(c->x) / samples;
    int64_t y_size = cop_shape_count(c->y) / samples;
    pack(c, scratch, w);
#pragma omp parallel for schedule(static) num_threads(threads) if (samples * y_size >= SERIAL_COUNT)
    for (int64_t n = 0; n < samples; n++)
        one_sample(c, gx + n * x_size, gy + n * y_size, scratch);
}

/* blur.c: blurs by a kernel: a Gaussian, or a soft disk. */
#include "corrupt.h"

#include <math.h>

/* exp(−x² / 2σ²) for x = −reach … reach, with a sum of 1. */
static void make_bell(double sigma, int reach, double *bell)
{
    double sum = 0.0;
    for (int x = -reach; x <= reach; x++)
        sum += bell[x + reach] = exp(-0.5 * (double)(x * x) / (sigma * sigma));
    for (int x = 0; x <= 2 * reach; x++)
        bell[x] /= sum;
}

/* SciPy's, which reaches four deviations. */
void corruption_make_gaussian(corruption *c, double sigma)
{
    double bell[2 * CORRUPTION_REACH + 1];
    c->reach = (int)(4.0 * sigma + 0.5);
    make_bell(sigma, c->reach, bell);
    for (int y = 0; y <= 2 * c->reach; y++) {
        for (int x = 0; x <= 2 * c->reach; x++)
            c->kernel[y][x] = bell[y] * bell[x];
    }
}

/* A disk of equal entries, blurred by a Gaussian of 3x3: its radius is below 2. */
void corruption_make_defocus(corruption *c, double radius, double sigma)
{
    double bell[3], disk[5][5] = {{0.0}}, sum = 0.0;
    make_bell(sigma, 1, bell);
    for (int y = -1; y <= 1; y++) {
        for (int x = -1; x <= 1; x++)
            sum += disk[y + 2][x + 2] = (double)(x * x + y * y) <= radius * radius ? 1.0 : 0.0;
    }
    c->reach = 2;
    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 5; x++) {
            c->kernel[y][x] = 0.0;
            for (int i = -1; i <= 1; i++) {
                for (int k = -1; k <= 1; k++) {
                    bool is_inside = y + i >= 0 && y + i < 5 && x + k >= 0 && x + k < 5;
                    if (is_inside)
                        c->kernel[y][x] += bell[i + 1] * bell[k + 1] * disk[y + i][x + k] / sum;
                }
            }
        }
    }
}

/* The pixel that stands for one beyond the edge: the edge's own, or the mirrored one, where the
 * edge is not repeated. */
static int32_t inside(int32_t at, int32_t size, bool repeats_edge)
{
    if (repeats_edge || size == 1)
        return at < 0 ? 0 : at >= size ? size - 1 : at;
    while (at < 0 || at >= size)
        at = at < 0 ? -at : 2 * (size - 1) - at;
    return at;
}

void corruption_blur(const corruption *c, float *plane, bool repeats_edge)
{
    int64_t count = (int64_t)c->height * c->width;
    for (int64_t i = 0; i < count; i++)
        c->plane[i] = (double)plane[i];
    for (int32_t y = 0; y < c->height; y++) {
        for (int32_t x = 0; x < c->width; x++) {
            double sum = 0.0;
            for (int32_t i = -c->reach; i <= c->reach; i++) {
                const double *row =
                    c->plane + (int64_t)inside(y + i, c->height, repeats_edge) * c->width;
                for (int32_t k = -c->reach; k <= c->reach; k++)
                    sum += c->kernel[i + c->reach][k + c->reach] *
                           row[inside(x + k, c->width, repeats_edge)];
            }
            plane[(int64_t)y * c->width + x] = (float)fmin(fmax(sum, 0.0), 1.0);
        }
    }
}

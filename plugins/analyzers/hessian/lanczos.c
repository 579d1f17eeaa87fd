/* lanczos.c: Lanczos' iteration with full reorthogonalisation from Rademacher starts, and how well
 * the first start's Ritz pairs satisfy Hv = λv.
 *
 * A step is a product. The vectors of one start are in the bag, in single precision; sums over them
 * are in double. The next start takes their place. */
#include "hessian.h"

/* A start ends where what is left of a product is below this share of the largest element of its
 * tridiagonal matrix: the products' own rounding. Its vectors then span all that H makes of it. */
#define BREAKDOWN 1e-7

cop_status hessian_lanczos_declare(const hessian *self, cop_tensors *bag, cop_error *err)
{
    const hessian_steps *s = &self->steps;
    int64_t n = hessian_map_count(&self->map), depth = s->depth < n ? s->depth : n;
    COP_TRY(cop_tensors_add(bag, "basis", COP_F32, cop_shape2(depth, n), NULL, err));
    COP_TRY(cop_tensors_add(bag, "alpha", COP_F64, cop_shape2(s->starts, depth), NULL, err));
    COP_TRY(cop_tensors_add(bag, "beta", COP_F64, cop_shape2(s->starts, depth), NULL, err));
    COP_TRY(cop_tensors_add(bag, "length", COP_I64, cop_shape1(s->starts), NULL, err));
    return s->pairs > 0 ? cop_tensors_add(bag, "residual", COP_F64, cop_shape1(s->pairs), NULL, err)
                        : COP_OK;
}

/* A start's rows of the bag. */
typedef struct course {
    int64_t depth, n;
    float *basis;
    double *alpha, *beta;
    int64_t *length;
} course;

static course course_of(const cop_tensors *bag, int64_t start)
{
    const cop_tensor *basis = cop_tensors_find(bag, "basis");
    int64_t depth = basis->shape.dim[0];
    return (course){.depth = depth,
                    .n = basis->shape.dim[1],
                    .basis = cop_f32(basis),
                    .alpha = cop_f64(cop_tensors_find(bag, "alpha")) + start * depth,
                    .beta = cop_f64(cop_tensors_find(bag, "beta")) + start * depth,
                    .length = cop_i64(cop_tensors_find(bag, "length")) + start};
}

/* Whether step j is to be gone: the start has not ended before it. */
static bool goes_on(const course *c, int64_t j)
{
    double scale = 0.0;
    if (j >= c->depth || *c->length < j)
        return false;
    for (int64_t i = 0; i < j; i++)
        scale = fmax(scale, fmax(fabs(c->alpha[i]), fabs(c->beta[i])));
    return j == 0 || c->beta[j - 1] > BREAKDOWN * scale;
}

/* Eight sums at a time, which is quicker and as exact; in this order whatever the machine. */
static double dot(const float *restrict a, const double *restrict b, int64_t n)
{
    double sum[8] = {0.0}, total = 0.0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int k = 0; k < 8; k++)
            sum[k] += (double)a[i + k] * b[i + k];
    }
    for (; i < n; i++)
        total += (double)a[i] * b[i];
    for (int k = 0; k < 8; k++)
        total += sum[k];
    return total;
}

static double norm(const double *a, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * a[i];
    return sqrt(sum);
}

static void subtract(double *restrict from, double factor, const float *restrict row, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        from[i] -= factor * (double)row[i];
}

static void begin_start(hessian *self, const cop_work *work, int64_t start, const course *c)
{
    hessian_draw(self, work, "start", start);
    for (int64_t i = 0; i < c->n; i++)
        c->basis[i] = (float)((double)self->vector[i] / sqrt((double)c->n));
}

/* self->rest becomes H times row j. */
static cop_status multiply_row(hessian *self, cop_work *work, const float *row, int64_t n,
                               cop_error *err)
{
    for (int64_t i = 0; i < n; i++)
        self->vector[i] = row[i];
    COP_TRY(hessian_multiply(self, work, err));
    for (int64_t i = 0; i < n; i++)
        self->rest[i] = (double)self->result[i];
    return COP_OK;
}

/* So many coordinates at a time: that part of the rest stays in the cache while all rows pass by.
 */
enum { PART = 2048 };

static int64_t part_from(const course *c, int64_t at)
{
    return c->n - at < PART ? c->n - at : PART;
}

/* What of the rest lies along each row. */
static void project(const course *c, int64_t rows, const double *rest, double *along)
{
    for (int64_t i = 0; i < rows; i++)
        along[i] = 0.0;
    for (int64_t at = 0; at < c->n; at += PART) {
        for (int64_t i = 0; i < rows; i++)
            along[i] += dot(c->basis + i * c->n + at, rest + at, part_from(c, at));
    }
}

/* Takes out of the rest what lies along the first rows; twice, as the first time leaves rounding
 * errors of its own. */
static void orthogonalise(hessian *self, const course *c, int64_t rows)
{
    for (int pass = 0; pass < 2; pass++) {
        project(c, rows, self->rest, self->along);
        for (int64_t at = 0; at < c->n; at += PART) {
            for (int64_t i = 0; i < rows; i++)
                subtract(self->rest + at, self->along[i], c->basis + i * c->n + at,
                         part_from(c, at));
        }
    }
}

cop_status hessian_lanczos_step(hessian *self, cop_work *work, int64_t start, int64_t j,
                                cop_error *err)
{
    const course c = course_of(cop_work_bag(work), start);
    if (!goes_on(&c, j))
        return COP_OK;
    if (j == 0)
        begin_start(self, work, start, &c);
    const float *row = c.basis + j * c.n;
    COP_TRY(multiply_row(self, work, row, c.n, err));
    c.alpha[j] = dot(row, self->rest, c.n);
    orthogonalise(self, &c, j + 1);
    c.beta[j] = norm(self->rest, c.n);
    *c.length = j + 1;
    if (goes_on(&c, j + 1)) {
        float *next = c.basis + (j + 1) * c.n;
        for (int64_t i = 0; i < c.n; i++)
            next[i] = (float)(self->rest[i] / c.beta[j]);
    }
    cop_work_report(work, "Lanczos step %lld of start %lld", (long long)(j + 1),
                    (long long)(start + 1));
    return COP_OK;
}

/* self->vector becomes the Ritz vector, of length 1. */
static void make_ritz_vector(hessian *self, const course *c, const double *components,
                             int64_t count)
{
    for (int64_t i = 0; i < c->n; i++)
        self->rest[i] = 0.0;
    for (int64_t k = 0; k < count; k++)
        subtract(self->rest, -components[k], c->basis + k * c->n, c->n);
    double length = norm(self->rest, c->n);
    for (int64_t i = 0; i < c->n; i++)
        self->vector[i] = (float)(self->rest[i] / length);
}

cop_status hessian_residual_step(hessian *self, cop_work *work, int64_t pair, cop_error *err)
{
    cop_tensors *bag = cop_work_bag(work);
    const course c = course_of(bag, 0);
    double squares = 0.0;
    if (pair >= *c.length) /* it has fewer pairs than are wanted */
        return COP_OK;
    if (self->ritz.values == NULL)
        COP_TRY(hessian_ritz_make(bag, 0, &self->ritz, err));
    double value = self->ritz.values[pair];
    make_ritz_vector(self, &c, self->ritz.vectors + pair * *c.length, *c.length);
    COP_TRY(hessian_multiply(self, work, err));
    for (int64_t i = 0; i < c.n; i++) {
        double left = (double)self->result[i] - value * (double)self->vector[i];
        squares += left * left;
    }
    cop_f64(cop_tensors_find(bag, "residual"))[pair] = sqrt(squares);
    cop_work_report(work, "eigenvalue %.4g", value);
    return COP_OK;
}

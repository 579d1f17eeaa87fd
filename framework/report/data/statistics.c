/* statistics.c: Student's t, by the incomplete beta function, and what is made of it. */
#include "report/data/statistics.h"

#include "report/data/sheets.h"

#include <math.h>
#include <stdbool.h>

/* Of the continued fraction of DLMF 8.17.22, by Lentz's method as Thompson and Barnett have it. */
static double continued_fraction(double a, double b, double x)
{
    const double tiny = 1e-300, enough = 1e-16;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m <= 10000; m++) {
        double even = (double)m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for (int part = 0; part < 2; part++) {
            double term = part == 0 ? even : odd;
            d = 1.0 + term * d;
            d = 1.0 / (fabs(d) < tiny ? tiny : d);
            c = 1.0 + term / c;
            c = fabs(c) < tiny ? tiny : c;
            f *= c * d;
        }
        if (fabs(c * d - 1.0) < enough)
            break;
    }
    return f;
}

double cop_incomplete_beta(double a, double b, double x)
{
    if (x <= 0.0 || x >= 1.0)
        return x <= 0.0 ? 0.0 : 1.0;
    /* The fraction converges fast below the mean; beyond it the mirror image does. */
    if (x > (a + 1.0) / (a + b + 2.0))
        return 1.0 - cop_incomplete_beta(b, a, 1.0 - x);
    double front = a * log(x) + b * log1p(-x) - (lgamma(a) + lgamma(b) - lgamma(a + b));
    return exp(front) * continued_fraction(a, b, x) / a;
}

double cop_student_p(double t, double freedom)
{
    if (isnan(t))
        return t;
    if (isinf(t))
        return 0.0;
    return cop_incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t * t));
}

/* It falls with t: halving finds it to the last digits. */
double cop_student_t(double share, double freedom)
{
    double low = 0.0, high = 1.0;
    while (cop_student_p(high, freedom) > 1.0 - share && high < 1e300)
        high *= 2.0;
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (low + high);
        if (cop_student_p(middle, freedom) > 1.0 - share)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

cop_interval cop_mean_interval(const double *values, size_t count, double share)
{
    cop_spread s = cop_spread_of(values, count);
    double half = (double)NAN;
    if (s.count > 1)
        half = cop_student_t(share, (double)(s.count - 1)) * s.std / sqrt((double)s.count);
    return (cop_interval){
        .count = s.count, .mean = s.mean, .sd = s.std, .low = s.mean - half, .high = s.mean + half};
}

/* Mean over the pairs that copy is no part of; NaN where there is none. */
static double mean_without(const cop_pair_value *pairs, size_t count, int64_t copy)
{
    double sum = 0.0, used = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].first == copy || pairs[i].second == copy)
            continue;
        sum += pairs[i].value;
        used += 1.0;
    }
    return used > 0.0 ? sum / used : (double)NAN;
}

static int64_t copy_at(const cop_pair_value *pairs, size_t place)
{
    return place % 2 == 0 ? pairs[place / 2].first : pairs[place / 2].second;
}

/* Whether the copy at that place stands at none before it. */
static bool is_new(const cop_pair_value *pairs, size_t place)
{
    for (size_t i = 0; i < place; i++)
        if (copy_at(pairs, i) == copy_at(pairs, place))
            return false;
    return true;
}

/* Σ over copies of (mean without it − centre) to a power; *copies counts them. */
static double sum_without(const cop_pair_value *pairs, size_t count, double centre, int power,
                          size_t *copies)
{
    double sum = 0.0;
    *copies = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        if (!is_new(pairs, i))
            continue;
        sum += pow(mean_without(pairs, count, copy_at(pairs, i)) - centre, power);
        ++*copies;
    }
    return sum;
}

cop_interval cop_pairs_interval(const cop_pair_value *pairs, size_t count, double share)
{
    double sum = 0.0, squares = 0.0, half = (double)NAN;
    size_t copies = 0;
    for (size_t i = 0; i < count; i++)
        sum += pairs[i].value;
    double mean = count > 0 ? sum / (double)count : (double)NAN;
    for (size_t i = 0; i < count; i++)
        squares += (pairs[i].value - mean) * (pairs[i].value - mean);
    double centre = sum_without(pairs, count, 0.0, 1, &copies) / (double)copies;
    if (copies > 2) {
        double spread = sum_without(pairs, count, centre, 2, &copies), m = (double)copies;
        half = cop_student_t(share, m - 1.0) * sqrt((m - 1.0) / m * spread);
    }
    return (cop_interval){.count = copies,
                          .mean = mean,
                          .sd = count > 1 ? sqrt(squares / (double)(count - 1)) : (double)NAN,
                          .low = mean - half,
                          .high = mean + half};
}

cop_paired cop_paired_difference(const double *a, const double *b, size_t count, double share,
                                 double *room)
{
    for (size_t i = 0; i < count; i++)
        room[i] = a[i] - b[i];
    cop_paired out = {.difference = cop_mean_interval(room, count, share),
                      .effect = (double)NAN,
                      .p = (double)NAN};
    const cop_interval *d = &out.difference;
    if (d->count < 2)
        return out;
    if (!(d->sd > 0.0)) {
        out.p = d->mean == 0.0 ? 1.0 : 0.0;
        return out;
    }
    out.effect = d->mean / d->sd;
    out.p = cop_student_p(out.effect * sqrt((double)d->count), (double)(d->count - 1));
    return out;
}

/* How many of the others come before it: lesser ones, and equal ones of a lower number. */
static size_t rank_of(const double *p, size_t count, size_t i)
{
    size_t rank = 0;
    for (size_t k = 0; k < count; k++)
        rank += p[k] < p[i] || (p[k] == p[i] && k < i) ? 1 : 0;
    return rank;
}

void cop_holm(const double *p, size_t count, double *out)
{
    size_t tests = 0;
    for (size_t i = 0; i < count; i++)
        tests += isnan(p[i]) ? 0 : 1;
    for (size_t i = 0; i < count; i++) {
        out[i] = p[i];
        for (size_t k = 0; !isnan(p[i]) && k < count; k++) {
            if (isnan(p[k]) || rank_of(p, count, k) > rank_of(p, count, i))
                continue;
            out[i] = fmax(out[i], (double)(tests - rank_of(p, count, k)) * p[k]);
        }
        out[i] = out[i] > 1.0 ? 1.0 : out[i];
    }
}

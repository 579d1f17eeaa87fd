/* Intervals and tests against SciPy 1.10 (special.betainc, stats.t, stats.ttest_rel), and Holm's
 * correction against his definition. */
#include "support.h"

#include "report/data/statistics.h"

#include <coppice/random.h>

#include <math.h>

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-11 * fmax(1.0, fabs(wanted))))
        fail_msg("%.17g, wanted %.17g", got, wanted);
}

static void the_incomplete_beta_function_is_scipys(void **state)
{
    (void)state;
    static const double cases[][4] = {
        {0.5, 0.5, 0.3, 0.36901011956554541},
        {2, 3, 0.4, 0.5248},
        {10, 0.5, 0.97, 0.4408041535957582},
        {0.5, 8, 0.01, 0.30700785029418759},
        {50, 60, 0.45, 0.46423529143060638},
        {1, 1, 0.25, 0.25},
        {3, 4, 0, 0},
        {3, 4, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_near(cop_incomplete_beta(cases[i][0], cases[i][1], cases[i][2]), cases[i][3]);
}

static void students_p_is_scipys(void **state)
{
    (void)state;
    static const double cases[][3] = {
        {0, 3, 1},
        {1, 1, 0.5},
        {2, 2, 0.18350341907227391},
        {-2.5, 4, 0.066766544811988127},
        {3.3, 9, 0.0092299083185470136},
        {12, 2, 0.0068729336771584599},
        {0.01, 30, 0.99208749257317774},
        {6.5, 100, 3.1790140262354515e-09},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_near(cop_student_p(cases[i][0], cases[i][1]), cases[i][2]);
    assert_true(cop_student_p(INFINITY, 2.0) == 0.0);
    assert_true(isnan(cop_student_p(NAN, 2.0)));
    /* Small ones to all their digits too. */
    assert_true(fabs(cop_student_p(6.5, 100.0) / 3.1790140262354515e-09 - 1.0) < 1e-9);
}

/* SciPy finds them to eight digits; tan(0.95 π / 2) is known to all. */
static void students_t_is_scipys(void **state)
{
    (void)state;
    static const double cases[][3] = {
        {0.95, 1, 12.706204736174698}, {0.95, 2, 4.3026527299112747},
        {0.95, 4, 2.7764451051977987}, {0.99, 3, 5.8409092997564303},
        {0.5, 7, 0.71114177808169565}, {0.95, 1000, 1.9623390808264074},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double t = cop_student_t(cases[i][0], cases[i][1]);
        assert_true(fabs(t / cases[i][2] - 1.0) < 1e-8);
    }
    assert_near(cop_student_t(0.95, 1.0), 12.706204736174696);
}

static const double arm[] = {0.71, 0.69, 0.73, 0.70, 0.72};
static const double baseline[] = {0.68, 0.69, 0.70, 0.69, 0.68};

static void a_paired_difference_is_scipys(void **state)
{
    (void)state;
    double room[5];
    cop_paired p = cop_paired_difference(arm, baseline, 5, 0.95, room);
    assert_int_equal(p.difference.count, 5);
    assert_near(p.difference.mean, 0.022);
    assert_near(p.difference.sd, 0.016431676725154953);
    assert_near(p.difference.low, 0.0015973785802523045);
    assert_near(p.difference.high, 0.042402621419747641);
    assert_near(p.effect, 1.3388773627904069);
    assert_near(p.p, 0.040186218255425191);
}

/* As if the pair were not there. */
static void a_pair_that_lacks_one_is_passed_over(void **state)
{
    (void)state;
    const double a[] = {0.71, NAN, 0.69, 0.73, 0.70, 0.72, 0.9};
    const double b[] = {0.68, 0.5, 0.69, 0.70, 0.69, 0.68, NAN};
    double room[7];
    cop_paired p = cop_paired_difference(a, b, 7, 0.95, room);
    assert_int_equal(p.difference.count, 5);
    assert_near(p.p, 0.040186218255425191);
}

static void one_pair_says_nothing_of_chance(void **state)
{
    (void)state;
    double room[1];
    cop_paired p = cop_paired_difference(arm, baseline, 1, 0.95, room);
    assert_int_equal(p.difference.count, 1);
    assert_near(p.difference.mean, 0.03);
    assert_true(isnan(p.difference.low) && isnan(p.p) && isnan(p.effect));
    p = cop_paired_difference(arm, baseline, 0, 0.95, room);
    assert_true(p.difference.count == 0 && isnan(p.difference.mean));
}

static void differences_that_never_vary_are_certain(void **state)
{
    (void)state;
    const double a[] = {2, 3, 4}, b[] = {1, 2, 3};
    double room[3];
    assert_true(cop_paired_difference(a, b, 3, 0.95, room).p == 0.0);
    assert_true(cop_paired_difference(a, a, 3, 0.95, room).p == 1.0);
}

/* By NumPy 1.24: theta_i is the mean over the pairs without copy i, of m copies; se is
 * sqrt((m - 1) / m * sum((theta - theta.mean())**2)), and the half-length stats.t.ppf(0.975, m - 1)
 * * se, which SciPy has to eight digits. */
static void an_interval_of_pairs_is_the_jackknifes(void **state)
{
    (void)state;
    static const cop_pair_value three[] = {{0, 1, 0.021}, {0, 2, 0.034}, {1, 2, 0.0275}};
    static const cop_pair_value six[] = {{0, 1, 0.5}, {0, 2, 0.75},  {0, 3, 0.25},
                                         {1, 2, 1.5}, {1, 3, 0.875}, {2, 3, 0.625}};
    cop_interval i = cop_pairs_interval(three, 3, 0.95);
    assert_int_equal(i.count, 3);
    assert_near(i.mean, 0.0275);
    assert_near(i.sd, 0.0065000000000000006);
    assert_true(fabs(i.low - -0.0047937902539687861) < 1e-9);
    assert_true(fabs(i.high - 0.05979379025396879) < 1e-9);
    i = cop_pairs_interval(six, 6, 0.95);
    assert_int_equal(i.count, 4);
    assert_near(i.mean, 0.75);
    assert_near(i.sd, 0.42573465914816);
    assert_true(fabs(i.low - -0.40979320712754363) < 1e-8);
    assert_true(fabs(i.high - 1.9097932071275436) < 1e-8);
}

static void pairs_that_say_nothing_of_chance_have_no_interval(void **state)
{
    (void)state;
    static const cop_pair_value one[] = {{0, 1, 0.25}};
    static const cop_pair_value both_ways[] = {{0, 1, 0.25}, {1, 0, 0.75}};
    static const cop_pair_value star[] = {{0, 1, 0.25}, {0, 2, 0.5}, {0, 3, 0.75}};
    static const cop_pair_value diverged[] = {{0, 1, 0.25}, {0, 2, NAN}, {1, 2, 0.5}};
    static const struct {
        const cop_pair_value *pairs;
        size_t count, copies;
        double mean;
    } cases[] = {{one, 1, 2, 0.25}, {both_ways, 2, 2, 0.5}, {star, 3, 4, 0.5}, {one, 0, 0, NAN}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        cop_interval i = cop_pairs_interval(cases[k].pairs, cases[k].count, 0.95);
        assert_int_equal(i.count, cases[k].copies);
        assert_true(isnan(i.low) && isnan(i.high));
        assert_true(isnan(cases[k].mean) ? isnan(i.mean) : i.mean == cases[k].mean);
    }
    cop_interval i = cop_pairs_interval(diverged, 3, 0.95);
    assert_true(isnan(i.mean) && isnan(i.low) && isnan(i.high));
}

enum { MOST_COPIES = 6, DRAWS = 2000 };

static double normal(cop_stream *stream)
{
    return sqrt(-2.0 * log(1.0 - (double)cop_stream_uniform(stream))) *
           cos(2.0 * acos(-1.0) * (double)cop_stream_uniform(stream));
}

/* Pairs whose values come of their copies: as many as 95 of 100 intervals hold the truth, which an
 * interval that took pairs for independent would not. */
static void intervals_of_pairs_hold_what_they_say(void **state)
{
    (void)state;
    for (int copies = 3; copies <= MOST_COPIES; copies++) {
        cop_stream stream = cop_stream_make(5, "copies", (uint64_t)copies);
        int held = 0, held_naively = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            double of_copy[MOST_COPIES], values[MOST_COPIES * MOST_COPIES];
            cop_pair_value pairs[MOST_COPIES * MOST_COPIES];
            size_t count = 0;
            for (int k = 0; k < copies; k++)
                of_copy[k] = normal(&stream);
            for (int a = 0; a < copies; a++) {
                for (int b = a + 1; b < copies; b++, count++) {
                    values[count] = 3.0 + of_copy[a] + of_copy[b] + 0.5 * normal(&stream);
                    pairs[count] = (cop_pair_value){a, b, values[count]};
                }
            }
            const cop_interval own = cop_pairs_interval(pairs, count, 0.95);
            const cop_interval naive = cop_mean_interval(values, count, 0.95);
            held += own.low <= 3.0 && 3.0 <= own.high;
            held_naively += naive.low <= 3.0 && 3.0 <= naive.high;
        }
        print_message("%d copies: %.3f hold it, as independent pairs %.3f\n", copies,
                      (double)held / DRAWS, (double)held_naively / DRAWS);
        assert_true(held >= 0.94 * DRAWS && held <= 0.985 * DRAWS);
        assert_true(held_naively < 0.9 * DRAWS);
    }
}

/* Sorted, the k-th of m is times m − k + 1, and never below the one before it. */
static void several_comparisons_are_corrected_as_holm_says(void **state)
{
    (void)state;
    const double p[] = {0.03, NAN, 0.01, 0.04, 0.005};
    double out[5];
    cop_holm(p, 5, out);
    assert_near(out[4], 0.02);
    assert_near(out[2], 0.03);
    assert_near(out[0], 0.06);
    assert_near(out[3], 0.06);
    assert_true(isnan(out[1]));
    const double large[] = {0.6, 0.9, 0.5};
    cop_holm(large, 3, out);
    for (int i = 0; i < 3; i++)
        assert_true(out[i] == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_incomplete_beta_function_is_scipys),
        cmocka_unit_test(students_p_is_scipys),
        cmocka_unit_test(students_t_is_scipys),
        cmocka_unit_test(a_paired_difference_is_scipys),
        cmocka_unit_test(a_pair_that_lacks_one_is_passed_over),
        cmocka_unit_test(one_pair_says_nothing_of_chance),
        cmocka_unit_test(differences_that_never_vary_are_certain),
        cmocka_unit_test(an_interval_of_pairs_is_the_jackknifes),
        cmocka_unit_test(pairs_that_say_nothing_of_chance_have_no_interval),
        cmocka_unit_test(intervals_of_pairs_hold_what_they_say),
        cmocka_unit_test(several_comparisons_are_corrected_as_holm_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

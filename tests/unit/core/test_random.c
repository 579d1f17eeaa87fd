/* test_random.c: the random streams: known answers, independence, and the shape of each law. */
#include "support.h"

#include <coppice/random.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The vectors that Random123 publishes for philox4x32 with 10 rounds (kat_vectors). */
static void philox_gives_its_published_answers(void **state)
{
    (void)state;
    const struct {
        cop_stream stream;
        uint32_t wanted[4];
    } cases[] = {
        {{.used = 4}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{.key = UINT64_MAX, .index = UINT64_MAX, .block = UINT64_MAX, .used = 4},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{.key = UINT64_C(0x299f31d0a4093822),
          .index = UINT64_C(0x0370734413198a2e),
          .block = UINT64_C(0x85a308d3243f6a88),
          .used = 4},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_stream s = cases[i].stream;
        for (int w = 0; w < 4; w++)
            assert_int_equal(cop_stream_u32(&s), cases[i].wanted[w]);
    }
}

/* Artifacts on disk rest on these: a change of any is a new numerics version. */
static void streams_are_pinned(void **state)
{
    (void)state;
    cop_stream s = cop_stream_make(1, "order", 2);
    const uint32_t words[] = {0x3924e7f3, 0x3a72cf05, 0xebf33504,
                              0x25795400, 0xf8f947b7, 0x79570620};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(cop_stream_u32(&s), words[i]);
    int64_t order[8];
    const int64_t wanted[8] = {1, 2, 7, 4, 6, 3, 5, 0};
    s = cop_stream_make(0, "order", 0);
    cop_stream_permutation(&s, order, 8);
    assert_memory_equal(order, wanted, sizeof wanted);
    s = cop_stream_make(0, "normal", 0);
    assert_true(fabsf(cop_stream_normal(&s) - -0.485459954f) < 1e-6f);
    s = cop_stream_make(0, "wide", 0);
    assert_true(cop_stream_below(&s, UINT64_C(1) << 40) == UINT64_C(0xcf5dfae319));
}

static void a_stream_depends_on_its_name_alone(void **state)
{
    (void)state;
    cop_stream a = cop_stream_make(3, "augment", 9);
    cop_stream b = cop_stream_make(3, "augment", 10);
    uint32_t alone[16];
    for (int i = 0; i < 16; i++)
        alone[i] = cop_stream_u32(&a);
    a = cop_stream_make(3, "augment", 9);
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < i; j++)
            (void)cop_stream_u32(&b);
        assert_int_equal(cop_stream_u32(&a), alone[i]);
    }
    cop_stream fork = a;
    for (int i = 0; i < 9; i++)
        assert_int_equal(cop_stream_u32(&fork), cop_stream_u32(&a));
}

static void different_names_are_different_streams(void **state)
{
    (void)state;
    const cop_stream streams[] = {
        cop_stream_make(0, "order", 0),  cop_stream_make(1, "order", 0),
        cop_stream_make(0, "order", 1),  cop_stream_make(0, "init", 0),
        cop_stream_make(0, "order2", 0), cop_stream_make(UINT64_MAX, "order", 0),
    };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        for (size_t j = 0; j < i; j++) {
            cop_stream a = streams[i];
            cop_stream b = streams[j];
            int same = 0;
            for (int n = 0; n < 64; n++)
                same += cop_stream_u32(&a) == cop_stream_u32(&b);
            assert_int_equal(same, 0);
        }
    }
}

static void uniform_has_its_moments_and_grid(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    cop_stream s = cop_stream_make(5, "test", 0);
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        float u = cop_stream_uniform(&s);
        assert_true(u >= 0.0f && u < 1.0f);
        assert_true(floorf(u * 0x1p24f) == u * 0x1p24f);
        sum += u;
        squares += (double)u * u;
    }
    /* Five standard errors: sqrt(1/12/n) and sqrt(4/45/n). */
    assert_true(fabs(sum / DRAWS - 0.5) < 5.0 * sqrt(1.0 / 12.0 / DRAWS));
    assert_true(fabs(squares / DRAWS - 1.0 / 3.0) < 5.0 * sqrt(4.0 / 45.0 / DRAWS));
}

static void normal_has_its_moments(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    const double moments[4] = {0.0, 1.0, 0.0, 3.0};
    const double variances[4] = {1.0, 2.0, 15.0, 96.0}; /* of x, x², x³, x⁴ */
    double sums[4] = {0};
    cop_stream s = cop_stream_make(6, "test", 0);
    for (int i = 0; i < DRAWS; i++) {
        double x = cop_stream_normal(&s);
        assert_true(isfinite(x));
        for (int p = 0; p < 4; p++)
            sums[p] += pow(x, p + 1);
    }
    for (int p = 0; p < 4; p++)
        assert_true(fabs(sums[p] / DRAWS - moments[p]) < 5.0 * sqrt(variances[p] / DRAWS));
    assert_int_equal(s.block, DRAWS / 2); /* two words a draw */
}

static void normal_survives_the_extreme_words(void **state)
{
    (void)state;
    cop_stream s = {.word = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 0};
    float far = cop_stream_normal(&s);
    float near = cop_stream_normal(&s);
    assert_true(far > 6.5f && far < 7.0f);
    assert_true(fabsf(near) < 1e-4f);
}

static void below_is_uniform(void **state)
{
    (void)state;
    const uint64_t sizes[] = {2, 3, 10, 100};
    for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
        double counts[100] = {0};
        double wanted = 1000.0;
        uint64_t n = sizes[c];
        cop_stream s = cop_stream_make(7, "test", c);
        for (uint64_t i = 0; i < n * 1000; i++) {
            uint64_t drawn = cop_stream_below(&s, n);
            assert_true(drawn < n);
            counts[drawn]++;
        }
        double chi_square = 0.0;
        for (uint64_t i = 0; i < n; i++)
            chi_square += (counts[i] - wanted) * (counts[i] - wanted) / wanted;
        double freedom = (double)n - 1.0;
        assert_true(chi_square < freedom + 5.0 * sqrt(2.0 * freedom) + 5.0);
    }
}

/* With n = 3·2^30 a modulus would draw the lowest quarter twice as often as the others. */
static void below_has_no_modulo_bias(void **state)
{
    (void)state;
    const uint64_t sizes[] = {UINT64_C(3) << 30, UINT64_C(3) << 62};
    for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
        enum { DRAWS = 30000 };
        int low = 0;
        cop_stream s = cop_stream_make(8, "test", c);
        for (int i = 0; i < DRAWS; i++)
            low += cop_stream_below(&s, sizes[c]) < sizes[c] / 3;
        assert_true(fabs(low - DRAWS / 3.0) < 5.0 * sqrt(DRAWS * 2.0 / 9.0));
    }
    cop_stream s = cop_stream_make(8, "test", 2);
    assert_int_equal(cop_stream_below(&s, 1), 0);
    uint64_t highest = 0;
    for (int i = 0; i < 64; i++) {
        uint64_t drawn = cop_stream_below(&s, UINT64_C(1) << 32);
        highest = drawn > highest ? drawn : highest;
    }
    assert_true(highest > UINT64_C(1) << 31 && highest < UINT64_C(1) << 32);
}

static void a_permutation_is_one_and_uniform(void **state)
{
    (void)state;
    enum { SIZE = 1000, ROUNDS = 6000 };
    int64_t order[SIZE];
    bool seen[SIZE] = {0};
    cop_stream s = cop_stream_make(9, "test", 0);
    cop_stream_permutation(&s, order, SIZE);
    int fixed = 0;
    for (int i = 0; i < SIZE; i++) {
        assert_in_range(order[i], 0, SIZE - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    assert_true(fixed < 10);
    int counts[6] = {0}; /* the orders of three, told by first and whether the rest ascends */
    for (int i = 0; i < ROUNDS; i++) {
        cop_stream_permutation(&s, order, 3);
        counts[2 * order[0] + (order[1] < order[2])]++;
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 1000 - 150, 1000 + 150);
    order[0] = -1;
    cop_stream_permutation(&s, order, 0);
    assert_int_equal(order[0], -1);
}

static void rademacher_is_fair_and_one_bit_each(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    static float signs[DRAWS];
    cop_stream s = cop_stream_make(10, "test", 0);
    cop_stream_rademacher(&s, signs, DRAWS);
    double sum = 0.0;
    double neighbours = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        assert_true(signs[i] == 1.0f || signs[i] == -1.0f);
        sum += signs[i];
        neighbours += i > 0 ? signs[i] * signs[i - 1] : 0.0f;
    }
    assert_true(fabs(sum) < 5.0 * sqrt(DRAWS));
    assert_true(fabs(neighbours) < 5.0 * sqrt(DRAWS));
    assert_int_equal(s.block, (DRAWS / 32 + 3) / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_its_published_answers),
        cmocka_unit_test(streams_are_pinned),
        cmocka_unit_test(a_stream_depends_on_its_name_alone),
        cmocka_unit_test(different_names_are_different_streams),
        cmocka_unit_test(uniform_has_its_moments_and_grid),
        cmocka_unit_test(normal_has_its_moments),
        cmocka_unit_test(normal_survives_the_extreme_words),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(below_has_no_modulo_bias),
        cmocka_unit_test(a_permutation_is_one_and_uniform),
        cmocka_unit_test(rademacher_is_fair_and_one_bit_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Augmentation and CutMix: the graphs against PyTorch and closed forms, the draws against their
 * documented ranges. */
#include "models.h"

#include <coppice/differentiate.h>
#include <coppice/nn.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALL_FLAGS 0x7fu

/* A compiled augmentation (and CutMix) of one batch, with its draws bound. */
typedef struct rig {
    int64_t n, channels, height, width;
    float *x;
    cop_draws *draws;
    cop_program *program;
    cop_stream stream;
} rig;

static rig open_rig(uint32_t flags, bool cutmix, int64_t n, int64_t height, int64_t width)
{
    rig r = {.n = n, .channels = 2, .height = height, .width = width};
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape4(n, r.channels, height, width));
    cop_node y = cop_augment(g, "draw", x, flags);
    if (cutmix)
        y = cop_cutmix(g, "draw", y);
    assert_ok(cop_graph_check(g, &err), &err);
    assert_ok(cop_compile(g, &y, 1, NULL, &r.program, &err), &err);
    cop_graph_free(g);
    int64_t size = n * r.channels * height * width;
    r.x = calloc((size_t)size, sizeof *r.x);
    assert_non_null(r.x);
    for (int64_t i = 0; i < size; i++)
        r.x[i] = (float)(i + 1); /* all different, none zero */
    assert_ok(cop_draws_new(flags, cutmix, n, (int32_t)height, (int32_t)width, &r.draws, &err),
              &err);
    assert_ok(cop_program_bind_name(r.program, "x", r.x, &err), &err);
    assert_ok(cop_draws_bind(r.draws, r.program, "draw", &err), &err);
    r.stream = cop_stream_make(11, "augment", flags);
    return r;
}

static void close_rig(rig *r)
{
    cop_program_free(r->program);
    cop_draws_free(r->draws);
    free(r->x);
}

static const float *run(rig *r)
{
    cop_error err = {0};
    assert_ok(cop_program_run(r->program, &err), &err);
    return cop_program_output(r->program, 0);
}

static const float *image(const rig *r, const float *batch, int64_t k)
{
    return batch + k * r->channels * r->height * r->width;
}

static float pixel(const rig *r, const float *one, int64_t c, int64_t i, int64_t j)
{
    if (i < 0 || i >= r->height || j < 0 || j >= r->width)
        return 0.0f;
    return one[(c * r->height + i) * r->width + j];
}

/* The fixture's values as floats in new memory, which the caller frees. */
static float *narrow_values(const cop_tensors *fixture, const char *name)
{
    const cop_tensor *tensor = fixture_tensor(fixture, name, "");
    int64_t count = cop_shape_count(tensor->shape);
    double *wide = fixture_values(fixture, name, "");
    float *narrow = calloc((size_t)count, sizeof *narrow);
    assert_non_null(narrow);
    for (int64_t i = 0; i < count; i++)
        narrow[i] = (float)wide[i];
    free(wide);
    return narrow;
}

/* y: the colour operations alone; z: then the affine sampling; and the derivative of z·weights. */
static void formulas_agree_with_torch(void **state)
{
    (void)state;
    static const char *const inputs[][2] = {
        {"x", "x"},
        {"weights", "weights"},
        {"color.brightness", "brightness"},
        {"color.saturation", "saturation"},
        {"color.contrast", "contrast"},
        {"both.brightness", "brightness"},
        {"both.saturation", "saturation"},
        {"both.contrast", "contrast"},
        {"both.affine", "theta"},
    };
    enum { INPUTS = sizeof inputs / sizeof *inputs };
    cop_tensors *fixture = read_fixture("torch/augment.safetensors");
    cop_shape shape = fixture_tensor(fixture, "x", "")->shape;
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", shape), weights = cop_input(g, "weights", shape), outputs[3];
    outputs[0] = cop_augment(g, "color", x, COP_AUGMENT_COLOR);
    outputs[1] = cop_augment(g, "both", x, COP_AUGMENT_COLOR | COP_AUGMENT_ROTATE);
    cop_node loss = cop_total(g, cop_mul(g, outputs[1], weights));
    assert_ok(cop_graph_check(g, &err), &err);
    assert_ok(cop_gradient(g, loss, &x, 1, &outputs[2], &err), &err);
    cop_program *program = NULL;
    assert_ok(cop_compile(g, outputs, 3, NULL, &program, &err), &err);
    cop_graph_free(g);
    float *values[INPUTS];
    for (size_t i = 0; i < INPUTS; i++) {
        values[i] = narrow_values(fixture, inputs[i][1]);
        assert_ok(cop_program_bind_name(program, inputs[i][0], values[i], &err), &err);
    }
    assert_ok(cop_program_run(program, &err), &err);
    static const char *const wanted_names[] = {"y", "z", "grad"};
    for (size_t k = 0; k < 3; k++) {
        double *wanted = fixture_values(fixture, wanted_names[k], "");
        assert_close_f32(cop_program_output(program, k), wanted, cop_shape_count(shape), 2e-5,
                         1e-5);
        free(wanted);
    }
    for (size_t i = 0; i < INPUTS; i++)
        free(values[i]);
    cop_program_free(program);
    cop_tensors_free(fixture);
}

/* New draws are the identity until something is drawn, bit for bit but for the affine grid. */
static void undrawn_augmentation_is_the_identity(void **state)
{
    (void)state;
    uint32_t exact = ALL_FLAGS & ~(uint32_t)(COP_AUGMENT_SCALE | COP_AUGMENT_ROTATE);
    rig r = open_rig(exact, true, 3, 8, 8);
    assert_memory_equal(run(&r), r.x, 3 * 2 * 64 * sizeof(float));
    close_rig(&r);
    r = open_rig(ALL_FLAGS, true, 3, 8, 8);
    double wanted[3 * 2 * 64];
    for (int i = 0; i < 3 * 2 * 64; i++)
        wanted[i] = (double)r.x[i];
    assert_close_f32(run(&r), wanted, 3 * 2 * 64, 0, 1e-5);
    close_rig(&r);
}

static void half_of_the_images_are_mirrored(void **state)
{
    (void)state;
    enum { N = 64 };
    rig r = open_rig(COP_AUGMENT_FLIP, false, N, 4, 5);
    cop_draws_augment(r.draws, &r.stream, N, false);
    const float *y = run(&r);
    int flipped = 0;
    for (int64_t k = 0; k < N; k++) {
        const float *in = image(&r, r.x, k), *out = image(&r, y, k);
        bool mirrored = out[0] == pixel(&r, in, 0, 0, 4);
        flipped += mirrored;
        for (int64_t j = 0; j < 5; j++)
            assert_true(pixel(&r, out, 1, 2, j) == pixel(&r, in, 1, 2, mirrored ? 4 - j : j));
    }
    assert_in_range(flipped, N / 4, 3 * N / 4);
    close_rig(&r);
}

/* The shift that turned one image into another; fails where there is none within `reach`. */
static void find_shift(const rig *r, const float *in, const float *out, int64_t reach,
                       int64_t *down, int64_t *right)
{
    for (*down = -reach; *down <= reach; ++*down)
        for (*right = -reach; *right <= reach; ++*right) {
            bool same = true;
            for (int64_t i = 0; i < r->height && same; i++)
                for (int64_t j = 0; j < r->width && same; j++)
                    same = pixel(r, out, 1, i, j) == pixel(r, in, 1, i + *down, j + *right);
            if (same)
                return;
        }
    fail_msg("the image is not a shifted one");
}

static void check_shifts(uint32_t flag, int64_t height, int64_t width, int64_t reach_down,
                         int64_t reach_right)
{
    enum { N = 400 };
    rig r = open_rig(flag, false, N, height, width);
    cop_draws_augment(r.draws, &r.stream, N, false);
    const float *y = run(&r);
    int64_t lowest[2] = {0, 0}, highest[2] = {0, 0};
    for (int64_t k = 0; k < N; k++) {
        int64_t shift[2];
        find_shift(&r, image(&r, r.x, k), image(&r, y, k), 5, &shift[0], &shift[1]);
        for (int a = 0; a < 2; a++) {
            lowest[a] = shift[a] < lowest[a] ? shift[a] : lowest[a];
            highest[a] = shift[a] > highest[a] ? shift[a] : highest[a];
        }
    }
    assert_int_equal(lowest[0], -reach_down);
    assert_int_equal(highest[0], reach_down);
    assert_int_equal(lowest[1], -reach_right);
    assert_int_equal(highest[1], reach_right);
    close_rig(&r);
}

/* 12.5 % of 12 is 1.5, rounded up; of 8 it is 1. */
static void crops_move_by_an_eighth_of_the_side(void **state)
{
    (void)state;
    check_shifts(COP_AUGMENT_CROP, 12, 8, 2, 1);
}

static void padded_crops_move_by_up_to_four_pixels(void **state)
{
    (void)state;
    check_shifts(COP_AUGMENT_PADCROP, 12, 10, 4, 4);
}

/* Boxes of half the side about a centre anywhere, clipped: of an 8-pixel side rows c − 2 … c + 1
 * for c in 0 … 8; of a 5-pixel side columns c − 1 … c + 1 for c in 0 … 4. */
static void cutout_boxes_are_half_the_side(void **state)
{
    (void)state;
    enum { N = 300 };
    rig r = open_rig(COP_AUGMENT_CUTOUT, false, N, 8, 5);
    cop_draws_augment(r.draws, &r.stream, N, false);
    const float *y = run(&r);
    bool top_seen[9] = {false}, left_seen[5] = {false};
    for (int64_t k = 0; k < N; k++) {
        const float *in = image(&r, r.x, k), *out = image(&r, y, k);
        int64_t top = 8, bottom = -1, left = 5, right = -1, zeros = 0;
        for (int64_t i = 0; i < 8; i++)
            for (int64_t j = 0; j < 5; j++) {
                if (pixel(&r, out, 0, i, j) != 0.0f) {
                    assert_true(pixel(&r, out, 0, i, j) == pixel(&r, in, 0, i, j));
                    continue;
                }
                zeros++;
                top = i < top ? i : top;
                bottom = i > bottom ? i : bottom;
                left = j < left ? j : left;
                right = j > right ? j : right;
            }
        assert_int_equal(zeros, (bottom - top + 1) * (right - left + 1));
        int64_t row = bottom < 7 ? bottom + 1 - 2 : top + 2;
        int64_t column = right < 4 ? right - 1 : left + 1;
        assert_in_range(row, 0, 8);
        assert_in_range(column, 0, 4);
        assert_int_equal(top, row < 2 ? 0 : row - 2);
        assert_int_equal(left, column < 1 ? 0 : column - 1);
        top_seen[row] = left_seen[column] = true;
    }
    for (int i = 0; i < 9; i++)
        assert_true(top_seen[i]);
    for (int j = 0; j < 5; j++)
        assert_true(left_seen[j]);
    close_rig(&r);
}

/* A ramp along an axis about the centre, seen through theta, tells theta's entries: at the point
 * (u, v) of [−1, 1]² the output shows theta·(u, v). Border pixels, which mix with zeros, are left
 * out by looking near the centre. */
static void read_theta(const rig *r, const float *out, double *theta)
{
    int64_t mid_row = r->height / 2, mid_column = r->width / 2;
    double step_u = 2.0 / (double)r->width, step_v = 2.0 / (double)r->height;
    for (int64_t c = 0; c < 2; c++) {
        double here = (double)pixel(r, out, c, mid_row, mid_column);
        theta[2 * c] = ((double)pixel(r, out, c, mid_row, mid_column + 1) - here) / step_u;
        theta[2 * c + 1] = ((double)pixel(r, out, c, mid_row + 1, mid_column) - here) / step_v;
    }
}

static void fill_ramps(rig *r)
{
    for (int64_t k = 0; k < r->n; k++)
        for (int64_t i = 0; i < r->height; i++)
            for (int64_t j = 0; j < r->width; j++) {
                float *at = r->x + k * 2 * r->height * r->width + i * r->width + j;
                at[0] = (float)((2.0 * (double)j + 1.0) / (double)r->width - 1.0);
                at[r->height * r->width] =
                    (float)((2.0 * (double)i + 1.0) / (double)r->height - 1.0);
            }
}

static void scales_stay_in_their_range(void **state)
{
    (void)state;
    enum { N = 200 };
    rig r = open_rig(COP_AUGMENT_SCALE, false, N, 16, 12);
    fill_ramps(&r);
    cop_draws_augment(r.draws, &r.stream, N, false);
    const float *y = run(&r);
    double lowest = 2, highest = 0;
    for (int64_t k = 0; k < N; k++) {
        double theta[4];
        read_theta(&r, image(&r, y, k), theta);
        assert_true(fabs(theta[1]) < 1e-5 && fabs(theta[2]) < 1e-5);
        lowest = fmin(lowest, fmin(theta[0], theta[3]));
        highest = fmax(highest, fmax(theta[0], theta[3]));
        assert_true(fabs(theta[0] - theta[3]) > 1e-7);
    }
    assert_true(lowest > 1 / 1.2 - 1e-5 && lowest < 1 / 1.2 + 0.02);
    assert_true(highest < 1.2 + 1e-5 && highest > 1.2 - 0.02);
    close_rig(&r);
}

static void rotations_stay_in_their_range(void **state)
{
    (void)state;
    enum { N = 200 };
    rig r = open_rig(COP_AUGMENT_ROTATE, false, N, 16, 16);
    fill_ramps(&r);
    cop_draws_augment(r.draws, &r.stream, N, false);
    const float *y = run(&r);
    double lowest = 1, highest = -1, limit = sin(15.0 / 180.0 * acos(-1.0));
    for (int64_t k = 0; k < N; k++) {
        double theta[4];
        read_theta(&r, image(&r, y, k), theta);
        assert_true(fabs(theta[0] - theta[3]) < 1e-5 && fabs(theta[1] + theta[2]) < 1e-5);
        assert_true(fabs(theta[0] * theta[0] + theta[2] * theta[2] - 1) < 1e-4);
        lowest = fmin(lowest, theta[2]);
        highest = fmax(highest, theta[2]);
    }
    assert_true(lowest > -limit - 1e-5 && lowest < -limit + 0.02);
    assert_true(highest < limit + 1e-5 && highest > limit - 0.02);
    close_rig(&r);
}

/* Brightness adds at most a half; then each pixel's channels move about their mean by at most
 * twice their distance, and all about the image's mean by ½ … 1½. */
static void colours_stay_in_their_ranges(void **state)
{
    (void)state;
    enum { N = 300 };
    rig r = open_rig(COP_AUGMENT_COLOR, false, N, 1, 2);
    static const float pattern[4] = {1, 5, 3, 5}; /* channels (1, 5) and (3, 5): means 2, 5; 3.5 */
    for (int64_t k = 0; k < N; k++)
        memcpy(r.x + 4 * k, pattern, sizeof pattern);
    cop_draws_augment(r.draws, &r.stream, N, false);
    const float *y = run(&r);
    double range[3][2] = {{9, -9}, {9, -9}, {9, -9}};
    for (int64_t k = 0; k < N; k++) {
        const float *p = y + 4 * k;
        double mean = ((double)p[0] + (double)p[1] + (double)p[2] + (double)p[3]) / 4;
        double contrast = (((double)p[1] + (double)p[3]) - ((double)p[0] + (double)p[2])) / 2 / 3;
        double saturation = ((double)p[2] - (double)p[0]) / 2 / contrast;
        assert_true(fabs((double)p[1] - (double)p[3]) < 1e-4);
        double drawn[3] = {mean - 3.5, saturation, contrast};
        for (int a = 0; a < 3; a++) {
            range[a][0] = fmin(range[a][0], drawn[a]);
            range[a][1] = fmax(range[a][1], drawn[a]);
        }
    }
    static const double wanted[3][2] = {{-0.5, 0.5}, {0, 2}, {0.5, 1.5}};
    for (int a = 0; a < 3; a++) {
        assert_true(range[a][0] > wanted[a][0] - 1e-4 && range[a][0] < wanted[a][0] + 0.05);
        assert_true(range[a][1] < wanted[a][1] + 1e-4 && range[a][1] > wanted[a][1] - 0.05);
    }
    close_rig(&r);
}

/* Of crop, scale and rotate a batch gets one, each of them in a third of the batches. */
static void a_batch_gets_one_geometric_operation(void **state)
{
    (void)state;
    enum { N = 4, ROUNDS = 300 };
    uint32_t flags = COP_AUGMENT_CROP | COP_AUGMENT_SCALE | COP_AUGMENT_ROTATE;
    rig r = open_rig(flags, false, N, 16, 16);
    fill_ramps(&r);
    int seen[3] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        cop_draws_augment(r.draws, &r.stream, N, false);
        const float *y = run(&r);
        int kind[3] = {0};
        for (int64_t k = 0; k < N; k++) {
            double theta[4];
            read_theta(&r, image(&r, y, k), theta);
            bool turned = fabs(theta[1]) > 1e-4;
            bool scaled = !turned && (fabs(theta[0] - 1) > 1e-4 || fabs(theta[3] - 1) > 1e-4);
            kind[turned ? 2 : scaled ? 1 : 0]++;
        }
        int best = kind[2] > 0 ? 2 : kind[1] > 0 ? 1 : 0;
        assert_true(kind[best] >= N - 1); /* a rotation by next to nothing looks like none */
        seen[best]++;
    }
    for (int a = 0; a < 3; a++)
        assert_in_range(seen[a], ROUNDS / 3 - 40, ROUNDS / 3 + 40);
    close_rig(&r);
}

static void one_draw_may_serve_the_whole_batch(void **state)
{
    (void)state;
    enum { N = 5 };
    size_t size = 2 * 12 * 12;
    rig r = open_rig(ALL_FLAGS, false, N, 12, 12);
    for (size_t k = 1; k < N; k++)
        memcpy(r.x + k * size, r.x, size * sizeof *r.x);
    cop_draws_augment(r.draws, &r.stream, N, true);
    const float *y = run(&r);
    for (size_t k = 1; k < N; k++)
        assert_memory_equal(y + k * size, y, size * sizeof *y);
    cop_draws_augment(r.draws, &r.stream, N, false);
    y = run(&r);
    assert_memory_not_equal(y + size, y, size * sizeof *y);
    close_rig(&r);
}

static void the_same_stream_gives_the_same_draws(void **state)
{
    (void)state;
    enum { N = 6, SIZE = N * 2 * 64 };
    float first[SIZE], targets[2][N * 3] = {{0}};
    for (int turn = 0; turn < 2; turn++) {
        rig r = open_rig(ALL_FLAGS, true, N, 8, 8);
        for (int k = 0; k < N; k++)
            targets[turn][3 * k + k % 3] = 1.0f;
        cop_draws_augment(r.draws, &r.stream, N, false);
        cop_draws_cutmix(r.draws, &r.stream, N, 1.0, targets[turn], 3);
        const float *y = run(&r);
        if (turn == 0)
            memcpy(first, y, sizeof first);
        else
            assert_memory_equal(y, first, sizeof first);
        close_rig(&r);
    }
    assert_memory_equal(targets[0], targets[1], sizeof targets[0]);
}

/* Every image of the batch is a constant of its own, so the mixed ones tell which part is whose. */
static void cutmix_mixes_labels_as_it_mixes_areas(void **state)
{
    (void)state;
    enum { N = 5, ROUNDS = 200 };
    rig r = open_rig(0, true, N, 6, 7);
    for (int64_t i = 0; i < N * 2 * 42; i++)
        r.x[i] = (float)(i / (2 * 42));
    double own_total = 0.0;
    for (int round = 0; round < ROUNDS; round++) {
        float targets[N * N] = {0};
        for (int k = 0; k < N; k++)
            targets[k * N + k] = 1.0f;
        cop_draws_cutmix(r.draws, &r.stream, N, 1.0, targets, N);
        const float *y = run(&r);
        bool taken[N] = {false};
        for (int k = 0; k < N; k++) {
            double share[N] = {0};
            for (int i = 0; i < 42; i++)
                share[(int)image(&r, y, k)[42 + i]] += 1.0 / 42;
            assert_close_f32(targets + k * N, share, N, 1e-6, 0);
            for (int other = 0; other < N; other++)
                taken[other] |= share[other] > 0;
            own_total += share[k];
        }
        for (int k = 0; k < N; k++)
            assert_true(taken[k] || targets[0] == 0.0f);
    }
    /* E[1 − λ] = ½ before clipping and rounding down, of which 1 in N stays with its image. */
    own_total /= N * ROUNDS;
    assert_true(own_total > 0.55 && own_total < 0.85);
    close_rig(&r);
}

static void cutmix_is_done_as_often_as_said(void **state)
{
    (void)state;
    enum { N = 4, ROUNDS = 400 };
    rig r = open_rig(0, true, N, 8, 8);
    int mixed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        float targets[N * N] = {0}, before[N * N];
        for (int k = 0; k < N; k++)
            targets[k * N + k] = 1.0f;
        memcpy(before, targets, sizeof before);
        cop_draws_cutmix(r.draws, &r.stream, N, round % 2 == 0 ? 0.5 : 0.0, targets, N);
        bool changed = memcmp(before, targets, sizeof before) != 0;
        if (!changed)
            assert_memory_equal(run(&r), r.x, N * 2 * 64 * sizeof(float));
        assert_true(round % 2 == 0 || !changed);
        mixed += changed;
    }
    /* Half of the 200 coins, less the draws whose box is empty or whose order is the identity. */
    assert_in_range(mixed, 60, 110);
    close_rig(&r);
}

static void a_partial_batch_leaves_the_rest_alone(void **state)
{
    (void)state;
    rig r = open_rig(ALL_FLAGS, true, 8, 8, 8);
    float targets[3 * 2] = {1, 0, 0, 1, 1, 0};
    cop_draws_augment(r.draws, &r.stream, 3, false);
    cop_draws_cutmix(r.draws, &r.stream, 3, 1.0, targets, 2);
    for (int k = 0; k < 3; k++)
        assert_true(fabsf(targets[2 * k] + targets[2 * k + 1] - 1.0f) < 1e-6f);
    (void)run(&r);
    close_rig(&r);
}

static void refuses_what_it_cannot_augment(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_draws *d = NULL;
    assert_refused(cop_draws_new(0, false, 0, 8, 8, &d, &err), COP_FAILED, &err, "0 images");
    assert_null(d);
    cop_draws_free(NULL);
    cop_graph *g = cop_graph_new();
    cop_node flat = cop_input(g, "flat", cop_shape2(4, 4));
    assert_int_equal(cop_augment(g, "a", flat, COP_AUGMENT_FLIP), COP_NO_NODE);
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, "augmentation wants images");
    cop_graph_free(g);
    /* A program without the draws' inputs cannot take them. */
    rig r = open_rig(COP_AUGMENT_FLIP, false, 2, 4, 4);
    assert_ok(cop_draws_new(COP_AUGMENT_CROP, false, 2, 4, 4, &d, &err), &err);
    assert_refused(cop_draws_bind(d, r.program, "draw", &err), COP_FAILED, &err, "draw.crop");
    cop_draws_free(d);
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas_agree_with_torch),
        cmocka_unit_test(undrawn_augmentation_is_the_identity),
        cmocka_unit_test(half_of_the_images_are_mirrored),
        cmocka_unit_test(crops_move_by_an_eighth_of_the_side),
        cmocka_unit_test(padded_crops_move_by_up_to_four_pixels),
        cmocka_unit_test(cutout_boxes_are_half_the_side),
        cmocka_unit_test(scales_stay_in_their_range),
        cmocka_unit_test(rotations_stay_in_their_range),
        cmocka_unit_test(colours_stay_in_their_ranges),
        cmocka_unit_test(a_batch_gets_one_geometric_operation),
        cmocka_unit_test(one_draw_may_serve_the_whole_batch),
        cmocka_unit_test(the_same_stream_gives_the_same_draws),
        cmocka_unit_test(cutmix_mixes_labels_as_it_mixes_areas),
        cmocka_unit_test(cutmix_is_done_as_often_as_said),
        cmocka_unit_test(a_partial_batch_leaves_the_rest_alone),
        cmocka_unit_test(refuses_what_it_cannot_augment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

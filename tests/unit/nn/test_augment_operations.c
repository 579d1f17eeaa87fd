/* Each augmentation on its own: against PyTorch (tools/fixtures/make_augment_fixtures.py), and what
 * is drawn for DSA's way of drawing and for ImageNet's operations. */
#include "models.h"

#include <coppice/nn.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N       3
#define ROWS    9
#define COLUMNS 12
#define VALUES  (N * 3 * ROWS * COLUMNS)

static float *floats_of(const cop_tensors *fixture, const char *prefix, const char *name)
{
    double *wide = fixture_values(fixture, prefix, name);
    int64_t count = cop_shape_count(fixture_tensor(fixture, prefix, name)->shape);
    float *narrow = calloc((size_t)count, sizeof *narrow);
    assert_non_null(narrow);
    for (int64_t i = 0; i < count; i++)
        narrow[i] = (float)wide[i];
    free(wide);
    return narrow;
}

/* A program of one augmentation of the fixture's images. */
static cop_program *compile(uint32_t flags)
{
    cop_error err = {0};
    cop_program *program = NULL;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape4(N, 3, ROWS, COLUMNS));
    cop_node y = cop_augment(g, "d", x, flags);
    assert_ok(cop_graph_check(g, &err), &err);
    assert_ok(cop_compile(g, &y, 1, NULL, &program, &err), &err);
    cop_graph_free(g);
    return program;
}

static void bind(cop_program *program, const char *name, const float *data)
{
    cop_error err = {0};
    char full[64];
    (void)snprintf(full, sizeof full, "d.%s", name);
    assert_ok(cop_program_bind_name(program, full, data, &err), &err);
}

/* Runs the operation with the fixture's parameters (`given` instead of the affine map, where that is
 * not NULL); the caller frees what comes out. */
static float *run_operation(const cop_tensors *fixture, uint32_t flags, const char *const names[8],
                            const float *given)
{
    static const float luma[3] = {0.299f, 0.587f, 0.114f};
    cop_program *program = compile(flags);
    cop_error err = {0};
    float *parts[8] = {NULL}, *x = floats_of(fixture, "x", "");
    assert_ok(cop_program_bind_name(program, "x", x, &err), &err);
    for (int i = 0; i < 8 && names[i] != NULL; i++) {
        bool is_of_pixels = strcmp(names[i], "mean") == 0 || strcmp(names[i], "std") == 0;
        if (strcmp(names[i], "luma") == 0) {
            bind(program, names[i], luma);
        } else if (given != NULL) {
            bind(program, names[i], given);
        } else {
            parts[i] = floats_of(fixture, is_of_pixels ? "" : "draw/", names[i]);
            bind(program, names[i], parts[i]);
        }
    }
    assert_ok(cop_program_run(program, &err), &err);
    float *result = malloc(VALUES * sizeof *result);
    assert_non_null(result);
    memcpy(result, cop_program_output(program, 0), VALUES * sizeof *result);
    cop_program_free(program);
    for (int i = 0; i < 8; i++)
        free(parts[i]);
    free(x);
    return result;
}

static void each_operation_is_that_of_torch(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        const char *result;
        const char *names[8];
    } rows[] = {
        {COP_AUGMENT_COLOR, "color", {"brightness", "saturation", "contrast"}},
        {COP_AUGMENT_CROP, "crop", {"crop"}},
        {COP_AUGMENT_CUTOUT, "cutout", {"cutout"}},
        {COP_AUGMENT_FLIP, "flip", {"flip"}},
        {COP_AUGMENT_SCALE, "affine", {"affine"}},
        {COP_AUGMENT_ROTATE, "affine", {"affine"}},
        {COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING,
         "photo",
         {"jitter_brightness", "jitter_saturation", "jitter_contrast", "luma", "lighting", "mean",
          "std"}},
    };
    cop_tensors *fixture = read_fixture("torch/operations.safetensors");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        float *got = run_operation(fixture, rows[i].flags, rows[i].names, NULL);
        double *wanted = fixture_values(fixture, rows[i].result, "");
        assert_close_f32(got, wanted, VALUES, 2e-5, 1e-5);
        free(got);
        free(wanted);
    }
    cop_tensors_free(fixture);
}

/* Draws of one name, read through a program that doubles them. */
static void read_draws(cop_draws *d, const char *name, cop_shape shape, float *values)
{
    cop_error err = {0};
    cop_program *program = NULL;
    cop_graph *g = cop_graph_new();
    char full[64];
    (void)snprintf(full, sizeof full, "d.%s", name);
    cop_node doubled = cop_scale(g, cop_input(g, full, shape), 2.0);
    assert_ok(cop_compile(g, &doubled, 1, NULL, &program, &err), &err);
    cop_graph_free(g);
    assert_ok(cop_draws_bind(d, program, "d", &err), &err);
    assert_ok(cop_program_run(program, &err), &err);
    const float *got = cop_program_output(program, 0);
    for (int64_t i = 0; i < cop_shape_count(shape); i++)
        values[i] = got[i] / 2.0f;
    cop_program_free(program);
}

static cop_draws *new_draws(uint32_t flags, int64_t n, int32_t height, int32_t width)
{
    cop_draws *d = NULL;
    cop_error err = {0};
    assert_ok(cop_draws_new(flags, false, n, height, width, &d, &err), &err);
    return d;
}

/* On images that are not square a turn with aligned corners is another one, and MTT's. */
static void aligned_corners_turn_as_in_torch(void **state)
{
    (void)state;
    cop_tensors *fixture = read_fixture("torch/operations.safetensors");
    cop_draws *plain = new_draws(COP_AUGMENT_ROTATE, N, ROWS, COLUMNS);
    cop_draws *aligned = new_draws(COP_AUGMENT_ROTATE, N, ROWS, COLUMNS);
    cop_stream s = cop_stream_make(4, "aligned", 0), same = s;
    cop_draws_draw(plain, &s, COP_DRAW_ONE, N, false);
    cop_draws_draw(aligned, &same, COP_DRAW_ONE_ALIGNED, N, false);
    float a[N * 6], b[N * 6], *theta = floats_of(fixture, "draw/", "affine");
    read_draws(plain, "affine", cop_shape3(N, 2, 3), a);
    read_draws(aligned, "affine", cop_shape3(N, 2, 3), b);
    for (int k = 0; k < N; k++) {
        assert_true(a[6 * k] == b[6 * k] && a[6 * k + 4] == b[6 * k + 4] && a[6 * k + 1] != 0.0f);
        theta[6 * k + 1] *= b[6 * k + 1] / a[6 * k + 1];
        theta[6 * k + 3] *= b[6 * k + 3] / a[6 * k + 3];
    }
    static const char *const names[8] = {"affine"};
    float *got = run_operation(fixture, COP_AUGMENT_ROTATE, names, theta);
    double *wanted = fixture_values(fixture, "aligned", "");
    assert_close_f32(got, wanted, VALUES, 2e-5, 1e-5);
    free(got);
    free(wanted);
    free(theta);
    cop_draws_free(plain);
    cop_draws_free(aligned);
    cop_tensors_free(fixture);
}

/* Inside the border, where sampling sees what lies beyond the window. */
static void a_window_is_that_of_torch_but_for_its_border(void **state)
{
    (void)state;
    cop_tensors *fixture = read_fixture("torch/operations.safetensors");
    float *windows = floats_of(fixture, "windows", ""), theta[N * 6] = {0};
    for (int k = 0; k < N; k++) {
        const float *w = windows + 4 * k;
        theta[6 * k] = w[3] / COLUMNS;
        theta[6 * k + 2] = (2.0f * w[1] + w[3]) / COLUMNS - 1.0f;
        theta[6 * k + 4] = w[2] / ROWS;
        theta[6 * k + 5] = (2.0f * w[0] + w[2]) / ROWS - 1.0f;
    }
    static const char *const names[8] = {"window"};
    float *got = run_operation(fixture, COP_AUGMENT_RESIZEDCROP, names, theta);
    double *wanted = fixture_values(fixture, "window", "");
    for (int64_t plane = 0; plane < N * 3; plane++)
        for (int64_t i = 1; i < ROWS - 1; i++)
            assert_close_f32(got + (plane * ROWS + i) * COLUMNS + 1,
                             wanted + (plane * ROWS + i) * COLUMNS + 1, COLUMNS - 2, 2e-5, 1e-5);
    free(got);
    free(wanted);
    free(windows);
    cop_tensors_free(fixture);
}

static void windows_are_half_to_all_of_the_area(void **state)
{
    (void)state;
    enum { MANY = 400, SIDE_H = 60, SIDE_W = 80 };
    cop_draws *d = new_draws(COP_AUGMENT_RESIZEDCROP, MANY, SIDE_H, SIDE_W);
    cop_stream s = cop_stream_make(5, "window", 0);
    static float theta[MANY * 6];
    cop_draws_augment(d, &s, MANY, false);
    read_draws(d, "window", cop_shape3(MANY, 2, 3), theta);
    double smallest = 1, largest = 0, narrowest = 9, widest = 0;
    for (int k = 0; k < MANY; k++) {
        const float *t = theta + 6 * k;
        double width = (double)t[0] * SIDE_W, height = (double)t[4] * SIDE_H;
        double left = (((double)t[2] + 1) * SIDE_W - width) / 2;
        double top = (((double)t[5] + 1) * SIDE_H - height) / 2;
        assert_true(t[1] == 0.0f && t[3] == 0.0f);
        assert_true(fabs(width - rint(width)) < 1e-3 && fabs(height - rint(height)) < 1e-3);
        assert_true(fabs(left - rint(left)) < 1e-3 && fabs(top - rint(top)) < 1e-3);
        assert_true(left > -1e-3 && left + width < SIDE_W + 1e-3);
        assert_true(top > -1e-3 && top + height < SIDE_H + 1e-3);
        double area = width * height / (SIDE_H * SIDE_W), shape = width / height;
        smallest = fmin(smallest, area);
        largest = fmax(largest, area);
        narrowest = fmin(narrowest, shape);
        widest = fmax(widest, shape);
    }
    assert_true(smallest > 0.49 && smallest < 0.53 && largest > 0.93 && largest <= 1.0);
    assert_true(narrowest > 0.73 && narrowest < 0.79 && widest > 1.27 && widest < 1.37);
    cop_draws_free(d);
}

/* No window of such a shape fits: the middle, as wide as a third more than it is high. */
static void a_narrow_image_gives_its_middle(void **state)
{
    (void)state;
    cop_draws *d = new_draws(COP_AUGMENT_RESIZEDCROP, 1, 6, 60);
    cop_stream s = cop_stream_make(5, "window", 1);
    float theta[6];
    cop_draws_augment(d, &s, 1, false);
    read_draws(d, "window", cop_shape3(1, 2, 3), theta);
    const double wanted[6] = {8.0 / 60, 0, (2 * 26 + 8.0) / 60 - 1, 0, 1, 0};
    assert_close_f32(theta, wanted, 6, 1e-6, 0);
    cop_draws_free(d);
}

static void jitter_and_lighting_are_drawn_as_published(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    cop_draws *d = new_draws(COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING, MANY, 4, 4);
    static const float mean[3] = {0.5f, 0.4f, 0.3f}, std[3] = {0.2f, 0.3f, 0.1f};
    cop_draws_pixels(d, mean, std, 3);
    cop_stream s = cop_stream_make(6, "photo", 0);
    cop_draws_augment(d, &s, MANY, false);
    static const char *const names[] = {"jitter_brightness", "jitter_saturation",
                                        "jitter_contrast"};
    cop_error err = {0};
    cop_program *program = NULL;
    cop_graph *g = cop_graph_new();
    cop_node outputs[6];
    for (int i = 0; i < 3; i++) {
        char full[64];
        (void)snprintf(full, sizeof full, "d.%s", names[i]);
        outputs[i] = cop_scale(g, cop_input(g, full, cop_shape4(MANY, 1, 1, 1)), 2.0);
    }
    outputs[3] = cop_scale(g, cop_input(g, "d.lighting", cop_shape4(MANY, 3, 1, 1)), 2.0);
    outputs[4] = cop_scale(g, cop_input(g, "d.mean", cop_shape4(1, 3, 1, 1)), 2.0);
    outputs[5] = cop_scale(g, cop_input(g, "d.std", cop_shape4(1, 3, 1, 1)), 2.0);
    (void)cop_input(g, "d.luma", cop_shape4(1, 3, 1, 1));
    assert_ok(cop_compile(g, outputs, 6, NULL, &program, &err), &err);
    cop_graph_free(g);
    assert_ok(cop_draws_bind(d, program, "d", &err), &err);
    assert_ok(cop_program_run(program, &err), &err);
    for (int i = 0; i < 3; i++) {
        double lowest = 9, highest = 0;
        for (int k = 0; k < MANY; k++) {
            double value = (double)cop_program_output(program, (size_t)i)[k] / 2;
            lowest = fmin(lowest, value);
            highest = fmax(highest, value);
        }
        assert_true(lowest >= 0.6 - 1e-6 && lowest < 0.605);
        assert_true(highest <= 1.4 + 1e-6 && highest > 1.395);
    }
    /* Along the first component the deviation is 0.1 · 0.2175, along the second 0.1 · 0.0188. */
    double along[2] = {0};
    const float *colour = cop_program_output(program, 3);
    for (int k = 0; k < MANY; k++) {
        double r = (double)colour[3 * k] / 2, gr = (double)colour[3 * k + 1] / 2;
        double b = (double)colour[3 * k + 2] / 2;
        along[0] += pow(-0.5675 * r - 0.5808 * gr - 0.5836 * b, 2) / MANY;
        along[1] += pow(0.7192 * r - 0.0045 * gr - 0.6948 * b, 2) / MANY;
    }
    assert_true(fabs(sqrt(along[0]) / 0.02175 - 1) < 0.06);
    assert_true(fabs(sqrt(along[1]) / 0.00188 - 1) < 0.06);
    for (int c = 0; c < 3; c++) {
        assert_true(cop_program_output(program, 4)[c] == 2.0f * mean[c]);
        assert_true(cop_program_output(program, 5)[c] == 2.0f * std[c]);
    }
    cop_program_free(program);
    cop_draws_free(d);
}

/* Which of DSA's six a batch of two got, and whether its images differ in how far. */
static int drawn_operation(cop_program *program, bool *differs)
{
    int which = -1, found = 0;
    bool other[6] = {false};
    for (size_t i = 0; i < 8; i++) {
        static const int operation[8] = {0, 0, 0, 1, 2, 3, 4, 5};
        static const float neutral[8] = {0, 1, 1, 0, 0, 0, 0, 0};
        const float *v = cop_program_output(program, i < 7 ? i : 6); /* the map: twice */
        int64_t each = i < 3 ? 1 : i == 3 ? 2 : i == 4 ? 4 : i == 5 ? 1 : 6;
        static const float identity[6] = {1, 0, 0, 0, 1, 0};
        for (int64_t k = 0; k < 2 * each; k++) {
            float still = i >= 6 ? identity[k % 6] : neutral[i];
            bool is_turned = i >= 6 && (k % 6 == 1 || k % 6 == 3);
            bool is_scaled = i >= 6 && (k % 6 == 0 || k % 6 == 4);
            if (v[k] == still || (i == 6 && !is_scaled) || (i == 7 && !is_turned))
                continue;
            other[operation[i]] = true;
        }
        *differs = *differs || memcmp(v, v + each, (size_t)each * sizeof *v) != 0;
    }
    if (other[5])
        other[4] = false; /* a turn changes the diagonal, too */
    for (int i = 0; i < 6; i++)
        if (other[i]) {
            which = i;
            found++;
        }
    assert_true(found <= 1);
    return which;
}

static cop_program *compile_six(void)
{
    static const char *const names[7] = {"d.brightness", "d.saturation", "d.contrast", "d.crop",
                                         "d.cutout",     "d.flip",       "d.affine"};
    cop_graph *g = cop_graph_new();
    cop_node outputs[7];
    for (int i = 0; i < 7; i++) {
        cop_shape shape = i < 3    ? cop_shape4(2, 1, 1, 1)
                          : i == 3 ? cop_shape2(2, 2)
                          : i == 4 ? cop_shape2(2, 4)
                          : i == 5 ? cop_shape1(2)
                                   : cop_shape3(2, 2, 3);
        outputs[i] = cop_scale(g, cop_input(g, names[i], shape), 1.0);
    }
    cop_program *program = NULL;
    cop_error err = {0};
    assert_ok(cop_compile(g, outputs, 7, NULL, &program, &err), &err);
    cop_graph_free(g);
    return program;
}

/* Each of the six in a sixth of the batches, now and then one that changes nothing (no flip, a crop
 * that stays): for training with a draw for each image, for matching with one for all. */
static void dsa_draws_one_of_six_for_a_batch(void **state)
{
    (void)state;
    enum { ROUNDS = 900 };
    uint32_t six = COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_CUTOUT | COP_AUGMENT_FLIP |
                   COP_AUGMENT_SCALE | COP_AUGMENT_ROTATE;
    cop_draws *d = new_draws(six, 2, 16, 16);
    cop_program *program = compile_six();
    cop_error err = {0};
    assert_ok(cop_draws_bind(d, program, "d", &err), &err);
    for (int alike = 0; alike < 2; alike++) {
        int seen[6] = {0}, different = 0;
        for (int round = 0; round < ROUNDS; round++) {
            cop_stream s = cop_stream_make(1, "six", (uint64_t)round);
            cop_draws_draw(d, &s, COP_DRAW_ONE, 2, alike != 0);
            assert_ok(cop_program_run(program, &err), &err);
            bool differs = false;
            int which = drawn_operation(program, &differs);
            different += differs;
            if (which >= 0)
                seen[which]++;
        }
        for (int i = 0; i < 6; i++) {
            bool may_stay = i == 3 || i == 1; /* of flips a quarter or half, of crops a few */
            assert_in_range(seen[i], may_stay ? 60 : 115, 185);
        }
        if (alike)
            assert_int_equal(different, 0);
        else
            assert_true(different > ROUNDS * 3 / 4);
    }
    cop_program_free(program);
    cop_draws_free(d);
}

/* Kim et al.'s code shuffles the three for each image, and clamps nothing: b times the image; s
 * about each pixel's grey; c about the image's mean grey. */
static void jitter_in_order(const char order[3], const double amount[3], double image[3][4])
{
    static const double luma[3] = {0.299, 0.587, 0.114};
    for (int k = 0; k < 3; k++) {
        double grey[4] = {0}, mean = 0;
        for (int i = 0; i < 4; i++) {
            for (int c = 0; c < 3; c++)
                grey[i] += luma[c] * image[c][i];
            mean += grey[i] / 4;
        }
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 4; i++) {
                double about = order[k] == 'b' ? 0 : order[k] == 's' ? grey[i] : mean;
                double by = amount[order[k] == 'b' ? 0 : order[k] == 's' ? 1 : 2];
                image[c][i] = by * image[c][i] + (1 - by) * about;
            }
    }
}

static void the_order_of_jitter_makes_no_difference(void **state)
{
    (void)state;
    static const char orders[6][4] = {"bsc", "bcs", "sbc", "scb", "cbs", "csb"};
    static const double amount[3] = {1.35, 0.65, 1.3};
    static const char *const names[] = {"jitter_brightness", "jitter_saturation",
                                        "jitter_contrast"};
    static const float luma[3] = {0.299f, 0.587f, 0.114f}, zeros[3] = {0}, ones[3] = {1, 1, 1};
    cop_stream s = cop_stream_make(7, "jitter", 0);
    float x[12], amounts[3];
    for (int i = 0; i < 12; i++)
        x[i] = cop_stream_uniform(&s);
    cop_error err = {0};
    cop_program *program = NULL;
    cop_graph *g = cop_graph_new();
    cop_node y = cop_augment(g, "d", cop_input(g, "x", cop_shape4(1, 3, 2, 2)), COP_AUGMENT_JITTER);
    assert_ok(cop_compile(g, &y, 1, NULL, &program, &err), &err);
    cop_graph_free(g);
    assert_ok(cop_program_bind_name(program, "x", x, &err), &err);
    for (int i = 0; i < 3; i++) {
        amounts[i] = (float)amount[i];
        bind(program, names[i], &amounts[i]);
    }
    bind(program, "luma", luma);
    bind(program, "mean", zeros);
    bind(program, "std", ones);
    assert_ok(cop_program_run(program, &err), &err);
    for (int k = 0; k < 6; k++) {
        double wanted[3][4];
        for (int i = 0; i < 12; i++)
            wanted[i / 4][i % 4] = (double)x[i];
        jitter_in_order(orders[k], amount, wanted);
        assert_close_f32(cop_program_output(program, 0), &wanted[0][0], 12, 1e-6, 1e-6);
    }
    cop_program_free(program);
}

static void jitter_wants_three_channels(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_node grey = cop_input(g, "grey", cop_shape4(2, 1, 4, 4));
    assert_int_equal(cop_augment(g, "d", grey, COP_AUGMENT_LIGHTING), COP_NO_NODE);
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err,
                   "jitter and lighting want images of 3 channels, given have 1");
    cop_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_is_that_of_torch),
        cmocka_unit_test(aligned_corners_turn_as_in_torch),
        cmocka_unit_test(a_window_is_that_of_torch_but_for_its_border),
        cmocka_unit_test(windows_are_half_to_all_of_the_area),
        cmocka_unit_test(a_narrow_image_gives_its_middle),
        cmocka_unit_test(jitter_and_lighting_are_drawn_as_published),
        cmocka_unit_test(dsa_draws_one_of_six_for_a_batch),
        cmocka_unit_test(the_order_of_jitter_makes_no_difference),
        cmocka_unit_test(jitter_wants_three_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

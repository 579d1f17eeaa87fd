/* What a program tells about itself: rows that agree with its costs, layouts that are what they
 * say, times that change nothing. */
#include "compiled.h"

#include "core/file.h"
#include "exec/inspect/listing.h"
#include "exec/program/program.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Σ over pixels of relu(2·conv(x, w) + 1), and v·uᵀ. */
enum { OUTPUTS = 2 };

static void build(scene *s, cop_node *outputs)
{
    cop_node x = scene_draw(s, cop_shape4(2, 3, 8, 8), FILL_PLAIN);
    cop_node w = scene_draw(s, cop_shape4(16, 3, 3, 3), FILL_PLAIN);
    cop_node v = scene_draw(s, cop_shape2(4, 5), FILL_PLAIN);
    cop_node u = scene_draw(s, cop_shape2(6, 5), FILL_PLAIN);
    cop_node y = cop_conv2d(s->g, x, w, cop_window_square(3, 1, 1));
    (void)cop_node_label(s->g, y, "first");
    y = cop_relu(s->g, cop_affine(s->g, y, 2.0, 1.0));
    outputs[0] = cop_sum(s->g, y, 1u << 2 | 1u << 3);
    outputs[1] = cop_matmul(s->g, v, false, u, true);
}

static const cop_row *find(const cop_description *d, cop_row_kind kind)
{
    for (int32_t i = 0; i < d->count; i++)
        if (d->rows[i].kind == kind)
            return &d->rows[i];
    fail_msg("no row of kind %s", cop_row_kind_name(kind));
    return NULL;
}

static bool some_operation_has(const cop_description *d, const char *part)
{
    bool found = false;
    for (int32_t i = 0; i < d->count; i++)
        found = found || strstr(d->rows[i].operation, part) != NULL;
    return found;
}

static void rows_agree_with_costs(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node outputs[OUTPUTS];
    float *inputs[SCENE_INPUTS];
    cop_description d;
    cop_error err = {0};
    build(&s, outputs);
    cop_program *p = compiled_open(&s, outputs, OUTPUTS, 2, inputs);
    assert_ok(cop_describe(p, &d, &err), &err);
    cop_program_cost cost = compiled_cost(p);
    assert_int_equal(d.count, cost.operations);
    assert_int_equal(d.all.count, cost.operations);
    assert_int_equal(d.of[COP_ROW_REORDER].count, cost.reorders);
    assert_int_equal(d.all.flops, cost.flops);
    assert_int_equal(d.of[COP_ROW_CONVOLUTION].flops, cost.conv_flops);
    assert_int_equal(d.arena_bytes, cost.arena_bytes);
    assert_int_equal(d.threads, 2);
    assert_int_equal(d.runs, 0);
    for (int32_t i = 0; i < d.count; i++) {
        assert_int_equal(d.rows[i].index, i);
        assert_true(d.rows[i].bytes > 0);
        assert_true(d.rows[i].layout[0] != '\0');
        assert_true(d.rows[i].implementation[0] != '\0');
        assert_true(d.rows[i].seconds == 0.0);
    }
    cop_description_clear(&d);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

static void rows_say_what_is_done(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node outputs[OUTPUTS];
    float *inputs[SCENE_INPUTS];
    cop_description d;
    cop_error err = {0};
    build(&s, outputs);
    cop_program *p = compiled_open(&s, outputs, OUTPUTS, 1, inputs);
    assert_ok(cop_describe(p, &d, &err), &err);
    const cop_row *conv = find(&d, COP_ROW_CONVOLUTION);
    assert_string_equal(conv->operation, "conv2d");
    assert_string_equal(conv->shapes, "2x3x8x8, 16x3x3x3 > 2x16x8x8");
    assert_string_equal(conv->label, "first");
    assert_int_equal(conv->flops, 2 * (2 * 16 * 8 * 8) * (3 * 3 * 3));
    assert_string_not_equal(conv->implementation, "coppice");
    const cop_row *matmul = find(&d, COP_ROW_MATMUL);
    assert_string_equal(matmul->shapes, "4x5, 6x5 > 4x6");
    assert_string_equal(matmul->layout, "ab");
    assert_string_equal(matmul->implementation, "openblas");
    assert_int_equal(matmul->flops, 2 * 4 * 6 * 5);
    assert_int_equal(matmul->bytes, (4 * 5 + 6 * 5 + 4 * 6) * 4);
    assert_null(matmul->label);
    assert_true(some_operation_has(&d, "affine+relu"));
    assert_true(some_operation_has(&d, "sum"));
    assert_true(d.all.elements >= 2 * 2 * 16 * 8 * 8);
    assert_string_equal(d.inputs, "in0 2x3x8x8, in1 16x3x3x3, in2 4x5 and 1 more");
    cop_description_clear(&d);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* Reads "nChw16c" back: every letter once outside, a capital just where blocks lie inside, and
 * blocks that make the tensor as large as it is. */
static void assert_layout_is_told(const cop_layout *layout, cop_shape shape, const char *letters)
{
    char text[48];
    int64_t block[COP_MAX_RANK] = {1, 1, 1, 1}, count = 1;
    bool capital[COP_MAX_RANK] = {false}, seen[COP_MAX_RANK] = {false};
    (void)cop_layout_text(layout, 4, letters, text, sizeof text);
    assert_true(strlen(text) >= 4);
    for (int i = 0; i < 4; i++) {
        const char *at = strchr(letters, tolower((unsigned char)text[i]));
        assert_non_null(at);
        assert_false(seen[at - letters]);
        seen[at - letters] = true;
        capital[at - letters] = isupper((unsigned char)text[i]) != 0;
    }
    for (char *at = text + 4; *at != '\0'; at++) {
        int64_t size = strtoll(at, &at, 10);
        const char *axis = strchr(letters, *at);
        assert_true(size > 1 && axis != NULL && *at != '\0');
        block[axis - letters] *= size;
    }
    for (int axis = 0; axis < 4; axis++) {
        assert_int_equal(capital[axis], block[axis] > 1);
        count *= (shape.dim[axis] + block[axis] - 1) / block[axis] * block[axis];
    }
    if (layout != NULL)
        assert_int_equal(cop_layout_bytes(layout), (size_t)count * sizeof(float));
    else
        assert_string_equal(text, letters);
}

static void layouts_are_told_as_they_are(void **state)
{
    (void)state;
    const struct {
        cop_shape x, w, y;
    } cases[] = {
        {cop_shape4(2, 32, 8, 8), cop_shape4(32, 32, 3, 3), cop_shape4(2, 32, 8, 8)},
        {cop_shape4(2, 3, 8, 8), cop_shape4(16, 3, 3, 3), cop_shape4(2, 16, 8, 8)},
        {cop_shape4(2, 20, 8, 8), cop_shape4(24, 20, 3, 3), cop_shape4(2, 24, 8, 8)},
    };
    cop_onednn *dnn = NULL;
    cop_error err = {0};
    assert_ok(cop_onednn_new(&dnn, &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int kind = COP_CONV_FORWARD; kind <= COP_CONV_WEIGHTS; kind++) {
            const cop_conv_spec spec = {.kind = (cop_conv_kind)kind,
                                        .x = cases[i].x,
                                        .w = cases[i].w,
                                        .y = cases[i].y,
                                        .window = cop_window_square(3, 1, 1)};
            const cop_shape a = kind == COP_CONV_DATA ? spec.y : spec.x;
            const cop_shape b = kind == COP_CONV_WEIGHTS ? spec.y : spec.w;
            const cop_shape result[] = {
                [COP_CONV_FORWARD] = spec.y, [COP_CONV_DATA] = spec.x, [COP_CONV_WEIGHTS] = spec.w};
            cop_primitive *conv = NULL;
            assert_ok(cop_primitive_conv(dnn, &spec, &conv, &err), &err);
            assert_true(cop_primitive_implementation(conv)[0] != '\0');
            assert_layout_is_told(cop_primitive_operand_layout(conv, 0), a, "nchw");
            assert_layout_is_told(cop_primitive_operand_layout(conv, 1), b,
                                  kind == COP_CONV_WEIGHTS ? "nchw" : "oihw");
            assert_layout_is_told(cop_primitive_result_layout(conv), result[kind],
                                  kind == COP_CONV_WEIGHTS ? "oihw" : "nchw");
            cop_primitive_free(conv);
        }
    cop_onednn_free(dnn);
}

static void measuring_changes_no_bit(void **state)
{
    (void)state;
    scene s = scene_open(2);
    cop_node outputs[OUTPUTS];
    float *inputs[SCENE_INPUTS], before[2 * 16], other[4 * 6];
    cop_description d;
    cop_error err = {0};
    build(&s, outputs);
    cop_program *p = compiled_open(&s, outputs, OUTPUTS, 2, inputs);
    assert_ok(cop_program_bind_output(p, 1, other, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    memcpy(before, cop_program_output(p, 0), sizeof before);
    assert_ok(cop_program_profile(p, &err), &err);
    for (int run = 0; run < 5; run++)
        assert_ok(cop_program_run(p, &err), &err);
    assert_memory_equal(before, cop_program_output(p, 0), sizeof before);
    assert_ok(cop_describe(p, &d, &err), &err);
    double sum = 0.0;
    for (int32_t i = 0; i < d.count; i++)
        sum += d.rows[i].seconds;
    assert_int_equal(d.runs, 5);
    assert_true(sum > 0.0 && d.elapsed_seconds > 0.0);
    assert_true(d.all.seconds > 0.999 * sum && d.all.seconds < 1.001 * sum);
    cop_description_clear(&d);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* The median is over the last runs, as many as are kept. */
static void the_median_is_over_the_last_runs(void **state)
{
    (void)state;
    static const struct {
        int runs;
        double median;
    } cases[] = {{0, 0.0},   {1, 0.0},   {2, 0.5},    {5, 2.0},
                 {64, 31.5}, {65, 32.5}, {100, 67.5}, {200, 167.5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double total[2] = {0};
        float recent[2 * COP_PROFILE_KEPT] = {0};
        cop_profile profile = {.count = 2, .total = total, .recent = recent};
        for (; profile.runs < cases[i].runs; profile.runs++) {
            cop_profile_note(&profile, 0, 1e6);
            cop_profile_note(&profile, 1, (double)profile.runs);
        }
        assert_true(cop_profile_median(&profile, 1) == cases[i].median);
        assert_true(total[1] == 0.5 * (double)cases[i].runs * (double)(cases[i].runs - 1));
    }
}

static void run_and_free(int runs)
{
    scene s = scene_open(3);
    cop_node outputs[OUTPUTS];
    float *inputs[SCENE_INPUTS];
    cop_error err = {0};
    build(&s, outputs);
    cop_program *p = compiled_open(&s, outputs, OUTPUTS, 1, inputs);
    for (int run = 0; run < runs; run++)
        assert_ok(cop_program_run(p, &err), &err);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

static void the_environment_asks_for_listings(void **state)
{
    (void)state;
    char dir[256], path[300], *text = NULL;
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/listing", dir);
    assert_int_equal(setenv("COPPICE_PROFILE", "", 1), 0);
    run_and_free(1);
    assert_int_equal(setenv("COPPICE_PROFILE", path, 1), 0);
    run_and_free(0);
    assert_int_not_equal(access(path, F_OK), 0);
    run_and_free(2);
    run_and_free(3);
    assert_int_equal(setenv("COPPICE_PROFILE", dir, 1), 0);
    run_and_free(1); /* a directory cannot be written; the program is freed all the same */
    assert_int_equal(unsetenv("COPPICE_PROFILE"), 0);
    run_and_free(7);
    assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
    char *second = strstr(text, "\n3 runs in ");
    assert_non_null(second);
    assert_true(strstr(text, "\n2 runs in ") < second);
    assert_non_null(strstr(text, "\n2 runs in "));
    assert_null(strstr(text, "\n7 runs in "));
    assert_non_null(strstr(second, "conv2d  2x3x8x8, 16x3x3x3 > 2x16x8x8  (first)\n"));
    free(text);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_agree_with_costs),
        cmocka_unit_test(rows_say_what_is_done),
        cmocka_unit_test(layouts_are_told_as_they_are),
        cmocka_unit_test(measuring_changes_no_bit),
        cmocka_unit_test(the_median_is_over_the_last_runs),
        cmocka_unit_test(the_environment_asks_for_listings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

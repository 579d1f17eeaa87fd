/* scene.c: graphs with values, for the engine's tests. */
#include "scene.h"

#include <coppice/program.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

scene scene_open(uint64_t seed)
{
    scene s = {.g = cop_graph_new(), .draws = seed};
    assert_non_null(s.g);
    return s;
}

void scene_close(scene *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->value[i]);
    cop_graph_free(s->g);
    *s = (scene){0};
}

static double *room(int64_t count)
{
    double *values = calloc(count > 0 ? (size_t)count : 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static void must_be_sound(const scene *s)
{
    cop_error err = {0};
    assert_ok(cop_graph_check(s->g, &err), &err);
}

cop_node scene_input(scene *s, cop_shape shape, const double *values)
{
    assert_true(s->count < SCENE_INPUTS);
    char name[16];
    (void)snprintf(name, sizeof name, "in%zu", s->count);
    cop_node node = cop_input(s->g, name, shape);
    must_be_sound(s);
    int64_t count = cop_shape_count(shape);
    s->node[s->count] = node;
    s->value[s->count] = room(count);
    memcpy(s->value[s->count], values, (size_t)count * sizeof *values);
    s->count++;
    return node;
}

/* Uniform in (0, 1): SplitMix64, so that the tests of the engine do not rest on its own streams. */
static double draw(scene *s)
{
    uint64_t z = s->draws += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 12) + 0.5) * 0x1p-52;
}

static void draw_distinct(scene *s, double *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = 0.1 * ((double)i - 0.5 * (double)count) + 0.05 * draw(s);
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)(draw(s) * (double)(i + 1));
        double kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}

static double draw_one(scene *s, scene_fill fill)
{
    double u = draw(s);
    if (fill == FILL_POSITIVE)
        return 0.5 + u;
    if (fill == FILL_NONZERO)
        return draw(s) < 0.5 ? -0.3 - u : 0.3 + u;
    return 2.0 * u - 1.0;
}

cop_node scene_draw(scene *s, cop_shape shape, scene_fill fill)
{
    int64_t count = cop_shape_count(shape);
    double *values = room(count);
    for (int64_t i = 0; i < count; i++)
        values[i] = draw_one(s, fill);
    if (fill == FILL_DISTINCT)
        draw_distinct(s, values, count);
    cop_node node = scene_input(s, shape, values);
    free(values);
    return node;
}

double *scene_value(scene *s, cop_node input)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->node[i] == input)
            return s->value[i];
    fail_msg("node %d is no input of the scene", (int)input);
    return NULL;
}

void scene_evaluate(const scene *s, const cop_node *nodes, double *const *results, size_t count)
{
    cop_error err = {0};
    assert_ok(cop_evaluate_f64(s->g, s->node, (const double *const *)s->value, s->count, nodes,
                               results, count, &err),
              &err);
}

double *scene_result(const scene *s, cop_node node)
{
    must_be_sound(s);
    double *values = room(cop_shape_count(cop_node_shape(s->g, node)));
    scene_evaluate(s, &node, &values, 1);
    return values;
}

cop_status scene_try(const scene *s, cop_node node, cop_error *err)
{
    must_be_sound(s);
    double *values = room(cop_shape_count(cop_node_shape(s->g, node)));
    cop_status status = cop_evaluate_f64(s->g, s->node, (const double *const *)s->value, s->count,
                                         &node, &values, 1, err);
    free(values);
    return status;
}

void scene_expect(const scene *s, cop_node node, cop_shape shape, const double *wanted)
{
    must_be_sound(s);
    cop_shape got_shape = cop_node_shape(s->g, node);
    char got_text[96], wanted_text[96];
    if (!cop_shape_equal(got_shape, shape))
        fail_msg("shape %s, wanted %s", cop_shape_text(got_shape, got_text, sizeof got_text),
                 cop_shape_text(shape, wanted_text, sizeof wanted_text));
    double *got = scene_result(s, node);
    assert_close_f64("values", got, wanted, cop_shape_count(shape), 1e-12);
    free(got);
}

void scene_expect_adjoint(scene *s, cop_node x, cop_node forward, cop_node gy, cop_node adjoint)
{
    must_be_sound(s);
    assert_true(cop_shape_equal(cop_node_shape(s->g, forward), cop_node_shape(s->g, gy)));
    assert_true(cop_shape_equal(cop_node_shape(s->g, adjoint), cop_node_shape(s->g, x)));
    int64_t count = cop_shape_count(cop_node_shape(s->g, x));
    int64_t outputs = cop_shape_count(cop_node_shape(s->g, gy));
    double *got = scene_result(s, adjoint);
    double *wanted = room(count);
    double *values = scene_value(s, x);
    const double *cotangent = scene_value(s, gy);
    memset(values, 0, (size_t)count * sizeof *values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = 1.0;
        double *y = scene_result(s, forward);
        values[i] = 0.0;
        for (int64_t k = 0; k < outputs; k++)
            wanted[i] += cotangent[k] * y[k];
        free(y);
    }
    assert_close_f64("adjoint", got, wanted, count, 1e-12);
    free(got);
    free(wanted);
}

/* How far off, in tolerances; NaN equals NaN and an infinity itself. */
static double excess_of(double got, double wanted, double tolerance)
{
    if (got == wanted || (isnan(got) && isnan(wanted)))
        return 0.0;
    double excess = fabs(got - wanted) / (tolerance * (1.0 + fabs(wanted)));
    return isfinite(excess) ? excess : INFINITY;
}

void assert_close_f64(const char *what, const double *got, const double *wanted, int64_t count,
                      double tolerance)
{
    int64_t worst = -1;
    double most = 1.0;
    for (int64_t i = 0; i < count; i++) {
        double excess = excess_of(got[i], wanted[i], tolerance);
        if (excess > most) {
            worst = i;
            most = excess;
        }
    }
    if (worst >= 0)
        fail_msg("%s: element %lld: got %.12g, wanted %.12g (%.3g times the tolerance)", what,
                 (long long)worst, got[worst], wanted[worst], most);
}

/* The geometry of the landscape analyzer: projections of a case that is known, least squares
 * otherwise, filter norms of random directions, and what is zero and stays so. */
#include "linear_net.h"
#include "tiny_net.h"

#include "plugins/analyzers/landscape/landscape.h"

#include <math.h>
#include <string.h>

/* A state of softmax regression with weights that are zero but for the first three. */
static cop_tensors *linear_state(const cop_model *model, float a, float b, float c)
{
    cop_error err = {0};
    cop_tensors *made = NULL;
    assert_ok(cop_model_initial_state(model, 3, &made, &err), &err);
    float *w = cop_f32(cop_tensors_find(made, "fc.weight"));
    const float first[LINEAR_WEIGHTS] = {a, b, c};
    memcpy(w, first, sizeof first);
    return made;
}

static landscape_plane plane_of(int32_t kind, cop_tensors *const *networks, const cop_model *model)
{
    cop_error err = {0};
    landscape_plane s = {.kind = kind};
    for (int k = 0; k < LANDSCAPE_MOST_SPANS; k++)
        s.spans[k] = networks[k];
    assert_ok(landscape_plane_measure(&s, model, &err), &err);
    return s;
}

static void assert_projected(const landscape_plane *s, const cop_model *model,
                             const cop_tensors *network, double x, double y, double distance)
{
    double at[2], found;
    landscape_project(s, model, network, at, &found);
    if (!(fabs(at[0] - x) < 1e-12 && fabs(at[1] - y) < 1e-12 && fabs(found - distance) < 1e-12))
        fail_msg("(%.17g, %.17g), %.17g away; wanted (%.17g, %.17g), %.17g", at[0], at[1], found, x,
                 y, distance);
}

/* Networks (1, 1, 1) + (0, 0, 0), (4, 0, 0), (1, 2, 0), (3, 1, 5) and (-2, -1, -3). */
static void projections_of_a_known_case(void **state)
{
    (void)state;
    cop_model *model = linear_model();
    cop_tensors *networks[] = {
        linear_state(model, 1.0f, 1.0f, 1.0f), linear_state(model, 5.0f, 1.0f, 1.0f),
        linear_state(model, 2.0f, 3.0f, 1.0f), linear_state(model, 4.0f, 2.0f, 6.0f),
        linear_state(model, -1.0f, 0.0f, -2.0f)};
    landscape_plane s = plane_of(LANDSCAPE_ORTHONORMAL, networks, model);
    assert_projected(&s, model, networks[0], 0.0, 0.0, 0.0);
    assert_projected(&s, model, networks[1], 4.0, 0.0, 0.0);
    assert_projected(&s, model, networks[2], 1.0, 2.0, 0.0);
    assert_projected(&s, model, networks[3], 3.0, 1.0, 5.0);
    assert_projected(&s, model, networks[4], -2.0, -1.0, 3.0);
    /* From (3, 1, 1) along (-2, 0, 0) and (1, -1/2, 5/2), which are not at right angles. Copies 2
     * and 3 lie at (-1, 2, 0) and (1, 1, 5) from there; across the first axis what is left of the
     * second is (0, -1/2, 5/2), of square 13/2. */
    s = plane_of(LANDSCAPE_PUBLISHED, networks, model);
    assert_projected(&s, model, networks[0], 1.0, 0.0, 0.0);
    assert_projected(&s, model, networks[1], -1.0, 0.0, 0.0);
    const double y2 = -1.0 / 6.5, y3 = 12.0 / 6.5, left = sqrt(4.0 - 1.0 / 6.5);
    assert_projected(&s, model, networks[2], (1.0 + y2) / 2.0, y2, left);
    assert_projected(&s, model, networks[3], (-1.0 + y3) / 2.0, y3, left);
    for (int i = 0; i < 5; i++)
        cop_tensors_free(networks[i]);
    cop_model_free(model);
}

static void axes_that_are_parallel_are_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_model *model = linear_model();
    cop_tensors *networks[] = {
        linear_state(model, 1.0f, 1.0f, 1.0f), linear_state(model, 2.0f, 3.0f, 1.0f),
        linear_state(model, 0.0f, -1.0f, 1.0f), linear_state(model, NAN, 0.0f, 0.0f)};
    landscape_plane s = {.kind = LANDSCAPE_ORTHONORMAL,
                         .spans = {networks[0], networks[1], networks[2]}};
    assert_refused(landscape_plane_measure(&s, model, &err), COP_FAILED, &err, "on one line");
    s.spans[2] = networks[0];
    assert_refused(landscape_plane_measure(&s, model, &err), COP_FAILED, &err, "on one line");
    s.spans[2] = networks[3];
    assert_refused(landscape_plane_measure(&s, model, &err), COP_FAILED, &err, "not finite");
    s = (landscape_plane){.kind = LANDSCAPE_RANDOM,
                          .spans = {networks[0], networks[1], networks[1]}};
    assert_refused(landscape_plane_measure(&s, model, &err), COP_FAILED, &err, "too few weights");
    for (int i = 0; i < 4; i++)
        cop_tensors_free(networks[i]);
    cop_model_free(model);
}

/* A network with batch norm, a mask that removes whole filters and parts of others, and copies. */
typedef struct scene {
    cop_model *model;
    cop_tensors *mask, *copies[LANDSCAPE_MOST_SPANS];
} scene;

static void open_scene(scene *s)
{
    cop_error err = {0};
    s->model = tiny_model(false);
    assert_ok(cop_model_full_mask(s->model, &s->mask, &err), &err);
    for (size_t t = 0; t < cop_tensors_count(s->mask); t++) {
        const cop_tensor *m = cop_tensors_at(s->mask, t);
        int64_t count = cop_shape_count(m->shape) / m->shape.dim[0];
        for (int64_t j = 0; j < cop_shape_count(m->shape); j++)
            cop_f32(m)[j] = j / count == 1 || j % 4 == 2 ? 0.0f : 1.0f;
    }
    for (uint64_t i = 0; i < LANDSCAPE_MOST_SPANS; i++) {
        assert_ok(cop_model_initial_state(s->model, 20 + i, &s->copies[i], &err), &err);
        cop_f32(cop_tensors_find(s->copies[i], "norm.running_var"))[0] = i == 0 ? 0.5f : 0.01f;
        cop_f32(cop_tensors_find(s->copies[i], "norm.running_mean"))[0] = i == 0 ? 1.0f : 0.0f;
        cop_mask_apply(s->mask, s->copies[i]);
    }
}

static void close_scene(scene *s)
{
    for (int i = 0; i < LANDSCAPE_MOST_SPANS; i++)
        cop_tensors_free(s->copies[i]);
    cop_tensors_free(s->mask);
    cop_model_free(s->model);
}

static cop_tensors *direction_of(const scene *s, uint64_t index)
{
    cop_error err = {0};
    cop_tensors *made = NULL;
    cop_stream stream = cop_stream_make(5, "direction", index);
    assert_ok(landscape_direction(s->model, s->copies[0], s->mask, stream, &made, &err), &err);
    return made;
}

static double filter_product(const cop_tensor *a, const cop_tensor *b, int64_t filter)
{
    int64_t count = cop_shape_count(a->shape) / a->shape.dim[0];
    double sum = 0.0;
    for (int64_t j = filter * count; j < (filter + 1) * count; j++)
        sum += (double)cop_f32(a)[j] * (double)cop_f32(b)[j];
    return sum;
}

static void filters_of_random_directions_have_the_networks_norms(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_tensors *first = direction_of(&s, 0), *second = direction_of(&s, 1);
    const char *const weights[] = {"conv.weight", "fc.weight"};
    for (size_t i = 0; i < 2; i++) {
        const cop_tensor *w = cop_tensors_find(s.copies[0], weights[i]);
        const cop_tensor *d = cop_tensors_find(first, weights[i]);
        const cop_tensor *e = cop_tensors_find(second, weights[i]);
        for (int64_t f = 0; f < w->shape.dim[0]; f++) {
            double wanted = filter_product(w, w, f), norm = sqrt(wanted);
            assert_true((wanted > 0.0) == (f != 1));
            assert_true(fabs(sqrt(filter_product(d, d, f)) - norm) <= 1e-6 * norm);
            assert_true(fabs(sqrt(filter_product(e, e, f)) - norm) <= 1e-6 * norm);
            /* They are directions of their own, not the filter's nor each other's. */
            assert_true(fabs(filter_product(d, w, f)) <= 0.95 * wanted);
            assert_true(fabs(filter_product(d, e, f)) <= 0.95 * wanted);
        }
    }
    cop_tensors_free(first);
    cop_tensors_free(second);
    close_scene(&s);
}

static void random_directions_are_zero_elsewhere(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_tensors *direction = direction_of(&s, 0);
    assert_int_equal(cop_tensors_count(direction), cop_tensors_count(s.copies[0]));
    for (size_t t = 0; t < cop_tensors_count(direction); t++) {
        const cop_tensor *d = cop_tensors_at(direction, t);
        const cop_tensor *mask = cop_tensors_find(s.mask, d->name);
        for (int64_t j = 0; j < cop_shape_count(d->shape); j++)
            assert_true((cop_f32(d)[j] != 0.0f) == (mask != NULL && cop_f32(mask)[j] != 0.0f));
    }
    cop_tensors_free(direction);
    close_scene(&s);
}

static void assert_zero_where_masked(const scene *s, const cop_tensors *point)
{
    for (size_t t = 0; t < cop_tensors_count(s->mask); t++) {
        const cop_tensor *mask = cop_tensors_at(s->mask, t);
        const float *w = cop_f32(cop_tensors_find(point, mask->name));
        for (int64_t j = 0; j < cop_shape_count(mask->shape); j++)
            assert_true((w[j] != 0.0f) == (cop_f32(mask)[j] != 0.0f));
    }
}

/* Everywhere on every plane, far out too. */
static void pruned_weights_stay_zero(void **state)
{
    (void)state;
    static const double places[][2] = {{0.3, 0.2}, {-5.0, 7.0}, {40.0, -3.0}, {0.0, 0.0}};
    scene s;
    open_scene(&s);
    cop_tensors *first = direction_of(&s, 0), *second = direction_of(&s, 1);
    cop_tensors *about[LANDSCAPE_MOST_SPANS] = {s.copies[0], first, second, NULL};
    cop_tensors *point = cop_tensors_clone(s.copies[3]);
    for (int32_t kind = 0; kind < 3; kind++) {
        landscape_plane plane =
            plane_of(kind, kind == LANDSCAPE_RANDOM ? about : s.copies, s.model);
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            landscape_place(&plane, s.model, places[i], point);
            assert_zero_where_masked(&s, point);
        }
    }
    cop_tensors_free(first);
    cop_tensors_free(second);
    cop_tensors_free(point);
    close_scene(&s);
}

/* The first channel's is 0.5 in copy 0 and 0.01 in the others. Means know no bound. */
static void variances_do_not_become_negative(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_tensors *point = cop_tensors_clone(s.copies[3]);
    const float *variance = cop_f32(cop_tensors_find(point, "norm.running_var"));
    const float *mean = cop_f32(cop_tensors_find(point, "norm.running_mean"));
    landscape_plane plane = plane_of(LANDSCAPE_PUBLISHED, s.copies, s.model);
    const double middle[2] = {0.0, 0.0}, copy0[2] = {1.0, 0.0}, beyond[2] = {-3.0, 0.0};
    landscape_place(&plane, s.model, middle, point);
    assert_true(fabs((double)variance[0] - 0.255) < 1e-7);
    landscape_place(&plane, s.model, copy0, point);
    assert_true(variance[0] == 0.5f);
    landscape_place(&plane, s.model, beyond, point);
    assert_true(variance[0] == 0.0f);
    assert_true(mean[0] < 0.0f);
    plane = plane_of(LANDSCAPE_ORTHONORMAL, s.copies, s.model);
    const double half[2] = {plane.u / 2.0, 0.0}, past[2] = {2.0 * plane.u, 0.0};
    landscape_place(&plane, s.model, half, point);
    assert_true(fabs((double)variance[0] - 0.255) < 1e-7);
    landscape_place(&plane, s.model, past, point);
    assert_true(variance[0] == 0.01f);
    cop_tensors_free(point);
    close_scene(&s);
}

/* Bit for bit, wherever a copy lies. */
static void a_copys_own_place_is_the_copy(void **state)
{
    (void)state;
    static const size_t on_plane[] = {3, 2, 1};
    scene s;
    open_scene(&s);
    cop_tensors *first = direction_of(&s, 0), *second = direction_of(&s, 1);
    cop_tensors *about[LANDSCAPE_MOST_SPANS] = {s.copies[0], first, second, NULL};
    cop_tensors *point = cop_tensors_clone(s.copies[3]);
    for (int32_t kind = 0; kind < 3; kind++) {
        landscape_plane plane =
            plane_of(kind, kind == LANDSCAPE_RANDOM ? about : s.copies, s.model);
        for (size_t i = 0; i < on_plane[kind]; i++) {
            double at[2], distance;
            landscape_project(&plane, s.model, s.copies[i], at, &distance);
            landscape_place(&plane, s.model, at, point);
            for (size_t t = 0; t < cop_tensors_count(point); t++) {
                const cop_tensor *got = cop_tensors_at(point, t);
                const float *wanted = cop_f32(cop_tensors_at(s.copies[i], t));
                for (int64_t j = 0; j < cop_shape_count(got->shape); j++)
                    assert_true(cop_f32(got)[j] == wanted[j]);
            }
        }
    }
    cop_tensors_free(first);
    cop_tensors_free(second);
    cop_tensors_free(point);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections_of_a_known_case),
        cmocka_unit_test(axes_that_are_parallel_are_refused),
        cmocka_unit_test(filters_of_random_directions_have_the_networks_norms),
        cmocka_unit_test(random_directions_are_zero_elsewhere),
        cmocka_unit_test(pruned_weights_stay_zero),
        cmocka_unit_test(variances_do_not_become_negative),
        cmocka_unit_test(a_copys_own_place_is_the_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Derivatives of whole small networks, to the order that the methods need: a ConvNet block, a
 * residual block, augmentation, and distillation's gradient matching and unrolled step. */
#include "derivatives.h"

#include <coppice/differentiate.h>

#include <stdlib.h>

#define PARAMETERS 8
#define CLASSES    3

/* Parameters of a network, in order, and what it says of a batch. */
typedef struct network {
    cop_node parameter[PARAMETERS];
    size_t count;
} network;

static cop_node parameter(scene *s, network *net, cop_shape shape, scene_fill fill)
{
    cop_node node = scene_draw(s, shape, fill);
    net->parameter[net->count++] = node;
    return node;
}

static cop_node per_channel(scene *s, network *net, int64_t channels, scene_fill fill)
{
    return parameter(s, net, cop_shape4(1, channels, 1, 1), fill);
}

static cop_node normalized(cop_graph *g, cop_node x, cop_norm_axes over, cop_node gain,
                           cop_node bias)
{
    return cop_add(g, cop_mul(g, cop_normalize(g, x, over, 1e-2), gain), bias);
}

/* Two channels in, 4 x 4 pixels; conv 3x3, instance norm, relu, average pool, linear. */
static network draw_convnet(scene *s)
{
    network net = {.count = 0};
    (void)parameter(s, &net, cop_shape4(3, 2, 3, 3), FILL_PLAIN);
    (void)per_channel(s, &net, 3, FILL_PLAIN); /* the convolution's bias */
    (void)per_channel(s, &net, 3, FILL_POSITIVE);
    (void)per_channel(s, &net, 3, FILL_NONZERO);
    (void)parameter(s, &net, cop_shape2(CLASSES, 12), FILL_PLAIN);
    (void)parameter(s, &net, cop_shape2(1, CLASSES), FILL_PLAIN);
    return net;
}

static cop_node convnet(cop_graph *g, const cop_node *w, cop_node x)
{
    cop_node y = cop_add(g, cop_conv2d(g, x, w[0], cop_window_square(3, 1, 1)), w[1]);
    y = cop_relu(g, normalized(g, y, COP_NORM_OVER_IMAGE, w[2], w[3]));
    y = cop_flatten(g, cop_avg_pool(g, y, cop_window_square(2, 2, 0)));
    return cop_add(g, cop_matmul(g, y, false, w[4], true), w[5]);
}

/* Four channels at half the size: two 3x3 convolutions with batch norm, and a strided 1x1 shortcut;
 * then max pooling, global pooling and a linear layer. */
static network draw_resnet(scene *s)
{
    network net = {.count = 0};
    (void)parameter(s, &net, cop_shape4(4, 2, 3, 3), FILL_PLAIN);
    (void)per_channel(s, &net, 4, FILL_POSITIVE);
    (void)per_channel(s, &net, 4, FILL_NONZERO);
    (void)parameter(s, &net, cop_shape4(4, 4, 3, 3), FILL_PLAIN);
    (void)per_channel(s, &net, 4, FILL_POSITIVE);
    (void)per_channel(s, &net, 4, FILL_NONZERO);
    (void)parameter(s, &net, cop_shape4(4, 2, 1, 1), FILL_PLAIN);
    (void)parameter(s, &net, cop_shape2(CLASSES, 4), FILL_PLAIN);
    return net;
}

static cop_node resnet(cop_graph *g, const cop_node *w, cop_node x)
{
    cop_node y = cop_conv2d(g, x, w[0], cop_window_square(3, 2, 1));
    y = cop_relu(g, normalized(g, y, COP_NORM_OVER_BATCH, w[1], w[2]));
    y = cop_conv2d(g, y, w[3], cop_window_square(3, 1, 1));
    y = normalized(g, y, COP_NORM_OVER_BATCH, w[4], w[5]);
    y = cop_relu(g, cop_add(g, y, cop_conv2d(g, x, w[6], cop_window_square(1, 2, 0))));
    y = cop_max_pool(g, y, cop_window_square(2, 1, 0));
    y = cop_reshape(g, cop_global_avg_pool(g, y), cop_shape2(cop_node_shape(g, y).dim[0], 4));
    return cop_matmul(g, y, false, w[7], true);
}

/* Mean cross-entropy to soft labels, which come as an input. */
static cop_node cross_entropy(cop_graph *g, cop_node logits, cop_node labels)
{
    double samples = (double)cop_node_shape(g, logits).dim[0];
    cop_node score = cop_total(g, cop_mul(g, labels, cop_log_softmax(g, logits)));
    return cop_scale(g, score, -1.0 / samples);
}

typedef cop_node (*forward_fn)(cop_graph *g, const cop_node *w, cop_node x);

/* Weights and pixels together, so that the mixed second derivatives are checked as well. */
static void check_network(network (*draw)(scene *s), forward_fn forward, uint64_t seed, int order)
{
    scene s = scene_open(seed);
    network net = draw(&s);
    cop_node x = scene_draw(&s, cop_shape4(3, 2, 4, 4), FILL_PLAIN);
    cop_node labels = scene_draw(&s, cop_shape2(3, CLASSES), FILL_POSITIVE);
    cop_node logits = forward(s.g, net.parameter, x);
    cop_node wrt[PARAMETERS + 1];
    for (size_t i = 0; i < net.count; i++)
        wrt[i] = net.parameter[i];
    wrt[net.count] = x;
    assert_away_from_kinks(&s);
    check_tangent(&s, logits, wrt, net.count + 1);
    check_derivatives(&s, cross_entropy(s.g, logits, labels), wrt, net.count + 1, order);
    scene_close(&s);
}

static void a_convnet_agrees_with_differences(void **state)
{
    (void)state;
    check_network(draw_convnet, convnet, 1, 3);
}

static void a_residual_block_agrees_with_differences(void **state)
{
    (void)state;
    check_network(draw_resnet, resnet, 1, 3);
}

/* Pixels at half size, enlarged, moved, mirrored, dimmed and cut before the network sees them. */
static void derivatives_go_through_augmentation(void **state)
{
    (void)state;
    scene s = scene_open(1);
    network net = draw_convnet(&s);
    cop_node small = scene_draw(&s, cop_shape4(2, 2, 2, 2), FILL_PLAIN);
    cop_node theta = scene_input(&s, cop_shape3(2, 2, 3),
                                 (const double[]){0.9, 0.3, 0.1, -0.2, 1.1, 0, 1, 0, 0, 0, 1, 0.2});
    cop_node offset = scene_input(&s, cop_shape2(2, 2), (const double[]){1, 0, 0, -1});
    cop_node flag = scene_input(&s, cop_shape1(2), (const double[]){0, 1});
    cop_node box = scene_input(&s, cop_shape2(2, 4), (const double[]){0, 0, 1, 2, 2, 2, 4, 4});
    cop_node light = scene_draw(&s, cop_shape4(2, 1, 1, 1), FILL_POSITIVE);
    cop_node labels = scene_draw(&s, cop_shape2(2, CLASSES), FILL_POSITIVE);
    cop_node x = cop_resize_bilinear(s.g, small, 4, 4);
    x = cop_flip(s.g, cop_shift(s.g, cop_affine_sample(s.g, x, theta), offset), flag);
    x = cop_mul(s.g, cop_mul(s.g, x, light), cop_box_mask(s.g, box, 4, 4));
    cop_node loss = cross_entropy(s.g, convnet(s.g, net.parameter, x), labels);
    const cop_node wrt[3] = {small, light, net.parameter[0]};
    assert_away_from_kinks(&s);
    check_derivatives(&s, loss, wrt, 3, 2);
    scene_close(&s);
}

/* What gradient matching compares: one network, a real and a synthetic batch. */
typedef struct matching {
    scene s;
    network net;
    cop_node real, synthetic; /* pixels */
    cop_node real_loss, synthetic_loss;
} matching;

static matching open_matching(network (*draw)(scene *s), forward_fn forward, uint64_t seed)
{
    matching m = {.s = scene_open(seed)};
    scene *s = &m.s;
    m.net = draw(s);
    m.real = scene_draw(s, cop_shape4(3, 2, 4, 4), FILL_PLAIN);
    m.synthetic = scene_draw(s, cop_shape4(2, 2, 4, 4), FILL_PLAIN);
    cop_node real_labels = scene_draw(s, cop_shape2(3, CLASSES), FILL_POSITIVE);
    cop_node labels = scene_draw(s, cop_shape2(2, CLASSES), FILL_POSITIVE);
    m.real_loss = cross_entropy(s->g, forward(s->g, m.net.parameter, m.real), real_labels);
    m.synthetic_loss = cross_entropy(s->g, forward(s->g, m.net.parameter, m.synthetic), labels);
    return m;
}

/* Σ over the parameters of ‖∇L(real) − ∇L(syn)‖². */
static cop_node squared_distance(matching *m)
{
    cop_graph *g = m->s.g;
    cop_node of_real[PARAMETERS], of_synthetic[PARAMETERS];
    cop_error err = {0};
    assert_ok(cop_gradient(g, m->real_loss, m->net.parameter, m->net.count, of_real, &err), &err);
    assert_ok(
        cop_gradient(g, m->synthetic_loss, m->net.parameter, m->net.count, of_synthetic, &err),
        &err);
    cop_node sum = COP_NO_NODE;
    for (size_t i = 0; i < m->net.count; i++) {
        cop_node off = cop_sub(g, cop_detach(g, of_real[i]), of_synthetic[i]);
        cop_node part = cop_total(g, cop_square(g, off));
        sum = i == 0 ? part : cop_add(g, sum, part);
    }
    return sum;
}

/* The pixel gradient by reverse over reverse against differences, and against the product that the
 * distillers use: forward over reverse, −2·d/dε ∇syn L(w + ε·(∇L(real) − ∇L(syn))). */
static void check_matching(network (*draw)(scene *s), forward_fn forward)
{
    matching m = open_matching(draw, forward, 1);
    scene *s = &m.s;
    cop_node distance = squared_distance(&m);
    assert_away_from_kinks(s);
    check_derivatives(s, distance, &m.synthetic, 1, 2);

    cop_node of_real[PARAMETERS], of_synthetic[PARAMETERS], direction[PARAMETERS];
    cop_node pixels, mixed, wanted;
    cop_error err = {0};
    const cop_node *w = m.net.parameter;
    assert_ok(cop_gradient(s->g, m.real_loss, w, m.net.count, of_real, &err), &err);
    assert_ok(cop_gradient(s->g, m.synthetic_loss, w, m.net.count, of_synthetic, &err), &err);
    for (size_t i = 0; i < m.net.count; i++)
        direction[i] = cop_sub(s->g, of_real[i], of_synthetic[i]);
    assert_ok(cop_gradient(s->g, m.synthetic_loss, &m.synthetic, 1, &pixels, &err), &err);
    assert_ok(cop_jvp(s->g, w, direction, m.net.count, &pixels, 1, &mixed, &err), &err);
    assert_ok(cop_gradient(s->g, distance, &m.synthetic, 1, &wanted, &err), &err);
    double *got = scene_result(s, cop_scale(s->g, mixed, -2.0));
    double *value = scene_result(s, wanted);
    int64_t count = cop_shape_count(cop_node_shape(s->g, m.synthetic));
    assert_close_f64("mixed product", got, value, count, EXACT_TOLERANCE);
    free(got);
    free(value);
    scene_close(s);
}

static void gradient_matching_differentiates_a_convnet(void **state)
{
    (void)state;
    check_matching(draw_convnet, convnet);
}

static void gradient_matching_differentiates_a_residual_block(void **state)
{
    (void)state;
    check_matching(draw_resnet, resnet);
}

/* Training on the synthetic batch for two steps, then the loss on the real one: its derivative by
 * pixels and by the learning rate goes through both steps. */
static void derivatives_go_through_unrolled_training(void **state)
{
    (void)state;
    matching m = open_matching(draw_convnet, convnet, 1);
    scene *s = &m.s;
    cop_node rate = scene_input(s, cop_shape0(), (const double[]){0.05});
    cop_node labels = scene_draw(s, cop_shape2(2, CLASSES), FILL_POSITIVE);
    cop_node real_labels = scene_draw(s, cop_shape2(3, CLASSES), FILL_POSITIVE);
    cop_node w[PARAMETERS], gradient[PARAMETERS];
    for (size_t i = 0; i < m.net.count; i++)
        w[i] = m.net.parameter[i];
    for (int step = 0; step < 2; step++) {
        cop_node loss = cross_entropy(s->g, convnet(s->g, w, m.synthetic), labels);
        cop_error err = {0};
        assert_ok(cop_gradient(s->g, loss, w, m.net.count, gradient, &err), &err);
        for (size_t i = 0; i < m.net.count; i++) {
            cop_shape shape = cop_node_shape(s->g, w[i]);
            cop_shape ones = {.rank = shape.rank, .dim = {1, 1, 1, 1}};
            cop_node factor = cop_broadcast(s->g, cop_reshape(s->g, rate, ones), shape);
            w[i] = cop_sub(s->g, w[i], cop_mul(s->g, factor, gradient[i]));
        }
    }
    cop_node loss = cross_entropy(s->g, convnet(s->g, w, m.real), real_labels);
    const cop_node wrt[2] = {m.synthetic, rate};
    assert_away_from_kinks(s);
    check_derivatives(s, loss, wrt, 2, 1);
    scene_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convnet_agrees_with_differences),
        cmocka_unit_test(a_residual_block_agrees_with_differences),
        cmocka_unit_test(derivatives_go_through_augmentation),
        cmocka_unit_test(gradient_matching_differentiates_a_convnet),
        cmocka_unit_test(gradient_matching_differentiates_a_residual_block),
        cmocka_unit_test(derivatives_go_through_unrolled_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

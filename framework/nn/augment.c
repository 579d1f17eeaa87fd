/* augment.c: augmentation as a graph. The draws are run-time inputs, so one program serves all of
 * them; draws.c makes them. The order and the formulas are those of Kim et al. (2022): flip,
 * brightness, saturation, contrast, (padded crop,) one of crop, scale and rotate, cutout. Theirs
 * for ImageNet: resized crop, flip, jitter, lighting, the last two of pixels that are not
 * normalised, which is why these are normalised back and forth. */
#include <coppice/nn.h>

#include <stdio.h>

/* An input "<prefix>.<name>". */
static cop_node draw(cop_graph *g, const char *prefix, const char *name, cop_shape shape)
{
    char full[2 * COP_NAME_SIZE];
    int length = snprintf(full, sizeof full, "%s.%s", prefix, name);
    if (length < 0 || (size_t)length >= sizeof full)
        return cop_graph_refuse(g, "the prefix \"%.40s…\" of a draw is too long", prefix);
    return cop_input(g, full, shape);
}

/* x·factor + about·(1 − factor): for factor 1 exactly x. */
static cop_node stretch(cop_graph *g, cop_node x, cop_node about, cop_node factor)
{
    return cop_add(g, cop_mul(g, x, factor), cop_mul(g, about, cop_affine(g, factor, -1.0, 1.0)));
}

static cop_node color(cop_graph *g, const char *prefix, cop_node x, int64_t n)
{
    cop_shape one_each = cop_shape4(n, 1, 1, 1);
    cop_node brightness = draw(g, prefix, "brightness", one_each);
    cop_node saturation = draw(g, prefix, "saturation", one_each);
    cop_node contrast = draw(g, prefix, "contrast", one_each);
    x = cop_add(g, x, brightness);
    x = stretch(g, x, cop_mean(g, x, COP_AXIS(1)), saturation);
    return stretch(g, x, cop_mean(g, x, COP_AXIS(1) | COP_AXIS(2) | COP_AXIS(3)), contrast);
}

/* One number for each pixel. */
static cop_node grey(cop_graph *g, cop_node pixels, cop_node luma)
{
    return cop_sum(g, cop_mul(g, pixels, luma), COP_AXIS(1));
}

/* Kim et al. draw the order of the three for each image. As nothing is clamped between them, and
 * the shares of a grey sum to 1, every order is the same map: a pixel keeps its grey under
 * saturation, and the image its mean grey under both. */
static cop_node jitter(cop_graph *g, const char *prefix, cop_node u, int64_t n)
{
    cop_shape one_each = cop_shape4(n, 1, 1, 1);
    cop_node luma = draw(g, prefix, "luma", cop_shape4(1, 3, 1, 1));
    u = cop_mul(g, u, draw(g, prefix, "jitter_brightness", one_each));
    u = stretch(g, u, grey(g, u, luma), draw(g, prefix, "jitter_saturation", one_each));
    cop_node level = cop_mean(g, grey(g, u, luma), COP_AXIS(2) | COP_AXIS(3));
    return stretch(g, u, level, draw(g, prefix, "jitter_contrast", one_each));
}

/* Jitter and lighting, of pixels as they are before normalisation. */
static cop_node of_pixels(cop_graph *g, const char *prefix, cop_node x, uint32_t flags)
{
    cop_shape s = cop_node_shape(g, x), channels = cop_shape4(1, 3, 1, 1);
    if (s.dim[1] != 3)
        return cop_graph_refuse(g, "jitter and lighting want images of 3 channels, given have %lld",
                                (long long)s.dim[1]);
    cop_node mean = draw(g, prefix, "mean", channels), std = draw(g, prefix, "std", channels);
    cop_node u = cop_add(g, cop_mul(g, x, std), mean);
    if (flags & COP_AUGMENT_JITTER)
        u = jitter(g, prefix, u, s.dim[0]);
    if (flags & COP_AUGMENT_LIGHTING)
        u = cop_add(g, u, draw(g, prefix, "lighting", cop_shape4(s.dim[0], 3, 1, 1)));
    return cop_div(g, cop_sub(g, u, mean), std);
}

cop_node cop_augment(cop_graph *g, const char *prefix, cop_node x, uint32_t flags)
{
    if (x == COP_NO_NODE || flags == 0)
        return x;
    cop_shape s = cop_node_shape(g, x);
    if (s.rank != 4)
        return cop_graph_refuse(g, "augmentation wants images [N, C, H, W], given has rank %d",
                                (int)s.rank);
    int64_t n = s.dim[0];
    if (flags & COP_AUGMENT_RESIZEDCROP)
        x = cop_affine_sample(g, x, draw(g, prefix, "window", cop_shape3(n, 2, 3)));
    if (flags & COP_AUGMENT_FLIP)
        x = cop_flip(g, x, draw(g, prefix, "flip", cop_shape1(n)));
    if (flags & (COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING))
        x = of_pixels(g, prefix, x, flags);
    if (flags & COP_AUGMENT_COLOR)
        x = color(g, prefix, x, n);
    if (flags & COP_AUGMENT_PADCROP)
        x = cop_shift(g, x, draw(g, prefix, "padcrop", cop_shape2(n, 2)));
    if (flags & COP_AUGMENT_CROP)
        x = cop_shift(g, x, draw(g, prefix, "crop", cop_shape2(n, 2)));
    if (flags & (COP_AUGMENT_SCALE | COP_AUGMENT_ROTATE))
        x = cop_affine_sample(g, x, draw(g, prefix, "affine", cop_shape3(n, 2, 3)));
    if (flags & COP_AUGMENT_CUTOUT) {
        cop_node box = draw(g, prefix, "cutout", cop_shape2(n, 4));
        x = cop_mul(g, x, cop_box_mask(g, box, s.dim[2], s.dim[3]));
    }
    return cop_node_label(g, x, "augment");
}

cop_node cop_cutmix(cop_graph *g, const char *prefix, cop_node x)
{
    if (x == COP_NO_NODE)
        return COP_NO_NODE;
    cop_shape s = cop_node_shape(g, x);
    if (s.rank != 4)
        return cop_graph_refuse(g, "CutMix wants images [N, C, H, W], given has rank %d",
                                (int)s.rank);
    cop_node box = draw(g, prefix, "box", cop_shape2(1, 4));
    cop_node order = draw(g, prefix, "order", cop_shape1(s.dim[0]));
    cop_node outside = cop_box_mask(g, box, s.dim[2], s.dim[3]);
    cop_node inside = cop_affine(g, outside, -1.0, 1.0);
    cop_node mixed =
        cop_add(g, cop_mul(g, x, outside), cop_mul(g, cop_gather(g, x, order), inside));
    return cop_node_label(g, mixed, "cutmix");
}

/* options.c: the option table of IDC. Defaults are the paper's on CIFAR-10, 10 images per class. */
#include "options.h"

static const char *const decode_names[] = {"single", "multi", "bound", NULL};
static const char *const start_names[] = {"auto", "random", "mix", "noise", NULL};
static const char *const metric_names[] = {"mse", "l1", "l1_mean", "l2", "cos", NULL};

const cop_option idc_option_table[] = {
    COP_OPT_IPC(idc_options, ipc),
    COP_OPT_INT(
        idc_options, factor, "2", 1, 16,
        "Each stored image is cut into factor x factor training images; 1: as it is (IDC-I)"),
    COP_OPT_ENUM(
        idc_options, decode, "single", decode_names,
        "Decoding while distilling: the factor alone, every factor up to it, or the largest "
        "factors first up to batch_synthetic images; the finished set decodes by the factor",
        .flags = COP_OPTION_ADVANCED),
    COP_OPT_ENUM(
        idc_options, start, "auto", start_names,
        "First pixels: real images, tiles of shrunken real images, or noise; auto: mix where "
        "factor > 1, else random"),
    COP_OPT_DISTIL_MODEL(idc_options, model, "The network whose gradients are matched"),
    COP_OPT_SET_RECIPE(idc_options, recipe, "idc"),
    COP_OPT_INT(idc_options, iterations, "2000", 1, 10000000,
                "Outer iterations, each from a fresh network (ImageNet-10: 500)",
                .flags = COP_OPTION_LENGTH),
    COP_OPT_INT(idc_options, inner, "100", 1, 1000000,
                "Inner iterations: a match of every class, then training of the network"),
    COP_OPT_ENUM(
        idc_options, metric, "mse", metric_names,
        "Distance of gradients: summed squares, summed absolute values, those by row mean, "
        "Euclidean, 1 - cosine by row (ImageNet, MNIST: l1)"),
    COP_OPT_BOOL(idc_options, match_biases, "false", "Match the gradients of biases too",
                 .flags = COP_OPTION_ADVANCED),
    COP_OPT_BOOL(idc_options, match_norms, "false",
                 "Match the gradients of normalisation's scales and shifts too",
                 .flags = COP_OPTION_ADVANCED),
    COP_OPT_BOOL(idc_options, match_classifier, "false",
                 "Match the gradients of linear layers' weights too", .flags = COP_OPTION_ADVANCED),
    COP_OPT_BATCH_REAL(idc_options, batch_real, "64"),
    COP_OPT_INT(idc_options, batch_synthetic, "128", 1, 100000,
                "Decoded synthetic images of the class a match, at most; more are drawn from",
                .unit = "images"),
    COP_OPT_AUGMENT(idc_options, augment, "color_crop_cutout",
                    "Augmentation of a match, one draw for the real and the synthetic batch"),
    COP_OPT_FLOAT(
        idc_options, lr, "0.005", 1e-12, 1e6,
        "Rate of the pixels at 10 images per class; it counts times ipc/10 (ImageNet-10: 3e-3, "
        "MNIST: 1e-4)"),
    COP_OPT_INT(idc_options, lr_side, "32", 0, 100000,
                "Image side for which lr is meant; it counts times (side / lr_side)^2 (ImageNet: "
                "224, MNIST: 28); 0: it does not depend on the size",
                .flags = COP_OPTION_ADVANCED, .unit = "pixels"),
    COP_OPT_FLOAT(idc_options, momentum, "0.5", 0, 0.9999,
                  "Momentum of the pixels, one optimiser for all classes"),
    COP_OPT_INT(idc_options, net_images, "2000", 0, 1000000000,
                "Real images that train the network after each inner iteration, in whole batches "
                "(SVHN, ImageNet, MNIST: 500); 0: it stays as it started",
                .unit = "images"),
    COP_OPT_FLOAT(idc_options, net_lr, "0.01", 1e-12, 1e3, "Rate of the network"),
    COP_OPT_FLOAT(idc_options, net_momentum, "0.9", 0, 0.9999, "Momentum of the network"),
    COP_OPT_FLOAT(idc_options, net_weight_decay, "0.0005", 0, 1, "Weight decay of the network"),
    COP_OPT_INT(idc_options, net_batch, "64", 1, 100000, "Batch of the network's training",
                .unit = "images"),
    COP_OPT_AUGMENT(idc_options, net_augment, "color_crop",
                    "Augmentation of the network's training, a draw per image"),
    COP_OPT_FLOAT(idc_options, net_cutmix, "0.5", 0, 1,
                  "Probability of CutMix for each batch of the network's training (ImageNet: 1)"),
    COP_OPT_INT(idc_options, pretrain, "0", 0, 100000,
                "Epochs that each fresh network is trained before it is matched (ImageNet-10: 10)",
                .unit = "epochs"),
};

uint32_t idc_options_roles(const idc_options *o)
{
    uint32_t roles = COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT);
    if (o->match_classifier)
        roles |= COP_ROLE_BIT(COP_ROLE_LINEAR_WEIGHT);
    if (o->match_biases)
        roles |= COP_ROLE_BIT(COP_ROLE_BIAS);
    if (o->match_norms)
        roles |= COP_ROLE_BIT(COP_ROLE_NORM_SCALE) | COP_ROLE_BIT(COP_ROLE_NORM_SHIFT);
    return roles;
}

cop_distance idc_options_distance(const idc_options *o)
{
    static const cop_distance distances[] = {[IDC_METRIC_MSE] = COP_DISTANCE_MSE,
                                             [IDC_METRIC_L1] = COP_DISTANCE_L1,
                                             [IDC_METRIC_L1_MEAN] = COP_DISTANCE_L1_MEAN,
                                             [IDC_METRIC_L2] = COP_DISTANCE_L2,
                                             [IDC_METRIC_COS] = COP_DISTANCE_COS};
    return distances[o->metric];
}

cop_decode idc_options_decode(const idc_options *o)
{
    static const cop_decode decodes[] = {[IDC_DECODE_SINGLE] = COP_DECODE_SINGLE,
                                         [IDC_DECODE_MULTI] = COP_DECODE_MULTI,
                                         [IDC_DECODE_BOUND] = COP_DECODE_BOUND};
    return decodes[o->decode];
}

cop_status idc_options_check(const idc_options *o, const cop_task *task, cop_error *err)
{
    if (o->factor > cop_task_height(task) || o->factor > cop_task_width(task))
        return cop_fail(err, COP_INVALID,
                        "factor = %lld: more tiles than the %d x %d images have "
                        "rows or columns",
                        (long long)o->factor, (int)cop_task_height(task),
                        (int)cop_task_width(task));
    if (o->start == IDC_START_MIX && o->factor == 1)
        return cop_fail(err, COP_INVALID,
                        "start = \"mix\" wants factor > 1: there are no tiles to "
                        "fill; for real images as they are: start = \"random\"");
    if (o->decode != IDC_DECODE_SINGLE && o->factor == 1)
        return cop_fail(err, COP_INVALID, "decode = \"%s\" wants factor > 1",
                        decode_names[o->decode]);
    if (o->decode == IDC_DECODE_BOUND && o->ipc > o->batch_synthetic)
        return cop_fail(err, COP_INVALID,
                        "decode = \"bound\": %lld images per class are more than the bound, "
                        "batch_synthetic = %lld",
                        (long long)o->ipc, (long long)o->batch_synthetic);
    if (o->model == NULL)
        return cop_fail(err, COP_INVALID, "model: no network to match gradients of");
    if (!cop_match_has_role(o->model, idc_options_roles(o)))
        return cop_fail(err, COP_INVALID,
                        "model: it has no convolution whose gradient could be "
                        "matched; set match_classifier = true");
    return COP_OK;
}

cop_status idc_options_check_class(const idc_options *o, int32_t label, int64_t count,
                                   cop_error *err)
{
    idc_start start = idc_options_start(o);
    int64_t wanted = start == IDC_START_MIX ? o->ipc * o->factor * o->factor : o->ipc;
    if (start == IDC_START_NOISE || count >= wanted)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "start = \"%s\" wants %lld real images of class %d, there are %lld; start = "
                    "\"noise\" wants none",
                    start_names[start], (long long)wanted, (int)label, (long long)count);
}

/* Batches of the network's training that so many images are. */
static int64_t batches(const idc_options *o, int64_t images)
{
    return (images + o->net_batch - 1) / o->net_batch;
}

idc_rhythm idc_rhythm_of(const idc_options *o, int64_t samples)
{
    int64_t epoch = batches(o, samples), piece = batches(o, o->net_images);
    idc_rhythm rhythm = {.pretrain_batches = o->pretrain * epoch,
                         .piece = piece > 0 && piece < epoch ? piece : epoch};
    rhythm.pretrain_steps = (rhythm.pretrain_batches + rhythm.piece - 1) / rhythm.piece;
    rhythm.steps = rhythm.pretrain_steps + o->inner;
    return rhythm;
}

double idc_options_pixel_rate(const idc_options *o, const cop_task *task)
{
    double rate = o->lr * (double)o->ipc / 10.0;
    if (o->lr_side > 0)
        rate *= (double)cop_task_height(task) * (double)cop_task_width(task) /
                ((double)o->lr_side * (double)o->lr_side);
    return rate;
}

idc_start idc_options_start(const idc_options *o)
{
    if (o->start != IDC_START_AUTO)
        return (idc_start)o->start;
    return o->factor > 1 ? IDC_START_MIX : IDC_START_RANDOM;
}

int64_t idc_options_decoded(const idc_options *o)
{
    return o->ipc * o->factor * o->factor;
}

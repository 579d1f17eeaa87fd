/* options.c: the option table of IDC. Defaults are the paper's on CIFAR-10, 10 images per class. */
#include "options.h"

#define OPTION(field_) .name = #field_, .offset = offsetof(idc_options, field_)

static const char *const decode_names[] = {"single", "multi", "bound", NULL};
static const char *const start_names[] = {"auto", "random", "mix", "noise", NULL};
static const char *const metric_names[] = {"mse", "l1", "l1_mean", "l2", "cos", NULL};

const cop_option idc_option_table[] = {
    {OPTION(ipc), .help = "Stored images per class", .type = COP_OPTION_INT, .def = "10", .min = 1,
     .max = 100000, .unit = "images"},
    {OPTION(factor),
     .help = "Each stored image is cut into factor x factor training images; 1: as it is (IDC-I)",
     .type = COP_OPTION_INT, .def = "2", .min = 1, .max = 16},
    {OPTION(decode),
     .help = "Decoding while distilling: the factor alone, every factor up to it, or the largest "
             "factors first up to batch_synthetic images; the finished set decodes by the factor",
     .type = COP_OPTION_ENUM, .def = "single", .choices = decode_names,
     .flags = COP_OPTION_ADVANCED},
    {OPTION(start),
     .help = "First pixels: real images, tiles of shrunken real images, or noise; auto: mix where "
             "factor > 1, else random",
     .type = COP_OPTION_ENUM, .def = "auto", .choices = start_names},
    {OPTION(model), .help = "The network whose gradients are matched", .type = COP_OPTION_MODEL,
     .def = "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }"},
    {OPTION(recipe), .help = "How the set is trained on", .type = COP_OPTION_RECIPE, .def = "idc"},
    {OPTION(iterations), .help = "Outer iterations, each from a fresh network (ImageNet-10: 500)",
     .type = COP_OPTION_INT, .def = "2000", .min = 1, .max = 10000000},
    {OPTION(inner),
     .help = "Inner iterations: a match of every class, then training of the network",
     .type = COP_OPTION_INT, .def = "100", .min = 1, .max = 1000000},
    {OPTION(metric),
     .help = "Distance of gradients: summed squares, summed absolute values, those by row mean, "
             "Euclidean, 1 - cosine by row (ImageNet, MNIST: l1)",
     .type = COP_OPTION_ENUM, .def = "mse", .choices = metric_names},
    {OPTION(match_biases), .help = "Match the gradients of biases too", .type = COP_OPTION_BOOL,
     .def = "false", .flags = COP_OPTION_ADVANCED},
    {OPTION(match_norms), .help = "Match the gradients of normalisation's scales and shifts too",
     .type = COP_OPTION_BOOL, .def = "false", .flags = COP_OPTION_ADVANCED},
    {OPTION(match_classifier), .help = "Match the gradients of linear layers' weights too",
     .type = COP_OPTION_BOOL, .def = "false", .flags = COP_OPTION_ADVANCED},
    {OPTION(batch_real),
     .help = "Real images of the class a match; a class that has fewer gives all",
     .type = COP_OPTION_INT, .def = "64", .min = 1, .max = 100000, .unit = "images"},
    {OPTION(batch_synthetic),
     .help = "Decoded synthetic images of the class a match, at most; more are drawn from",
     .type = COP_OPTION_INT, .def = "128", .min = 1, .max = 100000, .unit = "images"},
    {OPTION(augment),
     .help = "Augmentation of a match, one draw for the real and the synthetic batch",
     .type = COP_OPTION_AUGMENT, .def = "color_crop_cutout"},
    {OPTION(lr),
     .help = "Rate of the pixels at 10 images per class; it counts times ipc/10 (ImageNet-10: "
             "3e-3, MNIST: 1e-4)",
     .type = COP_OPTION_FLOAT, .def = "0.005", .min = 1e-12, .max = 1e6},
    {OPTION(lr_side),
     .help = "Image side for which lr is meant; it counts times (side / lr_side)^2 (ImageNet: "
             "224, MNIST: 28); 0: it does not depend on the size",
     .type = COP_OPTION_INT, .def = "32", .min = 0, .max = 100000, .unit = "pixels",
     .flags = COP_OPTION_ADVANCED},
    {OPTION(momentum), .help = "Momentum of the pixels, one optimiser for all classes",
     .type = COP_OPTION_FLOAT, .def = "0.5", .min = 0, .max = 0.9999},
    {OPTION(net_images),
     .help = "Real images that train the network after each inner iteration, in whole batches "
             "(SVHN, ImageNet, MNIST: 500); 0: it stays as it started",
     .type = COP_OPTION_INT, .def = "2000", .min = 0, .max = 1000000000, .unit = "images"},
    {OPTION(net_lr), .help = "Rate of the network", .type = COP_OPTION_FLOAT, .def = "0.01",
     .min = 1e-12, .max = 1e3},
    {OPTION(net_momentum), .help = "Momentum of the network", .type = COP_OPTION_FLOAT,
     .def = "0.9", .min = 0, .max = 0.9999},
    {OPTION(net_weight_decay), .help = "Weight decay of the network", .type = COP_OPTION_FLOAT,
     .def = "0.0005", .min = 0, .max = 1},
    {OPTION(net_batch), .help = "Batch of the network's training", .type = COP_OPTION_INT,
     .def = "64", .min = 1, .max = 100000, .unit = "images"},
    {OPTION(net_augment), .help = "Augmentation of the network's training, a draw per image",
     .type = COP_OPTION_AUGMENT, .def = "color_crop"},
    {OPTION(net_cutmix),
     .help = "Probability of CutMix for each batch of the network's training (ImageNet: 1)",
     .type = COP_OPTION_FLOAT, .def = "0.5", .min = 0, .max = 1},
    {OPTION(pretrain),
     .help = "Epochs that each fresh network is trained before it is matched (ImageNet-10: 10)",
     .type = COP_OPTION_INT, .def = "0", .min = 0, .max = 100000, .unit = "epochs"},
};

bool idc_options_match(const idc_options *o, cop_role role)
{
    switch (role) {
    case COP_ROLE_CONV_WEIGHT:
        return true;
    case COP_ROLE_LINEAR_WEIGHT:
        return o->match_classifier;
    case COP_ROLE_BIAS:
        return o->match_biases;
    case COP_ROLE_NORM_SCALE:
    case COP_ROLE_NORM_SHIFT:
        return o->match_norms;
    case COP_ROLE_RUNNING_MEAN:
    case COP_ROLE_RUNNING_VARIANCE:
        break;
    }
    return false;
}

static bool has_matched_parameter(const idc_options *o)
{
    for (size_t i = 0; i < cop_model_parameter_count(o->model); i++)
        if (idc_options_match(o, cop_model_parameter(o->model, i)->role))
            return true;
    return false;
}

cop_status idc_options_check(const idc_options *o, const cop_task *task, cop_error *err)
{
    if (o->factor > task->height || o->factor > task->width)
        return cop_fail(err, COP_INVALID,
                        "factor = %lld: more tiles than the %d x %d images have "
                        "rows or columns",
                        (long long)o->factor, (int)task->height, (int)task->width);
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
    if (!has_matched_parameter(o))
        return cop_fail(err, COP_INVALID,
                        "model: it has no convolution whose gradient could be "
                        "matched; set match_classifier = true");
    return COP_OK;
}

double idc_options_pixel_rate(const idc_options *o, const cop_task *task)
{
    double rate = o->lr * (double)o->ipc / 10.0;
    if (o->lr_side > 0)
        rate *=
            (double)task->height * (double)task->width / ((double)o->lr_side * (double)o->lr_side);
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

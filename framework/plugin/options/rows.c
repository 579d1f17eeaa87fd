/* rows.c: the choices of the option rows that plugins share. */
#include <coppice/option_rows.h>

const char *const cop_norm_choices[] = {
    [COP_NORM_NONE] = "none",   [COP_NORM_BATCH] = "batch", [COP_NORM_INSTANCE] = "instance",
    [COP_NORM_LAYER] = "layer", [COP_NORM_GROUP] = "group", [COP_NORM_GROUP + 1] = NULL};

const char *const cop_activation_choices[] = {
    [COP_ACTIVATION_RELU] = "relu",       [COP_ACTIVATION_LEAKY_RELU] = "leaky_relu",
    [COP_ACTIVATION_SIGMOID] = "sigmoid", [COP_ACTIVATION_TANH] = "tanh",
    [COP_ACTIVATION_SWISH] = "swish",     [COP_ACTIVATION_SWISH + 1] = NULL};

const char *const cop_start_choices[] = {"uniform_fan_in", "kaiming_fan_in", "kaiming_fan_out",
                                         NULL};

const char *const cop_norm_scale_choices[] = {"ones", "uniform01", NULL};

const char *const cop_scope_choices[] = {
    [COP_SCOPE_GLOBAL] = "global", [COP_SCOPE_LAYER] = "layer", [COP_SCOPE_LAYER + 1] = NULL};

/* rows.c: the choices of the option rows that plugins share, and what a chosen one means. */
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

const char *const cop_stem_choices[] = {[COP_STEM_AUTO] = "auto",
                                        [COP_STEM_SMALL] = "small",
                                        [COP_STEM_MID] = "mid",
                                        [COP_STEM_LARGE] = "large",
                                        [COP_STEM_LARGE + 1] = NULL};

cop_initializer cop_chosen_start(int32_t chosen)
{
    return (cop_initializer){.kind = (cop_initializer_kind)(COP_INIT_UNIFORM_FAN_IN + chosen)};
}

cop_initializer cop_chosen_norm_scale(int32_t chosen)
{
    return (cop_initializer){.kind = chosen == 1 ? COP_INIT_UNIFORM_01 : COP_INIT_CONSTANT,
                             .value = 1.0};
}

cop_stem cop_chosen_stem(int32_t chosen, const cop_task *task)
{
    int32_t height = cop_task_height(task), width = cop_task_width(task);
    int32_t side = height > width ? height : width;
    if (chosen != COP_STEM_AUTO)
        return (cop_stem)chosen;
    return side <= 64 ? COP_STEM_SMALL : side <= 128 ? COP_STEM_MID : COP_STEM_LARGE;
}

cop_status cop_check_norm_groups(cop_norm_kind norm, int64_t groups, int64_t width, cop_error *err)
{
    if (norm != COP_NORM_GROUP || (groups > 0 && width % groups == 0))
        return COP_OK;
    return cop_fail(err, COP_INVALID, "width %lld does not divide into %lld groups",
                    (long long)width, (long long)groups);
}

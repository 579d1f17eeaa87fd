/* nn.h (implemented in nn/): what networks are made of: parameters and how they start, layers,
 * losses, augmentation.
 *
 * A model plugin writes its network once, as a function over `cop_layers` (cop_model_ops.network):
 * in declaring mode each layer states its parameters, in building mode it takes them, in the same
 * order. */
#ifndef COPPICE_NN_H
#define COPPICE_NN_H

#include <coppice/graph.h>
#include <coppice/program.h>
#include <coppice/random.h>
#include <coppice/recipe.h>

COP_BEGIN

/* Parameters. */

typedef enum cop_role {
    COP_ROLE_CONV_WEIGHT = 1,   /* [O, I, KH, KW] */
    COP_ROLE_LINEAR_WEIGHT = 2, /* [O, I] */
    COP_ROLE_BIAS = 3,
    COP_ROLE_NORM_SCALE = 4,
    COP_ROLE_NORM_SHIFT = 5,
    COP_ROLE_RUNNING_MEAN = 6,
    COP_ROLE_RUNNING_VARIANCE = 7
} cop_role;

typedef enum cop_initializer_kind {
    COP_INIT_CONSTANT = 1, /* `value` */
    COP_INIT_UNIFORM = 2,  /* U(−value, value) */
    /* U(±1/√fan_in): PyTorch's default for convolutions and linear layers, and their biases. */
    COP_INIT_UNIFORM_FAN_IN = 3,
    COP_INIT_KAIMING_FAN_IN = 4,  /* N(0, 2/fan_in) (He et al. 2015) */
    COP_INIT_KAIMING_FAN_OUT = 5, /* N(0, 2/fan_out) */
    COP_INIT_UNIFORM_01 = 6       /* U(0, 1): open_lth's norm scale */
} cop_initializer_kind;

/* Handed over by value, and so of a size that stays: a new start is a new kind, and has what is
 * reserved. */
typedef struct cop_initializer {
    cop_initializer_kind kind;
    int32_t flags; /* reserved: 0 */
    double value;
    /* Overrides the fan computed from the shape (a bias has its weight's); 0: from the shape. */
    int64_t fan;
    double more[2]; /* reserved: 0 */
} cop_initializer;

/* One parameter or buffer, named as in PyTorch's state_dict ("layers.conv.0.weight"):
 * {COP_SIZED(cop_parameter), .name = …}. */
typedef struct cop_parameter {
    uint32_t size; /* COP_SIZED */
    char name[COP_NAME_SIZE];
    cop_shape shape;
    cop_initializer init;
    cop_role role;
    bool prunable;
    uint8_t reserved[3]; /* 0 */
} cop_parameter;

/* Layers. */

typedef enum cop_mode {
    COP_MODE_TRAIN = 1, /* batch norm uses the batch's statistics and updates the running ones */
    COP_MODE_EVAL = 2,  /* running statistics */
    COP_MODE_FROZEN = 3 /* training, but batch norm uses the running statistics and leaves them */
} cop_mode;

typedef enum cop_norm_kind {
    COP_NORM_NONE = 0,
    COP_NORM_BATCH = 1, /* ε 1e-5, momentum 0.1, unbiased variance in the running value */
    COP_NORM_INSTANCE = 2,
    COP_NORM_LAYER = 3, /* one group */
    COP_NORM_GROUP = 4  /* groups of `groups` channels' worth: C / groups channels each */
} cop_norm_kind;

/* Collects what a model declares; made by the host. */
typedef struct cop_declaration cop_declaration;

/* A scratch graph to infer shapes with while declaring, and a batch of 2 images of the task in it.
 */
COP_API cop_graph *cop_declaration_graph(cop_declaration *d);
COP_API cop_node cop_declaration_images(cop_declaration *d);

/* States one parameter or buffer (by its role); order is the order of `params` and `buffers` in
 * build. Copied. Returns a node of that shape in the scratch graph. Errors go to the scratch graph.
 * [one thread per declaration] */
COP_API cop_node cop_declare(cop_declaration *d, const cop_parameter *parameter);

/* Where layers get their tensors from, and how many they have taken. It lives in the graph's memory
 * as long as the graph; NULL (memory was out, which the graph then says) is taken everywhere, and
 * layers of it are COP_NO_NODE. */
typedef struct cop_layers cop_layers;

/* What a model's build says (model.h). */
struct cop_model_output;

/* Layers that state their tensors. [one thread per declaration] */
COP_API cop_layers *cop_layers_declaring(cop_declaration *d);

/* Layers that take the given tensors, in the order of declaration, and tell `out` the new values
 * of buffers (NULL: nobody). The arrays are read as long as layers are added. [one thread per
 * graph] */
COP_API cop_layers *cop_layers_building(cop_graph *g, const cop_node *params,
                                        const cop_node *buffers, struct cop_model_output *out,
                                        cop_mode mode);

/* The graph that the layers are added to: the scratch graph while declaring. NULL for NULL, which
 * the graph's functions take. [any thread] */
COP_API cop_graph *cop_layers_graph(const cop_layers *l);

/* The layers. Errors go to the graph, with the layer's name, and COP_NO_NODE comes back, as it does
 * for x being COP_NO_NODE. [one thread per graph] */

/* name.weight [O, I, k, k] (prunable) and, with bias, name.bias [O] started at U(±1/√fan_in). */
COP_API cop_node cop_layer_conv(cop_layers *l, const char *name, cop_node x, int64_t out_channels,
                                cop_window window, bool bias, cop_initializer init);

/* name.weight [O, I] (prunable), name.bias [O]; x [N, I] → [N, O]. */
COP_API cop_node cop_layer_linear(cop_layers *l, const char *name, cop_node x, int64_t out_features,
                                  bool bias, cop_initializer init);

/* name.weight (1), name.bias (0), both [C], and for batch norm name.running_mean, name.running_var.
 * `groups` counts for COP_NORM_GROUP alone. COP_NORM_NONE returns x. */
COP_API cop_node cop_layer_norm(cop_layers *l, const char *name, cop_node x, cop_norm_kind kind,
                                int64_t groups, cop_initializer scale_init);

/* A nonlinearity that a config may choose (COP_OPT_ACTIVATION in option_rows.h). */
typedef enum cop_activation {
    COP_ACTIVATION_RELU = 0,
    COP_ACTIVATION_LEAKY_RELU = 1, /* slope 0.01 */
    COP_ACTIVATION_SIGMOID = 2,
    COP_ACTIVATION_TANH = 3,
    COP_ACTIVATION_SWISH = 4 /* x·sigmoid(x) */
} cop_activation;

/* x through it, element by element. A kind that there is not is an error of the graph. [one thread
 * per graph] */
COP_API cop_node cop_activate(cop_graph *g, cop_node x, cop_activation kind);

/* Dropout (Srivastava et al. 2014) of a share `rate` of x's elements, 0 ≤ rate < 1: in trainings
 * (trainer.h), each element is 0 with that probability, and else 1/(1 − rate) of itself; the draws
 * are a step's, as those of augmentation are. Anywhere else it is x: in evaluation, and in training
 * mode for whoever builds the model without a training: objectives, matching, a plugin's own
 * graphs. */
COP_API cop_node cop_layer_dropout(cop_layers *l, cop_node x, double rate);

/* Losses. */

/* Mean over the batch of −Σ_k target·log softmax(logits): logits and target [N, K] → scalar. Hard
 * labels are one-hot targets. */
COP_API cop_node cop_cross_entropy(cop_graph *g, cop_node logits, cop_node target);

/* Augmentation. */

/* The augmentations in `flags` applied to x [N, C, H, W], reading their draws from inputs named
 * "<prefix>.flip", "<prefix>.brightness", …, which a cop_draws of the same flags binds. */
COP_API cop_node cop_augment(cop_graph *g, const char *prefix, cop_node x, uint32_t flags);

/* CutMix of x with a permutation of itself (inputs "<prefix>.box", "<prefix>.order"). */
COP_API cop_node cop_cutmix(cop_graph *g, const char *prefix, cop_node x);

/* Host memory for the draws of one batch. */
typedef struct cop_draws cop_draws;

/* For up to `capacity` images of height × width; `cutmix` adds the box and the order. */
COP_API cop_status cop_draws_new(uint32_t flags, bool cutmix, int64_t capacity, int32_t height,
                                 int32_t width, cop_draws **out, cop_error *err);

/* Frees the memory; NULL is fine. Programs that it is bound to must not run any more. */
COP_API void cop_draws_free(cop_draws *d);

/* Draws for n images: one draw each, or one for all. Which of crop, scale and rotate is applied is
 * drawn once for the batch either way, as in Kim et al.'s code. n is at most the capacity. */
COP_API void cop_draws_augment(cop_draws *d, cop_stream *stream, int64_t n, bool per_batch);

/* The same with one operation alone, drawn uniformly from those of the flags for the whole
 * batch; the others are the identity (DSA: Zhao and Bilen, 2021). */
COP_API void cop_draws_one_operation(cop_draws *d, cop_stream *stream, int64_t n, bool per_batch);

/* Either of them, as a recipe's "draws" says. */
COP_API void cop_draws_draw(cop_draws *d, cop_stream *stream, cop_draw_kind kind, int64_t n,
                            bool per_batch);

/* How images of so many channels (at most COP_MAX_CHANNELS) were normalised, which jitter and
 * lighting ask for: x = (pixel − mean[c]) / std[c]. At first the mean is 0 and the deviation 1. */
COP_API void cop_draws_pixels(cop_draws *d, const float *mean, const float *std, int32_t channels);

/* Draws CutMix for a batch of n with probability p (a coin, λ ~ U(0,1), a box clipped at the border
 * whose true area gives the label weight, a permutation) and mixes the targets [n, classes] in
 * place accordingly; the identity when the coin says no. */
COP_API void cop_draws_cutmix(cop_draws *d, cop_stream *stream, int64_t n, double p, float *targets,
                              int32_t classes);

/* Binds the draws to a program that was built with the same flags under this prefix. */
COP_API cop_status cop_draws_bind(const cop_draws *d, cop_program *program, const char *prefix,
                                  cop_error *err);

COP_END

#endif

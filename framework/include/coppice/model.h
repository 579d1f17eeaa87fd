/* model.h (implemented in nn/): the model kind, and the handle by which everyone else uses a model.
 *
 * A model declares its tensors and builds its forward pass from nodes that it is given. It makes no
 * tensor of its own and keeps no state in nodes: running statistics go in and come out. So |w|
 * (SynFlow), θ − ηg (MTT), features (DM, herding) and interpolated weights (linear mode
 * connectivity) are the same `build` with other nodes. */
#ifndef COPPICE_MODEL_H
#define COPPICE_MODEL_H

#include <coppice/nn.h>
#include <coppice/samples.h>

COP_BEGIN

#define COP_MODEL_INTERFACE 1

/* What a forward pass comes to: logits, new buffers, and inner values by name (taps). It lives in
 * the graph's memory, as long as the graph. What a model does not fill is COP_NO_NODE. */
typedef struct cop_model_output cop_model_output;

/* For a model's build: says the logits [N, classes], once. `out` may be NULL, here and below, where
 * a network is only declared: then nothing happens. [one thread per graph] */
COP_API void cop_model_output_logits(cop_model_output *out, cop_node node);

/* For a model's build: says the new value of buffer i, in the order of declaration and of its
 * shape; the layer functions do it by themselves. Another i is an error of the graph. [one
 * thread per graph] */
COP_API void cop_model_output_buffer(cop_model_output *out, size_t i, cop_node node);

/* For a model's build: names an inner value, any number of them. "embedding", the classifier's
 * input [N, features], is required. The name is copied; one that is empty, too long for
 * COP_NAME_SIZE or given twice is an error of the graph. [one thread per graph] */
COP_API void cop_model_output_tap(cop_model_output *out, const char *name, cop_node node);

/* The logits [N, classes]. [any thread] */
COP_API cop_node cop_model_output_get_logits(const cop_model_output *out);

/* The new value of buffer i, of its declared shape; i < cop_model_buffer_count. In other modes than
 * COP_MODE_TRAIN it is what went in. [any thread] */
COP_API cop_node cop_model_output_new_buffer(const cop_model_output *out, size_t i);

/* The tap of that name, or COP_NO_NODE. [any thread] */
COP_API cop_node cop_model_output_find(const cop_model_output *out, const char *name);

/* What a model plugin implements: create, destroy, and either network, which is the shorter way, or
 * both declare and build. */
typedef struct cop_model_ops {
    size_t size; /* sizeof(cop_model_ops) */

    /* Makes an instance for images of the task. `options` is the filled options struct; both
     * outlive the instance. On failure nothing is left behind. [main thread; called once per
     * instance] */
    cop_status (*create)(const void *options, const cop_task *task, void **self, cop_error *err);

    /* Frees the instance: `free` of the C library, where create made it by cop_model_keep.
     * [main thread; once, after a successful create] */
    void (*destroy)(void *self);

    /* States every parameter and buffer, in a fixed order. [one thread per instance] */
    cop_status (*declare)(void *self, cop_declaration *declaration, cop_error *err);

    /* Says by cop_model_output_… the logits, new buffers and taps for x [N, C, H, W] out of the
     * given nodes, which have the declared shapes and order. Adds nodes to g and keeps none of
     * them. [one thread per instance] */
    cop_status (*build)(void *self, cop_graph *g, cop_node x, const cop_node *params,
                        const cop_node *buffers, cop_mode mode, cop_model_output *out,
                        cop_error *err);

    /* Since 2.1, in place of declare and build, which are not called where it is there: the network
     * over layers, written once. It is called with layers that state their tensors and no `out`,
     * and with layers that take them; x [N, C, H, W]. Says taps by cop_model_output_tap and returns
     * the logits [N, classes]; what is wrong is an error of the graph (cop_layers_graph), to which
     * it adds nodes and keeps none of them. [one thread per instance] */
    cop_node (*network)(const void *self, cop_layers *l, cop_node x, cop_model_output *out);
} cop_model_ops;

/* For a model's create: *self becomes a copy of `size` bytes at `made`, which free() frees.
 * COP_FAILED when memory is out. [any thread] */
COP_API cop_status cop_model_keep(const void *made, size_t size, void **self, cop_error *err);

/* The handle. */

/* A created and checked model. Owned by the host; plugins get `const cop_model *`. */
typedef struct cop_model cop_model;

/* The images and classes that it was made for; lives as long as the model. [any thread] */
COP_API const cop_task *cop_model_task(const cop_model *m);

/* How many parameters it has declared: tensors, not numbers. [any thread] */
COP_API size_t cop_model_parameter_count(const cop_model *m);

/* Parameter i, in the order of declaration; the model's. [any thread] */
COP_API const cop_parameter *cop_model_parameter(const cop_model *m, size_t i);

/* How many buffers (running statistics) it has declared. [any thread] */
COP_API size_t cop_model_buffer_count(const cop_model *m);

/* Buffer i, in the order of declaration; the model's. [any thread] */
COP_API const cop_parameter *cop_model_buffer(const cop_model *m, size_t i);

/* How many trainable numbers there are in all parameters. [any thread] */
COP_API int64_t cop_model_weight_count(const cop_model *m);

/* How many of them may be pruned. [any thread] */
COP_API int64_t cop_model_prunable_count(const cop_model *m);

/* Floating-point operations of one image's forward pass, for estimates: convolutions and matrix
 * products, a multiply-add counted as 2. */
COP_API double cop_model_forward_flops(const cop_model *m);

/* Whether it has dropout layers (cop_layer_dropout), which drop nothing but in trainings.
 * [any thread] */
COP_API bool cop_model_has_dropout(const cop_model *m);

/* Forward pass of x [N, C, H, W] over nodes of the declared shapes, in the declared order; checks
 * what the plugin built (shapes of logits and new buffers, the embedding tap). *out is the graph's,
 * as long as it lives, and NULL after a failure. [one thread per model] */
COP_API cop_status cop_model_build(const cop_model *m, cop_graph *g, cop_node x,
                                   const cop_node *params, const cop_node *buffers, cop_mode mode,
                                   const cop_model_output **out, cop_error *err);

/* Adds one input per parameter and buffer, named "<prefix><parameter name>", to g. The arrays have
 * room for all. */
COP_API void cop_model_inputs(const cop_model *m, cop_graph *g, const char *prefix,
                              cop_node *params, cop_node *buffers);

/* Binds those inputs to a state (parameters and buffers by name). */
COP_API cop_status cop_model_bind(const cop_model *m, cop_program *program, const char *prefix,
                                  const cop_tensors *state, cop_error *err);

/* A fresh state: every parameter, then every buffer, by declared name, started from the seed; each
 * tensor has a random stream of its own. Owned by the caller. */
COP_API cop_status cop_model_initial_state(const cop_model *m, uint64_t seed, cop_tensors **state,
                                           cop_error *err);

/* A mask of ones: one F32 tensor for each prunable parameter, under its name; 1 keeps, 0 removes.
 */
COP_API cop_status cop_model_full_mask(const cop_model *m, cop_tensors **mask, cop_error *err);

/* Multiplies the masked parameters of a state by their masks. */
COP_API void cop_mask_apply(const cop_tensors *mask, cop_tensors *state);

/* Ones in a mask. */
COP_API int64_t cop_mask_count(const cop_tensors *mask);

/* Ones in one tensor of a mask, which is F32. [any thread] */
COP_API int64_t cop_mask_tensor_count(const cop_tensor *mask);

COP_END

#endif

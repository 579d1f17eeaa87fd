/* model.h: making the handle behind the public `cop_model`. */
#ifndef COP_NN_MODEL_H
#define COP_NN_MODEL_H

#include <coppice/model.h>

/* Creates an instance through `ops`, has it declare its tensors, checks the declaration and a trial
 * build (in each mode) for the task. `id` is for messages. `options` must outlive the model. */
cop_status cop_model_open(const char *id, const cop_model_ops *ops, const void *options,
                          const cop_task *task, cop_model **out, cop_error *err);
void cop_model_free(cop_model *m);

/* As cop_model_build in COP_MODE_TRAIN, with dropout: each such layer's mask is an input of the
 * graph, which a cop_dropout (nn/dropout.h) binds. Once for a graph. */
cop_status cop_model_build_dropping(const cop_model *m, cop_graph *g, cop_node x,
                                    const cop_node *params, const cop_node *buffers,
                                    const cop_model_output **out, cop_error *err);

/* From now on the programs of graphs that the model is built into are kept in that cache
 * (exec/compiler/cache.h), which outlives the model; NULL: not kept, as at first. Before other
 * threads use the model. */
struct cop_program_cache;
void cop_model_use_cache(cop_model *m, struct cop_program_cache *cache);

#endif

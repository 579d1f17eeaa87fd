/* pruner_scene.h: a pruner at work on the network of tests/fixtures/torch/pruners.safetensors, whose
 * scores PyTorch has computed (tools/fixtures/make_pruner_fixtures.py). */
#ifndef COP_TEST_PRUNER_SCENE_H
#define COP_TEST_PRUNER_SCENE_H

#include "given.h"
#include "models.h"
#include "nn/samples.h"
#include "plugin_options.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

typedef struct pruner_scene {
    const cop_plugin *plugin;
    test_model net;
    cop_tensors *fixture;
    cop_tensors *state; /* the whole network's weights and statistics */
    cop_tensors *mask;
    cop_samples samples;
    int32_t *labels;
} pruner_scene;

void open_pruner_scene(pruner_scene *s, const cop_plugin *plugin);
void close_pruner_scene(pruner_scene *s);

/* Plans and runs a round with these options on the mask, which is replaced, and holds it to what
 * the plan states. Fails the test where the plan wants a training. */
cop_status prune_scene(pruner_scene *s, const char *settings, int64_t round, int64_t rounds,
                       cop_error *err);

/* Runs a round as above, without keeping the mask, and compares the scores that the pruner made last
 * with the fixture's tensors "<prefix><name>": the largest difference, in shares of a tensor's
 * largest score. */
double score_error(pruner_scene *s, const char *settings, const char *prefix);

/* The weights that the mask keeps of a tensor. */
int64_t kept_in(const cop_tensors *mask, const char *name);

/* Fails the test unless what is gone from the mask has the lowest of the fixture's scores
 * "<prefix><name>", up to a share `slack` of the largest; `exclude`: a tensor that is left out. */
void assert_lowest_are_gone(const pruner_scene *s, const char *prefix, const char *exclude,
                            double slack);

#endif

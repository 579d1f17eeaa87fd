/* forward.h: the graph that training and objectives share: images and targets in, loss out. */
#ifndef COP_TRAIN_FORWARD_H
#define COP_TRAIN_FORWARD_H

#include <coppice/model.h>

/* The prefix of the inputs that cop_model_inputs adds, and that of the augmentation's draws. */
#define COP_FORWARD_MODEL "model/"
#define COP_FORWARD_DRAWS "draws"

typedef struct cop_forward_spec {
    const cop_model *model;
    int64_t n; /* images */
    cop_mode mode;
    bool is_dropping; /* dropout layers drop; in COP_MODE_TRAIN */
    uint32_t augment; /* cop_augment_flag */
    bool cutmix;
    double logit_scale;
} cop_forward_spec;

typedef struct cop_forward {
    cop_graph *g;
    cop_node images;  /* input [n, C, H, W], normalised */
    cop_node targets; /* input [n, classes], rows sum to 1 */
    cop_node *params; /* inputs, in the model's order */
    cop_node *buffers;
    const cop_model_output *output; /* the graph's */
    cop_node loss;                  /* mean cross-entropy of the scaled logits */
} cop_forward;

/* Builds it; on failure nothing is left behind. To be cleared by cop_forward_clear. */
cop_status cop_forward_build(const cop_forward_spec *spec, cop_forward *out, cop_error *err);
void cop_forward_clear(cop_forward *f);

/* COP_FAILED unless the data is of the model's task. */
cop_status cop_check_task(const cop_model *m, const cop_samples *data, cop_error *err);

/* Rows of logits [n, classes] whose largest value is at labels[index[i]]; a row of NaNs is wrong.
 */
int64_t cop_count_correct(const float *logits, int64_t n, int32_t classes, const int32_t *labels,
                          const int64_t *index);

#endif

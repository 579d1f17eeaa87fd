/* options.h: the options of MTT as the host fills them in, and what follows from them. */
#ifndef MTT_OPTIONS_H
#define MTT_OPTIONS_H

#include <coppice/distil.h>
#include <coppice/plugin.h>

typedef struct mtt_options {
    int64_t ipc, iterations;
    int32_t start; /* cop_pixel_start */
    const cop_model *model;
    const cop_recipe *recipe;

    /* experts */
    int64_t experts;
    const cop_recipe *expert;

    /* segments; 0, and below 0 for lr_rate, stands for what is published for the budget */
    int64_t student_steps, expert_epochs, max_start;
    double lr, lr_rate, first_rate;

    int64_t batch; /* of the student; 0: all images */
    uint32_t augment;
    double momentum;
} mtt_options;

enum { MTT_OPTION_COUNT = 16 };
extern const cop_option mtt_option_table[MTT_OPTION_COUNT];

/* The options with every number settled. COP_INVALID where one is to be that of the budget, and
 * none is published for it. */
cop_status mtt_options_settle(const mtt_options *given, mtt_options *settled, cop_error *err);

/* Warns of a rate of the pixels that goes by the budget, on data that it is not published for. */
void mtt_options_warn(const mtt_options *given, cop_plan *plan);

/* What the table's ranges cannot say, of settled options; COP_INVALID. */
cop_status mtt_options_check(const mtt_options *o, const cop_task *task, cop_error *err);

/* Images in all, and those of a student's step. */
int64_t mtt_images(const mtt_options *o, const cop_task *task);
int64_t mtt_batch(const mtt_options *o, const cop_task *task);

#endif

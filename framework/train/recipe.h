/* recipe.h: a recipe's fields, each said once: a row of one table, over which reading, printing,
 * checking and the text of identities are loops. A new field is a member, a row and its place in
 * the training; where it equals its default it is left out of the text, so that identities stay. */
#ifndef COP_TRAIN_RECIPE_H
#define COP_TRAIN_RECIPE_H

#include "core/text.h"

#include <coppice/option.h>

#define COP_MAX_MILESTONES 8

/* In place of cop_augment_flag: "default", the augmentation that suits the data of the training, as
 * their plugin says (cop_dataset_set_augment). Recipes as configs say them may have it; it is
 * settled where the data are known, before anything is identified, checked or trained, and no
 * plugin sees it. */
#define COP_AUGMENT_DEFAULT (UINT32_C(1) << 31)

typedef struct cop_milestones {
    int32_t count; /* 0: constant rate */
    cop_duration at[COP_MAX_MILESTONES];
} cop_milestones;

struct cop_recipe {
    char name[32]; /* the named recipe it came from; "": no recipe */
    cop_duration duration;
    int64_t batch;     /* samples per step; the last, smaller batch of an epoch is kept */
    int32_t optimiser; /* cop_optimiser_kind */
    double lr;
    double momentum;     /* of SGD */
    bool momentum_reset; /* a new optimiser at each milestone */
    double beta1, beta2; /* of Adam: decay of the first and of the second moment */
    double epsilon;      /* of Adam: added to the root of the second moment */
    double weight_decay;
    double clip;               /* the largest norm of the whole gradient; 0: any */
    int32_t schedule;          /* cop_schedule_kind */
    cop_duration warmup;       /* step i of W takes (i + 1)/W of the schedule's rate */
    cop_milestones milestones; /* the rate is multiplied by the factor at each */
    double milestone_factor;
    uint32_t augment;       /* cop_augment_flag, or COP_AUGMENT_DEFAULT alone */
    int32_t draws;          /* cop_draw_kind */
    double cutmix;          /* probability of CutMix per batch, λ ~ Beta(1, 1); 0 for none */
    double label_smoothing; /* targets become (1 − s)·target + s/classes */
#ifdef COPPICE_TEST_GROWN
    double grown_in_tests; /* what a later version might add (tests/abi) */
#endif
};

typedef struct cop_recipe_field {
    /* Name, help, range and unit; the offset is in struct cop_recipe. A FLOAT_LIST is the member of
     * type cop_milestones, whose items may be durations too. A default is that of a field which
     * came later than the first recipes, as its text: NULL for those that every text has. */
    cop_option row;
    const char *key; /* in the text of identities, where it is called otherwise; NULL: the name */
    bool is_below;   /* the range's upper end is not part of it */
} cop_recipe_field;

/* The i-th field, in the order in which configs print them; NULL past the last. */
const cop_recipe_field *cop_recipe_field_at(size_t i);

/* Puts `of_data`, a set of cop_augment_flag, where the recipe says "default". */
void cop_recipe_settle(cop_recipe *recipe, uint32_t of_data);

/* Checks every number against its range: COP_INVALID, naming the recipe, the field and the
 * value. */
cop_status cop_recipe_check(const cop_recipe *recipe, cop_error *err);

#endif

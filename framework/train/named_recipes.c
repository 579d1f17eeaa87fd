/* named_recipes.c: the named recipes, with the numbers that were published under those names. */
#include "train/recipe.h"

#include <stdio.h>
#include <string.h>

#define IDC_AUGMENT                                                                                \
    (COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_FLIP | COP_AUGMENT_SCALE |                 \
     COP_AUGMENT_ROTATE)

static const struct {
    const char *summary;
    cop_recipe recipe;
} recipes[] = {
    {"IDC's training on a distilled set: 1000 epochs, strong augmentation, CutMix (Kim et al. "
     "2022)",
     {.name = "idc",
      .duration = {COP_EPOCHS, 1000},
      .batch = 64,
      .lr = 0.01,
      .momentum = 0.9,
      .weight_decay = 5e-4,
      .milestones = {2, {{COP_FRACTION, 2.0 / 3.0}, {COP_FRACTION, 5.0 / 6.0}}},
      .milestone_factor = 0.2,
      .augment = IDC_AUGMENT,
      .cutmix = 0.5}},
    {"IDC's training on real data: as idc, 300 epochs (Kim et al. 2022)",
     {.name = "idc-real",
      .duration = {COP_EPOCHS, 300},
      .batch = 64,
      .lr = 0.01,
      .momentum = 0.9,
      .weight_decay = 5e-4,
      .milestones = {2, {{COP_FRACTION, 2.0 / 3.0}, {COP_FRACTION, 5.0 / 6.0}}},
      .milestone_factor = 0.2,
      .augment = IDC_AUGMENT,
      .cutmix = 0.5}},
    /* open_lth pads the image with black before it normalises, with ImageNet's mean and deviation;
     * here padding is with the mean colour, after the data set's own normalisation. */
    {"ResNet-20 on CIFAR-10 as in open_lth: 160 epochs, x0.1 at 80 and 120 (Frankle et al. 2020), "
     "but padded with the mean colour, not with black, and normalised as the data set says",
     {.name = "lottery",
      .duration = {COP_EPOCHS, 160},
      .batch = 128,
      .lr = 0.1,
      .momentum = 0.9,
      .weight_decay = 1e-4,
      .milestones = {2, {{COP_EPOCHS, 80}, {COP_EPOCHS, 120}}},
      .milestone_factor = 0.1,
      .augment = COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP}},
    {"plain SGD with momentum: 30 epochs, x0.2 at two thirds and five sixths, padded crop and flip",
     {.name = "sgd",
      .duration = {COP_EPOCHS, 30},
      .batch = 64,
      .lr = 0.01,
      .momentum = 0.9,
      .weight_decay = 5e-4,
      .milestones = {2, {{COP_FRACTION, 2.0 / 3.0}, {COP_FRACTION, 5.0 / 6.0}}},
      .milestone_factor = 0.2,
      .augment = COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP}},
};
static const size_t recipe_count = sizeof recipes / sizeof recipes[0];

const cop_recipe *cop_recipe_named(const char *name, cop_error *err)
{
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < recipe_count; i++) {
        if (strcmp(recipes[i].recipe.name, name) == 0)
            return &recipes[i].recipe;
        int length = snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                              recipes[i].recipe.name);
        used += length > 0 && (size_t)length < sizeof known - used ? (size_t)length : 0;
    }
    (void)cop_fail(err, COP_INVALID, "unknown recipe \"%.64s\"; known: %s", name, known);
    return NULL;
}

const char *cop_recipe_name(size_t i)
{
    return i < recipe_count ? recipes[i].recipe.name : NULL;
}

const char *cop_recipe_summary(size_t i)
{
    return i < recipe_count ? recipes[i].summary : NULL;
}

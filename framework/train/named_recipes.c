/* named_recipes.c: the named recipes, with the numbers that were published under those names. */
#include "train/recipe.h"

#include <stdio.h>
#include <string.h>

#define IDC_AUGMENT                                                                                \
    (COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_FLIP | COP_AUGMENT_SCALE |                 \
     COP_AUGMENT_ROTATE)
#define DSA_AUGMENT (IDC_AUGMENT | COP_AUGMENT_CUTOUT)
#define IMAGENET_AUGMENT                                                                           \
    (COP_AUGMENT_RESIZEDCROP | COP_AUGMENT_FLIP | COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING)

/* What fields that came later than the first recipes are where a recipe does not need them
 * (train/recipe.c has the same numbers as text; the recipes' test holds the two together). */
#define LATER_FIELDS .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .warmup = {COP_EPOCHS, 0}

/* What all of IDC's trainings have in common, and what those of DC and its successors. */
#define IDC_FIELDS                                                                                 \
    .batch = 64, .lr = 0.01, .momentum = 0.9, .weight_decay = 5e-4,                                \
    .milestones = {2, {{COP_FRACTION, 2.0 / 3.0}, {COP_FRACTION, 5.0 / 6.0}}},                     \
    .milestone_factor = 0.2
#define DC_FIELDS                                                                                  \
    .batch = 256, .lr = 0.01, .momentum = 0.9, .momentum_reset = true, .weight_decay = 5e-4,       \
    .milestone_factor = 0.1

static const struct {
    const char *summary;
    cop_recipe recipe;
} recipes[] = {
    {"IDC's training on a distilled set: 1000 epochs, strong augmentation, CutMix (Kim et al. "
     "2022)",
     {.name = "idc",
      .duration = {COP_EPOCHS, 1000},
      IDC_FIELDS,
      .augment = IDC_AUGMENT,
      .cutmix = 0.5,
      LATER_FIELDS}},
    {"IDC's training on real data: as idc, 300 epochs (Kim et al. 2022)",
     {.name = "idc-real",
      .duration = {COP_EPOCHS, 300},
      IDC_FIELDS,
      .augment = IDC_AUGMENT,
      .cutmix = 0.5,
      LATER_FIELDS}},
    /* open_lth pads the image with black before it normalises, with ImageNet's mean and deviation;
     * here padding is with the mean colour, after the data set's own normalisation. */
    {"ResNet-20 on CIFAR-10 as in open_lth: 160 epochs, x0.1 at 80 and 120 (Frankle et al. "
     "2020), but padded with the mean colour, not with black, and normalised as the data set "
     "says",
     {.name = "lottery",
      .duration = {COP_EPOCHS, 160},
      .batch = 128,
      .lr = 0.1,
      .momentum = 0.9,
      .weight_decay = 1e-4,
      .milestones = {2, {{COP_EPOCHS, 80}, {COP_EPOCHS, 120}}},
      .milestone_factor = 0.1,
      .augment = COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP,
      LATER_FIELDS}},
    {"plain SGD with momentum: 30 epochs, x0.2 at two thirds and five sixths, padded crop and "
     "flip",
     {.name = "sgd",
      .duration = {COP_EPOCHS, 30},
      .batch = 64,
      .lr = 0.01,
      .momentum = 0.9,
      .weight_decay = 5e-4,
      .milestones = {2, {{COP_FRACTION, 2.0 / 3.0}, {COP_FRACTION, 5.0 / 6.0}}},
      .milestone_factor = 0.2,
      .augment = COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP,
      LATER_FIELDS}},
    /* Zhao and Bilen's code trains for epochs 0 to 300, or to 1000, and makes its new optimiser at
     * the end of epoch 151, or 501. */
    {"DC's training on a distilled set: 301 epochs (0 to 300 in the code), x0.1 and no "
     "momentum after the middle, nothing augmented (Zhao et al. 2021; on MNIST their code "
     "crops, scales or rotates)",
     {.name = "dc",
      .duration = {COP_EPOCHS, 301},
      DC_FIELDS,
      .milestones = {1, {{COP_FRACTION, 152.0 / 301.0}}},
      LATER_FIELDS}},
    {"DSA's training on a distilled set, and DM's: as dc, 1001 epochs (0 to 1000 in the "
     "code), one of six augmentations a batch (Zhao and Bilen 2021, 2023)",
     {.name = "dsa",
      .duration = {COP_EPOCHS, 1001},
      DC_FIELDS,
      .milestones = {1, {{COP_FRACTION, 502.0 / 1001.0}}},
      .augment = DSA_AUGMENT,
      .draws = COP_DRAW_ONE,
      LATER_FIELDS}},
    {"MTT's training on a distilled set: as dsa with corners aligned (on square images the "
     "same); lr is learned with the set, 0.01 where nobody says what it is (Cazenavette et "
     "al. 2022)",
     {.name = "mtt",
      .duration = {COP_EPOCHS, 1001},
      DC_FIELDS,
      .milestones = {1, {{COP_FRACTION, 502.0 / 1001.0}}},
      .augment = DSA_AUGMENT,
      .draws = COP_DRAW_ONE_ALIGNED,
      LATER_FIELDS}},
    {"IDC's training on a set of ImageNet-10: CutMix always; 1000 epochs, for 51 to 200 "
     "decoded images per class: 3000 at 1, 2000 to 10, 1500 to 50, 500 to 500, else 300, and "
     "300 on real data (Kim et al. 2022; the border of a crop differs a little)",
     {.name = "idc-imagenet",
      .duration = {COP_EPOCHS, 1000},
      IDC_FIELDS,
      .augment = IMAGENET_AUGMENT,
      .cutmix = 1.0,
      LATER_FIELDS}},
    {"IDC's training on a distilled set of SVHN: as idc, never mirrored (Kim et al. 2022)",
     {.name = "idc-svhn",
      .duration = {COP_EPOCHS, 1000},
      IDC_FIELDS,
      .augment = IDC_AUGMENT & ~COP_AUGMENT_FLIP,
      .cutmix = 0.5,
      LATER_FIELDS}},
    {"IDC's training on a distilled set of MNIST: as idc, never mirrored; of Fashion-MNIST: "
     "idc itself (Kim et al. 2022)",
     {.name = "idc-mnist",
      .duration = {COP_EPOCHS, 1000},
      IDC_FIELDS,
      .augment = IDC_AUGMENT & ~COP_AUGMENT_FLIP,
      .cutmix = 0.5,
      LATER_FIELDS}},
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

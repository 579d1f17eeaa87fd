/* recipe.h (implemented in train/): how a network is trained, as data. Recipes have names ("idc",
 * "lottery", …) because the recipe moves a baseline more than the method does; a config names one
 * and overrides fields. */
#ifndef COPPICE_RECIPE_H
#define COPPICE_RECIPE_H

#include <coppice/status.h>

COP_BEGIN

typedef enum cop_duration_unit {
    COP_EPOCHS = 1,  /* "160ep" */
    COP_STEPS = 2,   /* "500it": optimiser steps */
    COP_FRACTION = 3 /* a number in [0, 1]: of the whole training (milestones only) */
} cop_duration_unit;

typedef struct cop_duration {
    cop_duration_unit unit;
    double value; /* whole for epochs and steps */
} cop_duration;

/* Steps that a duration means, with `per_epoch` steps in an epoch and `total` steps in the whole
 * training; fractions are rounded to the nearest step. */
COP_API int64_t cop_duration_steps(cop_duration d, int64_t per_epoch, int64_t total);

/* Augmentations, drawn per sample when training and once per batch when matching gradients. They
 * are applied to normalised images, in the order flip → colour → one of {crop, scale, rotate} →
 * cutout (Kim et al. 2022), so that padding with zeros is padding with the mean colour. */
typedef enum cop_augment_flag {
    COP_AUGMENT_FLIP = 1 << 0,  /* left to right, p ½ */
    COP_AUGMENT_COLOR = 1 << 1, /* brightness x + (u − ½); saturation 2u about the pixel's channel
                                   mean; contrast u + ½ about the image mean */
    COP_AUGMENT_CROP = 1 << 2,  /* zero-padded shift by up to 12.5 % of the side */
    COP_AUGMENT_SCALE = 1 << 3,  /* s_x, s_y each uniform in [1/1.2, 1.2] */
    COP_AUGMENT_ROTATE = 1 << 4, /* ±15° */
    COP_AUGMENT_CUTOUT = 1 << 5, /* a box of half the side, clipped at the border, zeroed */
    COP_AUGMENT_PADCROP =
        1 << 6 /* zero padding of 4, random crop of the original size; always drawn */
} cop_augment_flag;

/* Parses "color_crop_flip_scale_rotate", "padcrop_flip", "none". */
COP_API cop_status cop_augment_parse(const char *text, uint32_t *flags, cop_error *err);

/* The canonical text of a set of flags; "none" for 0. Returns `text`; 96 bytes always suffice. */
COP_API const char *cop_augment_text(uint32_t flags, char *text, size_t size);

/* The i-th augmentation's name, in the canonical order, NULL past the last; and one line about it.
 */
COP_API const char *cop_augment_name(size_t i);
COP_API const char *cop_augment_summary(size_t i);

#define COP_MAX_MILESTONES 8

typedef struct cop_recipe {
    char name[32]; /* the named recipe it came from */
    cop_duration duration;
    int64_t batch; /* samples per step; the last, smaller batch of an epoch is kept */
    double lr;     /* SGD: v ← momentum·v + (g + weight_decay·w); w ← w − lr·v */
    double momentum;
    double weight_decay;
    int32_t milestone_count;                     /* 0: constant rate */
    cop_duration milestones[COP_MAX_MILESTONES]; /* a fraction of a duration in epochs falls on the
                                                    beginning of an epoch, rounded down */
    double milestone_factor; /* the rate is multiplied by this at each milestone */
    uint32_t augment;        /* cop_augment_flag, a draw per sample */
    double cutmix;           /* probability of CutMix per batch, λ ~ Beta(1, 1); 0 for none */
} cop_recipe;

/* The recipe of that name; COP_INVALID with the known names otherwise. */
COP_API cop_status cop_recipe_named(const char *name, cop_recipe *out, cop_error *err);

/* The i-th known name, NULL past the last; and one line about it. */
COP_API const char *cop_recipe_name(size_t i);
COP_API const char *cop_recipe_summary(size_t i);

COP_END

#endif

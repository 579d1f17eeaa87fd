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
 * cutout (Kim et al. 2022), so that padding with zeros is padding with the mean colour. Those of
 * ImageNet come around the flip: resized crop → flip → jitter → lighting. */
typedef enum cop_augment_flag {
    COP_AUGMENT_FLIP = 1 << 0, /* left to right, p ½ */
    /* Brightness x + (u − ½); saturation 2u about the pixel's channel mean; contrast u + ½ about
     * the image mean. */
    COP_AUGMENT_COLOR = 1 << 1,
    COP_AUGMENT_CROP = 1 << 2,    /* zero-padded shift by up to 12.5 % of the side */
    COP_AUGMENT_SCALE = 1 << 3,   /* s_x, s_y each uniform in [1/1.2, 1.2] */
    COP_AUGMENT_ROTATE = 1 << 4,  /* ±15° */
    COP_AUGMENT_CUTOUT = 1 << 5,  /* a box of half the side, clipped at the border, zeroed */
    COP_AUGMENT_PADCROP = 1 << 6, /* zero padding of 4, random crop of the old size; always drawn */

    /* A window of half to all of the area, its sides as 3 to 4 or up to 4 to 3, brought back to
     * full size: bilinear, as torchvision's RandomResizedCrop(scale = (0.5, 1)), but for the
     * outermost pixels, in which up to 15 % is of what lies beyond the window (0 beyond the
     * image). */
    COP_AUGMENT_RESIZEDCROP = 1 << 7,

    /* Of pixels before they are normalised, not clamped (Kim et al. 2022): brightness times b;
     * saturation s about the pixel's grey (0.299 R + 0.587 G + 0.114 B); contrast c about the
     * image's mean grey; b, s and c each uniform in [0.6, 1.4]. Without clamping the order of the
     * three, which they draw, makes no difference. Images of three channels. */
    COP_AUGMENT_JITTER = 1 << 8,

    /* A colour added to an image, before normalisation: along the principal components of
     * ImageNet's pixels, each N(0, 0.1²) of its deviation (Krizhevsky et al. 2012). Three
     * channels. */
    COP_AUGMENT_LIGHTING = 1 << 9
} cop_augment_flag;

/* Parses "color_crop_flip_scale_rotate", "padcrop_flip", "none". */
COP_API cop_status cop_augment_parse(const char *text, uint32_t *flags, cop_error *err);

/* The canonical text of a set of flags; "none" for 0. Returns `text`; 96 bytes always suffice. */
COP_API const char *cop_augment_text(uint32_t flags, char *text, size_t size);

/* The i-th augmentation's name, in the canonical order; NULL past the last. [any thread] */
COP_API const char *cop_augment_name(size_t i);

/* One line about the i-th augmentation; NULL past the last. [any thread] */
COP_API const char *cop_augment_summary(size_t i);

/* How the augmentations of a batch are drawn. */
typedef enum cop_draw_kind {
    /* All of the wanted for each sample, of crop, scale and rotate one for the batch (Kim et al.
     * 2022). */
    COP_DRAW_EACH = 0,
    /* One of the wanted for the batch, uniformly, colour counting as one; how far, for each sample
     * (DSA: Zhao and Bilen 2021). */
    COP_DRAW_ONE = 1,
    /* The same, turned with the corners of the images aligned (Cazenavette et al. 2022): on square
     * images the same map. */
    COP_DRAW_ONE_ALIGNED = 2
} cop_draw_kind;

/* What a step does with a gradient g. */
typedef enum cop_optimiser_kind {
    COP_OPTIMISER_SGD = 0,  /* v ← momentum·v + (g + weight_decay·w); w ← w − lr·v */
    COP_OPTIMISER_ADAM = 1, /* Kingma and Ba 2015, weight_decay·w part of the gradient */
    COP_OPTIMISER_ADAMW = 2 /* weight decay apart from it (Loshchilov and Hutter 2019) */
} cop_optimiser_kind;

/* How the rate changes over a training. */
typedef enum cop_schedule_kind {
    COP_SCHEDULE_STEP = 0,  /* times milestone_factor at each milestone */
    COP_SCHEDULE_COSINE = 1 /* lr · (1 + cos(π·step/steps))/2: to 0 over the whole training */
} cop_schedule_kind;

/* A recipe, made by the host: an option of type RECIPE, a recipe by its name, or a copy to change.
 * Its fields have names, those of a config: "duration", "batch", "lr", "momentum", "weight_decay",
 * "milestones", "milestone_factor", "augment", "cutmix"; `coppice inspect config` says what each
 * is. A later version may have more, which older plugins neither see nor lose. Since 2.1:
 * "optimiser", "beta1", "beta2", "epsilon", "schedule", "warmup", "label_smoothing", "clip",
 * "momentum_reset", "draws". */
typedef struct cop_recipe cop_recipe;

/* The recipe of that name, for as long as the process lives; NULL with COP_INVALID and the known
 * names in *err where there is none. */
COP_API const cop_recipe *cop_recipe_named(const char *name, cop_error *err);

/* The i-th known name; NULL past the last. [any thread] */
COP_API const char *cop_recipe_name(size_t i);

/* One line about the i-th known recipe; NULL past the last. [any thread] */
COP_API const char *cop_recipe_summary(size_t i);

/* The name of the recipe that this one came from; lives as long as the recipe does. */
COP_API const char *cop_recipe_base(const cop_recipe *recipe);

/* An integer field's value: "batch", the cop_augment_flag set "augment", an enumerator
 * ("optimiser": cop_optimiser_kind, "schedule": cop_schedule_kind, "draws": cop_draw_kind), or 0
 * and 1 for "momentum_reset". 0 for a field that does not exist or is of another type.
 * [any thread] */
COP_API int64_t cop_recipe_int(const cop_recipe *recipe, const char *field);

/* A number's value: "lr" and all fields that are neither integers nor durations. 0 as above.
 * [any thread] */
COP_API double cop_recipe_float(const cop_recipe *recipe, const char *field);

/* A duration's value: "duration", "warmup". 0 epochs for any other. [any thread] */
COP_API cop_duration cop_recipe_duration(const cop_recipe *recipe, const char *field);

/* How many milestones there are; 0: a constant rate. [any thread] */
COP_API size_t cop_recipe_milestone_count(const cop_recipe *recipe);

/* The i-th milestone: a fraction of a duration in epochs falls on the beginning of an epoch,
 * rounded down. [any thread] */
COP_API cop_duration cop_recipe_milestone(const cop_recipe *recipe, size_t i);

/* A copy to change. Owned by the caller (cop_recipe_free); NULL when memory is out. [any thread] */
COP_API cop_recipe *cop_recipe_copy(const cop_recipe *recipe);

/* A recipe of which every field is 0, or has its default where it came later than 2.0: SGD at a
 * constant rate, nothing augmented. The name is a word of at
 * most 31 letters, for messages. Owned by the caller; NULL when memory is out. [any thread] */
COP_API cop_recipe *cop_recipe_new(const char *name);

/* The recipe that a line says, "name=idc duration=1000ep …", as the files of distilled sets have it
 * (metadata "recipe"). Owned by the caller; NULL with COP_INVALID in *err where the line says none,
 * and with COP_FAILED when memory is out. [any thread] */
COP_API cop_recipe *cop_recipe_from_line(const char *line, cop_error *err);

/* Frees such a recipe, and none of the host's; NULL is fine. */
COP_API void cop_recipe_free(cop_recipe *recipe);

/* Sets an integer field. COP_INVALID for one that does not exist or is of another type, and for an
 * enumerator that it does not have; whether the value makes sense is checked where the recipe is
 * used. [one thread per recipe, here and below] */
COP_API cop_status cop_recipe_set_int(cop_recipe *recipe, const char *field, int64_t value,
                                      cop_error *err);

/* The same for a number. */
COP_API cop_status cop_recipe_set_float(cop_recipe *recipe, const char *field, double value,
                                        cop_error *err);

/* The same for a duration. */
COP_API cop_status cop_recipe_set_duration(cop_recipe *recipe, const char *field,
                                           cop_duration value, cop_error *err);

COP_END

#endif

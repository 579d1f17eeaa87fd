/* idc_scene.h: what the tests of the idc distiller share: the scene, and options for it. */
#ifndef COP_TEST_IDC_SCENE_H
#define COP_TEST_IDC_SCENE_H

#include "match_scene.h"

#include "plugins/distillers/idc/options.h"

/* The published settings, but for the budget, a large rate, and no augmentation. */
static inline idc_options scene_options(const match_scene *s)
{
    idc_options o = {.ipc = SCENE_IPC,
                     .factor = 2,
                     .start = IDC_START_NOISE, /* six images per class are too few for tiles */
                     .model = s->model,
                     .iterations = 2,
                     .inner = 3,
                     .batch_real = 64,
                     .batch_synthetic = 128,
                     .lr = 0.5,
                     .lr_side = 32,
                     .momentum = 0.5,
                     .net_images = 18,
                     .net_batch = 64,
                     .net_lr = 0.01,
                     .net_momentum = 0.9,
                     .net_weight_decay = 5e-4};
    cop_error err = {0};
    o.recipe = cop_recipe_named("idc", &err);
    assert_non_null(o.recipe);
    return o;
}

#endif

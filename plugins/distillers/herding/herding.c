/* herding.c: herding (Welling, ICML 2009) as the selection baseline of the distillation papers:
 * real images of each class whose running mean of features stays closest to the mean of the class,
 * in the features of a network trained on the real data. The rule is that of Kim et al.'s code
 * (coreset.py), as is the network: trained by IDC's recipe for real data, evaluated without
 * augmentation; it is a planned training, shared by all who want the same.
 *
 * Departures from that code: features are the classifier's input of the trained network's last
 * state, where theirs takes the state that was best on the test set. */
#include "choose.h"

#include <coppice/distil.h>
#include <coppice/plugin.h>

static cop_status plan_herding(const void *given, cop_plan *plan, cop_error *err)
{
    const herding_options *o = given;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    const cop_training_request request = {
        COP_SIZED(cop_training_request), .label = "feature network", .model = o->model,
        .data = COP_DATA_REAL,           .recipe = o->training,      .start = COP_START_INIT};
    COP_TRY(cop_plan_need_images(plan, o->ipc, err));
    cop_plan_steps(plan, classes);
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
    return cop_plan_train(plan, &request, err);
}

static int64_t *chosen_of(cop_work *work)
{
    return cop_i64(cop_tensors_find(cop_work_bag(work), "chosen"));
}

static cop_status begin_herding(void *self, cop_work *work, cop_error *err)
{
    const herding_options *o = self;
    cop_shape shape = cop_shape2(cop_task_classes(cop_work_task(work)), o->ipc);
    return cop_tensors_add(cop_work_bag(work), "chosen", COP_I64, shape, NULL, err);
}

/* One class. */
static cop_status step_herding(void *self, cop_work *work, int64_t label, cop_error *err)
{
    const herding_options *o = self;
    const cop_tensors *network = NULL;
    COP_TRY(cop_work_requested(work, 0, &network, err));
    const cop_select_spec spec = {COP_SIZED(cop_select_spec),
                                  .model = o->model,
                                  .state = network,
                                  .data = cop_work_train_data(work),
                                  .per_class = o->ipc,
                                  .choose = herding_choose,
                                  .options = o,
                                  .seed = cop_work_seed(work),
                                  .threads = cop_work_threads(work)};
    return cop_select_class(&spec, (int32_t)label, chosen_of(work) + label * o->ipc, err);
}

static cop_status finish_herding(void *self, cop_work *work, cop_error *err)
{
    const herding_options *o = self;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), o->recipe, err));
    return cop_selected_set(cop_work_set(work), cop_work_train_data(work), chosen_of(work), o->ipc,
                            err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(herding_options, ipc),
    COP_OPT_MODEL(herding_options, model,
                  "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }",
                  "The network in whose features means are matched"),
    COP_OPT_RECIPE(herding_options, training, "idc-real",
                   "How that network is trained on the real images before"),
    COP_OPT_SET_RECIPE(herding_options, recipe, "idc"),
};

COP_PLUGIN(DISTILLER, .id = "herding", .version = "1.0.0", .results_version = "1",
           .summary = "Herding: real images whose mean features follow those of their class",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Welling, Herding Dynamical Weights to Learn, ICML 2009",
           COP_OPTIONS(herding_options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_herding,
                                        .begin = begin_herding, .step = step_herding,
                                        .finish = finish_herding},
           .defaults = "Kim et al.'s code (coreset.py); its network is trained by IDC's recipe for "
                       "real data.",
           .departures =
               "features are those of the trained network's last state, where theirs takes "
               "the state that was best on the test set.");

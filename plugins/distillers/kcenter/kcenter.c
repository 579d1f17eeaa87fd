/* kcenter.c: k-center (Sener and Savarese, ICLR 2018), the greedy form, as the selection baseline
 * of the distillation papers: real images of each class of which every image of the class is near
 * to one, in the features of a network trained on the real data (a planned training).
 *
 * Departures from the authors' code: they choose among all classes, here each class by itself, as
 * the distillation papers do; theirs then goes on to an exact solution by a solver; the first
 * centre, which they have from labelled images, is the image nearest to the mean of the class
 * (first = "random": a draw). The network is that of herding. */
#include "choose.h"

#include <coppice/distil.h>
#include <coppice/plugin.h>

static cop_status plan_kcenter(const void *given, cop_plan *plan, cop_error *err)
{
    const kcenter_options *o = given;
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

static cop_status begin_kcenter(void *self, cop_work *work, cop_error *err)
{
    const kcenter_options *o = self;
    cop_shape shape = cop_shape2(cop_task_classes(cop_work_task(work)), o->ipc);
    return cop_tensors_add(cop_work_bag(work), "chosen", COP_I64, shape, NULL, err);
}

/* One class. */
static cop_status step_kcenter(void *self, cop_work *work, int64_t label, cop_error *err)
{
    const kcenter_options *o = self;
    const cop_tensors *network = NULL;
    COP_TRY(cop_work_requested(work, 0, &network, err));
    const cop_select_spec spec = {COP_SIZED(cop_select_spec),
                                  .model = o->model,
                                  .state = network,
                                  .data = cop_work_train_data(work),
                                  .per_class = o->ipc,
                                  .choose = kcenter_choose,
                                  .options = o,
                                  .seed = cop_work_seed(work),
                                  .threads = cop_work_threads(work)};
    return cop_select_class(&spec, (int32_t)label, chosen_of(work) + label * o->ipc, err);
}

static cop_status finish_kcenter(void *self, cop_work *work, cop_error *err)
{
    const kcenter_options *o = self;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), o->recipe, err));
    return cop_selected_set(cop_work_set(work), cop_work_train_data(work), chosen_of(work), o->ipc,
                            err);
}

static const char *const first_names[] = {"mean", "random", NULL};

static const cop_option option_table[] = {
    COP_OPT_IPC(kcenter_options, ipc),
    COP_OPT_ENUM(kcenter_options, first, "mean", first_names,
                 "First centre: the image nearest to the mean of its class, or a random one"),
    COP_OPT_MODEL(kcenter_options, model,
                  "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }",
                  "The network in whose features distances are taken"),
    COP_OPT_RECIPE(kcenter_options, training, "idc-real",
                   "How that network is trained on the real images before"),
    COP_OPT_SET_RECIPE(kcenter_options, recipe, "idc"),
};

COP_PLUGIN(
    DISTILLER, .id = "kcenter", .version = "1.0.0", .results_version = "1",
    .summary = "K-center: real images that every image of their class is near to",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set "
                "Approach, ICLR 2018",
    COP_OPTIONS(kcenter_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_kcenter,
                                 .begin = begin_kcenter, .step = step_kcenter,
                                 .finish = finish_kcenter},
    .defaults = "the greedy form of Sener & Savarese; the network, which gives the features, "
                "is that of herding, trained by IDC's recipe for real data. The first centre "
                "is chosen here.",
    .departures = "each class is covered by itself, as in the distillation papers, where Sener "
                  "& Savarese choose among all classes; their exact solution by a solver is not"
                  " here. The first centre, which they have from labelled images, is the image "
                  "nearest to the mean of the class.");

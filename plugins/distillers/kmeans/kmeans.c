/* kmeans.c: k-means as a selection baseline: the images of each class are divided into as many
 * clusters as are wanted, and the real image nearest to each centre is taken, in the features of a
 * network trained on the real data (a planned training). Centres start by k-means++ (Arthur and
 * Vassilvitskii, SODA 2007) and move by Lloyd's rule until no image changes its cluster.
 *
 * No authors' code is followed: papers that have this baseline (DREAM, Liu et al., ICCV 2023, from
 * which the choice of the nearest image is) use a library's k-means. A cluster without images keeps
 * its centre; an image is taken once, by the first centre that it is nearest to. */
#include "choose.h"

#include <coppice/distil.h>
#include <coppice/plugin.h>

static cop_status plan_kmeans(const void *given, cop_plan *plan, cop_error *err)
{
    const kmeans_options *o = given;
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

static cop_status begin_kmeans(void *self, cop_work *work, cop_error *err)
{
    const kmeans_options *o = self;
    cop_shape shape = cop_shape2(cop_task_classes(cop_work_task(work)), o->ipc);
    return cop_tensors_add(cop_work_bag(work), "chosen", COP_I64, shape, NULL, err);
}

/* One class. */
static cop_status step_kmeans(void *self, cop_work *work, int64_t label, cop_error *err)
{
    const kmeans_options *o = self;
    const cop_tensors *network = NULL;
    COP_TRY(cop_work_requested(work, 0, &network, err));
    const cop_select_spec spec = {COP_SIZED(cop_select_spec),
                                  .model = o->model,
                                  .state = network,
                                  .data = cop_work_train_data(work),
                                  .per_class = o->ipc,
                                  .choose = kmeans_choose,
                                  .options = o,
                                  .seed = cop_work_seed(work),
                                  .threads = cop_work_threads(work)};
    return cop_select_class(&spec, (int32_t)label, chosen_of(work) + label * o->ipc, err);
}

static cop_status finish_kmeans(void *self, cop_work *work, cop_error *err)
{
    const kmeans_options *o = self;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), o->recipe, err));
    return cop_selected_set(cop_work_set(work), cop_work_train_data(work), chosen_of(work), o->ipc,
                            err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(kmeans_options, ipc),
    COP_OPT_INT(kmeans_options, iterations, "100", 1, 1000000,
                "Moves of the centres at most, where clusters do not come to rest before"),
    COP_OPT_MODEL(kmeans_options, model,
                  "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }",
                  "The network in whose features clusters are found"),
    COP_OPT_RECIPE(kmeans_options, training, "idc-real",
                   "How that network is trained on the real images before"),
    COP_OPT_SET_RECIPE(kmeans_options, recipe, "idc"),
};

COP_PLUGIN(
    DISTILLER, .id = "kmeans", .version = "1.0.0", .results_version = "1",
    .summary = "K-means: the real images nearest to the centres of clusters of their class",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007",
    COP_OPTIONS(kmeans_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_kmeans,
                                 .begin = begin_kmeans, .step = step_kmeans,
                                 .finish = finish_kmeans},
    .defaults = "chosen here: k-means++ and Lloyd's rule in the features of herding, where "
                "papers that have this baseline use a library's k-means.",
    .departures = "no authors' code is followed; the choice of the image nearest to each centre"
                  " is Liu et al.'s (DREAM, ICCV 2023).");

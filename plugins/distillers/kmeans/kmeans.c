/* kmeans.c: k-means as a selection baseline: the images of each class are divided into as many
 * clusters as are wanted, and the real image nearest to each centre is taken, in the features of a
 * network trained on the real data (a planned training). Centres start by k-means++ (Arthur and
 * Vassilvitskii, SODA 2007) and move by Lloyd's rule until no image changes its cluster.
 *
 * No authors' code is followed: papers that have this baseline (DREAM, Liu et al., ICCV 2023, from
 * which the choice of the nearest image is) use a library's k-means. A cluster without images keeps
 * its centre; an image is taken once, by the first centre that it is nearest to. */
#include "choose.h"

#include <coppice/plugin.h>

static cop_status step_kmeans(void *self, cop_work *work, int64_t label, cop_error *err)
{
    return cop_select_step(self, kmeans_choose, work, label, err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(cop_select_options, ipc),
    COP_OPT_INT(kmeans_options, iterations, "100", 1, 1000000,
                "Moves of the centres at most, where clusters do not come to rest before"),
    COP_OPTS_SELECT("The network in whose features clusters are found"),
};

COP_PLUGIN(
    DISTILLER, .id = "kmeans", .version = "1.0.0", .results_version = "1",
    .summary = "K-means: the real images nearest to the centres of clusters of their class",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007",
    COP_OPTIONS(kmeans_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = cop_select_plan,
                                 .begin = cop_select_begin, .step = step_kmeans,
                                 .finish = cop_select_finish},
    .defaults = "chosen here: k-means++ and Lloyd's rule in the features of herding, where "
                "papers that have this baseline use a library's k-means.",
    .departures = "no authors' code is followed; the choice of the image nearest to each centre"
                  " is Liu et al.'s (DREAM, ICCV 2023).");

/* kcenter.c: k-center (Sener and Savarese, ICLR 2018), the greedy form, as the selection baseline
 * of the distillation papers: real images of each class of which every image of the class is near
 * to one, in the features of a network trained on the real data (a planned training).
 *
 * Departures from the authors' code: they choose among all classes, here each class by itself, as
 * the distillation papers do; theirs then goes on to an exact solution by a solver; the first
 * centre, which they have from labelled images, is the image nearest to the mean of the class
 * (first = "random": a draw). The network is that of herding. */
#include "choose.h"

#include <coppice/plugin.h>

static cop_status step_kcenter(void *self, cop_work *work, int64_t label, cop_error *err)
{
    return cop_select_step(self, kcenter_choose, work, label, err);
}

static const char *const first_names[] = {"mean", "random", NULL};

static const cop_option option_table[] = {
    COP_OPT_IPC(cop_select_options, ipc),
    COP_OPT_ENUM(kcenter_options, first, "mean", first_names,
                 "First centre: the image nearest to the mean of its class, or a random one"),
    COP_OPTS_SELECT("The network in whose features distances are taken"),
};

COP_PLUGIN(
    DISTILLER, .id = "kcenter", .version = "1.0.0", .results_version = "1",
    .summary = "K-center: real images that every image of their class is near to",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set "
                "Approach, ICLR 2018",
    COP_OPTIONS(kcenter_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = cop_select_plan,
                                 .begin = cop_select_begin, .step = step_kcenter,
                                 .finish = cop_select_finish},
    .defaults = "the greedy form of Sener & Savarese; the network, which gives the features, "
                "is that of herding, trained by IDC's recipe for real data. The first centre "
                "is chosen here.",
    .departures = "each class is covered by itself, as in the distillation papers, where Sener "
                  "& Savarese choose among all classes; their exact solution by a solver is not"
                  " here. The first centre, which they have from labelled images, is the image "
                  "nearest to the mean of the class.");

/* herding.c: herding (Welling, ICML 2009) as the selection baseline of the distillation papers:
 * real images of each class whose running mean of features stays closest to the mean of the class,
 * in the features of a network trained on the real data. The rule is that of Kim et al.'s code
 * (coreset.py), as is the network: trained by IDC's recipe for real data, evaluated without
 * augmentation; it is a planned training, shared by all who want the same.
 *
 * Departures from that code: features are the classifier's input of the trained network's last
 * state, where theirs takes the state that was best on the test set. */
#include "choose.h"

#include <coppice/plugin.h>

static cop_status step_herding(void *self, cop_work *work, int64_t label, cop_error *err)
{
    return cop_select_step(self, herding_choose, work, label, err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(cop_select_options, ipc),
    COP_OPTS_SELECT("The network in whose features means are matched"),
};

COP_PLUGIN(DISTILLER, .id = "herding", .version = "1.0.0", .results_version = "1",
           .summary = "Herding: real images whose mean features follow those of their class",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Welling, Herding Dynamical Weights to Learn, ICML 2009",
           COP_OPTIONS(cop_select_options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = cop_select_plan,
                                        .begin = cop_select_begin, .step = step_herding,
                                        .finish = cop_select_finish},
           .defaults = "Kim et al.'s code (coreset.py); its network is trained by IDC's recipe for "
                       "real data.",
           .departures =
               "features are those of the trained network's last state, where theirs takes "
               "the state that was best on the test set.");

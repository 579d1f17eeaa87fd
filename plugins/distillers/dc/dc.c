/* dc.c: DC, dataset condensation with gradient matching (Zhao, Mopuri and Bilen, ICLR 2021), in the
 * workshop's loop (cop_condense_work): per fresh network, rounds of matching every class by the
 * cosine of gradients, one step of the pixels, and some epochs of the network on the synthetic
 * images. A step of this work is one round. Defaults are those of the authors' main.py; the rounds
 * and epochs go by the budget, as its get_loops has them.
 *
 * Departures from the authors' code: a class's real batches walk through a permutation of the class
 * in whole batches, where theirs are drawn anew for each match; 1000 networks, where their loop of
 * 1000 has one more; networks with batch norm use the statistics of the batch at hand while they
 * are matched, where theirs are frozen at those of 16 real images per class. */
#include <coppice/distil.h>
#include <coppice/plugin.h>

static const cop_option option_table[] = {
    COP_OPTS_CONDENSE("noise", "dc"),
    COP_OPTS_CONDENSE_RATES,
};

COP_PLUGIN(DISTILLER, .id = "dc", .version = "1.0.0", .results_version = "1",
           .summary = "DC: gradient matching in a network that trains on the synthetic images",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Zhao et al., Dataset Condensation with Gradient Matching, ICLR 2021",
           COP_OPTIONS(cop_condense_options, option_table), .ops = &cop_condense_work,
           .defaults = "Zhao et al.'s code (main.py); rounds and epochs go by the budget, as its "
                       "get_loops has them.",
           .departures =
               "a class's real batches walk through a permutation of the class in whole "
               "batches, where theirs are drawn anew for each match. 1000 networks, where "
               "their loop has one more. Networks with batch norm use the statistics of the "
               "batch at hand while they are matched, where theirs are frozen at those of 16"
               " real images per class.");

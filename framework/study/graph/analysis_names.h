/* analysis_names.h: telling several instances of one analyzer apart. */
#ifndef COP_STUDY_GRAPH_ANALYSIS_NAMES_H
#define COP_STUDY_GRAPH_ANALYSIS_NAMES_H

#include "study/graph/graph.h"

/* What tells a cell's i-th analyzer from its others by the same plugin: the label that the config
 * gives it, or else the options that differ,
 * "copy = 1, mode = \"train\"", and those of what they look at, "dataset.seed = 1". Empty where it
 * is the only one, or none differs. The caller's (free); NULL when memory is out. */
char *cop_analysis_label(const cop_cell *cell, size_t i);

#endif

/* coppice.h: the whole public API. */
#ifndef COPPICE_H
#define COPPICE_H

#include <coppice/analyzer.h>
#include <coppice/base.h>
#include <coppice/dataset.h>
#include <coppice/differentiate.h>
#include <coppice/distil.h>
#include <coppice/distiller.h>
#include <coppice/files.h>
#include <coppice/graph.h>
#include <coppice/host.h>
#include <coppice/log.h>
#include <coppice/model.h>
#include <coppice/nn.h>
#include <coppice/objective.h>
#include <coppice/option.h>
#include <coppice/option_rows.h>
#include <coppice/plugin.h>
#include <coppice/program.h>
#include <coppice/pruner.h>
#include <coppice/random.h>
#include <coppice/recipe.h>
#include <coppice/samples.h>
#include <coppice/select.h>
#include <coppice/status.h>
#include <coppice/symmetry.h>
#include <coppice/synthetic.h>
#include <coppice/table.h>
#include <coppice/tensor.h>
#include <coppice/trainer.h>
#include <coppice/work.h>

#endif

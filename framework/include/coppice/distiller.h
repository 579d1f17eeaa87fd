/* distiller.h: the distiller kind: (dataset, distilling model, budget) → a synthetic set.
 *
 * A distiller implements cop_work_ops (work.h); finish fills cop_work_set. The distilling model is
 * an option of the plugin, of type COP_OPTION_MODEL, where it needs one. */
#ifndef COPPICE_DISTILLER_H
#define COPPICE_DISTILLER_H

#include <coppice/synthetic.h>
#include <coppice/work.h>

#define COP_DISTILLER_INTERFACE 2

#endif

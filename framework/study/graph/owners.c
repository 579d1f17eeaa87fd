/* owners.c: the components of a cell among whose options a model may be. */
#include "study/graph/graph.h"

const cop_instance *cop_owner_at(const cop_opened *o, size_t i)
{
    size_t pruners = o->cell->phase_count, analyzers = o->cell->analyzer_count;
    if (i == 0)
        return &o->distiller;
    if (i - 1 < pruners)
        return &o->pruners[i - 1];
    return i - 1 - pruners < analyzers ? &o->analyzers[i - 1 - pruners] : NULL;
}

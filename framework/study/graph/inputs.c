/* inputs.c: which stages a stage reads the results of. */
#include "study/graph/graph.h"

/* A list that is only counted where there is no room for it. */
typedef struct list {
    int32_t *items;
    size_t count;
} list;

static void add(list *l, int32_t stage)
{
    if (stage == COP_NO_STAGE)
        return;
    if (l->items != NULL)
        l->items[l->count] = stage;
    l->count++;
}

static void add_all(list *l, const int32_t *stages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(l, stages[i]);
}

static void add_start(list *l, const cop_start_point *start)
{
    add(l, start->base);
    add(l, start->carry);
}

size_t cop_stage_inputs(const cop_stage *stage, int32_t *inputs)
{
    list l = {.items = inputs};
    if (stage->given != NULL)
        return 0;
    if (stage->kind == COP_STAGE_TRAIN) {
        add(&l, stage->train.distil);
        add(&l, stage->train.mask);
        add_start(&l, &stage->train.start);
        return l.count;
    }
    const cop_work_stage *work = &stage->work;
    add_all(&l, work->trainings, work->training_count);
    if (stage->kind == COP_STAGE_DISTIL)
        return l.count;
    add(&l, work->distil);
    add(&l, work->mask);
    add_start(&l, &work->start);
    if (stage->kind == COP_STAGE_MASK)
        add(&l, work->trained);
    add_all(&l, work->copies, work->copy_count);
    add_all(&l, work->dense, work->dense_count);
    for (size_t i = 0; i < work->other_count; i++)
        add(&l, work->others[i].mask);
    return l.count;
}

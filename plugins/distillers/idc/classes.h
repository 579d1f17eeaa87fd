/* classes.h: the real images of each class, in batches: a permutation of the class is walked in
 * whole batches and drawn anew when no whole batch is left, as the class loaders of Kim et al.'s
 * code do. The batch of a visit depends on the seed, the class and the visit alone. */
#ifndef IDC_CLASSES_H
#define IDC_CLASSES_H

#include <coppice/work.h>

typedef struct idc_class {
    int64_t count;    /* samples */
    int64_t *members; /* [count], in the data's order */
    int64_t *order;   /* [count]: the permutation of `pass`, as samples */
    int64_t pass;     /* which permutation `order` is; −1 for none yet */
} idc_class;

typedef struct idc_classes {
    int32_t count;
    int64_t batch;
    idc_class *items;
} idc_classes;

/* Sorts the samples by class; a class without any is COP_INVALID. On failure nothing is left
 * behind. */
cop_status idc_classes_init(idc_classes *c, const cop_samples *data, int64_t batch, cop_error *err);
void idc_classes_clear(idc_classes *c);

/* Images that a batch of the class has: `batch`, or all of a smaller class. */
int64_t idc_classes_batch_size(const idc_classes *c, int32_t label);

/* The samples of the class's visit number `visit` ≥ 0: batch_size indices, valid until the next
 * call for the class. */
const int64_t *idc_classes_batch(idc_classes *c, const cop_work *work, int32_t label,
                                 int64_t visit);

#endif

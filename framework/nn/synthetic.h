/* synthetic.h: what the pixels and labels of a distilled set must be, whoever made or stored it. */
#ifndef COP_NN_SYNTHETIC_H
#define COP_NN_SYNTHETIC_H

#include <coppice/synthetic.h>

/* COP_FAILED naming the image unless every pixel is in [0, 1], exactly, and every row of labels is
 * in [0, 1] and sums to 1 (to 1e-4). */
cop_status cop_synthetic_check(const cop_synthetic *s, cop_error *err);

#endif

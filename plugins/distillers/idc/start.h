/* start.h: the pixels that distillation begins with. */
#ifndef IDC_START_H
#define IDC_START_H

#include "options.h"

/* COP_INVALID where the class has too few real images, `count`, to start from. */
cop_status idc_start_check(idc_start start, int64_t ipc, int64_t factor, int32_t label,
                           int64_t count, cop_error *err);

/* Writes the first `ipc` stored images of one class, [ipc, C, H, W] in [0, 1]. `members` are the
 * class's `count` samples in order; `noise` is read by the noise start alone. COP_INVALID when the
 * class has too few real images. */
cop_status idc_start_class(idc_start start, int64_t ipc, int64_t factor, const cop_samples *data,
                           int32_t label, const int64_t *members, int64_t count, cop_stream *noise,
                           float *pixels, cop_error *err);

#endif

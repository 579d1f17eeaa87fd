/* choose.h: the choice that makes this plugin herding. */
#ifndef HERDING_CHOOSE_H
#define HERDING_CHOOSE_H

#include <coppice/select.h>

/* A cop_chooser: image k brings the sum of what is chosen closest to k + 1 means of the class; of
 * equally close ones the first. Nothing is drawn. */
cop_status herding_choose(const void *options, const cop_class_features *of, int64_t wanted,
                          cop_stream *stream, int64_t *chosen, cop_error *err);

#endif

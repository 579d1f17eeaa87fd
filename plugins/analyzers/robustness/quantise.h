/* quantise.h: weights rounded to a few levels. */
#ifndef ROBUSTNESS_QUANTISE_H
#define ROBUSTNESS_QUANTISE_H

#include <coppice/plugin.h>

/* Replaces the weights of convolutions and linear layers in `state` by the nearest of the levels
 * k·s, k = −m … m, m = 2^(bits−1) − 1, s = max |w| / m: symmetric uniform quantisation, rounded to
 * nearest, halves to even. The maximum is over a tensor, or over each output channel. 0 stays 0, as
 * do tensors of zeros; biases, norms and running statistics stay as they are. bits >= 2. Gives the
 * share of the weights other than 0 that became 0; 0 where there are none. */
double quantise_state(const cop_model *model, int64_t bits, bool by_channel, cop_tensors *state);

#endif

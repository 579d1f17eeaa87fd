/* build.h: what the builders share: taking operands, and refusing them with a clear message. */
#ifndef COP_GRAPH_BUILD_H
#define COP_GRAPH_BUILD_H

#include "graph/shapes.h"
#include "graph/storage.h"

/* An operand of the operation being built, by the name that its documentation gives it. */
typedef struct cop_operand {
    const char *role;
    cop_node node;
    cop_shape shape;
} cop_operand;

/* Takes `node` as the operand `role` of the operation `who`. Fails the graph where it is no node of
 * it, quietly where the graph had failed: builders take all operands, then ask cop_graph_failed. */
cop_operand cop_take(cop_graph *g, const char *who, const char *role, cop_node node);

/* "x "images" [2, 3, 32, 32]": the role and the node's description. */
cop_words cop_operand_text(const cop_graph *g, const cop_operand *operand);

/* Each fails the graph with "WHO: …" and returns false where its condition does not hold; false
 * also where the graph had failed. */
bool cop_want_rank(cop_graph *g, const char *who, const cop_operand *operand, int rank,
                   const char *layout);
bool cop_want_shape(cop_graph *g, const char *who, const cop_operand *operand, cop_shape shape);
bool cop_want_axis(cop_graph *g, const char *who, const cop_operand *operand, int64_t axis);
bool cop_want_positive(cop_graph *g, const char *who, const char *what, int64_t value);
bool cop_want_valid_shape(cop_graph *g, const char *who, cop_shape shape);
bool cop_want_window(cop_graph *g, const char *who, cop_window window);
bool cop_want_norm_axes(cop_graph *g, const char *who, cop_norm_axes over);

/* The sizes of a window's output on images of shape x [N, C, H, W]; fails where the padded image is
 * smaller than the window. `operand` is x where it is one, else NULL. `window` is valid. */
bool cop_window_output(cop_graph *g, const char *who, const cop_operand *operand, cop_shape x,
                       cop_window window, int64_t *height, int64_t *width);

/* The settings of an operation that has none. */
cop_attr cop_no_attr(void);

#endif

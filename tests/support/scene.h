/* scene.h: a graph with values for its inputs, evaluated by the oracle. For the engine's tests. */
#ifndef COP_TEST_SCENE_H
#define COP_TEST_SCENE_H

#include "support.h"

#include <coppice/graph.h>

#define SCENE_INPUTS 40

typedef struct scene {
    cop_graph *g;
    size_t count;
    cop_node node[SCENE_INPUTS];
    double *value[SCENE_INPUTS];
    uint64_t draws; /* state of the values' generator */
} scene;

/* What drawn values look like; the kinds keep away from the kinks of what is tested. */
typedef enum scene_fill {
    FILL_PLAIN,    /* uniform in (−1, 1) */
    FILL_POSITIVE, /* uniform in (0.5, 1.5) */
    FILL_NONZERO,  /* either sign, 0.3 < |value| < 1.3 */
    FILL_DISTINCT  /* a shuffled ramp: any two values differ by 0.05 at least */
} scene_fill;

/* An empty scene whose draws are fixed by `seed`; closed by its test. */
scene scene_open(uint64_t seed);
void scene_close(scene *s);

/* Adds an input node; the values are copied or drawn. */
cop_node scene_input(scene *s, cop_shape shape, const double *values);
cop_node scene_draw(scene *s, cop_shape shape, scene_fill fill);

/* The values of an input, to be read and changed. */
double *scene_value(scene *s, cop_node input);

/* Evaluates nodes into the caller's memory; fails the test on an error. */
void scene_evaluate(const scene *s, const cop_node *nodes, double *const *results, size_t count);

/* Evaluates one node into new memory, which the caller frees. */
double *scene_result(const scene *s, cop_node node);

/* Evaluates one node for its error alone. */
cop_status scene_try(const scene *s, cop_node node, cop_error *err);

/* Fails unless the node has that shape and, to 1e-12 relative to 1 + |wanted|, those values. */
void scene_expect(const scene *s, cop_node node, cop_shape shape, const double *wanted);

/* Fails unless ⟨gy, forward(e)⟩ = adjoint[e] for every unit tensor e of the input x: `forward` is
 * linear in the input x and shaped as the input gy, `adjoint` is shaped as x. */
void scene_expect_adjoint(scene *s, cop_node x, cop_node forward, cop_node gy, cop_node adjoint);

/* Fails, naming `what` and the worst element, unless |got − wanted| ≤ tolerance·(1 + |wanted|)
 * throughout; what is not finite on one side only is as far off as can be. */
void assert_close_f64(const char *what, const double *got, const double *wanted, int64_t count,
                      double tolerance);

#endif

/* derivatives.h: derivatives of a scene's nodes against central differences, all on the oracle.
 *
 * Why the tolerance is what it is: a central difference with step h = 1e-5 errs by h²·f‴/6 ≈ 1e-10
 * for its curvature and by ε·|f|/h ≈ 1e-11 for its rounding, times the few tens that sums and
 * third derivatives bring. 1e-6 relative to 1 + |value| leaves room for neither a wrong rule nor a
 * dropped term. Two exact derivatives of the same thing are held to 1e-9. */
#ifndef COP_TEST_DERIVATIVES_H
#define COP_TEST_DERIVATIVES_H

#include "scene.h"

#define DIFFERENCE_TOLERANCE 1e-6
#define EXACT_TOLERANCE      1e-9

/* Checks `loss` (one element) as a function of the inputs wrt[0 … count−1]:
 * order 1: cop_gradient against differences of the loss, element by element;
 * order 2: the Hessian product, forward over reverse, against differences of the gradient, and
 *          reverse over reverse against forward over reverse;
 * order 3: the tangent of the Hessian product against its differences.
 * Everything must be finite. Adds nodes and inputs to the scene. */
void check_derivatives(scene *s, cop_node loss, const cop_node *wrt, size_t count, int order);

/* Checks cop_jvp of `output` in a drawn direction against differences of it. */
void check_tangent(scene *s, cop_node output, const cop_node *wrt, size_t count);

/* A loss that sees every element of y to all orders: Σ c∘y + ½·Σ d∘y², c and d drawn. The second
 * term gives operations that are linear a second derivative to get wrong. */
cop_node probe_loss(scene *s, cop_node y);

/* Fails unless every element of the node is finite. */
void assert_finite(const scene *s, cop_node node);

/* Fails if a value stands so near a kink of relu, abs, sign, step or gate that a difference could
 * straddle it: the drawn inputs must then be changed, not the tolerance. */
void assert_away_from_kinks(const scene *s);

#endif

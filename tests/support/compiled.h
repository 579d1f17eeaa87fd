/* compiled.h: a scene's nodes compiled and run in f32, compared with the oracle. */
#ifndef COP_TEST_COMPILED_H
#define COP_TEST_COMPILED_H

#include "scene.h"

#include <coppice/program.h>

/* Compiles the nodes and binds every input of the scene to memory of `inputs`, whose first
 * s->count entries are set to it. Fails the test on an error. The caller frees both with
 * compiled_close. */
cop_program *compiled_open(const scene *s, const cop_node *nodes, size_t count, int threads,
                           float **inputs);
void compiled_close(const scene *s, cop_program *p, float **inputs);

/* Fails unless the compiled nodes agree with the oracle, |got − wanted| ≤ tolerance·(1 + |wanted|),
 * with one thread and with two, and give the same bits in a second run, whether the program keeps
 * its outputs or writes them to the caller's memory. Values of the scene are rounded to float
 * first, so that both compute from the same numbers. */
void compiled_expect(scene *s, const cop_node *nodes, size_t count, double tolerance);

/* As above for one node. */
void compiled_expect_one(scene *s, cop_node node, double tolerance);

/* What the program costs. */
cop_program_cost compiled_cost(const cop_program *p);

/* Fails unless no two storages of the program's arena overlap in both time and place. */
void compiled_expect_sound_memory(const cop_program *p);

#endif

/* programs.h (implemented in objective.c, trainer.c): the compiled programs inside trainers and
 * objectives, for whoever explains or measures them. Programs belong to what they are asked of. */
#ifndef COP_TRAIN_PROGRAMS_H
#define COP_TRAIN_PROGRAMS_H

#include <coppice/objective.h>
#include <coppice/trainer.h>

/* The step on a full batch: bound, and runnable once the trainer has run a step. */
cop_program *cop_trainer_program(cop_trainer *t);

/* The evaluation of a full batch, and its Hessian product: compiled now where they were not needed
 * before, and runnable again once the objective has evaluated, or multiplied. */
cop_status cop_objective_evaluation_program(cop_objective *o, cop_program **out, cop_error *err);
cop_status cop_objective_product_program(cop_objective *o, cop_program **out, cop_error *err);

/* The program of the last batch that was run, of whichever service; NULL before the first. */
cop_program *cop_objective_program(cop_objective *o);

#endif

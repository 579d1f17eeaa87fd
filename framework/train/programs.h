/* programs.h: the compiled programs behind trainings and objectives, for who measures them. */
#ifndef COP_TRAIN_PROGRAMS_H
#define COP_TRAIN_PROGRAMS_H

#include <coppice/objective.h>
#include <coppice/program.h>
#include <coppice/trainer.h>

/* The program of a step with a full batch. The trainer's own. */
cop_program *cop_trainer_program(cop_trainer *t);

/* The program of the last batch that was run, of whichever service; NULL before the first. The
 * objective's own. */
cop_program *cop_objective_program(cop_objective *o);

#endif

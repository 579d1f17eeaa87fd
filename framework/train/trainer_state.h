/* trainer_state.h: what a trainer's state holds beside the model's parameters and buffers.
 * Snapshots and checkpoints hold it under the same names (coppice/trainer.h). */
#ifndef COP_TRAIN_TRAINER_STATE_H
#define COP_TRAIN_TRAINER_STATE_H

#include <coppice/tensor.h>

/* Before a parameter's name: its momentum, of the parameter's shape. */
#define COP_MOMENTUM_PREFIX "momentum/"

/* Before a parameter's name: its second moment, of the parameter's shape. Adam and AdamW alone have
 * it; the momentum is their first moment. */
#define COP_SECOND_PREFIX "second/"

/* Room for the name of a momentum, or of a second moment. */
#define COP_MOMENTUM_SIZE (COP_NAME_SIZE + sizeof COP_MOMENTUM_PREFIX)

/* One I64, of Adam and AdamW alone: the updates since the optimiser was new. */
#define COP_UPDATES_NAME "updates"

/* One I64: the optimiser steps done. */
#define COP_STEP_NAME "step"

#endif

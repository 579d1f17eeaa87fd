/* given.h: states and masks that a config has from files (ticket.start, ticket.mask,
 * ticket.copies): the results of stages that compute nothing. */
#ifndef COP_STUDY_GRAPH_GIVEN_H
#define COP_STUDY_GRAPH_GIVEN_H

#include "study/graph/graph.h"

/* What a file is to a study. */
struct cop_given {
    const char *option;  /* "ticket.mask": the setting that names it */
    const char *path;    /* the config's */
    const char *under;   /* of a state: the file of its ticket's mask; "": none */
    bool must_fit;       /* refused where it has weights that the mask removes */
    cop_stage_kind kind; /* COP_STAGE_TRAIN: a state; COP_STAGE_MASK: a mask */
    const cop_model *model;
    char hash[33]; /* of the file's bytes, when the study was laid out */
    int64_t kept;  /* of a mask: the weights that stay */
    bool fits;     /* of a state with a mask: what that removes is 0 */
};

/* Reads and checks the file that *wanted names, which lacks the last members, or finds that it was
 * checked before. *out is the study's. COP_FAILED naming the file, the option, and the tensor that
 * is missing or wrong. */
cop_status cop_study_open_given(cop_study *s, const struct cop_given *wanted,
                                const struct cop_given **out, cop_error *err);
void cop_study_free_given(cop_study *s);

/* Reads it once more, to be published: the model's state, or the mask; the caller's. COP_DAMAGED
 * where the file has changed since or is gone, COP_FAILED where it cannot be read or memory is
 * refused. */
cop_status cop_given_read(const struct cop_given *g, cop_tensors **out, cop_error *err);

#endif

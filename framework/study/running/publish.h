/* publish.h: a stage's result becomes its artifact, whatever kind of stage it is. */
#ifndef COP_STUDY_RUNNING_PUBLISH_H
#define COP_STUDY_RUNNING_PUBLISH_H

#include "store/formats/summary_json.h"
#include "study/running/runner.h"

/* What a stage has to publish. */
typedef struct cop_publication {
    /* Writes the result's files into the draft, its summary among them. */
    cop_status (*write)(void *context, cop_draft *draft, cop_error *err);
    void *context;
    double began;   /* cop_now() when this attempt at the stage began */
    double earlier; /* seconds that were spent before that */
} cop_publication;

/* Opens the stage's draft, has it written, says by which plugins it was made, publishes it, and
 * removes the stage's checkpoint. After a failure no draft is left behind, and the checkpoint is as
 * it was. */
cop_status cop_publish(const cop_runner *r, const cop_stage *stage, const cop_publication *p,
                       cop_error *err);

/* Writes the summary of the stage's artifact into the draft. */
cop_status cop_publish_summary(const cop_stage *stage, const cop_draft *draft,
                               const cop_summary *summary, cop_error *err);

/* Writes into the draft what a mask keeps of each parameter. */
cop_status cop_publish_layers(const cop_draft *draft, const cop_tensors *mask, cop_error *err);

/* The numbers about a mask of the stage's network. */
cop_summary cop_mask_summary(const cop_stage *stage, const cop_tensors *mask);

#endif

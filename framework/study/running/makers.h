/* makers.h: by which plugins a stage is made: recorded with its artifact, and told when it is
 * served to another plugin that says it gives the same results. */
#ifndef COP_STUDY_RUNNING_MAKERS_H
#define COP_STUDY_RUNNING_MAKERS_H

#include "study/running/runner.h"

/* The plugins whose code makes a stage's result, a line each: kind, id, version, and the content
 * hash of the shared object. The caller's; NULL without memory. (A dataset's content is part of
 * identities by itself.) */
char *cop_makers(const cop_stage *stage);

/* Writes into a distilled set by which distiller it was made, and in which networks. */
cop_status cop_say_set_maker(const cop_stage *stage, cop_synthetic *set, cop_error *err);

/* Warns, once per plugin in the life of the study, where an artifact, the stage's or one that it
 * goes on from, was made by a plugin of other content than the one that the study has. An artifact
 * that does not say by what it was made passes. */
void cop_makers_compare(const cop_runner *r, const cop_stage *stage, const cop_artifact_id *id);

#endif

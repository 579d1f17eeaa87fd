/* study_folders.h: the records of the studies in an output directory, a folder each.
 *
 *   OUT/studies/<folder>/study.json    what the study consists of (formats/study_json.h)
 *   OUT/studies/<folder>/config.cfg    its config, resolved (config/resolved.h)
 *   OUT/studies/<folder>/stages.json   its graph (formats/stages_json.h)
 *   OUT/studies/<folder>/report/       its report
 *   OUT/studies/<folder>/slurm/        scripts and logs of its jobs (study/executors/slurm.h)
 *   OUT/studies/<folder>/run, run.lock, run.guard   who runs it now (holder.h)
 *
 * Artifacts are no study's own: all of them share OUT/store. */
#ifndef COP_STORE_STUDY_FOLDERS_H
#define COP_STORE_STUDY_FOLDERS_H

#include <coppice/status.h>

/* Room for the name of a folder. */
#define COP_STUDY_FOLDER_SIZE 128

/* The folder of a study of that name: the name itself, where it is one of a folder; else what of it
 * can be, and a short hash of all of it, so that two studies never share a folder. Returns
 * `folder`. */
const char *cop_study_folder(const char *study, char folder[COP_STUDY_FOLDER_SIZE]);

/* Writes the path of the study's folder in the output directory `dir`; it need not be there. */
cop_status cop_study_folder_path(const char *dir, const char *study, char *path, size_t size,
                                 cop_error *err);

/* The same, and makes the folder. */
cop_status cop_study_folder_make(const char *dir, const char *study, char *path, size_t size,
                                 cop_error *err);

/* Finds the record of the study of that name (NULL: of the only one there is) and writes the path
 * of its folder. COP_FAILED where `dir` holds no record, or only one of a version that kept it
 * elsewhere, saying what to do; COP_INVALID, listing the studies, where there are several and none
 * is named, or none of that name. `size` is at least COP_PATH_SIZE (core/path.h). */
cop_status cop_study_folder_choose(const char *dir, const char *study, char *path, size_t size,
                                   cop_error *err);

/* Whether the folder of a study holds something of a record's name. */
bool cop_study_folder_has_record(const char *folder);

/* Calls `visit` for every folder there is, by name, with a record or without, until it answers
 * otherwise than COP_OK. `path` is the folder's. */
typedef cop_status (*cop_study_visit)(void *own, const char *folder, const char *path,
                                      cop_error *err);
cop_status cop_study_folders_visit(const char *dir, cop_study_visit visit, void *own,
                                   cop_error *err);

#endif

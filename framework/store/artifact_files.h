/* artifact_files.h: what the files of an output directory are called, stated once: whoever writes
 * or reads one takes its name from here. What is in them is told by store/formats/. */
#ifndef COP_STORE_ARTIFACT_FILES_H
#define COP_STORE_ARTIFACT_FILES_H

/* In every artifact. */
#define COP_MANIFEST_FILE "artifact.json"

/* In a training: the final state, what happened by epoch, and "snapshot-500it.safetensors" and the
 * like, the state at a step that somebody asked for. */
#define COP_STATE_FILE      "state.safetensors"
#define COP_HISTORY_FILE    "history.csv"
#define COP_SNAPSHOT_PREFIX "snapshot-"
#define COP_SNAPSHOT_SUFFIX ".safetensors"

/* In a pruner's, a distiller's and an analyzer's artifact. */
#define COP_MASK_FILE      "mask.safetensors"
#define COP_SYNTHETIC_FILE "synthetic.safetensors"
#define COP_TABLES_FILE    "tables.json"

/* Beside a distilled set: some of the real images that it was made of, as a set like it. Absent in
 * older artifacts, which are whole without it. */
#define COP_REAL_IMAGES_FILE "real.safetensors"

/* Beside a mask: how many weights of each parameter it keeps. Absent in older artifacts, which are
 * whole without it. */
#define COP_LAYERS_FILE "layers.csv"

/* In the artifact of an analyzer that has tensors among its results. */
#define COP_TENSORS_FILE "tensors.safetensors"

/* In the artifact of a work that recorded numbers: all of them, or some thousand. */
#define COP_SERIES_FILE "series.csv"

/* In the artifact of a work that a longer one can go on from: the bag after its last step, and what
 * was recorded by then. */
#define COP_BAG_FILE "bag.safetensors"

/* In all four kinds. */
#define COP_SUMMARY_FILE "summary.json"

/* In OUT/store: what was read of datasets that are slow to read. It can be deleted at any time. */
#define COP_CACHE_FOLDER "cache"

/* In OUT itself: a folder per study (study_folders.h). */
#define COP_STUDIES_FOLDER "studies"

/* In a study's folder: its record, its graph, its config, and its report with two folders in it. */
#define COP_STUDY_FILE    "study.json"
#define COP_STAGES_FILE   "stages.json"
#define COP_CONFIG_FILE   "config.cfg"
#define COP_REPORT_FOLDER "report"
#define COP_DATABASE_FILE "results.sqlite" /* in the report, or in an output directory */
#define COP_FIGURE_FOLDER "figures"
#define COP_IMAGE_FOLDER  "images"

#endif

/* results.h: what the artifacts that a study's record names hold, as far as a report tells it. */
#ifndef COP_REPORT_DATA_RESULTS_H
#define COP_REPORT_DATA_RESULTS_H

#include "report/data/record.h"
#include "store/artifact.h"
#include "store/formats/history_csv.h"
#include "store/formats/layers_csv.h"
#include "store/formats/series_csv.h"
#include "store/formats/summary_json.h"
#include "store/name_table.h"

#include <coppice/table.h>

/* One artifact. Everything but `tables` is the arena's. */
typedef struct cop_result {
    cop_artifact_id id;
    double seconds;
    const char *provenance;
    cop_summary summary;      /* NaN where the file does not say, and of other kinds */
    cop_history_row *history; /* of trainings, in the file's order */
    size_t history_count;
    cop_layer *layers; /* of masks; none where the artifact does not tell them */
    size_t layer_count;
    cop_tables *tables; /* of analyses; owned */
    cop_series *series; /* that the work recorded; none of trainings */
    size_t series_count;
    const char *made_by; /* with series: the id of the plugin that recorded them; "" where the
                            artifact does not say */
} cop_result;

#define COP_RESULT_ABSENT (COP_NO_NAME - 1)

typedef struct cop_results {
    cop_arena *arena; /* owned */
    cop_record record;
    const char **briefs; /* of each cell: its label, or a shortened one (record.h) */
    cop_store *store;    /* owned */
    cop_result *found;   /* each artifact once, in the order in which the record names them */
    size_t found_count;
    cop_name_table known; /* where each stands among `found`; COP_RESULT_ABSENT of the absent */
    const cop_tables ***judged; /* by ticket and analysis: tables with verdicts (judged.h) */
    cop_artifact_id *absent;    /* named by the record, not among `found` */
    size_t absent_count;
    const char **damages;   /* what is wrong with each of the absent; NULL: not computed */
    size_t damaged_count;   /* of the absent: published, but unreadable; the others not computed */
    cop_error first_damage; /* where damaged_count > 0 */
} cop_results;

/* Reads the record in the folder `record` and every artifact of it in the output directory `dir`.
 * A damaged artifact, or another than the one asked for, is left out, counted, and said on the
 * log; a bad record fails, and so does what cannot be read for another reason than damage. Clear
 * with cop_results_clear whatever the answer. */
cop_status cop_results_read(const char *dir, const char *record, cop_logger *log, cop_results *out,
                            cop_error *err);
void cop_results_clear(cop_results *r);

/* The artifact of that name; NULL when it is missing or damaged. */
const cop_result *cop_results_find(const cop_results *r, const cop_artifact_id *id);

/* What is wrong with an artifact that was left out as damaged; NULL for any other. */
const char *cop_results_damage(const cop_results *r, const cop_artifact_id *id);

/* A file of an artifact, its checksum tested; in the arena of `r`. */
cop_status cop_results_file(const cop_results *r, const cop_artifact_id *id, const char *file,
                            const char **path, cop_error *err);

/* The share of the prunable weights that a ticket's mask removes: 0 without a mask, NaN when the
 * mask is not there; and the weights that it keeps, NaN where unknown. */
double cop_ticket_sparsity(const cop_results *r, const cop_record_ticket *t);
double cop_ticket_kept(const cop_results *r, const cop_record_ticket *t);

/* The layers of which a ticket's mask keeps no weight; NaN where unknown. */
double cop_ticket_collapsed_layers(const cop_results *r, const cop_record_ticket *t);

/* Training images seen while finding a ticket's mask: counted in the trainings that were pruned on
 * the way, where each round names its own and all are there; else as the record foresaw. Decoded:
 * every image that a network saw. Stored: a distilled set's stored images, from each of which
 * decoding makes several, count once per epoch. On real data both are equal. */
typedef enum cop_points { COP_POINTS_STORED = 1, COP_POINTS_DECODED = 2 } cop_points;
double cop_ticket_points(const cop_results *r, const cop_record_ticket *t, cop_points what);

/* 1 where a test accuracy is not above what guessing can reach, 0 where it is, NaN where one of the
 * two is not known. */
double cop_is_collapsed(double accuracy, double chance);

#endif

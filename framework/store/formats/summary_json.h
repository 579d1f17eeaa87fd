/* summary_json.h: summary.json, the few numbers about an artifact that a report wants at hand.
 *
 * One JSON object {"name": number, …} of the numbers that the artifact's kind has, in the order
 * below, each with all its digits (%.17g, so that it reads back bit for bit). One that is not
 * finite is null, and NaN in memory. */
#ifndef COP_STORE_FORMATS_SUMMARY_JSON_H
#define COP_STORE_FORMATS_SUMMARY_JSON_H

#include <coppice/status.h>

typedef struct cop_summary {
    /* of trainings; losses and accuracies (shares) after the last epoch */
    double epochs, steps, samples, train_loss, train_accuracy, test_loss, test_accuracy;
    /* of masks: prunable weights, those kept, the share removed */
    double prunable, kept, sparsity;
    /* and tensors of which none is kept; NaN of masks that were made before this was counted */
    double collapsed_layers;
    /* of distilled sets: images stored, and what decoding makes of them */
    double stored, decoded;
    /* of analyses: how many */
    double tables;
} cop_summary;

/* Writes the numbers of an artifact of that `kind` (store/artifact.h). */
cop_status cop_summary_write(const cop_summary *summary, const char *kind, const char *path,
                             cop_error *err);

/* Reads the numbers that are there, of whatever kind; the others, and what is no number, are NaN.
 * COP_DAMAGED naming the file where it is no summary, COP_FAILED where it cannot be read. */
cop_status cop_summary_read(const char *path, cop_summary *out, cop_error *err);

#endif

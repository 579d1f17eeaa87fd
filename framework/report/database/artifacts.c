/* artifacts.c: rows of what single artifacts say. */
#include "report/database/rows.h"

#include "core/damage.h"
#include "core/memory.h"
#include "store/artifact_files.h"

#include <math.h>
#include <string.h>

static cop_status add_training(cop_rows *rows, const cop_result *result, cop_error *err)
{
    const cop_summary *s = &result->summary;
    cop_datum stage = cop_rows_stage(rows, true, &result->id);
    COP_TRY(COP_ADD_ROW(rows, "trainings", stage, cop_datum_real(s->epochs),
                        cop_datum_real(s->steps), cop_datum_real(s->samples),
                        cop_datum_real(s->train_loss), cop_datum_real(s->train_accuracy),
                        cop_datum_real(s->test_loss), cop_datum_real(s->test_accuracy)));
    for (size_t i = 0; i < result->history_count; i++) {
        const double *row = result->history[i];
        COP_TRY(COP_ADD_ROW(rows, "history", stage, cop_datum_integer((int64_t)i + 1),
                            cop_datum_real(row[COP_HISTORY_EPOCH]),
                            cop_datum_real(row[COP_HISTORY_LR]),
                            cop_datum_real(row[COP_HISTORY_TRAIN_LOSS]),
                            cop_datum_real(row[COP_HISTORY_TRAIN_ACCURACY]),
                            cop_datum_real(row[COP_HISTORY_TEST_LOSS]),
                            cop_datum_real(row[COP_HISTORY_TEST_ACCURACY])));
    }
    return COP_OK;
}

static cop_status add_series(cop_rows *rows, const cop_result *result, cop_error *err)
{
    for (size_t i = 0; i < result->series_count; i++) {
        const cop_series *series = &result->series[i];
        for (size_t k = 0; k < series->count; k++)
            COP_TRY(COP_ADD_ROW(rows, "series", cop_rows_stage(rows, true, &result->id),
                                cop_datum_text(series->name), cop_datum_integer((int64_t)k + 1),
                                cop_datum_integer(series->points[k].step),
                                cop_datum_real(series->points[k].value)));
    }
    return COP_OK;
}

/* Masks. */

static int64_t count_kept(const cop_tensor *mask)
{
    const float *values = mask->dtype == COP_F32 ? cop_f32(mask) : NULL;
    int64_t kept = 0, count = cop_shape_count(mask->shape);
    for (int64_t i = 0; i < count; i++)
        kept += values != NULL ? values[i] != 0.0f : cop_tensor_value(mask, i) != 0.0;
    return kept;
}

static cop_status add_layer(cop_rows *rows, const cop_artifact_id *id, size_t i,
                            const cop_layer *layer, cop_error *err)
{
    return COP_ADD_ROW(rows, "layers", cop_rows_stage(rows, true, id),
                       cop_datum_integer((int64_t)i + 1), cop_datum_text(layer->name),
                       cop_datum_integer(layer->weights), cop_datum_integer(layer->kept));
}

static cop_status add_tensors(cop_rows *rows, const cop_artifact_id *id, const cop_tensors *mask,
                              cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *tensor = cop_tensors_at(mask, i);
        const cop_layer layer = {tensor->name, cop_shape_count(tensor->shape), count_kept(tensor)};
        COP_TRY(add_layer(rows, id, i, &layer, err));
    }
    return COP_OK;
}

/* Of a mask that does not tell its layers beside it, which is read itself. One that is damaged has
 * no layers here: what else is said of it is in its summary. */
static cop_status count_layers(cop_rows *rows, const cop_artifact_id *id, cop_error *err)
{
    cop_tensors *mask = NULL;
    cop_error why = {0};
    cop_status status =
        cop_store_read_tensors(rows->told->results->store, id, COP_MASK_FILE, &mask, &why);
    if (status == COP_DAMAGED) {
        cop_say(rows->log, COP_LOG_WARNING, "the database lacks a mask's layers: %s%s%s", why.file,
                why.file[0] != '\0' ? ": " : "", why.message);
        return COP_OK;
    }
    if (status == COP_OK)
        status = add_tensors(rows, id, mask, err);
    else if (err != NULL)
        *err = why;
    cop_tensors_free(mask);
    return status;
}

static cop_status add_mask(cop_rows *rows, const cop_result *result, cop_error *err)
{
    const cop_summary *s = &result->summary;
    double sparsity =
        s->prunable > 0.0 ? (s->prunable - s->kept) / s->prunable : (double)NAN; /* as tickets' */
    COP_TRY(COP_ADD_ROW(rows, "masks", cop_rows_stage(rows, true, &result->id),
                        cop_datum_real(s->prunable), cop_datum_real(s->kept),
                        cop_datum_real(sparsity), cop_datum_real(s->collapsed_layers)));
    for (size_t i = 0; i < result->layer_count; i++)
        COP_TRY(add_layer(rows, &result->id, i, &result->layers[i], err));
    return result->layer_count > 0 ? COP_OK : count_layers(rows, &result->id, err);
}

cop_status cop_rows_artifacts(cop_rows *rows, cop_error *err)
{
    const cop_results *r = rows->told->results;
    for (size_t i = 0; i < r->found_count; i++) {
        const cop_result *result = &r->found[i];
        if (strcmp(result->id.kind, COP_ARTIFACT_TRAINING) == 0)
            COP_TRY(add_training(rows, result, err));
        if (strcmp(result->id.kind, COP_ARTIFACT_MASK) == 0)
            COP_TRY(add_mask(rows, result, err));
        COP_TRY(add_series(rows, result, err));
    }
    return COP_OK;
}

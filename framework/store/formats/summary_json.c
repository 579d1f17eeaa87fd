/* summary_json.c: writing and reading an artifact's numbers. */
#include "store/formats/summary_json.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/formats/artifact_id.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SUMMARY_LIMIT (1u << 20)

/* Every number, by the kind of artifact that has it. */
static const struct field {
    const char *kind, *name;
    size_t offset;
} fields[] = {
    {COP_ARTIFACT_TRAINING, "epochs", offsetof(cop_summary, epochs)},
    {COP_ARTIFACT_TRAINING, "steps", offsetof(cop_summary, steps)},
    {COP_ARTIFACT_TRAINING, "samples", offsetof(cop_summary, samples)},
    {COP_ARTIFACT_TRAINING, "train_loss", offsetof(cop_summary, train_loss)},
    {COP_ARTIFACT_TRAINING, "train_accuracy", offsetof(cop_summary, train_accuracy)},
    {COP_ARTIFACT_TRAINING, "test_loss", offsetof(cop_summary, test_loss)},
    {COP_ARTIFACT_TRAINING, "test_accuracy", offsetof(cop_summary, test_accuracy)},
    {COP_ARTIFACT_MASK, "prunable", offsetof(cop_summary, prunable)},
    {COP_ARTIFACT_MASK, "kept", offsetof(cop_summary, kept)},
    {COP_ARTIFACT_MASK, "sparsity", offsetof(cop_summary, sparsity)},
    {COP_ARTIFACT_MASK, "collapsed_layers", offsetof(cop_summary, collapsed_layers)},
    {COP_ARTIFACT_SET, "stored", offsetof(cop_summary, stored)},
    {COP_ARTIFACT_SET, "decoded", offsetof(cop_summary, decoded)},
    {COP_ARTIFACT_ANALYSIS, "tables", offsetof(cop_summary, tables)},
};

#define FIELD_COUNT (sizeof fields / sizeof fields[0])

_Static_assert(sizeof fields / sizeof fields[0] * sizeof(double) == sizeof(cop_summary),
               "every number of a summary has a row");

cop_status cop_summary_write(const cop_summary *summary, const char *kind, const char *path,
                             cop_error *err)
{
    cop_text t = {0};
    cop_text_append(&t, "{");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].kind, kind) != 0)
            continue;
        double value = 0.0;
        memcpy(&value, (const char *)summary + fields[i].offset, sizeof value);
        cop_text_printf(&t, "%s\n  \"%s\": ", t.length > 1 ? "," : "", fields[i].name);
        if (isfinite(value))
            cop_text_printf(&t, "%.17g", value);
        else
            cop_text_append(&t, "null");
    }
    cop_text_append(&t, "\n}\n");
    char *text = cop_text_take(&t);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

cop_status cop_summary_read(const char *path, cop_summary *out, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    cJSON *root = NULL;
    COP_TRY(cop_file_read_regular(path, SUMMARY_LIMIT, &text, &size, err));
    cop_status status = cop_json_parse(text, size, &root, err);
    free(text);
    if (status == COP_DAMAGED || (status == COP_OK && !cJSON_IsObject(root)))
        status = cop_fail_at(err, COP_DAMAGED, path, 0, "is not a summary");
    for (size_t i = 0; status == COP_OK && i < FIELD_COUNT; i++) {
        double value = number(root, fields[i].name);
        memcpy((char *)out + fields[i].offset, &value, sizeof value);
    }
    cJSON_Delete(root);
    return status;
}

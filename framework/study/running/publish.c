/* publish.c: what all kinds of stages do with their result. */
#include "study/running/publish.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/artifact_files.h"
#include "store/formats/layers_csv.h"
#include "study/running/drive.h"
#include "study/running/makers.h"

#include <stdlib.h>
#include <string.h>

/* Without memory for them an artifact does not say its makers, which is allowed. */
static void say_makers(const cop_stage *stage, cop_draft *draft)
{
    char *makers = cop_makers(stage);
    cop_draft_made_by(draft, makers != NULL ? makers : "");
    free(makers);
}

cop_status cop_publish(const cop_runner *r, const cop_stage *stage, const cop_publication *p,
                       cop_error *err)
{
    cop_draft *draft = NULL;
    COP_TRY(cop_draft_open(r->store, &stage->id, &draft, err));
    cop_status status = p->write(p->context, draft, err);
    if (status != COP_OK) {
        cop_draft_abandon(draft);
        return status;
    }
    say_makers(stage, draft);
    double seconds = p->earlier + cop_now() - p->began;
    COP_TRY(cop_draft_publish(draft, stage->identity, seconds, err));
    cop_checkpoint_remove(r->store, &stage->id);
    return COP_OK;
}

cop_status cop_publish_summary(const cop_stage *stage, const cop_draft *draft,
                               const cop_summary *summary, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_draft_path(draft, COP_SUMMARY_FILE, path, sizeof path);
    return cop_summary_write(summary, stage->id.kind, path, err);
}

/* A name of several lines has no place in a file of lines: such a mask tells it by itself alone. */
static bool is_told(const cop_tensors *mask)
{
    for (size_t i = 0; i < cop_tensors_count(mask); i++)
        if (strchr(cop_tensors_at(mask, i)->name, '\n') != NULL)
            return false;
    return true;
}

cop_status cop_publish_layers(const cop_draft *draft, const cop_tensors *mask, cop_error *err)
{
    char path[COP_PATH_SIZE];
    size_t count = cop_tensors_count(mask);
    cop_layer *layers = calloc(count + 1, sizeof *layers);
    if (layers == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        const cop_tensor *tensor = cop_tensors_at(mask, i);
        layers[i] = (cop_layer){.name = tensor->name,
                                .weights = cop_shape_count(tensor->shape),
                                .kept = cop_mask_tensor_count(tensor)};
    }
    cop_draft_path(draft, COP_LAYERS_FILE, path, sizeof path);
    cop_status status = is_told(mask) ? cop_layers_csv_write(layers, count, path, err) : COP_OK;
    free(layers);
    return status;
}

cop_summary cop_mask_summary(const cop_stage *stage, const cop_tensors *mask)
{
    double prunable = (double)cop_model_prunable_count(stage->opened->model);
    double kept = (double)cop_mask_count(mask);
    return (cop_summary){.prunable = prunable,
                         .kept = kept,
                         .sparsity = 1.0 - kept / prunable,
                         .collapsed_layers = (double)cop_mask_collapsed(mask)};
}

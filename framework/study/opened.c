/* opened.c: the live components of a setting. */
#include "study/layout.h"

#include <stdlib.h>
#include <string.h>

static cop_status open_all(const cop_setting *setting, const cop_task *task, cop_opened *o,
                           cop_error *err)
{
    COP_TRY(cop_component_model(setting->model, task, &o->model, err));
    if (setting->distill != NULL)
        COP_TRY(cop_instance_open(setting->distill, task, &o->distiller, err));
    o->pruners = calloc(setting->stage_count + 1, sizeof *o->pruners);
    o->analyzers = calloc(setting->analyzer_count + 1, sizeof *o->analyzers);
    if (o->pruners == NULL || o->analyzers == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < setting->stage_count; i++)
        COP_TRY(cop_instance_open(setting->stages[i].pruner, task, &o->pruners[i], err));
    for (size_t i = 0; i < setting->analyzer_count; i++)
        COP_TRY(cop_instance_open(setting->analyzers[i], task, &o->analyzers[i], err));
    return COP_OK;
}

cop_status cop_open_setting(cop_study *s, const cop_setting *setting, cop_opened *out,
                            cop_error *err)
{
    memset(out, 0, sizeof *out);
    out->setting = setting;
    if (setting->precision == COP_PRECISION_BF16)
        return cop_fail(err, COP_UNAVAILABLE, "precision \"bf16\" is not part of this build");
    COP_TRY(cop_study_load_data(s, setting->dataset, &out->data, err));
    return open_all(setting, &out->data->info.task, out, err);
}

static void close_instance(cop_instance *instance)
{
    if (instance->component != NULL)
        cop_instance_close(instance);
}

void cop_close_setting(cop_opened *o)
{
    if (o->setting == NULL)
        return;
    for (size_t i = 0; o->pruners != NULL && i < o->setting->stage_count; i++)
        close_instance(&o->pruners[i]);
    for (size_t i = 0; o->analyzers != NULL && i < o->setting->analyzer_count; i++)
        close_instance(&o->analyzers[i]);
    free(o->pruners);
    free(o->analyzers);
    close_instance(&o->distiller);
    cop_model_free(o->model);
    memset(o, 0, sizeof *o);
}

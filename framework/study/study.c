/* study.c: a config as an opened study. */
#include "core/memory.h"
#include "core/text.h"
#include "exec/compiler/cache.h"
#include "study/graph/given.h"
#include "study/graph/graph.h"

#include <stdlib.h>

static cop_status open_and_lay_out(cop_study *s, cop_error *err)
{
    const cop_config *config = s->config;
    COP_TRY(cop_program_cache_from_environment(&s->programs, err));
    COP_TRY(cop_exec_isa(s->isa, err));
    s->opened = calloc(config->cell_count, sizeof *s->opened);
    if (s->opened == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < config->cell_count; i++)
        COP_TRY(cop_open_cell(s, &config->cells[i], &s->opened[i], err));
    for (size_t i = 0; i < config->cell_count; i++) {
        for (size_t k = 0; k < config->seed_count; k++)
            COP_TRY(cop_lay_out(s, i, k, err));
    }
    return cop_study_add_waiting(s, err);
}

cop_status cop_study_new(const cop_config *config, const char *dir, bool may_write, cop_logger *log,
                         cop_study **out, cop_error *err)
{
    const cop_data_home home = {.dir = dir, .may_write = may_write};
    cop_study *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cop_out_of_memory(err);
    s->config = config;
    s->home = dir != NULL ? &home : NULL;
    s->log = log;
    cop_status status = open_and_lay_out(s, err);
    s->home = NULL; /* it ends here */
    if (status != COP_OK) {
        cop_study_free(s);
        return status;
    }
    *out = s;
    return COP_OK;
}

void cop_study_free(cop_study *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->stage_count; i++)
        cop_stage_clear(&s->stages[i]);
    free(s->stages);
    free(s->slots);
    for (size_t i = 0; i < s->ticket_count; i++) {
        free(s->tickets[i].copies);
        free(s->tickets[i].analyses);
    }
    free(s->tickets);
    for (size_t i = 0; i < s->waiting_count; i++)
        cop_stage_clear(&s->waiting[i].stage);
    free(s->waiting);
    free(s->distilled);
    for (size_t i = 0; s->opened != NULL && i < s->config->cell_count; i++)
        cop_close_cell(&s->opened[i]);
    free(s->opened);
    cop_study_free_given(s);
    cop_free_models(s);
    cop_program_cache_free(s->programs);
    for (size_t i = 0; i < s->data_count; i++)
        cop_loaded_data_free(s->data[i]);
    free(s->data);
    free(s->said_makers);
    free(s->said_warnings);
    free(s->unjudged);
    free(s->is_wanted);
    free(s);
}

char *cop_study_outline_text(const cop_study *s)
{
    cop_text text = {0};
    cop_text_append(&text, s->config->resolved);
    for (size_t i = 0; i < s->stage_count; i++)
        cop_text_printf(&text, "%s-%s\n", s->stages[i].id.kind, s->stages[i].id.hash);
    return cop_text_take(&text);
}

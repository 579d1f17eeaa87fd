/* analyze.c: `coppice analyze`: a config's analyzers on networks that were trained elsewhere.
 *
 * It is the config's study with ticket.copies set and without its phases, under a name of its own;
 * so it is resumed, reported and run stage by stage as any other. */
#include "cli/run.h"

#include "core/memory.h"
#include "core/text.h"
#include "plugin/options/setting.h"

#include <stdlib.h>
#include <unistd.h>

/* What is set last, in this order. */
enum { COPIES_COUNT, COPIES, MASK, RETRAIN, PHASES, THREADS, MOST_OVERRIDES };

static cop_status check_file(const char *option, const char *path, cop_error *err)
{
    char shown[512];
    if (path[0] != '\0' && access(path, R_OK) == 0)
        return COP_OK;
    return cop_fail(err, COP_INVALID, "option '--%s' is '%s', which cannot be read", option,
                    cop_escape(path, shown, sizeof shown));
}

static cop_status check_files(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    if (a->weights.count == 0)
        return cop_fail(err, COP_INVALID,
                        "analyze wants --weights FILE, again for each further copy");
    for (size_t i = 0; i < a->weights.count; i++)
        COP_TRY(check_file("weights", a->weights.items[i], err));
    return a->ticket_mask != NULL ? check_file("ticket-mask", a->ticket_mask, err) : COP_OK;
}

static void write_overrides(const cop_arguments *a, cop_text texts[MOST_OVERRIDES])
{
    cop_text_printf(&texts[COPIES_COUNT], "study.copies=%zu", a->weights.count);
    cop_text_append(&texts[COPIES], "ticket.copies=(");
    for (size_t i = 0; i < a->weights.count; i++) {
        cop_text_append(&texts[COPIES], i > 0 ? ", " : "");
        cop_append_string(&texts[COPIES], a->weights.items[i]);
    }
    cop_text_append(&texts[COPIES], ")");
    cop_text_append(&texts[MASK], "ticket.mask=");
    cop_append_string(&texts[MASK], a->ticket_mask != NULL ? a->ticket_mask : "");
    cop_text_append(&texts[RETRAIN], "ticket.retrain=\"all\"");
    cop_text_append(&texts[PHASES], "ticket.phases=()");
}

static cop_status load(const cop_call *call, const cop_registry *registry, cop_config **out,
                       cop_error *err)
{
    static const char *const without[] = {"distill", "bench", NULL};
    const cop_arguments *a = call->arguments;
    cop_text texts[MOST_OVERRIDES] = {{0}};
    const char *overrides[MOST_OVERRIDES];
    bool failed = false;
    size_t count = 0;
    write_overrides(a, texts);
    if (a->threads != NULL)
        cop_text_printf(&texts[THREADS], "study.threads=%s", a->threads);
    for (size_t i = 0; i < MOST_OVERRIDES; i++) {
        failed = failed || texts[i].failed;
        if (texts[i].length > 0)
            overrides[count++] = texts[i].data;
    }
    const cop_config_alone alone = {.cell = a->cell,
                                    .name_ending = "-analyze",
                                    .without = without,
                                    .overrides = overrides,
                                    .override_count = count};
    cop_status status = failed ? cop_out_of_memory(err)
                               : cop_config_load_alone(a->words[0], a->set.items, a->set.count,
                                                       &alone, registry, call->log, out, err);
    for (size_t i = 0; i < MOST_OVERRIDES; i++)
        cop_text_free(&texts[i]);
    return status;
}

static cop_status check_analyzers(const cop_config *config, cop_error *err)
{
    if (config->cells[0].analyzer_count > 0)
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, config->path, 0,
                       "there is no analyzer: wanted analyze = ( { plugin = \"...\"; } )");
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    COP_TRY(check_files(call, err));
    COP_TRY(cop_call_registry(call, &registry, err));
    cop_status status = load(call, registry, &config, err);
    if (status == COP_OK)
        status = check_analyzers(config, err);
    if (status == COP_OK)
        status = cop_call_run_study(call, config, err);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"weights",    "ticket-mask", "cell",  "set", "out",
                                      "plugin-dir", "threads",     "quiet", NULL};

const cop_subcommand cop_analyze_command = {
    .name = "analyze",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "a config's analyzers on networks trained elsewhere",
    .details =
        "Each --weights is a safetensors file with a PyTorch state_dict of the ticket's model: a\n"
        "trained copy. They are analysed on the config's data and reported as the study\n"
        "NAME-analyze, in --out or out/NAME-analyze: what a run of the config with ticket.copies = "
        "[...]\n"
        "and no phases does. With --ticket-mask they are copies of that ticket; without, of the "
        "dense\n"
        "network.",
    .options = options,
    .resumes = true,
    .run = run};

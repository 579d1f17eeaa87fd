/* explain.c: `coppice explain`: what the compiled programs of a config are made of. */
#include "cli/explain.h"

#include "cli/command.h"
#include "core/memory.h"
#include "core/text.h"
#include "exec/inspect/listing.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000000 };

/* What is asked for. */
typedef struct request {
    const char *const *programs;
    size_t program_count;
    int64_t runs;
    const cop_cell *cell;
} request;

static cop_status check_program(const char *name, cop_error *err)
{
    const char *names[8];
    char shown[200];
    size_t count = 0;
    for (; cop_explain_program(count) != NULL; count++) {
        names[count] = cop_explain_program(count);
        if (strcmp(names[count], name) == 0)
            return COP_OK;
    }
    const char *near = cop_nearest(name, names, count);
    (void)cop_escape(name, shown, sizeof shown);
    if (near != NULL)
        return cop_fail(err, COP_INVALID, "option '--program' is '%s'; did you mean '%s'?", shown,
                        near);
    return cop_fail(err, COP_INVALID, "option '--program' is '%s', wanted train, eval or hessian",
                    shown);
}

/* Everything that can be refused before the config is read. */
static cop_status read_request(const cop_arguments *a, request *out, cop_error *err)
{
    static const char *const train[] = {"train"};
    *out = (request){.programs = train, .program_count = 1, .runs = a->profile ? 20 : 0};
    if (a->program.count > 0) {
        out->programs = a->program.items;
        out->program_count = a->program.count;
    }
    for (size_t i = 0; i < out->program_count; i++)
        COP_TRY(check_program(out->programs[i], err));
    if (a->runs != NULL && !a->profile)
        return cop_fail(err, COP_INVALID, "option '--runs' goes with --profile");
    if (a->runs != NULL)
        COP_TRY(cop_argument_integer("runs", a->runs, 1, MOST_RUNS, &out->runs, err));
    return COP_OK;
}

static cop_status choose_cell(const cop_call *call, const cop_config *config, request *r,
                              cop_error *err)
{
    r->cell = &config->cells[0];
    if (call->arguments->cell != NULL)
        return cop_call_cell(config, call->arguments->cell, &r->cell, err);
    if (config->cell_count > 1)
        cop_say(call->log, COP_LOG_INFO, "cell \"%s\", the first of %zu; --cell names another",
                r->cell->label, config->cell_count);
    return COP_OK;
}

static cop_status print_listing(const cop_call *call, const char *title, const cop_description *d,
                                cop_error *err)
{
    cop_text text = {0};
    cop_listing_append(d, title, &text);
    char *listing = cop_text_take(&text);
    if (listing == NULL)
        return cop_out_of_memory(err);
    (void)fputs(listing, call->out);
    free(listing);
    return COP_OK;
}

static cJSON *open_json(const cop_call *call, const request *r, cJSON **programs)
{
    cJSON *root = cJSON_CreateObject();
    bool ok = root != NULL &&
              cJSON_AddStringToObject(root, "config", call->arguments->words[0]) != NULL &&
              cJSON_AddStringToObject(root, "cell", r->cell->label) != NULL;
    *programs = ok ? cJSON_AddArrayToObject(root, "programs") : NULL;
    if (*programs != NULL)
        return root;
    cJSON_Delete(root);
    return NULL;
}

static cop_status add_json(cJSON *programs, const char *program, const char *title,
                           const cop_description *d, cop_error *err)
{
    cJSON *one = cop_explain_json(program, title, d);
    if (one != NULL && cJSON_AddItemToArray(programs, one))
        return COP_OK;
    cJSON_Delete(one);
    return cop_out_of_memory(err);
}

static cop_status print_json(const cop_call *call, const cJSON *root, cop_error *err)
{
    char *text = cJSON_Print(root);
    if (text == NULL)
        return cop_out_of_memory(err);
    (void)fprintf(call->out, "%s\n", text);
    cJSON_free(text);
    return COP_OK;
}

/* One program after the other, so that one arena at a time is held. `json` is NULL for text. */
static cop_status explain_all(const cop_call *call, const request *r, cJSON *json, cop_error *err)
{
    cop_explain_subject *subject = NULL;
    COP_TRY(cop_explain_open(r->cell, &subject, err));
    cop_status status = COP_OK;
    for (size_t i = 0; i < r->program_count && status == COP_OK; i++) {
        char title[COP_EXPLAIN_TITLE] = "";
        cop_description d;
        status = cop_explain_describe(subject, r->programs[i], r->runs, title, &d, err);
        if (status == COP_OK)
            status = json != NULL ? add_json(json, r->programs[i], title, &d, err)
                                  : print_listing(call, title, &d, err);
        cop_description_clear(&d);
    }
    cop_explain_close(subject);
    return status;
}

static cop_status explain_config(const cop_call *call, const cop_config *config, request *r,
                                 cop_error *err)
{
    COP_TRY(choose_cell(call, config, r, err));
    if (!call->arguments->json)
        return explain_all(call, r, NULL, err);
    cJSON *programs = NULL, *root = open_json(call, r, &programs);
    if (root == NULL)
        return cop_out_of_memory(err);
    cop_status status = explain_all(call, r, programs, err);
    if (status == COP_OK)
        status = print_json(call, root, err);
    cJSON_Delete(root);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    request r;
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    COP_TRY(read_request(call->arguments, &r, err));
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_status status = r.runs > 0 ? cop_call_threads(call, config, err) : COP_OK;
    if (status == COP_OK)
        status = explain_config(call, config, &r, err);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"program", "profile", "runs",       "threads", "cell",
                                      "json",    "set",     "plugin-dir", "quiet",   NULL};

const cop_subcommand cop_explain_command = {
    .name = "explain",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "print the compiled programs of a config, and with --profile their times",
    .details =
        "A line per operation: who computes it, in which memory layout, on which shapes, FLOPs\n"
        "(convolutions and matrix products), memory read and written, and with --profile the "
        "median\n"
        "time of a run; then totals by kind. Programs: train (a step on a full batch), eval (a "
        "batch\n"
        "of test images), hessian (a Hessian product on a training batch), on random images.\n"
        "\n"
        "Any other program, a plugin's own too, is listed by the run that uses it:\n"
        "  COPPICE_PROFILE=FILE coppice run CONFIG\n"
        "appends to FILE (\"-\" is stderr) a listing with times of every program when it is done "
        "with.",
    .options = options,
    .run = run};

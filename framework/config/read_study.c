/* read_study.c: the groups of a config, read one after the other and checked against each other. */
#include "config/read_study.h"

#include "config/names.h"
#include "core/memory.h"
#include "plugin/options/value.h"
#include "plugin/preparation.h"
#include "train/duration.h"
#include "train/recipe.h"

#include <stdlib.h>
#include <string.h>

static cop_status refuse(const cop_study_reader *r, const config_setting_t *at, cop_error *err,
                         const char *message)
{
    cop_place place = cop_setting_place(at, r->file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line, "%s", message);
}

static const config_setting_t *member(const config_setting_t *group, const char *name)
{
    return group != NULL ? config_setting_get_member(group, name) : NULL;
}

/* A group of the framework's own, or NULL where it is absent and its defaults hold. */
static cop_status find_group(const cop_study_reader *r, const char *name,
                             const config_setting_t **out, cop_error *err)
{
    *out = member(r->root, name);
    if (*out == NULL || config_setting_is_group(*out))
        return COP_OK;
    cop_place place = cop_setting_place(*out, r->file);
    return cop_fail_at(
        err, COP_INVALID, place.file, place.line, "%s is %s; wanted a group%s", name,
        cop_setting_type_name(*out),
        strcmp(name, "seeds") == 0 ? " (those that every cell is run with are study.seeds)" : "");
}

static bool is_list(const config_setting_t *setting)
{
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

static cop_status find_list(const cop_study_reader *r, const config_setting_t *group,
                            const char *name, const config_setting_t **out, cop_error *err)
{
    *out = member(group, name);
    if (*out == NULL || is_list(*out))
        return COP_OK;
    cop_place place = cop_setting_place(*out, r->file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line,
                       "%s is %s; wanted a list of groups: ( { ... }, { ... } )", name,
                       cop_setting_type_name(*out));
}

static void say_lines(cop_text *text, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        cop_text_printf(text, " %.*s;", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

/* The group up to its closing brace. */
static void begin_component(cop_text *text, const cop_component *c)
{
    cop_text_printf(text, "{ plugin = \"%s\";", cop_component_entry(c)->plugin->id);
    say_lines(text, cop_component_effective(c));
}

static void say_component(cop_text *text, const cop_component *c)
{
    begin_component(text, c);
    cop_text_append(text, " }");
}

static cop_status read_group(const cop_study_reader *r, cop_section_id id,
                             const config_setting_t *group, const char *const *skip, void *options,
                             cop_option_values **values, cop_error *err)
{
    const cop_section *g = cop_section_table(id);
    return cop_options_read(g->options, g->count, group, skip, g->what, r->file, r->registry,
                            r->log, options, values, err);
}

/* The same where no string or list of it is kept. */
static cop_status read_plain_group(const cop_study_reader *r, cop_section_id id,
                                   const config_setting_t *group, const char *const *skip,
                                   void *options, cop_error *err)
{
    cop_option_values *values = NULL;
    COP_TRY(read_group(r, id, group, skip, options, &values, err));
    say_lines(r->effective, cop_option_values_effective(values));
    cop_option_values_free(values);
    return COP_OK;
}

static cop_status check_seeds(const cop_study_reader *r, const config_setting_t *study,
                              const cop_int_list *seeds, cop_error *err)
{
    const config_setting_t *at = member(study, "seeds");
    if (seeds->count == 0)
        return refuse(r, at, err, "study.seeds is empty; wanted at least one seed");
    for (size_t i = 0; i < seeds->count; i++)
        for (size_t k = 0; k < i; k++)
            if (seeds->items[i] == seeds->items[k]) {
                cop_place place = cop_setting_place(at, r->file);
                return cop_fail_at(err, COP_INVALID, place.file, place.line,
                                   "study.seeds has %lld twice", (long long)seeds->items[i]);
            }
    return COP_OK;
}

#define MAX_SEEDS 1000

cop_status cop_study_read(const cop_study_reader *r, cop_study_options *options,
                          cop_option_values **values, cop_error *err)
{
    const config_setting_t *group = NULL;
    COP_TRY(find_group(r, "study", &group, err));
    COP_TRY(read_group(r, COP_SECTION_STUDY, group, NULL, options, values, err));
    cop_status status =
        options->seeds.count <= MAX_SEEDS
            ? check_seeds(r, group, &options->seeds, err)
            : refuse(r, member(group, "seeds"), err, "study.seeds has more than 1000 seeds");
    if (status == COP_OK) {
        cop_text_append(r->effective, "study = {");
        say_lines(r->effective, cop_option_values_effective(*values));
        cop_text_append(r->effective, " };\n");
    } else {
        cop_option_values_free(*values);
        *values = NULL;
    }
    return status;
}

/* Known to configs and identities, but no kernel of it is built yet: refused before anything runs.
 */
static cop_status refuse_bf16(const cop_study_reader *r, cop_error *err)
{
    const config_setting_t *at = member(member(r->root, "study"), "precision");
    cop_place place = cop_setting_place(at, r->file);
    return cop_fail_at(err, COP_UNAVAILABLE, place.file, place.line,
                       "precision \"bf16\" is not part of this build");
}

static cop_status read_study(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    cop_study_options options = {0};
    cop_option_values *values = NULL;
    COP_TRY(cop_study_read(r, &options, &values, err));
    out->threads = (int)options.threads;
    out->data_memory = (size_t)options.data_memory << 20;
    out->stage_seconds = options.stage_seconds;
    out->precision = (cop_precision)(options.precision + 1);
    out->copies = options.copies;
    cop_option_values_free(values);
    return out->precision == COP_PRECISION_BF16 ? refuse_bf16(r, err) : COP_OK;
}

static cop_status read_pins(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    const config_setting_t *group = NULL;
    COP_TRY(find_group(r, "seeds", &group, err));
    cop_seed_options options = {{0}};
    cop_text_append(r->effective, "seeds = {");
    COP_TRY(read_plain_group(r, COP_SECTION_SEEDS, group, NULL, &options, err));
    cop_text_append(r->effective, " };\n");
    for (size_t i = 0; i < COP_SEED_COUNT; i++) {
        out->seed_pinned[i] = options.pin[i] >= 0;
        out->seed_pin[i] = options.pin[i] >= 0 ? (uint64_t)options.pin[i] : 0;
    }
    return COP_OK;
}

static cop_status read_component(const cop_study_reader *r, cop_kind kind,
                                 const config_setting_t *group, cop_component **out, cop_error *err)
{
    COP_TRY(cop_component_read(r->registry, kind, group, NULL, r->file, r->log, out, err));
    say_component(r->effective, *out);
    return COP_OK;
}

/* Reads the dataset that a group names for itself, in place of the study's; *out stays NULL where
 * it names none. */
static cop_status read_own_dataset(const cop_study_reader *r, const config_setting_t *group,
                                   cop_component **out, cop_error *err)
{
    const config_setting_t *dataset = member(group, "dataset");
    if (dataset == NULL)
        return COP_OK;
    cop_text_append(r->effective, " dataset = ");
    COP_TRY(read_component(r, COP_KIND_DATASET, dataset, out, err));
    cop_text_append(r->effective, ";");
    return COP_OK;
}

static cop_status read_data(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    const config_setting_t *dataset = member(r->root, "dataset");
    if (dataset == NULL)
        return refuse(r, r->root, err, "the config lacks dataset = { plugin = \"...\"; }");
    cop_text_append(r->effective, "dataset = ");
    COP_TRY(read_component(r, COP_KIND_DATASET, dataset, &out->dataset, err));
    cop_text_append(r->effective, ";\n");
    const config_setting_t *distill = member(r->root, "distill");
    if (distill == NULL)
        return COP_OK;
    cop_text_append(r->effective, "distill = ");
    COP_TRY(read_component(r, COP_KIND_DISTILLER, distill, &out->distill, err));
    cop_text_append(r->effective, ";\n");
    return COP_OK;
}

static cop_status read_rewind(const cop_study_reader *r, const config_setting_t *group,
                              const char *text, cop_phase *out, cop_error *err)
{
    const config_setting_t *written = member(group, "rewind");
    cop_place place = cop_setting_place(written != NULL ? written : group, r->file);
    out->rewind_line = place.line;
    out->rewind_file = strdup(place.file != NULL ? place.file : "");
    if (out->rewind_file == NULL)
        return cop_out_of_memory(err);
    if (strcmp(text, "init") == 0) {
        out->rewind = COP_REWIND_INIT;
    } else if (strcmp(text, "none") == 0) {
        out->rewind = COP_REWIND_NONE;
    } else if (cop_duration_parse(text, &out->rewind_at)) {
        out->rewind = out->rewind_at.value > 0.0 ? COP_REWIND_STEP : COP_REWIND_INIT;
    } else {
        char shown[80];
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "option \"rewind\" of a phase of ticket is \"%s\"; wanted \"init\", "
                           "\"none\", or a duration such as \"1ep\" or \"500it\"",
                           cop_escape(text, shown, sizeof shown));
    }
    return COP_OK;
}

static cop_status fill_phase(const cop_study_reader *r, const config_setting_t *group,
                             const cop_phase_options *options, const cop_cell *cell, cop_phase *out,
                             cop_error *err)
{
    out->rounds = options->rounds;
    out->data = (cop_data_source)(options->data + 1);
    out->rewind_tensors = (cop_rewind_tensors)(options->rewind_tensors + 1);
    out->rewind_momentum = options->rewind_momentum;
    out->noise_of_copy = options->noise == 1;
    out->has_recipe = options->recipe != NULL;
    if (options->recipe != NULL)
        out->recipe = *options->recipe;
    if (out->data == COP_DATA_DISTILLED && cell->distill == NULL)
        return refuse(r, member(group, "data"), err,
                      "data = \"distilled\" needs a group distill = { plugin = \"...\"; }");
    if (out->data == COP_DATA_DISTILLED && out->dataset != NULL)
        return refuse(r, member(group, "dataset"), err,
                      "a phase on data = \"distilled\" has no dataset of its own: the set is "
                      "distilled from the study's");
    COP_TRY(read_rewind(r, group, options->rewind, out, err));
    if (out->rewind_momentum && out->rewind != COP_REWIND_STEP)
        return refuse(r, member(group, "rewind_momentum"), err,
                      "rewind_momentum = true needs a later point to rewind to, such as rewind = "
                      "\"1ep\": elsewhere there is no momentum to go on with");
    return COP_OK;
}

static cop_status read_phase(const cop_study_reader *r, const config_setting_t *group,
                             const cop_cell *cell, cop_phase *out, cop_error *err)
{
    static const char *const skip[] = {"pruner", "dataset", NULL};
    if (!config_setting_is_group(group))
        return refuse(r, group, err, "a phase of ticket is a group { pruner = { ... }; ... }");
    const config_setting_t *pruner = member(group, "pruner");
    if (pruner == NULL)
        return refuse(r, group, err, "a phase of ticket needs pruner = { plugin = \"...\"; }");
    cop_text_append(r->effective, "    { pruner = ");
    COP_TRY(read_component(r, COP_KIND_PRUNER, pruner, &out->pruner, err));
    cop_text_append(r->effective, ";");
    COP_TRY(read_own_dataset(r, group, &out->dataset, err));
    cop_phase_options options = {0};
    cop_option_values *values = NULL;
    COP_TRY(read_group(r, COP_SECTION_PHASE, group, skip, &options, &values, err));
    cop_status status = fill_phase(r, group, &options, cell, out, err);
    say_lines(r->effective, cop_option_values_effective(values));
    cop_text_append(r->effective, " }");
    cop_option_values_free(values);
    return status;
}

static cop_status read_phases(const cop_study_reader *r, const config_setting_t *ticket,
                              cop_cell *out, cop_error *err)
{
    const config_setting_t *list = NULL;
    COP_TRY(find_list(r, ticket, "phases", &list, err));
    size_t count = list != NULL ? (size_t)config_setting_length(list) : 0;
    cop_text_append(r->effective, " phases = (");
    out->phases = calloc(count > 0 ? count : 1, sizeof *out->phases);
    if (out->phases == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        cop_text_append(r->effective, i > 0 ? ",\n" : "\n");
        out->phase_count = i + 1;
        COP_TRY(
            read_phase(r, config_setting_get_elem(list, (unsigned)i), out, &out->phases[i], err));
    }
    cop_text_append(r->effective, ");");
    return COP_OK;
}

static cop_status read_control(const cop_study_reader *r, const config_setting_t *at,
                               const char *name, cop_cell *out, cop_error *err)
{
    static const char *const known[] = {"reinit", "shuffle", "random"};
    cop_place place = cop_setting_place(at, r->file);
    char shown[80];
    int control = COP_CONTROL_REINIT;
    while (control < COP_CONTROL_COUNT && strcmp(cop_control_name((cop_control)control), name) != 0)
        control++;
    if (control == COP_CONTROL_COUNT) {
        cop_status status =
            cop_fail_at(err, COP_INVALID, place.file, place.line,
                        "ticket.controls has \"%s\"; wanted \"reinit\", \"shuffle\" or \"random\"",
                        cop_escape(name, shown, sizeof shown));
        cop_suggest(err, name, known, sizeof known / sizeof known[0]);
        return status;
    }
    for (size_t i = 0; i < out->control_count; i++)
        if (out->controls[i] == (cop_control)control)
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "ticket.controls has \"%s\" twice", name);
    out->controls[out->control_count++] = (cop_control)control;
    return COP_OK;
}

static cop_status read_controls(const cop_study_reader *r, const config_setting_t *group,
                                const cop_string_list *names, cop_cell *out, cop_error *err)
{
    const config_setting_t *written = member(group, "controls");
    for (size_t i = 0; i < names->count; i++)
        COP_TRY(read_control(r, written != NULL ? written : group, names->items[i], out, err));
    return COP_OK;
}

/* Copies from files are what study.copies says, and are looked at. */
static cop_status check_given(const cop_study_reader *r, const config_setting_t *ticket,
                              const cop_cell *cell, cop_error *err)
{
    const config_setting_t *at = member(ticket, "copies");
    cop_place place = cop_setting_place(at != NULL ? at : ticket, r->file);
    size_t count = cell->given.copies.count;
    if (count == 0)
        return COP_OK;
    if ((int64_t)count != cell->copies)
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "ticket.copies names %zu files, and study.copies is %lld; wanted as "
                           "many",
                           count, (long long)cell->copies);
    for (size_t i = 0; i < count; i++) {
        if (cell->given.copies.items[i][0] == '\0')
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "ticket.copies has an empty text; wanted paths of files");
    }
    if (cell->retrain == COP_RETRAIN_NONE)
        return refuse(r, at, err,
                      "ticket.copies names trained copies, and with ticket.retrain = \"none\" "
                      "nothing looks at any");
    return COP_OK;
}

/* The options of the group itself; the texts among them stay the cell's. */
static cop_status read_ticket_options(const cop_study_reader *r, const config_setting_t *group,
                                      cop_cell *out, cop_error *err)
{
    static const char *const skip[] = {"model", "phases", NULL};
    cop_ticket_options options = {0};
    cop_option_values *values = NULL;
    COP_TRY(read_group(r, COP_SECTION_TICKET, group, skip, &options, &values, err));
    say_lines(r->effective, cop_option_values_effective(values));
    out->retrain = (cop_retrain)(options.retrain + 1);
    out->analyze_controls = options.analyze_controls;
    out->given = (cop_given_files){
        .start = options.start, .mask = options.mask, .copies = options.copies, .owner = values};
    COP_TRY(read_controls(r, group, &options.controls, out, err));
    return check_given(r, group, out, err);
}

static cop_status read_ticket(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    const config_setting_t *group = NULL;
    COP_TRY(find_group(r, "ticket", &group, err));
    const config_setting_t *model = member(group, "model");
    if (model == NULL)
        return refuse(r, group != NULL ? group : r->root, err,
                      "the config lacks ticket = { model = { plugin = \"...\"; }; }");
    cop_text_append(r->effective, "ticket = { model = ");
    COP_TRY(read_component(r, COP_KIND_MODEL, model, &out->model, err));
    cop_text_append(r->effective, ";");
    COP_TRY(read_ticket_options(r, group, out, err));
    COP_TRY(read_phases(r, group, out, err));
    cop_text_append(r->effective, " };\n");
    return COP_OK;
}

/* The recipe's fields, and behind them the dataset, which is read here. */
static cop_status say_train(const cop_study_reader *r, const config_setting_t *train, cop_cell *out,
                            cop_error *err)
{
    static const char end[] = " }";
    cop_text fields = {0};
    cop_recipe_append(&out->train, false, &fields);
    size_t length = fields.length - (sizeof end - 1);
    cop_text_append(r->effective, "train = ");
    if (!fields.failed)
        cop_text_append_bytes(r->effective, fields.data, length);
    r->effective->failed = r->effective->failed || fields.failed;
    cop_text_free(&fields);
    COP_TRY(read_own_dataset(r, config_setting_is_group(train) ? train : NULL, &out->train_dataset,
                             err));
    cop_text_append(r->effective, end);
    cop_text_append(r->effective, ";\n");
    return COP_OK;
}

static cop_status read_train(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    const config_setting_t *train = member(r->root, "train");
    if (train == NULL)
        return refuse(r, r->root, err, "the config lacks train = { recipe = \"...\"; }");
    cop_arena *arena = cop_arena_new();
    if (arena == NULL)
        return cop_out_of_memory(err);
    cop_reader reader = {
        .what = "train", .file = r->file, .log = r->log, .arena = arena, .passed_over = "dataset"};
    cop_status status = cop_recipe_read(&reader, train, &out->train, err);
    cop_arena_free(arena);
    if (status == COP_OK && out->train.name[0] == '\0')
        status = refuse(r, train, err, "train is empty; wanted a recipe");
    COP_TRY(status);
    return say_train(r, train, out, err);
}

/* The numbers of a list, the caller's; COP_OK with NULL for an empty one. */
static cop_status copy_numbers(const cop_int_list *from, int64_t **out, size_t *count,
                               cop_error *err)
{
    *out = NULL;
    *count = from->count;
    if (from->count == 0)
        return COP_OK;
    *out = malloc(from->count * sizeof **out);
    if (*out == NULL)
        return cop_out_of_memory(err);
    memcpy(*out, from->items, from->count * sizeof **out);
    return COP_OK;
}

/* Whether the study has the seed; one that names none has seed 0. */
static bool has_seed(const cop_study_reader *r, int64_t seed)
{
    const config_setting_t *seeds = member(member(r->root, "study"), "seeds");
    if (seeds == NULL)
        return seed == 0;
    for (int i = 0; i < config_setting_length(seeds); i++)
        if (config_setting_get_int64_elem(seeds, i) == seed)
            return true;
    return false;
}

/* Seeds and rounds that there are none of would leave the entry without a ticket, and nobody would
 * know why. */
static cop_status check_limits(const cop_study_reader *r, const config_setting_t *group,
                               const cop_analyze_options *o, const cop_cell *cell, cop_error *err)
{
    int64_t last = 0;
    for (size_t i = 0; i < cell->phase_count; i++)
        last += cell->phases[i].rounds;
    for (size_t i = 0; i < o->seeds.count; i++)
        if (!has_seed(r, o->seeds.items[i])) {
            cop_place place = cop_setting_place(member(group, "seeds"), r->file);
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "an analyzer is limited to seed %lld, which study.seeds lacks",
                               (long long)o->seeds.items[i]);
        }
    for (size_t i = 0; i < o->rounds.count; i++)
        if (o->rounds.items[i] > last) {
            cop_place place = cop_setting_place(member(group, "rounds"), r->file);
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "an analyzer is limited to round %lld, and the last one is %lld",
                               (long long)o->rounds.items[i], (long long)last);
        }
    return COP_OK;
}

static cop_status read_limits(const cop_study_reader *r, const config_setting_t *group,
                              const cop_analyze_options *o, const cop_cell *cell,
                              cop_analyze_limits *out, cop_error *err)
{
    COP_TRY(check_limits(r, group, o, cell, err));
    COP_TRY(copy_numbers(&o->seeds, &out->seeds, &out->seed_count, err));
    return copy_numbers(&o->rounds, &out->rounds, &out->round_count, err);
}

static cop_status take_label(const cop_study_reader *r, const config_setting_t *group,
                             const char *label, char **out, cop_error *err)
{
    cop_place place = cop_setting_place(member(group, "label"), r->file);
    if (label[0] == '\0')
        return COP_OK;
    COP_TRY(cop_name_check("label of an analyzer", label, COP_MAX_INSTANCE, place, err));
    *out = strdup(label);
    return *out != NULL ? COP_OK : cop_out_of_memory(err);
}

/* What the framework reads of the i-th entry of analyze. */
static cop_status read_own_keys(const cop_study_reader *r, const config_setting_t *group,
                                const cop_plugin *plugin, cop_cell *cell, size_t i, cop_error *err)
{
    static const char *const more[] = {"dataset", NULL};
    cop_analyze_options options = {0};
    cop_option_values *values = NULL;
    const char **skip = cop_names_beside(more, plugin->options, plugin->option_count);
    if (skip == NULL)
        return cop_out_of_memory(err);
    cop_status status = read_group(r, COP_SECTION_ANALYZE, group, skip, &options, &values, err);
    free(skip);
    COP_TRY(status);
    status = take_label(r, group, options.label, &cell->analyzer_labels[i], err);
    if (status == COP_OK)
        status = read_limits(r, group, &options, cell, &cell->analyzer_limits[i], err);
    if (options.label[0] != '\0' || options.seeds.count + options.rounds.count > 0)
        say_lines(r->effective, cop_option_values_effective(values));
    cop_option_values_free(values);
    return status;
}

/* Reads the i-th entry of analyze. */
static cop_status read_analyzer(const cop_study_reader *r, const config_setting_t *group,
                                cop_cell *cell, size_t i, cop_error *err)
{
    static const char *const skip[] = {"dataset", "label", "seeds", "rounds", NULL};
    cop_component **out = &cell->analyzers[i];
    COP_TRY(
        cop_component_read(r->registry, COP_KIND_ANALYZER, group, skip, r->file, r->log, out, err));
    begin_component(r->effective, *out);
    COP_TRY(read_own_keys(r, group, cop_component_entry(*out)->plugin, cell, i, err));
    COP_TRY(read_own_dataset(r, group, &cell->analyzer_datasets[i], err));
    cop_text_append(r->effective, " }");
    return COP_OK;
}

/* Reports tell entries by one plugin apart by their place in the list, which one that does not look
 * at every ticket has not: it needs a label. */
static cop_status check_limited(const cop_study_reader *r, const config_setting_t *list,
                                const cop_cell *cell, cop_error *err)
{
    for (size_t i = 0; i < cell->analyzer_count; i++) {
        const cop_analyze_limits *limits = &cell->analyzer_limits[i];
        const char *id = cop_component_entry(cell->analyzers[i])->plugin->id;
        size_t same = 0;
        for (size_t k = 0; k < cell->analyzer_count; k++)
            same += strcmp(cop_component_entry(cell->analyzers[k])->plugin->id, id) == 0;
        if (same < 2 || cell->analyzer_labels[i] != NULL ||
            limits->seed_count + limits->round_count == 0)
            continue;
        cop_place place = cop_setting_place(config_setting_get_elem(list, (unsigned)i), r->file);
        return cop_fail_at(
            err, COP_INVALID, place.file, place.line,
            "analyze has the analyzer \"%s\" more than once, and this one is limited "
            "to some seeds or rounds: it needs a label",
            id);
    }
    return COP_OK;
}

/* Two entries by one plugin cannot be called the same. */
static cop_status check_labels(const cop_study_reader *r, const config_setting_t *list,
                               const cop_cell *cell, cop_error *err)
{
    for (size_t i = 0; i < cell->analyzer_count; i++) {
        const char *id = cop_component_entry(cell->analyzers[i])->plugin->id;
        for (size_t k = 0; k < i && cell->analyzer_labels[i] != NULL; k++) {
            if (cell->analyzer_labels[k] == NULL ||
                strcmp(cell->analyzer_labels[k], cell->analyzer_labels[i]) != 0 ||
                strcmp(cop_component_entry(cell->analyzers[k])->plugin->id, id) != 0)
                continue;
            char shown[100];
            cop_place place = cop_setting_place(
                member(config_setting_get_elem(list, (unsigned)i), "label"), r->file);
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "analyze has the analyzer \"%s\" twice with label \"%s\"", id,
                               cop_escape(cell->analyzer_labels[i], shown, sizeof shown));
        }
    }
    return COP_OK;
}

static cop_status read_analyzers(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    const config_setting_t *list = NULL;
    COP_TRY(find_list(r, r->root, "analyze", &list, err));
    size_t count = list != NULL ? (size_t)config_setting_length(list) : 0;
    out->analyzers = calloc(count > 0 ? count : 1, sizeof *out->analyzers);
    out->analyzer_datasets = calloc(count > 0 ? count : 1, sizeof *out->analyzer_datasets);
    out->analyzer_labels = calloc(count > 0 ? count : 1, sizeof *out->analyzer_labels);
    out->analyzer_limits = calloc(count > 0 ? count : 1, sizeof *out->analyzer_limits);
    if (out->analyzers == NULL || out->analyzer_datasets == NULL || out->analyzer_labels == NULL ||
        out->analyzer_limits == NULL)
        return cop_out_of_memory(err);
    cop_text_append(r->effective, "analyze = (");
    for (size_t i = 0; i < count; i++) {
        cop_text_append(r->effective, i > 0 ? ",\n    " : "\n    ");
        out->analyzer_count = i + 1;
        COP_TRY(read_analyzer(r, config_setting_get_elem(list, (unsigned)i), out, i, err));
    }
    COP_TRY(check_labels(r, list, out, err));
    COP_TRY(check_limited(r, list, out, err));
    cop_text_append(r->effective, ");\n");
    cop_place place = cop_setting_place(list != NULL ? list : r->root, r->file);
    if (count > 0 && out->retrain == COP_RETRAIN_NONE)
        cop_say(r->log, COP_LOG_WARNING,
                "%s:%d: nothing is analysed: ticket.retrain = \"none\" trains no copies",
                place.file != NULL ? place.file : "config", place.line);
    return COP_OK;
}

static cop_status read_bench(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    const config_setting_t *group = NULL;
    cop_bench_options options = {0};
    COP_TRY(find_group(r, "bench", &group, err));
    if (group == NULL)
        return COP_OK;
    cop_text_append(r->effective, "bench = {");
    COP_TRY(read_plain_group(r, COP_SECTION_BENCH, group, NULL, &options, err));
    cop_text_append(r->effective, " };\n");
    out->has_bench = true;
    out->bench = (cop_bench_case){.kind = (cop_bench_kind)(options.kind + 1),
                                  .batch = options.batch,
                                  .mode = (cop_mode)(options.mode + 1),
                                  .parts = options.parts,
                                  .seconds = options.seconds};
    if (out->bench.kind == COP_BENCH_DISTIL && out->distill == NULL)
        return refuse(r, member(group, "kind"), err,
                      "kind = \"distil\" needs a group distill = { plugin = \"...\"; }");
    return COP_OK;
}

/* A group of the framework's own that has an option of that name; NULL: none has. */
static const char *find_option(const char *name)
{
    static const cop_section_id sections[] = {COP_SECTION_STUDY, COP_SECTION_TRAIN,
                                              COP_SECTION_TICKET};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const cop_section *section = cop_section_table(sections[i]);
        for (size_t k = 0; k < section->count; k++)
            if (strcmp(section->options[k].name, name) == 0)
                return section->name;
    }
    for (size_t i = 0; cop_recipe_field_at(i) != NULL; i++)
        if (strcmp(cop_recipe_field_at(i)->row.name, name) == 0)
            return "train";
    return NULL;
}

static cop_status check_names(const cop_study_reader *r, cop_error *err)
{
    static const char *const known[] = {"study",  "seeds", "dataset", "distill",
                                        "ticket", "train", "analyze", "bench"};
    size_t count = sizeof known / sizeof known[0];
    for (int i = 0; i < config_setting_length(r->root); i++) {
        const config_setting_t *group = config_setting_get_elem(r->root, (unsigned)i);
        const char *name = config_setting_name(group);
        bool is_known = false;
        for (size_t k = 0; k < count; k++)
            is_known = is_known || strcmp(known[k], name) == 0;
        if (is_known)
            continue;
        if (strcmp(name, "base") == 0)
            return refuse(r, group, err,
                          "base is read with the file that it stands in: it can be neither set nor "
                          "swept");
        cop_place place = cop_setting_place(group, r->file);
        const char *owner = find_option(name);
        if (owner != NULL)
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "unknown group \"%.64s\"; did you mean %s.%s?", name, owner, name);
        cop_status status =
            cop_fail_at(err, COP_INVALID, place.file, place.line, "unknown group \"%.64s\"", name);
        cop_suggest(err, name, known, count);
        return status;
    }
    return COP_OK;
}

cop_status cop_cell_read(const cop_study_reader *r, cop_cell *out, cop_error *err)
{
    static cop_status (*const parts[COP_CELL_PARTS])(const cop_study_reader *, cop_cell *,
                                                     cop_error *) = {
        read_study, read_pins, read_data, read_ticket, read_train, read_analyzers, read_bench};
    COP_TRY(check_names(r, err));
    for (size_t i = 0; i < COP_CELL_PARTS; i++) {
        if (r->parts != NULL)
            r->parts[i] = r->effective->length;
        COP_TRY(parts[i](r, out, err));
    }
    if (r->parts != NULL)
        r->parts[COP_CELL_PARTS] = r->effective->length;
    return COP_OK;
}

void cop_cell_clear(cop_cell *cell)
{
    free(cell->label);
    cop_component_free(cell->dataset);
    cop_component_free(cell->distill);
    cop_component_free(cell->model);
    for (size_t i = 0; i < cell->phase_count; i++) {
        cop_component_free(cell->phases[i].pruner);
        cop_component_free(cell->phases[i].dataset);
        free(cell->phases[i].rewind_file);
    }
    free(cell->phases);
    for (size_t i = 0; i < cell->analyzer_count; i++) {
        cop_component_free(cell->analyzers[i]);
        cop_component_free(cell->analyzer_datasets[i]);
        free(cell->analyzer_labels[i]);
        free(cell->analyzer_limits[i].seeds);
        free(cell->analyzer_limits[i].rounds);
    }
    free(cell->analyzer_limits);
    free(cell->analyzers);
    free(cell->analyzer_labels);
    free(cell->analyzer_datasets);
    cop_component_free(cell->train_dataset);
    cop_option_values_free(cell->given.owner);
    *cell = (cop_cell){0};
}

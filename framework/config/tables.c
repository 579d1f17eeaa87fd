/* tables.c: the options of study, seeds, ticket, its phases, train, analyze, sweep and bench. */
#include "config/tables.h"

#include "plugin/options/describe.h"
#include "plugin/options/value.h"

#include <math.h>

static const char *const precisions[] = {"f32", "bf16", NULL};
static const char *const retrains[] = {"all", "last", "none", NULL};
static const char *const sources[] = {"real", "distilled", NULL};
static const char *const rewound[] = {"all", "weights", NULL};
static const char *const noises[] = {"own", "copy", NULL};
static const char *const timed[] = {"train", "evaluate", "hessian", "distil", NULL};
static const char *const modes[] = {"train", "eval", NULL};

static const cop_option study[] = {
    COP_OPT_STRING(
        cop_study_options, name, "",
        "what reports call it; the file's name without .cfg where empty; one line of at most "
        "200 bytes that does not begin with = + - @"),
    COP_OPT_INT_LIST(cop_study_options, seeds, "[0]", 0, INFINITY,
                     "every cell of the sweep is run once with each"),
    COP_OPT_INT(cop_study_options, copies, "2", 1, 1000,
                "trainings of each ticket on real data that differ in SGD noise alone"),
    COP_OPT_INT(cop_study_options, threads, "2", 1, 1024,
                "of every stage; part of what a result depends on, bit for bit"),
    COP_OPT_INT(cop_study_options, data_memory, "4096", 0, 1 << 30,
                "of the images of one dataset that a run holds in memory at once: of a larger one "
                "it reads what it needs from a file under the output directory; 0: no limit; no "
                "result depends on it",
                .unit = "MiB"),
    COP_OPT_FLOAT(
        cop_study_options, stage_seconds, "0", 0, INFINITY,
        "that a stage may take in one go: it fails then, what does not depend on it goes "
        "on, and the next run goes on from its checkpoint; 0: no limit; no result depends "
        "on it",
        .unit = "s"),
    COP_OPT_ENUM(cop_study_options, precision, "f32", precisions,
                 "of the networks' arithmetic; bf16 is not part of this build"),
    COP_OPT_STRING(cop_study_options, baseline, "",
                   "label of the cell that reports compare the others with, seed by seed; the "
                   "first one where empty"),
};

#define SEED(source, index, of)                                                                    \
    {                                                                                              \
        .name = source, .help = "pins the seed of " of "; -1 follows the study's seed",            \
        .type = COP_OPTION_INT, .def = "-1", .min = -1, .max = INFINITY,                           \
        .offset = offsetof(cop_seed_options, pin) + (index) * sizeof(int64_t)                      \
    }

static const cop_option seeds[] = {
    SEED("init", COP_SEED_INIT, "initialisation"),
    SEED("order", COP_SEED_ORDER, "data order"),
    SEED("augment", COP_SEED_AUGMENT, "augmentation"),
    SEED("distill", COP_SEED_DISTILL, "distillation, and of what the distiller has trained"),
    SEED("prune", COP_SEED_PRUNE, "pruning"),
    SEED("analyze", COP_SEED_ANALYZE, "analysis"),
};

static const cop_option ticket[] = {
    COP_OPT_ENUM(
        cop_ticket_options, retrain, "all", retrains,
        "which tickets are trained on real data: after every round, the last of each phase, none"),
    COP_OPT_STRINGS(
        cop_ticket_options, controls, "[]",
        "trained beside each pruned ticket that is trained: \"reinit\" (its mask, weights drawn "
        "anew), \"shuffle\" (its start, the mask permuted within each layer), \"random\" (its "
        "start, a random mask that keeps as many of each layer)"),
    COP_OPT_BOOL(cop_ticket_options, analyze_controls, "false",
                 "the analyzers look at the controls' copies, too; otherwise only their accuracy "
                 "is told"),
    COP_OPT_PATH(
        cop_ticket_options, start, "",
        "a safetensors file with a state_dict: the network starts from it instead of from an "
        "initialisation by seed, and rewind = \"init\" goes back there"),
    COP_OPT_PATH(
        cop_ticket_options, mask, "",
        "a safetensors file with 0 or 1 for every prunable weight: round 0 is the ticket of this "
        "mask; a dense network is trained only where an analyzer asks for it"),
    COP_OPT_PATHS(
        cop_ticket_options, copies, "[]",
        "safetensors files with state_dicts, study.copies of them: trained elsewhere, they are the "
        "copies of round 0, and nothing is trained for it"),
};

static const cop_option phase[] = {
    COP_OPT_INT(cop_phase_options, rounds, "1", 1, 1000,
                "how often the network is trained, pruned and rewound"),
    COP_OPT_ENUM(cop_phase_options, data, "real", sources,
                 "what rounds train on: the dataset, or the set distilled from it"),
    COP_OPT_STRING(
        cop_phase_options, rewind, "init",
        "where survivors go back to: \"init\", a point of the dense network's training such as "
        "\"1ep\" or \"500it\", or \"none\""),
    COP_OPT_ENUM(cop_phase_options, rewind_tensors, "all", rewound,
                 "what goes back: every tensor, or convolution and linear weights alone"),
    COP_OPT_BOOL(cop_phase_options, rewind_momentum, "false",
                 "with a later point: go on with the optimiser's momentum of it; otherwise a new "
                 "optimiser starts there, and only the schedule and the data order go on"),
    COP_OPT_ENUM(
        cop_phase_options, noise, "own", noises,
        "SGD noise of the trainings that choose masks: \"own\", so that no copy depends on how "
        "its mask was found, or \"copy\", that of copy 0, which is then the same training "
        "where data and recipe are: one training less"),
    COP_OPT_RECIPE(
        cop_phase_options, recipe, "",
        "how rounds train; where empty, the synthetic set's own recipe, or `train` on real data"),
};

static const cop_option analyze[] = {
    COP_OPT_STRING(
        cop_analyze_options, label, "",
        "what reports call this entry, to tell it from others by the same plugin; where empty, the "
        "options that differ; at most 60 bytes, named as the study is; no result depends on it"),
    COP_OPT_INT_LIST(cop_analyze_options, seeds, "[]", 0, INFINITY,
                     "of the study's, those whose tickets are looked at; all where empty"),
    COP_OPT_INT_LIST(cop_analyze_options, rounds, "[]", 0, 1000000,
                     "rounds of pruning, over all phases, after which tickets are looked at; 0 is "
                     "the dense network; all where empty"),
};

static const cop_option sweep[] = {
    COP_OPT_STRING(
        cop_axis_options, path, NULL,
        "the setting that the values go to, such as \"ticket.phases.[0].data\"; \"\" merges "
        "groups into the whole config; no two axes may set the same setting",
        .flags = COP_OPTION_REQUIRED),
    COP_OPT_STRINGS(
        cop_axis_options, labels, "[]",
        "what reports call the values, in their order; where empty, their own text, and of groups "
        "the settings in which they differ; \"\" leaves one out; named as the study is, with up to "
        "500 bytes for a cell's labels together"),
    COP_OPT_STRING(
        cop_axis_options, zip, "",
        "axes with the same text here go together, value by value, and have as many values; where "
        "empty, the axis is crossed with all others"),
    COP_OPT_STRING(
        cop_axis_options, name, "",
        "what exclude and include call the axis; where empty, the last name of its path"),
};

static const cop_option bench[] = {
    COP_OPT_ENUM(
        cop_bench_options, kind, NULL, timed,
        "what is timed: a step of training the ticket's model, a batch of evaluating it, a "
        "Hessian-vector product over a batch, a step of the distiller",
        .flags = COP_OPTION_REQUIRED),
    COP_OPT_INT(cop_bench_options, batch, "128", 1, 1000000,
                "samples of an evaluation or a product; a training takes its recipe's batch",
                .unit = "samples"),
    COP_OPT_ENUM(cop_bench_options, mode, "train", modes,
                 "of a product: batch norm on the batch's statistics, or on the running ones"),
    COP_OPT_INT(cop_bench_options, parts, "1", 1, 1000000,
                "a step of the distiller is this many of what is timed: its time is divided by it"),
    COP_OPT_FLOAT(cop_bench_options, seconds, "20", 0, 86400,
                  "after which no further sample is taken, once there are three",
                  .unit = "seconds"),
};

const char *cop_control_name(cop_control control)
{
    static const char *const names[COP_CONTROL_COUNT] = {"", "reinit", "shuffle", "random"};
    return names[control];
}

#define TABLE(options, type) options, sizeof(options) / sizeof((options)[0]), sizeof(type)

static const cop_section groups[COP_SECTION_COUNT] = {
    [COP_SECTION_STUDY] = {"study", "study", "what holds for the whole study",
                           TABLE(study, cop_study_options)},
    [COP_SECTION_SEEDS] = {"seeds", "seeds",
                           "seeds that stay the same under every seed of the study",
                           TABLE(seeds, cop_seed_options)},
    [COP_SECTION_TICKET] = {"ticket", "ticket",
                            "the pruned network; besides these, model = { plugin = \"...\"; } and "
                            "phases = ( ... )",
                            TABLE(ticket, cop_ticket_options)},
    [COP_SECTION_PHASE] =
        {"phase", "a phase of ticket",
         "one of ticket.phases; besides these, pruner = { plugin = \"...\"; }, and "
         "dataset = { plugin = \"...\"; } for rounds on other data",
         TABLE(phase, cop_phase_options)},
    [COP_SECTION_TRAIN] =
        {"train", "train",
         "training on real data: recipe = \"...\", and fields that it has otherwise; dataset = { "
         "plugin = \"...\"; } for copies on other data",
         NULL, 0, 0},
    [COP_SECTION_ANALYZE] =
        {"analyze", "an entry of analyze",
         "one of analyze; besides these, plugin = \"...\", the plugin's own, and dataset = { "
         "plugin = \"...\"; } for a look at other data than the copies'",
         TABLE(analyze, cop_analyze_options)},
    [COP_SECTION_SWEEP] =
        {"sweep", "an axis of the sweep",
         "an axis: the study is the cross product of all; besides these, values = [ ... ]. Another "
         "entry may be { exclude = ( { AXIS = VALUE; ... }, ... ); include = ( ... ); }, with "
         "values "
         "or labels: combinations that are no cells, or that alone are",
         TABLE(sweep, cop_axis_options)},
    [COP_SECTION_BENCH] = {"bench", "bench",
                           "what `coppice bench` times of the study; a run does not read it",
                           TABLE(bench, cop_bench_options)},
};

const cop_section *cop_section_table(cop_section_id id)
{
    return &groups[id];
}

/* `fields` has room for a recipe's. */
#define MOST_FIELDS 64

/* Keys of every dataset's group, shown behind the seeds. */
#define DATASET_AT 2

static cop_described_group described_dataset(void)
{
    cop_described_group g = {
        "dataset",
        "keys of every dataset's group, wherever it stands, besides plugin = \"...\" and "
        "the plugin's own; done in this order",
        NULL, 0};
    g.options = cop_preparation_options(&g.count);
    return g;
}

static cop_described_group described(cop_section_id id, cop_option fields[MOST_FIELDS])
{
    cop_described_group g = {groups[id].name, groups[id].help, groups[id].options,
                             groups[id].count};
    if (id == COP_SECTION_TRAIN)
        g.options = fields;
    for (; g.options == fields && g.count < MOST_FIELDS; g.count++) {
        const cop_recipe_field *field = cop_recipe_field_at(g.count);
        if (field == NULL)
            break;
        fields[g.count] = field->row;
    }
    return g;
}

/* No group, but what a config may begin with. */
static const cop_described_group base = {
    "base",
    "base = \"other.cfg\" at top level: the settings of that config, beneath this one's. Groups "
    "merge, unless their plugins differ; lists are replaced; study.name is not taken over",
    NULL, 0};

#define DESCRIBED ((size_t)COP_SECTION_COUNT + 2)

static cop_described_group described_at(size_t i, cop_option fields[MOST_FIELDS])
{
    if (i == 0)
        return base;
    i--;
    if (i == DATASET_AT)
        return described_dataset();
    return described((cop_section_id)(i < DATASET_AT ? i : i - 1), fields);
}

void cop_config_describe(FILE *out)
{
    cop_option fields[MOST_FIELDS];
    for (size_t i = 0; i < DESCRIBED; i++) {
        cop_described_group g = described_at(i, fields);
        (void)fprintf(out, "%s%s: %s\n", i > 0 ? "\n" : "", g.name, g.help);
        cop_describe_options(g.options, g.count, out);
    }
}

cop_status cop_config_describe_json(FILE *out, cop_error *err)
{
    cop_described_group all[DESCRIBED];
    cop_option fields[MOST_FIELDS];
    for (size_t i = 0; i < DESCRIBED; i++)
        all[i] = described_at(i, fields);
    return cop_describe_groups_json(all, DESCRIBED, out, err);
}

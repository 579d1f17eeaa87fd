/* make_corpus.c: writes by each format's writer the file corpus/FORMAT/good-written: where the fuzz
 * targets start from, and what those files must stay, as a changed byte is a changed format.
 *
 *   make_corpus DIR      writes them below DIR, whose folders are made */
#include "core/table.h"
#include "fuzz.h"
#include "image_cache.h"

#include "core/file.h"
#include "core/text.h"
#include "nn/synthetic.h"
#include "store/formats/artifact_json.h"
#include "store/formats/checkpoint_file.h"
#include "store/formats/history_csv.h"
#include "store/formats/layers_csv.h"
#include "store/formats/run_note.h"
#include "store/formats/safetensors.h"
#include "store/formats/series_csv.h"
#include "store/formats/slurm_note.h"
#include "store/formats/stages_json.h"
#include "store/formats/study_json.h"
#include "store/formats/summary_json.h"
#include "store/formats/synthetic_file.h"
#include "store/formats/tables_json.h"

#include <coppice/recipe.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static cop_artifact_id named(const char *kind, char digit)
{
    cop_artifact_id id = {{0}, {0}};
    (void)snprintf(id.kind, sizeof id.kind, "%s", kind);
    memset(id.hash, digit, sizeof id.hash - 1);
    return id;
}

/* What a judge may say: a number, a text, and a headline. */
static cop_tables *some_verdicts(void)
{
    const cop_column columns[] = {
        COP_COLUMN_OF(VALUE, INT, "stable", NULL, "1: yes"),
        COP_COLUMN_OF(VALUE, TEXT, "why", NULL, "in words"),
    };
    const cop_plot plot = {COP_SIZED(cop_plot), .headlines = "stable"};
    cop_tables *tables = cop_tables_new();
    cop_table *table = tables != NULL ? cop_tables_put(tables, "lmc_barrier", NULL, columns,
                                                       COUNT(columns), &plot, NULL)
                                      : NULL;
    if (table != NULL &&
        cop_table_row(table, (const cop_table_value[]){{.i = 1}, {.text = "\"\n"}}, NULL) == COP_OK)
        return tables;
    cop_tables_free(tables);
    return NULL;
}

static cop_status write_study(const char *path, cop_error *err)
{
    cop_tables *verdicts = some_verdicts();
    const char *analyzers[] = {"lmc", "hessian"};
    int64_t seeds[] = {0, INT64_MIN};
    cop_record_cell cells[] = {
        {.label = "a \"label\"\n",
         .analyzers = analyzers,
         .analyzer_count = 2,
         .chance = 0.125,
         .network = {.model = "convnet { norm = \"batch\"; }",
                     .task = {.channels = 3, .height = 8, .width = 9, .classes = 5},
                     .normalization = {{0.5f, 0.25f, 0.1f}, {1.0f, 0.5f, 2.0f}}}},
        {.label = "\xc3\xa4", .distiller = "idc", .chance = (double)NAN}};
    cop_artifact_id copies[] = {named(COP_ARTIFACT_TRAINING, '1'),
                                named(COP_ARTIFACT_TRAINING, '2')};
    cop_record_analysis analyses[] = {{.analyzer = "lmc",
                                       .label = "",
                                       .id = named(COP_ARTIFACT_ANALYSIS, '3'),
                                       .verdicts = verdicts},
                                      {.analyzer = "hessian",
                                       .label = "copy = 1",
                                       .id = named(COP_ARTIFACT_ANALYSIS, '4'),
                                       .unjudged = "hessian of dense: judge: no opinion"}};
    cop_record_ticket tickets[] = {{.seed = INT64_MIN,
                                    .phase = -1,
                                    .points = 12.5,
                                    .knows_data = true,
                                    .copies = copies,
                                    .copy_count = 2,
                                    .analyses = analyses,
                                    .analysis_count = 2},
                                   {.cell = 1,
                                    .phase = 1,
                                    .round = 2,
                                    .points = 1e6,
                                    .has_mask = true,
                                    .mask = named(COP_ARTIFACT_MASK, '5'),
                                    .has_training = true,
                                    .training = copies[1],
                                    .knows_data = true,
                                    .has_data = true,
                                    .data = named(COP_ARTIFACT_SET, '6')}};
    cop_record_distilled distilled[] = {{.cell = 1,
                                         .set = tickets[1].data,
                                         .has_trained = true,
                                         .trained = copies[0],
                                         .recipe = "name=idc duration=1000ep",
                                         .real_images = 1.5e9,
                                         .second_order = (double)NAN,
                                         .trainings = copies,
                                         .training_count = 2}};
    cop_record_failure failures[] = {{.stage = tickets[1].mask, .reason = "the disk is full"}};
    cop_record_plugin plugins[] = {{.kind = "pruner",
                                    .id = "imp",
                                    .version = "1.0.0",
                                    .summary = "Removes the smallest weights",
                                    .citation = "J. Frankle and M. Carbin, 2019"}};
    const cop_record record = {.name = "made up",
                               .seeds = seeds,
                               .seed_count = COUNT(seeds),
                               .cells = cells,
                               .cell_count = COUNT(cells),
                               .tickets = tickets,
                               .ticket_count = COUNT(tickets),
                               .distilled = distilled,
                               .distilled_count = COUNT(distilled),
                               .failures = failures,
                               .failure_count = COUNT(failures),
                               .plugins = plugins,
                               .plugin_count = COUNT(plugins)};
    cop_status status = cop_record_write(&record, path, err);
    cop_tables_free(verdicts);
    return status;
}

static cop_status write_history(const char *path, cop_error *err)
{
    const cop_history_row rows[] = {{1, 0.1, 2.25, 1.0 / 3.0, (double)NAN, (double)NAN},
                                    {2, 1e-5, 0x1p-60, 1, 1e300, (double)INFINITY}};
    return cop_history_csv_write(rows, COUNT(rows), path, err);
}

static cop_status write_layers(const char *path, cop_error *err)
{
    const cop_layer layers[] = {{"layers.conv.0.weight", 9007199254740993, 1},
                                {"fc, with a comma", 0, 0}};
    return cop_layers_csv_write(layers, COUNT(layers), path, err);
}

static cop_status write_summary(const char *path, cop_error *err)
{
    const cop_summary summary = {.epochs = 30,
                                 .steps = 1e6,
                                 .samples = 50000,
                                 .train_loss = 1.0 / 3.0,
                                 .train_accuracy = 1,
                                 .test_loss = (double)NAN,
                                 .test_accuracy = 0x1p-60};
    return cop_summary_write(&summary, COP_ARTIFACT_TRAINING, path, err);
}

static cop_status write_tables(const char *path, cop_error *err)
{
    const cop_column columns[] = {
        {.name = "kind", .type = COP_COLUMN_TEXT, .help = "which"},
        {.name = "pair", .type = COP_COLUMN_INT},
        {.name = "alpha", .type = COP_COLUMN_FLOAT, .unit = "fraction", .help = "how far"}};
    const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "barriers",
                           .x = "pair",         .y = "alpha",           .series = "kind",
                           .log_y = true};
    const cop_table_value rows[][3] = {{{.text = "a \"b\"\n"}, {.i = INT64_MIN}, {.f = 1.0 / 3.0}},
                                       {{.text = ""}, {.i = INT64_MAX}, {.f = (double)-INFINITY}},
                                       {{.text = "\xc3\xa4"}, {.i = 0}, {.f = (double)NAN}}};
    cop_tables *tables = cop_tables_new();
    FUZZ_REQUIRE(tables != NULL);
    cop_table *table = cop_tables_put(tables, "curve", "a curve", columns, 3, &plot, err);
    FUZZ_REQUIRE(table != NULL);
    for (size_t i = 0; i < COUNT(rows); i++)
        FUZZ_REQUIRE(cop_table_row(table, rows[i], err) == COP_OK);
    FUZZ_REQUIRE(cop_tables_put(tables, "none", "no rows", columns, 1, NULL, err) != NULL);
    cop_status status = cop_tables_write(tables, path, err);
    cop_tables_free(tables);
    return status;
}

static cop_status write_manifest(const char *path, cop_error *err)
{
    cop_manifest *manifest =
        cop_manifest_new("mask", "kind mask\nseed 0\n", 1.5, "cpu \"x\", 2 threads");
    FUZZ_REQUIRE(manifest != NULL);
    FUZZ_REQUIRE(cop_manifest_add_file(manifest, "mask.safetensors",
                                       "0123456789abcdef0123456789abcdef", INT64_MAX));
    FUZZ_REQUIRE(cop_manifest_set_makers(manifest, "pruner imp 1.0.0\nmodel convnet 1.0.0"));
    FUZZ_REQUIRE(cop_manifest_set_course(manifest, "fedcba9876543210fedcba9876543210", INT64_MAX));
    cop_status status = cop_manifest_write(manifest, path, err);
    cop_manifest_free(manifest);
    return status;
}

/* A tensor of each type. */
static cop_tensors *some_tensors(void)
{
    static const cop_dtype types[] = {COP_U8, COP_F32, COP_I64, COP_F64};
    static const char *const names[] = {"bytes", "layers.0.weight", "step", "history"};
    cop_tensors *set = cop_tensors_new();
    FUZZ_REQUIRE(set != NULL);
    for (size_t i = 0; i < COUNT(types); i++) {
        cop_tensor *tensor = NULL;
        cop_shape shape = types[i] == COP_I64 ? cop_shape0() : cop_shape2(2, 3);
        FUZZ_REQUIRE(cop_tensors_add(set, names[i], types[i], shape, &tensor, NULL) == COP_OK);
        memset(tensor->data, (int)i + 1, (size_t)cop_shape_count(shape) * cop_dtype_size(types[i]));
    }
    return set;
}

static cop_status write_tensors(const char *path, cop_error *err)
{
    const cop_metadata notes[] = {{"format", "pt"}, {"a \"note\"", "\xc3\xa4\n"}};
    cop_tensors *set = some_tensors();
    cop_status status = cop_safetensors_write(path, set, notes, COUNT(notes), err);
    cop_tensors_free(set);
    return status;
}

static cop_status write_checkpoint(const char *path, cop_error *err)
{
    const cop_artifact_id id = named(COP_ARTIFACT_TRAINING, '7');
    char owner[COP_ARTIFACT_NAME_SIZE];
    cop_saved state = {
        .bag = some_tensors(), .series = some_tensors(), .step = INT64_MAX, .seconds = 1.5};
    cop_status status = cop_checkpoint_write(cop_artifact_text(&id, owner), &state, path, err);
    cop_saved_clear(&state);
    return status;
}

static cop_status write_series(const char *path, cop_error *err)
{
    static const cop_series_point losses[] = {{0, 1.0 / 3.0}, {1, (double)NAN}, {INT64_MAX, -0.0}};
    static const cop_series_point others[] = {{7, (double)-INFINITY}};
    const cop_series series[] = {{"matching loss", losses, COUNT(losses)},
                                 {"\xc3\xa4 = 'b'", others, COUNT(others)}};
    return cop_series_csv_write(series, COUNT(series), path, err);
}

static cop_status write_synthetic(const char *path, cop_error *err)
{
    cop_synthetic set = {.task = {.channels = 1, .height = 2, .width = 2, .classes = 2},
                         .decode = COP_DECODE_SINGLE,
                         .factor = 2};
    set.normalization.mean[0] = 0.4914f;
    set.normalization.std[0] = 0.25f;
    FUZZ_REQUIRE(cop_synthetic_set_recipe(&set, cop_recipe_named("idc", err), err) == COP_OK);
    FUZZ_REQUIRE(cop_synthetic_allocate(&set, 2, err) == COP_OK);
    for (int i = 0; i < 8; i++)
        set.pixels[i] = (float)i / 9.0f;
    set.labels[0] = set.labels[3] = 1.0f;
    cop_status status = cop_synthetic_write(&set, path, err);
    cop_synthetic_clear(&set);
    return status;
}

static cop_status write_stages(const char *path, cop_error *err)
{
    static const char *const words[] = {"numerics 3\nstage train\n", "numerics 3\nstage \"a\"\n"};
    const char *dirs[] = {"/a dir/plugins"}, *variables[] = {"OPENBLAS_CORETYPE=Haswell"};
    cop_stage_record stages[2] = {{.title = "train [a, seed 0]"}, {.title = "\xc3\xa4\n"}};
    static const char *const kinds[] = {COP_ARTIFACT_TRAINING, COP_ARTIFACT_ANALYSIS};
    for (size_t i = 0; i < 2; i++) {
        stages[i].data = "0123456789abcdef0123456789abcdef";
        stages[i].identity = words[i];
        FUZZ_REQUIRE(cop_artifact_name(kinds[i], words[i], &stages[i].id, err) == COP_OK);
    }
    stages[1].inputs = &stages[0].id;
    stages[1].input_count = 1;
    const cop_stage_records records = {.study = "made up",
                                       .plugin_dirs = dirs,
                                       .plugin_dir_count = 1,
                                       .environment = variables,
                                       .environment_count = 1,
                                       .stages = stages,
                                       .stage_count = 2};
    return cop_stages_write(&records, path, err);
}

static cop_status write_run_note(const char *path, cop_error *err)
{
    const cop_run_note note = {.hash = "0123456789abcdef0123456789abcdef",
                               .who = "study \"a\", process 7 on vm, since 2026-01-01 00:00:00"};
    return cop_run_note_write(&note, path, err);
}

static cop_status write_slurm_note(const char *path, cop_error *err)
{
    const cop_slurm_note note = {.workers = 41, .tasks = 3, .report = 42};
    return cop_slurm_note_write(&note, path, err);
}

static cop_status write_images(const char *path, cop_error *err)
{
    static const int32_t labels[2][3] = {{0, 3, 1}, {2, 2}};
    uint8_t pixels[36];
    cop_image_writer *w = NULL;
    COP_TRY(cop_image_writer_open(path, &fuzz_images, &w, err));
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(255 - 7 * i);
    for (int split = 0; split < 2; split++) {
        int64_t count = fuzz_images.count[split];
        size_t bytes = (size_t)(count * fuzz_images.image);
        FUZZ_REQUIRE(cop_image_writer_pixels(w, pixels, bytes, err) == COP_OK);
        FUZZ_REQUIRE(cop_image_writer_labels(w, labels[split], count, err) == COP_OK);
    }
    return cop_image_writer_commit(w, err);
}

static const struct format {
    const char *name;
    cop_status (*write)(const char *path, cop_error *err);
} formats[] = {
    {"study_json", write_study},         {"history_csv", write_history},
    {"series_csv", write_series},        {"summary_json", write_summary},
    {"tables_json", write_tables},       {"artifact_json", write_manifest},
    {"safetensors", write_tensors},      {"checkpoint_file", write_checkpoint},
    {"synthetic_file", write_synthetic}, {"run_note", write_run_note},
    {"stages_json", write_stages},       {"image_cache", write_images},
    {"slurm_note", write_slurm_note},    {"layers_csv", write_layers},
};

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < COUNT(formats); i++) {
        char path[4096];
        cop_error err = {0};
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], formats[i].name);
        FUZZ_REQUIRE(cop_make_dirs(path, &err) == COP_OK);
        (void)snprintf(path, sizeof path, "%s/%s/good-written", argv[1], formats[i].name);
        if (formats[i].write(path, &err) != COP_OK) {
            (void)fprintf(stderr, "%s: %s\n", path, err.message);
            return 1;
        }
    }
    return 0;
}

/* fake_study.c: a small finished study's output directory. */
#include "fake_study.h"
#include "core/table.h"

#include "nn/synthetic.h"
#include "support.h"

#include "core/file.h"
#include "core/text.h"
#include "store/formats/safetensors.h"
#include "store/formats/synthetic_file.h"
#include "store/formats/tables_json.h"

#include <coppice/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS = 2, SEEDS = 2, ROUNDS = 2, COPIES = 2 };

static const int seeds[SEEDS] = {3, 5};

/* What is behind an artifact's name. */
typedef struct made_up {
    cop_artifact_id id;
    char identity[128];
} made_up;

static made_up name_part(const char *part, int cell, int seed, int round)
{
    const char *kind = strcmp(part, "mask") == 0       ? "mask"
                       : strcmp(part, "analysis") == 0 ? "analyze"
                       : strcmp(part, "set") == 0      ? "distil"
                                                       : "train";
    made_up made;
    cop_error err = {0};
    (void)snprintf(made.identity, sizeof made.identity, "%s of %d, %d, %d", part, cell, seed,
                   round);
    assert_ok(cop_artifact_name(kind, made.identity, &made.id, &err), &err);
    return made;
}

cop_artifact_id fake_study_id(const char *part, int cell, int seed, int round)
{
    return name_part(part, cell, seed, round).id;
}

const char *fake_study_path(const fake_study *f, cop_artifact_id id, const char *file, char *path,
                            size_t size)
{
    (void)snprintf(path, size, "%s/store/%s-%s/%s", f->dir, id.kind, id.hash, file);
    return path;
}

static void write_text(const cop_draft *draft, const char *file, const char *text)
{
    char path[1024];
    cop_error err = {0};
    cop_draft_path(draft, file, path, sizeof path);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

static cop_draft *open_draft(cop_store *store, const made_up *made)
{
    cop_error err = {0};
    cop_draft *draft = NULL;
    assert_ok(cop_draft_open(store, &made->id, &draft, &err), &err);
    return draft;
}

static void publish(const fake_study *f, cop_draft *draft, const made_up *made)
{
    cop_error err = {0};
    assert_ok(cop_draft_publish(draft, made->identity, f->seconds, &err), &err);
}

static void write_tensor(const cop_draft *draft, const char *file, float scale)
{
    char path[1024];
    cop_error err = {0};
    cop_tensor *weight = NULL;
    cop_tensors *set = cop_tensors_new();
    assert_ok(cop_tensors_add(set, "fc.weight", COP_F32, cop_shape2(2, 4), &weight, &err), &err);
    for (int i = 0; i < 8; i++)
        cop_f32(weight)[i] = scale == 0.0f ? (float)(i % 2) : scale * (float)(i + 1);
    cop_draft_path(draft, file, path, sizeof path);
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    cop_tensors_free(set);
}

/* Accuracies rise by 1/64 from copy to copy, and by 1/16 from cell to cell. */
static void make_training(const fake_study *f, cop_store *store, made_up made, int cell, int copy,
                          int round)
{
    double accuracy = 0.5 + cell / 16.0 + copy / 64.0 - round / 8.0;
    char text[512];
    cop_draft *draft = open_draft(store, &made);
    (void)snprintf(text, sizeof text,
                   "{\"epochs\": 2, \"steps\": 8, \"samples\": 256, \"train_loss\": 1.5,\n"
                   " \"train_accuracy\": 0.75, \"test_loss\": 2.25, \"test_accuracy\": %.17g}",
                   accuracy);
    write_text(draft, "summary.json", text);
    (void)snprintf(text, sizeof text,
                   "epoch,lr,train_loss,train_accuracy,test_loss,test_accuracy\n"
                   "1,0.125,2,0.25,,\n"
                   "2,0.0625,1.5,0.75,2.25,%.17g\n",
                   accuracy);
    write_text(draft, "history.csv", text);
    write_tensor(draft, "state.safetensors", 1.0f);
    publish(f, draft, &made);
}

static void make_mask(const fake_study *f, cop_store *store, made_up made)
{
    cop_draft *draft = open_draft(store, &made);
    write_text(draft, "summary.json",
               "{\"prunable\": 8, \"kept\": 4, \"sparsity\": 0.5,"
               " \"collapsed_layers\": 0}");
    write_tensor(draft, "mask.safetensors", 0.0f);
    publish(f, draft, &made);
}

static cop_table *add_table(cop_tables *tables, const char *name, const cop_column *columns,
                            size_t count, const cop_plot *plot)
{
    cop_error err = {0};
    cop_table *table = cop_tables_put(tables, name, "Made up.", columns, count, plot, &err);
    if (table == NULL)
        fail_msg("%s", err.message);
    return table;
}

static void add_row(cop_table *table, const cop_table_value *cells)
{
    cop_error err = {0};
    assert_ok(cop_table_row(table, cells, &err), &err);
}

static void add_line(cop_tables *tables, int seed, int round)
{
    static const cop_column columns[] = {
        COP_COLUMN(TEXT, "pair", NULL, "Two copies"), COP_COLUMN(FLOAT, "alpha", NULL, "Where"),
        COP_COLUMN(FLOAT, "loss", "nat", "There"), COP_COLUMN(FLOAT, "error", "%", "There")};
    static const cop_plot plot = {
        COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Don't `believe` \\this",
        .x = "alpha",        .y = "loss,error",      .series = "pair"};
    cop_table *table = add_table(tables, "probe_line", columns, 4, &plot);
    for (int pair = 0; pair < 2; pair++) {
        for (int i = 0; i <= 4; i++)
            add_row(table, (cop_table_value[]){{.text = pair == 0 ? "0-1" : "1-0"},
                                               {.f = i / 4.0},
                                               {.f = 1.0 + i * (4 - i) / 4.0 + round + seed / 8.0},
                                               {.f = 10.0 + i * (4 - i) * (pair + 1)}});
    }
}

/* Two ways to measure, two pairs each. */
static void add_summary(cop_tables *tables, int seed, int round)
{
    static const cop_column columns[] = {COP_COLUMN(TEXT, "pair", NULL, "Two copies"),
                                         COP_COLUMN(TEXT, "way", NULL, "How"),
                                         COP_COLUMN(FLOAT, "height", "%", "Of the barrier"),
                                         COP_COLUMN(TEXT, "verdict", NULL, "On it")};
    cop_table *table = add_table(tables, "probe_barrier", columns, 4, NULL);
    for (int pair = 0; pair < 2; pair++) {
        add_row(table, (cop_table_value[]){{.text = pair == 0 ? "0-1" : "1-0"},
                                           {.text = "plain"},
                                           {.f = 4.0 * pair + round + seed},
                                           {.text = pair == round ? "stable" : "unstable"}});
        add_row(table, (cop_table_value[]){{.text = pair == 0 ? "0-1" : "1-0"},
                                           {.text = "re-done"},
                                           {.f = 0.5},
                                           {.text = "stable"}});
    }
}

static void add_map(cop_tables *tables, int round)
{
    static const cop_column columns[] = {COP_COLUMN(FLOAT, "x", NULL, "Along"),
                                         COP_COLUMN(FLOAT, "y", NULL, "Across"),
                                         COP_COLUMN(FLOAT, "loss", NULL, "There")};
    static const cop_plot plot = {
        COP_SIZED(cop_plot), .kind = COP_PLOT_HEATMAP, .title = "Landscape", .x = "x", .y = "y",
        .value = "loss"};
    cop_table *table = add_table(tables, "probe_map", columns, 3, &plot);
    for (int y = -4; y <= 4; y++) {
        for (int x = -4; x <= 4; x++)
            add_row(table, (cop_table_value[]){
                               {.f = x / 4.0}, {.f = y / 4.0}, {.f = x * x + y * (y + round)}});
    }
}

static void add_bins(cop_tables *tables, int seed)
{
    static const cop_column columns[] = {COP_COLUMN(FLOAT, "centre", NULL, "Of the bin"),
                                         COP_COLUMN(INT, "count", NULL, "In it")};
    static const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_HISTOGRAM,
                                  .title = "Bins",     .x = "centre",
                                  .y = "count",        .log_y = true};
    cop_table *table = add_table(tables, "probe_bins", columns, 2, &plot);
    for (int i = 0; i < 9; i++)
        add_row(table, (cop_table_value[]){{.f = i + seed / 8.0},
                                           {.i = i == 2 ? 0 : 1 + i * (8 - i) * 5}});
}

static void add_points(cop_tables *tables, int seed, int round)
{
    static const cop_column columns[] = {COP_COLUMN(TEXT, "layer", NULL, "Parameter"),
                                         COP_COLUMN(FLOAT, "norm", NULL, "Its"),
                                         COP_COLUMN(FLOAT, "spread", NULL, "Of it")};
    static const char *const layers[] = {"conv.0.weight", "conv.1.weight", "fc.weight"};
    static const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_POINTS,
                                  .title = "Norms",    .x = "layer",
                                  .y = "norm",         .error = "spread"};
    cop_table *table = add_table(tables, "probe_points", columns, 3, &plot);
    for (int i = 0; i < 3; i++)
        add_row(table, (cop_table_value[]){
                           {.text = layers[i]}, {.f = 1.0 + i + round + seed / 16.0}, {.f = 0.25}});
}

static void make_analysis(const fake_study *f, cop_store *store, made_up made, int seed, int round)
{
    char path[1024];
    cop_error err = {0};
    cop_tables *tables = cop_tables_new();
    cop_draft *draft = open_draft(store, &made);
    add_line(tables, seed, round);
    add_summary(tables, seed, round);
    add_map(tables, round);
    add_bins(tables, seed);
    add_points(tables, seed, round);
    cop_draft_path(draft, "tables.json", path, sizeof path);
    assert_ok(cop_tables_write(tables, path, &err), &err);
    cop_tables_free(tables);
    publish(f, draft, &made);
}

/* Two images of each of three classes, 4 × 6, grey: class k's are k/2; and what was recorded on the
 * way to them. */
static void make_set(const fake_study *f, cop_store *store, made_up made, int seed)
{
    char path[1024];
    cop_error err = {0};
    cop_synthetic set = {.task = {.channels = 1, .height = 4, .width = 6, .classes = 3},
                         .normalization = {.mean = {0.5f}, .std = {0.25f}},
                         .decode = COP_DECODE_NONE,
                         .factor = 1};
    assert_ok(cop_synthetic_set_recipe(&set, cop_recipe_named("idc", &err), &err), &err);
    assert_ok(cop_synthetic_allocate(&set, 6, &err), &err);
    for (int i = 0; i < 6; i++) {
        set.labels[i * 3 + i / 2] = 1.0f;
        for (int k = 0; k < 24; k++)
            set.pixels[i * 24 + k] = (float)(i / 2) * 0.5f;
    }
    cop_draft *draft = open_draft(store, &made);
    cop_draft_path(draft, "synthetic.safetensors", path, sizeof path);
    assert_ok(cop_synthetic_write(&set, path, &err), &err);
    cop_synthetic_clear(&set);
    write_text(draft, "summary.json", "{\"stored\": 6, \"decoded\": 12}");
    char text[256];
    (void)snprintf(text, sizeof text,
                   "name,step,value\n"
                   "paint left,0,%.17g\npaint left,2,%.17g\npaint left,4,inf\n"
                   "brushes,4,7\n",
                   4.0 + seed / 8.0, 2.0 + seed / 8.0);
    write_text(draft, "series.csv", text);
    cop_draft_made_by(draft, "model easel 1.0.0 0123\ndistiller paint 2.0.0 4567\n");
    publish(f, draft, &made);
}

static void append_id(cop_text *text, const char *part, int cell, int seed, int round)
{
    cop_artifact_id id = fake_study_id(part, cell, seed, round);
    cop_text_printf(text, "\"%s-%s\"", id.kind, id.hash);
}

static void append_ticket(cop_text *text, int cell, int seed, int round)
{
    cop_text_printf(text,
                    "{\"cell\": %d, \"seed\": %d, \"phase\": %d, \"round\": %d, \"points\": 7,\n"
                    "  \"mask\": ",
                    cell, seed, round - 1, round);
    if (round > 0) {
        append_id(text, "mask", cell, seed, round);
        cop_text_append(text, ", \"training\": ");
        append_id(text, "training", cell, seed, round);
    } else {
        cop_text_append(text, "null, \"training\": null");
    }
    cop_text_append(text, ", \"data\": ");
    if (round > 0 && cell == 0)
        append_id(text, "set", cell, seed, 0);
    else
        cop_text_append(text, "null");
    cop_text_append(text, ",\n  \"copies\": [");
    append_id(text, "copy0", cell, seed, round);
    cop_text_append(text, ", ");
    append_id(text, "copy1", cell, seed, round);
    cop_text_append(text, "],\n  \"analyses\": [{\"analyzer\": \"probe\", \"id\": ");
    append_id(text, "analysis", cell, seed, round);
    cop_text_append(text, "}]}");
}

static void write_record(const fake_study *f)
{
    cop_text text = {0};
    cop_text_append(&text,
                    "{\"name\": \"fake <study>\", \"seeds\": [3, 5], \"cells\": [\n"
                    "  {\"label\": \"A, \\\"one\\\"\", \"analyzers\": [\"probe\"], \"distiller\": "
                    "\"paint\", \"chance\": 0.375},\n"
                    "  {\"label\": \"B\", \"analyzers\": [\"probe\"], \"distiller\": null}],\n"
                    "\"tickets\": [");
    for (int i = 0; i < SETTINGS * SEEDS * ROUNDS; i++) {
        cop_text_append(&text, i > 0 ? ",\n " : "\n ");
        append_ticket(&text, i / (SEEDS * ROUNDS), seeds[i / ROUNDS % SEEDS], i % ROUNDS);
    }
    cop_text_append(&text, "],\n\"distilled\": [");
    for (int i = 0; i < SEEDS; i++) {
        cop_text_printf(&text, "%s{\"cell\": 0, \"seed\": %d, \"set\": ", i > 0 ? ",\n" : "",
                        seeds[i]);
        append_id(&text, "set", 0, seeds[i], 0);
        cop_text_append(&text, ", \"trained\": ");
        append_id(&text, "trained", 0, seeds[i], 0);
        cop_text_append(&text, "}");
    }
    cop_text_append(&text, "]}\n");
    char path[512];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD, f->dir);
    assert_ok(cop_make_dirs(path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/study.json", f->dir);
    assert_ok(cop_file_write(path, text.data, text.length, &err), &err);
    cop_text_free(&text);
}

void fake_study_make(const fake_study *f)
{
    cop_error err = {0};
    cop_store *store = NULL;
    assert_ok(cop_store_open(f->dir, &store, &err), &err);
    for (int i = 0; i < SETTINGS * SEEDS * ROUNDS; i++) {
        int cell = i / (SEEDS * ROUNDS), seed = seeds[i / ROUNDS % SEEDS], round = i % ROUNDS;
        for (int copy = 0; copy < COPIES; copy++)
            make_training(f, store, name_part(copy == 0 ? "copy0" : "copy1", cell, seed, round),
                          cell, copy, round);
        make_analysis(f, store, name_part("analysis", cell, seed, round), seed, round);
        if (round == 0)
            continue;
        make_mask(f, store, name_part("mask", cell, seed, round));
        make_training(f, store, name_part("training", cell, seed, round), cell, 0, round);
    }
    for (int i = 0; i < SEEDS; i++) {
        make_set(f, store, name_part("set", 0, seeds[i], 0), seeds[i]);
        make_training(f, store, name_part("trained", 0, seeds[i], 0), 0, 0, 2);
    }
    cop_store_close(store);
    write_record(f);
}

/* config.c: a config file, from its bytes to the study it means. */
#include "config/config.h"

#include "config/compose.h"
#include "config/expand.h"
#include "config/names.h"
#include "config/old_names.h"
#include "config/read_study.h"
#include "config/resolved.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* One loading under way. */
typedef struct loading {
    const char *path;
    const cop_registry *registry;
    const char *const *overrides;
    size_t override_count;
    const cop_config_alone *alone; /* NULL: all cells */
    cop_logger *log;
    cop_arena *arena;  /* places, axes, labels */
    config_t *written; /* the file with the overrides in it */
    config_t *plain;   /* the same without its sweep */
    cop_text effective;
    size_t *parts; /* where they are in it: COP_CELL_PARTS + 1 a cell */
    const char *baseline;
    cop_config *config;
    cop_error *err;
} loading;

/* Reads and overrides: fills l->written. */
static cop_status read_tree(loading *l)
{
    cop_status status = cop_config_compose(l->path, l->log, l->arena, &l->written, l->err);
    for (size_t i = 0; i < l->override_count && status == COP_OK; i++)
        status =
            cop_override_apply(&l->written, l->overrides[i], l->path, l->log, l->arena, l->err);
    if (status == COP_OK)
        status =
            cop_old_names_rename_sweep(config_root_setting(l->written), l->path, l->log, l->err);
    return status;
}

/* The file's name without directory and ".cfg". */
static char *file_stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".cfg") == 0)
        length -= 4;
    return strndup(name, length);
}

/* Complains at study.name, or of the file that the study is called after. */
static cop_status check_study_name(const loading *l, const config_setting_t *root)
{
    const config_setting_t *study = config_setting_get_member(root, "study");
    const config_setting_t *name = study != NULL ? config_setting_get_member(study, "name") : NULL;
    const char *given = name != NULL ? config_setting_get_string(name) : NULL;
    bool is_given = given != NULL && given[0] != '\0';
    return cop_name_check(
        is_given ? "study.name" : "the study's name (the file's: there is no study.name)",
        l->config->name, COP_MAX_STUDY_NAME,
        is_given ? cop_setting_place(name, l->path) : (cop_place){l->path, 0}, l->err);
}

static cop_status read_study(loading *l)
{
    cop_text unused = {0};
    cop_study_reader r = {.root = config_root_setting(l->plain),
                          .file = l->path,
                          .registry = l->registry,
                          .effective = &unused};
    cop_study_options options = {0};
    cop_option_values *values = NULL;
    cop_status status = cop_study_read(&r, &options, &values, l->err);
    cop_text_free(&unused);
    COP_TRY(status);
    cop_config *c = l->config;
    size_t count = options.seeds.count;
    l->baseline = cop_arena_strdup(l->arena, options.baseline);
    c->path = strdup(l->path);
    c->name = options.name[0] != '\0' ? strdup(options.name) : file_stem(l->path);
    c->seeds = calloc(count, sizeof *c->seeds);
    if (l->baseline == NULL || c->path == NULL || c->name == NULL || c->seeds == NULL) {
        status = cop_out_of_memory(l->err);
    } else {
        memcpy(c->seeds, options.seeds.items, count * sizeof *c->seeds);
        c->seed_count = count;
    }
    cop_option_values_free(values);
    return status == COP_OK ? check_study_name(l, r.root) : status;
}

/* A sweep's values may not touch what holds for the study as a whole. */
static cop_status check_study(const loading *l, const cop_study_reader *r)
{
    cop_text unused = {0};
    cop_study_reader quiet = *r;
    quiet.effective = &unused;
    quiet.log = NULL;
    cop_study_options options = {0};
    cop_option_values *values = NULL;
    cop_status status = cop_study_read(&quiet, &options, &values, l->err);
    cop_text_free(&unused);
    COP_TRY(status);
    const cop_config *c = l->config;
    bool is_same_name = options.name[0] == '\0' || strcmp(options.name, c->name) == 0;
    bool are_same_seeds =
        options.seeds.count == c->seed_count &&
        memcmp(options.seeds.items, c->seeds, c->seed_count * sizeof *c->seeds) == 0;
    bool is_same_baseline = strcmp(options.baseline, l->baseline) == 0;
    cop_option_values_free(values);
    if (is_same_name && are_same_seeds && is_same_baseline)
        return COP_OK;
    const char *key = !is_same_name ? "name" : !are_same_seeds ? "seeds" : "baseline";
    /* What differs came from the sweep and knows its line there. */
    const config_setting_t *study = config_setting_get_member(r->root, "study");
    const config_setting_t *swept = study != NULL ? config_setting_get_member(study, key) : NULL;
    cop_place place = cop_setting_place(swept != NULL ? swept : r->root, l->path);
    return cop_fail_at(l->err, COP_INVALID, place.file, place.line,
                       "study.%s cannot be swept: it holds for every cell", key);
}

/* Reads cell i into place; its tree lives no longer than this. */
static cop_status read_cell(loading *l, const cop_sweep *sweep, size_t i)
{
    cop_arena *arena = cop_arena_new();
    if (arena == NULL)
        return cop_out_of_memory(l->err);
    config_t *tree = NULL;
    const char *label = NULL;
    cop_cell *cell = &l->config->cells[i];
    const cop_expansion from = {.tree = l->plain,
                                .overrides = l->overrides,
                                .override_count = l->override_count,
                                .name = l->config->name,
                                .file = l->path,
                                .log = l->log};
    cop_status status = cop_sweep_cell(sweep, &from, i, arena, &tree, &label, l->err);
    if (status == COP_OK) {
        cop_study_reader r = {.root = config_root_setting(tree),
                              .file = l->path,
                              .registry = l->registry,
                              .log = l->log,
                              .effective = &l->effective,
                              .parts = l->parts + i * (COP_CELL_PARTS + 1)};
        cop_text_printf(&l->effective, "%s# cell %zu of %zu: ", i > 0 ? "\n" : "", i + 1,
                        sweep->cells);
        cop_append_string(&l->effective, label);
        cop_text_append(&l->effective, "\n");
        l->config->cell_count = i + 1;
        status = cop_cell_read(&r, cell, l->err);
        if (status == COP_OK)
            status = check_study(l, &r);
        cop_tree_free(tree);
    }
    if (status == COP_OK && (cell->label = strdup(label)) == NULL)
        status = cop_out_of_memory(l->err);
    cop_arena_free(arena);
    return status;
}

static int by_label(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Tables tell cells apart by their labels. */
static cop_status check_labels(const loading *l)
{
    const cop_config *c = l->config;
    char **labels = calloc(c->cell_count, sizeof *labels);
    if (labels == NULL)
        return cop_out_of_memory(l->err);
    for (size_t i = 0; i < c->cell_count; i++)
        labels[i] = c->cells[i].label;
    qsort(labels, c->cell_count, sizeof *labels, by_label);
    cop_status status = COP_OK;
    const config_setting_t *root = config_root_setting(l->written);
    const config_setting_t *sweep = config_setting_get_member(root, "sweep");
    cop_place place = cop_setting_place(sweep != NULL ? sweep : root, l->path);
    for (size_t i = 1; i < c->cell_count && status == COP_OK; i++) {
        char shown[200];
        if (strcmp(labels[i - 1], labels[i]) == 0)
            status = cop_fail_at(l->err, COP_INVALID, place.file, place.line,
                                 "two cells of the sweep are both labelled \"%s\"",
                                 cop_escape(labels[i], shown, sizeof shown));
    }
    free(labels);
    return status;
}

static cop_status read_cells(loading *l)
{
    cop_sweep sweep;
    COP_TRY(cop_sweep_read(l->written, l->path, l->log, l->arena, &sweep, l->err));
    COP_TRY(read_study(l));
    l->config->cells = calloc(sweep.cells, sizeof *l->config->cells);
    l->parts = calloc(sweep.cells, (COP_CELL_PARTS + 1) * sizeof *l->parts);
    if (l->config->cells == NULL || l->parts == NULL)
        return cop_out_of_memory(l->err);
    for (size_t i = 0; i < sweep.cells; i++)
        COP_TRY(read_cell(l, &sweep, i));
    COP_TRY(check_labels(l));
    l->config->effective = cop_text_take(&l->effective);
    if (l->config->effective == NULL)
        return cop_out_of_memory(l->err);
    l->config->registry = l->registry;
    return cop_config_resolve(l->config, l->parts, sweep.axis_count > 0, l->err);
}

/* The study's name as it is written, or the file's; the caller's; NULL when memory is out. */
static char *study_name(const loading *l)
{
    const config_setting_t *root = config_root_setting(l->plain);
    const config_setting_t *study = config_setting_get_member(root, "study");
    const config_setting_t *name = study != NULL ? config_setting_get_member(study, "name") : NULL;
    const char *given = name != NULL ? config_setting_get_string(name) : NULL;
    return given != NULL && given[0] != '\0' ? strdup(given) : file_stem(l->path);
}

/* Makes the tree of the cell that is meant: *out is the caller's. */
static cop_status choose_cell(loading *l, const char *name, const cop_sweep *sweep, config_t **out)
{
    const char *wanted = l->alone->cell, *label = NULL, *first = NULL;
    const cop_expansion from = {.tree = l->plain,
                                .overrides = l->overrides,
                                .override_count = l->override_count,
                                .name = name,
                                .file = l->path,
                                .log = l->log};
    for (size_t i = 0; i < sweep->cells; i++) {
        COP_TRY(cop_sweep_cell(sweep, &from, i, l->arena, out, &label, l->err));
        if (wanted == NULL ? sweep->cells == 1 : strcmp(label, wanted) == 0)
            return COP_OK;
        first = first == NULL ? label : first;
        cop_tree_free(*out);
        *out = NULL;
    }
    char shown[200];
    (void)cop_escape(first != NULL ? first : "", shown, sizeof shown);
    if (wanted == NULL)
        return cop_fail(l->err, COP_INVALID,
                        "the config sweeps %zu cells; choose one with --cell (\"%s\", ...)",
                        sweep->cells, shown);
    return cop_fail(l->err, COP_INVALID,
                    "--cell names none of the config's %zu cells (\"%s\", ...)", sweep->cells,
                    shown);
}

/* The study has the name of the whole with an ending: its record is another one. */
static cop_status rename_study(loading *l, const char *name)
{
    cop_text whole = {0}, override = {0};
    cop_text_printf(&whole, "%s%s", name, l->alone->name_ending);
    cop_text_append(&override, "study.name=");
    if (!whole.failed)
        cop_append_string(&override, whole.data);
    cop_status status =
        whole.failed || override.failed
            ? cop_out_of_memory(l->err)
            : cop_override_apply(&l->plain, override.data, l->path, l->log, l->arena, l->err);
    cop_text_free(&whole);
    cop_text_free(&override);
    return status;
}

/* Puts one cell in the place of all. */
static cop_status leave_alone(loading *l, const char *name)
{
    cop_sweep sweep;
    config_t *cell = NULL;
    COP_TRY(cop_sweep_read(l->written, l->path, l->log, l->arena, &sweep, l->err));
    COP_TRY(choose_cell(l, name, &sweep, &cell));
    cop_tree_free(l->plain);
    l->plain = cell;
    (void)config_setting_remove(config_root_setting(l->written), "sweep");
    for (size_t i = 0; l->alone->without[i] != NULL; i++)
        (void)config_setting_remove(config_root_setting(l->plain), l->alone->without[i]);
    COP_TRY(rename_study(l, name));
    for (size_t i = 0; i < l->alone->override_count; i++)
        COP_TRY(cop_override_apply(&l->plain, l->alone->overrides[i], l->path, l->log, l->arena,
                                   l->err));
    return COP_OK;
}

/* The cell that study.baseline names; the first without it. */
static cop_status choose_baseline(loading *l)
{
    cop_config *c = l->config;
    if (l->baseline[0] == '\0')
        return COP_OK;
    while (c->baseline < c->cell_count && strcmp(c->cells[c->baseline].label, l->baseline) != 0)
        c->baseline++;
    if (c->baseline < c->cell_count)
        return COP_OK;
    const config_setting_t *study =
        config_setting_get_member(config_root_setting(l->plain), "study");
    cop_place place = cop_setting_place(config_setting_get_member(study, "baseline"), l->path);
    return cop_fail_at(l->err, COP_INVALID, place.file, place.line,
                       "study.baseline: no cell has the label \"%s\"; the first one's is \"%s\"",
                       l->baseline, c->cells[0].label);
}

static cop_status load(loading *l)
{
    COP_TRY(read_tree(l));
    COP_TRY(
        cop_tree_copy(config_root_setting(l->written), NULL, l->path, l->arena, &l->plain, l->err));
    (void)config_setting_remove(config_root_setting(l->plain), "sweep");
    if (l->alone == NULL) {
        COP_TRY(read_cells(l));
        return choose_baseline(l);
    }
    char *name = study_name(l);
    cop_status status = name != NULL ? leave_alone(l, name) : cop_out_of_memory(l->err);
    free(name);
    return status == COP_OK ? read_cells(l) : status;
}

cop_status cop_config_load(const char *path, const char *const *overrides, size_t override_count,
                           const cop_registry *r, cop_logger *log, cop_config **out, cop_error *err)
{
    return cop_config_load_alone(path, overrides, override_count, NULL, r, log, out, err);
}

cop_status cop_config_load_alone(const char *path, const char *const *overrides,
                                 size_t override_count, const cop_config_alone *alone,
                                 const cop_registry *r, cop_logger *log, cop_config **out,
                                 cop_error *err)
{
    *out = NULL;
    loading l = {.path = path,
                 .registry = r,
                 .overrides = overrides,
                 .override_count = override_count,
                 .alone = alone,
                 .log = log,
                 .err = err};
    l.arena = cop_arena_new();
    l.config = calloc(1, sizeof *l.config);
    cop_status status = l.arena != NULL && l.config != NULL ? load(&l) : cop_out_of_memory(err);
    cop_tree_free(l.plain);
    cop_tree_free(l.written);
    cop_text_free(&l.effective);
    free(l.parts);
    cop_arena_free(l.arena);
    if (status == COP_OK)
        *out = l.config;
    else
        cop_config_free(l.config);
    return status;
}

cop_component *cop_cell_copies_dataset(const cop_cell *cell)
{
    return cell->train_dataset != NULL ? cell->train_dataset : cell->dataset;
}

void cop_config_free(cop_config *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->cell_count; i++)
        cop_cell_clear(&c->cells[i]);
    free(c->cells);
    free(c->seeds);
    free(c->effective);
    free(c->resolved);
    free(c->name);
    free(c->path);
    free(c);
}

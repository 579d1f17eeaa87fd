/* cells.c: rows of a study, its seeds and cells, their settings, and plugins. */
#include "config/settings.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "report/database/rows.h"
#include "store/artifact_files.h"

#include <string.h>
#include <unistd.h>

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static cop_status add_study(cop_rows *rows, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    COP_TRY(COP_ADD_ROW(
        rows, "studies", cop_datum_integer(++rows->study), cop_datum_integer(rows->directory),
        cop_datum_text(last_part(rows->told->record)), cop_datum_text(record->name)));
    for (size_t i = 0; i < record->seed_count; i++)
        COP_TRY(COP_ADD_ROW(rows, "seeds", cop_datum_integer(rows->study),
                            cop_datum_integer(record->seeds[i])));
    for (size_t i = 0; i < record->plugin_count; i++) {
        const cop_record_plugin *p = &record->plugins[i];
        COP_TRY(COP_ADD_ROW(rows, "plugins", cop_datum_integer(rows->study),
                            cop_datum_text(p->kind), cop_datum_text(p->id),
                            cop_datum_text(p->version), cop_datum_text(p->summary),
                            cop_datum_text(p->citation)));
    }
    return COP_OK;
}

static cop_datum size_of(const cop_record_network *network, int64_t size)
{
    return network->model != NULL ? cop_datum_integer(size) : (cop_datum){0};
}

static cop_status add_cell(cop_rows *rows, size_t i, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    const cop_record_cell *cell = &record->cells[i];
    const cop_record_network *n = &cell->network;
    return COP_ADD_ROW(
        rows, "cells", cop_datum_integer(++rows->cell), cop_datum_integer(rows->study),
        cop_datum_integer((int64_t)i + 1), cop_datum_text(cell->label),
        cop_datum_integer(record->baseline == i), cop_datum_text(n->model),
        size_of(n, n->task.channels), size_of(n, n->task.height), size_of(n, n->task.width),
        size_of(n, n->task.classes), cop_datum_text(cell->distiller), cop_datum_real(cell->chance));
}

/* Settings. */

static const char *type_name(cop_setting_type type)
{
    switch (type) {
    case COP_SETTING_INTEGER:
        return "integer";
    case COP_SETTING_FLOAT:
        return "float";
    case COP_SETTING_BOOL:
        return "bool";
    case COP_SETTING_STRING:
        return "string";
    case COP_SETTING_LIST:
        break;
    }
    return "list";
}

static cop_datum value_of(const cop_setting *setting)
{
    switch (setting->type) {
    case COP_SETTING_INTEGER:
    case COP_SETTING_BOOL:
        return cop_datum_integer(setting->integer);
    case COP_SETTING_FLOAT:
        return cop_datum_real(setting->number);
    case COP_SETTING_STRING:
        return cop_datum_text(setting->string);
    case COP_SETTING_LIST:
        break;
    }
    return cop_datum_text(setting->value);
}

static cop_status add_settings(cop_rows *rows, int64_t cell, const cop_settings *settings,
                               const cop_settings *over, cop_error *err)
{
    for (size_t i = 0; i < settings->count; i++) {
        const cop_setting *setting = settings->sorted[i];
        bool is_repeated = i > 0 && strcmp(settings->sorted[i - 1]->path, setting->path) == 0;
        if (is_repeated || (over != NULL && cop_settings_find(over, setting->path) != NULL))
            continue;
        COP_TRY(COP_ADD_ROW(rows, "settings", cop_datum_integer(cell),
                            cop_datum_text(setting->path), cop_datum_text(type_name(setting->type)),
                            value_of(setting)));
    }
    return COP_OK;
}

/* Whether the config is of the record's cells: one that was changed since is of others. */
static bool is_of_record(const cop_config_settings *config, const cop_record *record)
{
    char line[512];
    bool is = config->cell_count == record->cell_count;
    for (size_t i = 0; is && i < record->cell_count; i++)
        is = config->cells[i].label == NULL ||
             strcmp(cop_escape(config->cells[i].label, line, sizeof line),
                    record->cells[i].label) == 0;
    return is;
}

/* A study without its config, or with one that cannot be read, has no settings. */
static cop_status read_settings(const cop_rows *rows, cop_config_settings *out, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_error why = {0};
    *out = (cop_config_settings){0};
    COP_TRY(cop_path_join(path, sizeof path, err, rows->told->record, COP_CONFIG_FILE));
    if (access(path, F_OK) != 0)
        return COP_OK;
    if (cop_config_settings_read(path, rows->told->results->arena, out, &why) != COP_OK) {
        *out = (cop_config_settings){0};
        cop_say(rows->log, COP_LOG_WARNING, "the database lacks settings: %s%s%s", why.file,
                why.file[0] != '\0' ? ": " : "", why.message);
    } else if (!is_of_record(out, &rows->told->results->record)) {
        *out = (cop_config_settings){0};
        cop_say(rows->log, COP_LOG_WARNING,
                "the database lacks settings: %s is not of the cells of " COP_STUDY_FILE, path);
    }
    return COP_OK;
}

cop_status cop_rows_cells(cop_rows *rows, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    cop_config_settings config;
    COP_TRY(add_study(rows, err));
    rows->first_cell = rows->cell + 1;
    for (size_t i = 0; i < record->cell_count; i++)
        COP_TRY(add_cell(rows, i, err));
    COP_TRY(read_settings(rows, &config, err));
    for (size_t i = 0; i < config.cell_count; i++) {
        int64_t cell = rows->first_cell + (int64_t)i;
        COP_TRY(add_settings(rows, cell, &config.cells[i].own, NULL, err));
        COP_TRY(add_settings(rows, cell, &config.common, &config.cells[i].own, err));
    }
    return COP_OK;
}

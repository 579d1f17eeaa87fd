/* results.c: collecting the artifacts of a record, sound or not. */
#include "report/data/results.h"
#include "report/data/judged.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/artifact_files.h"
#include "store/formats/tables_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

cop_status cop_results_file(const cop_results *r, const cop_artifact_id *id, const char *file,
                            const char **path, cop_error *err)
{
    COP_TRY(cop_store_check_file(r->store, id, file, err));
    char text[COP_PATH_SIZE];
    cop_store_path(r->store, id, file, text, sizeof text);
    *path = cop_arena_strdup(r->arena, text);
    return *path != NULL ? COP_OK : cop_out_of_memory(err);
}

/* The id of the plugin that did the work, out of the artifact's lines "kind id version …". */
static cop_status read_maker(const cop_results *r, cop_result *result, cop_error *err)
{
    char lines[COP_MAKERS_SIZE], *rest = lines;
    const char *kind = strcmp(result->id.kind, COP_ARTIFACT_SET) == 0    ? "distiller "
                       : strcmp(result->id.kind, COP_ARTIFACT_MASK) == 0 ? "pruner "
                                                                         : "analyzer ";
    result->made_by = "";
    COP_TRY(cop_store_made_by(r->store, &result->id, lines, sizeof lines, err));
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (strncmp(line, kind, strlen(kind)) != 0)
            continue;
        char *id = line + strlen(kind);
        id[strcspn(id, " ")] = '\0';
        result->made_by = cop_arena_strdup(r->arena, id);
        return result->made_by != NULL ? COP_OK : cop_out_of_memory(err);
    }
    return COP_OK;
}

/* Most works record nothing, and have no such file. */
static cop_status read_series(const cop_results *r, cop_result *result, cop_error *err)
{
    const char *path = NULL;
    bool recorded = false;
    COP_TRY(cop_store_lists(r->store, &result->id, COP_SERIES_FILE, &recorded, err));
    if (!recorded)
        return COP_OK;
    COP_TRY(cop_results_file(r, &result->id, COP_SERIES_FILE, &path, err));
    COP_TRY(cop_series_csv_read(path, r->arena, &result->series, &result->series_count, err));
    return read_maker(r, result, err);
}

/* Masks of earlier versions have no such file. */
static cop_status read_layers(const cop_results *r, cop_result *result, cop_error *err)
{
    const char *path = NULL;
    bool told = false;
    COP_TRY(cop_store_lists(r->store, &result->id, COP_LAYERS_FILE, &told, err));
    if (!told)
        return COP_OK;
    COP_TRY(cop_results_file(r, &result->id, COP_LAYERS_FILE, &path, err));
    return cop_layers_csv_read(path, r->arena, &result->layers, &result->layer_count, err);
}

static cop_status read_content(cop_results *r, cop_result *result, cop_error *err)
{
    char provenance[1024];
    const char *path = NULL;
    COP_TRY(cop_store_cost(r->store, &result->id, &result->seconds, provenance, sizeof provenance,
                           err));
    result->provenance = cop_arena_strdup(r->arena, provenance);
    if (result->provenance == NULL)
        return cop_out_of_memory(err);
    if (strcmp(result->id.kind, COP_ARTIFACT_TRAINING) != 0)
        COP_TRY(read_series(r, result, err));
    if (strcmp(result->id.kind, COP_ARTIFACT_ANALYSIS) == 0) {
        COP_TRY(cop_results_file(r, &result->id, COP_TABLES_FILE, &path, err));
        return cop_tables_read(path, &result->tables, err);
    }
    COP_TRY(cop_results_file(r, &result->id, COP_SUMMARY_FILE, &path, err));
    COP_TRY(cop_summary_read(path, &result->summary, err));
    if (strcmp(result->id.kind, COP_ARTIFACT_MASK) == 0)
        return read_layers(r, result, err);
    if (strcmp(result->id.kind, COP_ARTIFACT_TRAINING) != 0)
        return COP_OK;
    COP_TRY(cop_results_file(r, &result->id, COP_HISTORY_FILE, &path, err));
    return cop_history_csv_read(path, r->arena, &result->history, &result->history_count, err);
}

/* Of the last of the absent. */
static cop_status note_damage(cop_results *r, cop_logger *log, const cop_artifact_id *id,
                              cop_error *damage, cop_error *err)
{
    const char *text = cop_arena_strdup(r->arena, damage->message);
    if (text == NULL)
        return cop_out_of_memory(err);
    r->damages[r->absent_count - 1] = text;
    (void)cop_store_advise(r->store, id, COP_DAMAGED, damage);
    if (r->damaged_count++ == 0)
        r->first_damage = *damage;
    cop_say(log, COP_LOG_WARNING, "left out: %s%s%s", damage->file,
            damage->file[0] != '\0' ? ": " : "", damage->message);
    return COP_OK;
}

/* *result is empty but for its name where it is not read. */
static cop_status find_and_read(cop_results *r, cop_result *result, bool *there, cop_error *err)
{
    const cop_artifact_id id = result->id;
    COP_TRY(cop_store_find(r->store, &id, there, err));
    cop_status status = *there ? read_content(r, result, err) : COP_OK;
    if (status == COP_OK)
        return COP_OK;
    cop_tables_free(result->tables);
    *result = (cop_result){.id = id};
    return status;
}

/* Damage is noted; that a disk does not read, or memory is refused, says nothing about an artifact:
 * no report is made then, and the one that is there stays. */
static cop_status collect(cop_results *r, cop_logger *log, const cop_artifact_id *id,
                          cop_error *err)
{
    if (cop_name_table_find(&r->known, id) != COP_NO_NAME)
        return COP_OK;
    cop_result result = {.id = *id};
    cop_error damage = {0};
    bool there = false;
    cop_status status = find_and_read(r, &result, &there, &damage);
    if (status != COP_OK) /* a run may have replaced it between two openings */
        status = find_and_read(r, &result, &there, &damage);
    if (status == COP_OK && there) {
        cop_name_table_put(&r->known, id, r->found_count);
        r->found[r->found_count++] = result;
        return COP_OK;
    }
    cop_name_table_put(&r->known, id, COP_RESULT_ABSENT);
    r->absent[r->absent_count++] = *id;
    if (status == COP_DAMAGED)
        return note_damage(r, log, id, &damage, err);
    if (status != COP_OK && err != NULL)
        *err = damage;
    return status;
}

static size_t count_names(const cop_record *record)
{
    size_t count = 2 * record->distilled_count;
    for (size_t i = 0; i < record->distilled_count; i++)
        count += record->distilled[i].training_count;
    for (size_t i = 0; i < record->ticket_count; i++)
        count += 3 + record->tickets[i].copy_count + record->tickets[i].analysis_count;
    return count;
}

static cop_status collect_ticket(cop_results *r, cop_logger *log, const cop_record_ticket *t,
                                 cop_error *err)
{
    if (t->has_training)
        COP_TRY(collect(r, log, &t->training, err));
    if (t->has_data)
        COP_TRY(collect(r, log, &t->data, err));
    if (t->has_mask)
        COP_TRY(collect(r, log, &t->mask, err));
    for (size_t k = 0; k < t->copy_count; k++)
        COP_TRY(collect(r, log, &t->copies[k], err));
    for (size_t k = 0; k < t->analysis_count; k++)
        COP_TRY(collect(r, log, &t->analyses[k].id, err));
    return COP_OK;
}

static cop_status collect_all(cop_results *r, cop_logger *log, cop_error *err)
{
    for (size_t i = 0; i < r->record.distilled_count; i++) {
        const cop_record_distilled *d = &r->record.distilled[i];
        COP_TRY(collect(r, log, &d->set, err));
        if (d->has_trained)
            COP_TRY(collect(r, log, &d->trained, err));
        for (size_t k = 0; k < d->training_count; k++)
            COP_TRY(collect(r, log, &d->trainings[k], err));
    }
    for (size_t i = 0; i < r->record.ticket_count; i++)
        COP_TRY(collect_ticket(r, log, &r->record.tickets[i], err));
    return COP_OK;
}

cop_status cop_results_read(const char *dir, const char *record, cop_logger *log, cop_results *out,
                            cop_error *err)
{
    memset(out, 0, sizeof *out);
    out->arena = cop_arena_new();
    if (out->arena == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_record_open(record, out->arena, &out->record, err));
    out->briefs = cop_brief_labels(&out->record, out->arena);
    COP_TRY(cop_store_open_to_read(dir, &out->store, err));
    size_t names = count_names(&out->record) + 1;
    out->found = cop_arena_array(out->arena, names, sizeof *out->found);
    out->absent = cop_arena_array(out->arena, names, sizeof *out->absent);
    out->damages = cop_arena_array(out->arena, names, sizeof *out->damages);
    if (out->briefs == NULL || out->found == NULL || out->absent == NULL || out->damages == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_name_table_make(names, out->arena, &out->known, err));
    COP_TRY(collect_all(out, log, err));
    return cop_judged_make(out, log, err);
}

void cop_results_clear(cop_results *r)
{
    for (size_t i = 0; i < r->found_count; i++)
        cop_tables_free(r->found[i].tables);
    cop_store_close(r->store);
    cop_arena_free(r->arena);
    memset(r, 0, sizeof *r);
}

const cop_result *cop_results_find(const cop_results *r, const cop_artifact_id *id)
{
    size_t at = cop_name_table_find(&r->known, id);
    return at < r->found_count ? &r->found[at] : NULL;
}

const char *cop_results_damage(const cop_results *r, const cop_artifact_id *id)
{
    for (size_t i = 0; r->damaged_count > 0 && i < r->absent_count; i++)
        if (cop_same_artifact(&r->absent[i], id))
            return r->damages[i];
    return NULL;
}

double cop_ticket_sparsity(const cop_results *r, const cop_record_ticket *t)
{
    if (!t->has_mask)
        return 0.0;
    const cop_result *mask = cop_results_find(r, &t->mask);
    if (mask == NULL || !(mask->summary.prunable > 0.0))
        return (double)NAN;
    return (mask->summary.prunable - mask->summary.kept) / mask->summary.prunable;
}

double cop_ticket_kept(const cop_results *r, const cop_record_ticket *t)
{
    if (t->has_mask) {
        const cop_result *mask = cop_results_find(r, &t->mask);
        return mask != NULL ? mask->summary.kept : (double)NAN;
    }
    /* The dense network keeps all that any mask of its cell could remove. */
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *other = &r->record.tickets[i];
        const cop_result *mask =
            other->cell == t->cell && other->has_mask ? cop_results_find(r, &other->mask) : NULL;
        if (mask != NULL)
            return mask->summary.prunable;
    }
    return (double)NAN;
}

/* Stored images in a decoded one of the set that a ticket's training saw; 1 for real data, NaN
 * where the set is not there. */
static double stored_share(const cop_results *r, const cop_record_ticket *t)
{
    if (!t->has_data)
        return 1.0;
    const cop_result *set = cop_results_find(r, &t->data);
    return set != NULL && set->summary.decoded > 0.0 ? set->summary.stored / set->summary.decoded
                                                     : (double)NAN;
}

double cop_ticket_collapsed_layers(const cop_results *r, const cop_record_ticket *t)
{
    if (!t->has_mask)
        return 0.0;
    const cop_result *mask = cop_results_find(r, &t->mask);
    return mask != NULL ? mask->summary.collapsed_layers : (double)NAN;
}

/* The points of one round; NaN where they cannot be counted. */
static double round_points(const cop_results *r, const cop_record_ticket *t, cop_points what)
{
    if (t->knows_data && !t->has_training)
        return 0.0; /* found without training */
    const cop_result *training = t->has_training ? cop_results_find(r, &t->training) : NULL;
    if (training == NULL || (what == COP_POINTS_STORED && !t->knows_data))
        return (double)NAN;
    return training->summary.samples * (what == COP_POINTS_STORED ? stored_share(r, t) : 1.0);
}

double cop_ticket_points(const cop_results *r, const cop_record_ticket *t, cop_points what)
{
    double points = 0.0;
    bool is_real = true; /* no distilled set on the way: decoded and stored are the same */
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *other = &r->record.tickets[i];
        if (other->cell != t->cell || other->seed != t->seed || other->round > t->round ||
            !other->has_mask || other->control != NULL)
            continue;
        is_real = is_real && other->knows_data && !other->has_data;
        points += round_points(r, other, what);
    }
    if (!isnan(points))
        return points;
    return what == COP_POINTS_DECODED || is_real ? t->points : (double)NAN;
}

double cop_is_collapsed(double accuracy, double chance)
{
    if (isnan(accuracy) || isnan(chance))
        return (double)NAN;
    return accuracy <= chance ? 1.0 : 0.0;
}

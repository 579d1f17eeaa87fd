/* stage_states.c: first what is done, since the others' states go by that. */
#include "store/stage_states.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "store/failures.h"
#include "store/formats/checkpoint_file.h"
#include "store/lease.h"
#include "store/listing.h"
#include "store/paths.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

const char *cop_stage_state_name(cop_stage_state state)
{
    static const char *const names[COP_STATE_COUNT] = {"done", "running", "failed", "ready",
                                                       "waiting"};
    return names[state];
}

/* What the functions here share. */
typedef struct looking {
    const cop_stage_sight *sight;
    const cop_stage_records *records;
    cop_arena *arena;
    cop_listing listing;
    cop_stage_look *looks;
    const char **reasons; /* of each stage that the record calls failed */
    struct timespec now;
} looking;

/* What is done. */

/* Notes an artifact that is not what its name says. */
static cop_status note_damage(looking *l, size_t i, const cop_error *why, cop_error *err)
{
    char line[sizeof why->message + sizeof why->file];
    const char *text = cop_arena_printf(l->arena, "%s%s%s", why->file,
                                        why->file[0] != '\0' ? ": " : "", why->message);
    if (text != NULL)
        text = cop_arena_strdup(l->arena, cop_escape(text, line, sizeof line));
    l->looks[i].damage = text;
    return text != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status look_at_artifact(looking *l, size_t i, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_manifest *manifest = NULL;
    cop_error why = {0};
    const cop_artifact_id *id = &l->records->stages[i].id;
    cop_stage_look *look = &l->looks[i];
    if (cop_listed_find(&l->listing.published, id) == NULL)
        return COP_OK;
    COP_TRY(cop_path_join(path, sizeof path, err, l->sight->dir, COP_STORE_FOLDER "/%s-%s",
                          id->kind, id->hash));
    cop_status status = cop_open_manifest(path, id, &manifest, &why);
    if (status == COP_DAMAGED)
        return note_damage(l, i, &why, err);
    if (status != COP_OK) {
        if (err != NULL)
            *err = why;
        return status;
    }
    if (manifest == NULL) /* set aside or replaced meanwhile */
        return COP_OK;
    look->state = COP_STATE_DONE;
    look->seconds = fmax(0.0, cop_manifest_seconds(manifest));
    cop_manifest_free(manifest);
    return COP_OK;
}

/* What is under way. */

/* False where it is gone by now. */
static bool find_checkpoint(const looking *l, const char *name, char *path, struct stat *info)
{
    return cop_path_join(path, COP_PATH_SIZE, NULL, l->sight->dir, COP_WORK_FOLDER "/%s", name) ==
               COP_OK &&
           lstat(path, info) == 0;
}

/* A checkpoint that does not say how far it is, or whose it is, is shown without that. */
static void read_checkpoint(const cop_artifact_id *id, const char *path, cop_stage_look *look)
{
    char owner[COP_ARTIFACT_NAME_SIZE], self[COP_ARTIFACT_NAME_SIZE];
    int64_t step = 0;
    double seconds = 0.0;
    if (cop_checkpoint_glance(path, owner, &step, &seconds, NULL) != COP_OK ||
        strcmp(owner, cop_artifact_text(id, self)) != 0)
        return;
    look->saved_step = step;
    look->saved_seconds = seconds;
}

/* Whether a process says that it computes the stage, and which. */
static bool is_leased(const looking *l, const cop_artifact_id *id, cop_stage_look *look)
{
    char who[300], shown[600];
    if (cop_listed_find(&l->listing.leases, id) == NULL ||
        cop_lease_holder(l->sight->dir, id, who, sizeof who)[0] == '\0')
        return false;
    look->holder = cop_arena_strdup(l->arena, cop_escape(who, shown, sizeof shown));
    return true;
}

/* Takes over a failure that a run has kept, which its record may not know yet. */
static cop_status read_failure(looking *l, size_t i, cop_error *err)
{
    char reason[COP_FAILURE_SIZE];
    const cop_artifact_id *id = &l->records->stages[i].id;
    if (l->reasons[i] != NULL || cop_listed_find(&l->listing.failures, id) == NULL ||
        cop_failure_read(l->sight->dir, id, reason) == COP_FAILURE_NONE)
        return COP_OK;
    l->reasons[i] = cop_arena_strdup(l->arena, reason);
    return l->reasons[i] != NULL ? COP_OK : cop_out_of_memory(err);
}

/* What a process computes it has the lease of: neither a checkpoint nor a draft says whether
 * anybody still writes it, and what time their files have is the clock's, which jumps. */
static bool look_at_work(const looking *l, size_t i)
{
    char path[COP_PATH_SIZE];
    struct stat info;
    const cop_artifact_id *id = &l->records->stages[i].id;
    cop_stage_look *look = &l->looks[i];
    const cop_listed *saved = cop_listed_find(&l->listing.checkpoints, id);
    if (saved != NULL && find_checkpoint(l, saved->name, path, &info)) {
        look->is_saved = true;
        look->saved_ago = fmax(0.0, (double)(l->now.tv_sec - info.st_mtim.tv_sec));
        read_checkpoint(id, path, look);
    }
    return is_leased(l, id, look);
}

/* The others. */

static bool has_inputs(const looking *l, const cop_stage_record *stage)
{
    for (size_t k = 0; k < stage->input_count; k++) {
        size_t at = cop_stage_index_find(l->sight->index, &stage->inputs[k]);
        if (at == COP_NO_RECORD || l->looks[at].state != COP_STATE_DONE)
            return false;
    }
    return true;
}

/* What needs the result of a failed stage is called failed with it. */
static bool inherits_failure(const looking *l, const cop_stage_record *stage)
{
    for (size_t k = 0; k < stage->input_count; k++) {
        size_t at = cop_stage_index_find(l->sight->index, &stage->inputs[k]);
        if (at != COP_NO_RECORD && l->reasons[at] != NULL && l->looks[at].state != COP_STATE_DONE)
            return true;
    }
    return false;
}

static void look_at_rest(const looking *l, size_t i)
{
    cop_stage_look *look = &l->looks[i];
    if (look->state == COP_STATE_DONE)
        return;
    bool is_running = look_at_work(l, i);
    look->reason = is_running ? NULL : l->reasons[i];
    look->is_inherited = look->reason != NULL && inherits_failure(l, &l->records->stages[i]);
    look->state = is_running                              ? COP_STATE_RUNNING
                  : look->reason != NULL                  ? COP_STATE_FAILED
                  : has_inputs(l, &l->records->stages[i]) ? COP_STATE_READY
                                                          : COP_STATE_WAITING;
}

static cop_status prepare(looking *l, cop_error *err)
{
    size_t count = l->records->stage_count;
    l->looks = cop_arena_array(l->arena, count + 1, sizeof *l->looks);
    l->reasons = cop_arena_array(l->arena, count + 1, sizeof *l->reasons);
    if (l->looks == NULL || l->reasons == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        l->looks[i] = (cop_stage_look){.state = COP_STATE_WAITING,
                                       .seconds = (double)NAN,
                                       .saved_step = -1,
                                       .saved_seconds = (double)NAN};
    for (size_t i = 0; i < l->sight->record->failure_count; i++) {
        const cop_record_failure *failure = &l->sight->record->failures[i];
        size_t at = cop_stage_index_find(l->sight->index, &failure->stage);
        if (at != COP_NO_RECORD)
            l->reasons[at] = failure->reason;
    }
    (void)clock_gettime(CLOCK_REALTIME, &l->now);
    return COP_OK;
}

static cop_status look_at_all(looking *l, cop_error *err)
{
    COP_TRY(cop_listing_read(l->sight->dir, l->arena, &l->listing, err));
    COP_TRY(prepare(l, err));
    for (size_t i = 0; i < l->records->stage_count; i++)
        COP_TRY(look_at_artifact(l, i, err));
    for (size_t i = 0; i < l->records->stage_count; i++)
        if (l->looks[i].state != COP_STATE_DONE)
            COP_TRY(read_failure(l, i, err));
    for (size_t i = 0; i < l->records->stage_count; i++)
        look_at_rest(l, i);
    return COP_OK;
}

cop_status cop_stages_look(const cop_stage_sight *sight, cop_arena *arena, cop_stage_look **looks,
                           cop_error *err)
{
    looking l = {.sight = sight, .records = sight->index->records, .arena = arena};
    cop_status status = look_at_all(&l, err);
    cop_listing_clear(&l.listing);
    *looks = l.looks;
    return status;
}

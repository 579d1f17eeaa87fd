/* test_stage_states.c: how far stages are, from what lies in a directory. */
#include "store_fixture.h"

#include "core/file.h"
#include "core/path.h"
#include "store/failures.h"
#include "store/lease.h"
#include "store/stage_states.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { A, B, C, D, E, STAGES };

/* Five stages: B needs A, C needs B, D and E need nothing. */
typedef struct scene {
    store_fixture *f;
    cop_arena *arena;
    cop_stage_record stages[STAGES];
    cop_stage_records records;
    cop_stage_index index;
    cop_record record;
    cop_record_failure failures[2];
    cop_stage_look *looks;
} scene;

static void make(scene *s, void **state)
{
    static const char *const words[STAGES] = {"a\n", "b\n", "c\n", "d\n", "e\n"};
    cop_error err = {0};
    memset(s, 0, sizeof *s);
    s->f = *state;
    s->arena = cop_arena_new();
    assert_non_null(s->arena);
    for (size_t i = 0; i < STAGES; i++)
        s->stages[i] = (cop_stage_record){
            .id = name_of("train", words[i]), .title = words[i], .data = "", .identity = words[i]};
    s->stages[B].inputs = &s->stages[A].id;
    s->stages[C].inputs = &s->stages[B].id;
    s->stages[B].input_count = s->stages[C].input_count = 1;
    s->records = (cop_stage_records){.stages = s->stages, .stage_count = STAGES};
    s->record.failures = s->failures;
    assert_ok(cop_stage_index_make(&s->records, s->arena, &s->index, &err), &err);
}

static void look(scene *s)
{
    cop_error err = {0};
    const cop_stage_sight sight = {.dir = s->f->dir, .index = &s->index, .record = &s->record};
    assert_ok(cop_stages_look(&sight, s->arena, &s->looks, &err), &err);
}

static void clear(scene *s)
{
    cop_arena_free(s->arena);
}

static void assert_states(const scene *s, const char *wanted)
{
    char got[200] = "";
    for (size_t i = 0; i < STAGES; i++)
        (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "",
                       cop_stage_state_name(s->looks[i].state));
    assert_string_equal(got, wanted);
}

static void publish_stage(const scene *s, size_t i, double seconds)
{
    cop_error err = {0};
    cop_draft *draft = NULL;
    assert_ok(cop_draft_open(s->f->store, &s->stages[i].id, &draft, &err), &err);
    assert_ok(cop_draft_publish(draft, s->stages[i].identity, seconds, &err), &err);
}

static void save(const scene *s, size_t i, int64_t step, double seconds)
{
    cop_error err = {0};
    cop_saved saved = {.bag = some_tensors(), .step = step, .seconds = seconds};
    assert_ok(cop_checkpoint_save(s->f->store, &s->stages[i].id, &saved, &err), &err);
    cop_saved_clear(&saved);
}

static void what_is_published_is_done_and_what_needs_it_is_ready(void **state)
{
    scene s;
    make(&s, state);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    publish_stage(&s, A, 2.5);
    look(&s);
    assert_states(&s, "done ready waiting ready ready");
    assert_true(s.looks[A].seconds == 2.5);
    assert_true(isnan(s.looks[B].seconds));
    clear(&s);
}

/* Whenever it was written, by a clock that may have jumped. */
static void a_checkpoint_alone_is_not_running(void **state)
{
    scene s;
    make(&s, state);
    save(&s, D, 17, 3.5);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    assert_true(s.looks[D].is_saved);
    assert_int_equal(s.looks[D].saved_step, 17);
    assert_true(s.looks[D].saved_seconds == 3.5);
    assert_false(s.looks[E].is_saved);
    char path[COP_PATH_SIZE + 100];
    const struct timespec later[2] = {{.tv_sec = time(NULL) + 86400},
                                      {.tv_sec = time(NULL) + 86400}};
    (void)snprintf(path, sizeof path, "%s/work/train-%s.checkpoint.safetensors", s.f->dir,
                   s.stages[D].id.hash);
    assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    assert_true(s.looks[D].saved_ago == 0.0);
    clear(&s);
}

static void what_a_process_has_the_lease_of_is_running(void **state)
{
    scene s;
    cop_error err = {0};
    cop_lease *lease = NULL;
    make(&s, state);
    assert_ok(cop_lease_take(s.f->store, &s.stages[D].id, NULL, &lease, &err), &err);
    look(&s);
    assert_states(&s, "ready waiting waiting running ready");
    cop_lease_release(lease);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    clear(&s);
}

/* The record is written when the run ends; the others know it before. */
static void a_failure_that_is_kept_is_known_at_once(void **state)
{
    scene s;
    cop_error err = {0};
    make(&s, state);
    assert_ok(cop_failure_keep(s.f->store, &s.stages[D].id, COP_FAILURE_SURE, "it diverged", &err),
              &err);
    look(&s);
    assert_states(&s, "ready waiting waiting failed ready");
    assert_string_equal(s.looks[D].reason, "it diverged");
    cop_failure_forget(s.f->store, &s.stages[D].id);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    clear(&s);
}

static void a_draft_alone_is_not_running_likewise(void **state)
{
    scene s;
    cop_error err = {0};
    cop_draft *draft = NULL;
    make(&s, state);
    assert_ok(cop_draft_open(s.f->store, &s.stages[E].id, &draft, &err), &err);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    cop_draft_abandon(draft);
    clear(&s);
}

static void what_failed_has_its_reason_and_what_needs_it_is_told_apart(void **state)
{
    scene s;
    make(&s, state);
    s.failures[0] = (cop_record_failure){.stage = s.stages[A].id, .reason = "a\n: no luck"};
    s.failures[1] = (cop_record_failure){.stage = s.stages[B].id, .reason = "a\n: no luck"};
    s.record.failure_count = 2;
    look(&s);
    assert_states(&s, "failed failed waiting ready ready");
    assert_string_equal(s.looks[A].reason, "a\n: no luck");
    assert_false(s.looks[A].is_inherited);
    assert_true(s.looks[B].is_inherited);
    publish_stage(&s, A, 1.0); /* alone, since */
    look(&s);
    assert_states(&s, "done failed waiting ready ready");
    assert_false(s.looks[B].is_inherited);
    clear(&s);
}

static void what_is_damaged_is_not_done_and_says_why(void **state)
{
    scene s;
    char path[STORE_PATH];
    make(&s, state);
    publish_stage(&s, A, 1.0);
    cop_store_path(s.f->store, &s.stages[A].id, "artifact.json", path, sizeof path);
    write_bytes(path, "{", 1);
    look(&s);
    assert_states(&s, "ready waiting waiting ready ready");
    assert_non_null(strstr(s.looks[A].damage, "artifact.json"));
    cop_store_path(s.f->store, &s.stages[A].id, "", path, sizeof path);
    remove_tree(path);
    write_bytes(path, "", 0); /* a file in a folder's place */
    look(&s);
    assert_non_null(strstr(s.looks[A].damage, "is not a directory"));
    clear(&s);
}

static void a_checkpoint_that_says_nothing_is_there_all_the_same(void **state)
{
    scene s;
    char path[STORE_PATH + 100];
    make(&s, state);
    (void)snprintf(path, sizeof path, "%s/work/train-%s.checkpoint.safetensors", s.f->dir,
                   s.stages[D].id.hash);
    write_bytes(path, "nothing", 7);
    look(&s);
    assert_true(s.looks[D].is_saved);
    assert_int_equal(s.looks[D].saved_step, -1);
    assert_true(isnan(s.looks[D].saved_seconds));
    /* Another stage's counts as little. */
    save(&s, E, 5, 1.0);
    char other[STORE_PATH + 100];
    (void)snprintf(other, sizeof other, "%s/work/train-%s.checkpoint.safetensors", s.f->dir,
                   s.stages[E].id.hash);
    assert_int_equal(rename(other, path), 0);
    look(&s);
    assert_int_equal(s.looks[D].saved_step, -1);
    assert_false(s.looks[E].is_saved);
    clear(&s);
}

/* The file says what it likes of inputs: unknown ones, and circles. */
static void inputs_that_make_no_sense_are_waited_for(void **state)
{
    scene s;
    make(&s, state);
    cop_artifact_id nobody = name_of("mask", "nobody");
    s.stages[A].inputs = &s.stages[B].id;
    s.stages[D].inputs = &nobody;
    s.stages[A].input_count = s.stages[D].input_count = 1;
    look(&s);
    assert_states(&s, "waiting waiting waiting waiting ready");
    clear(&s);
}

static void a_directory_that_is_none_has_nothing(void **state)
{
    scene s;
    make(&s, state);
    publish_stage(&s, A, 1.0);
    cop_error err = {0};
    const cop_stage_sight sight = {.dir = "/dev/null", .index = &s.index, .record = &s.record};
    assert_ok(cop_stages_look(&sight, s.arena, &s.looks, &err), &err);
    assert_states(&s, "ready waiting waiting ready ready");
    clear(&s);
}

static void a_stage_is_meant_by_the_beginning_of_its_name_or_its_hash(void **state)
{
    scene s;
    char name[COP_ARTIFACT_NAME_SIZE];
    make(&s, state);
    const cop_stage_record *stage = &s.stages[A];
    (void)cop_artifact_text(&stage->id, name);
    assert_true(cop_stage_is_meant(stage, name));
    assert_true(cop_stage_is_meant(stage, stage->id.hash));
    name[9] = '\0';
    assert_true(cop_stage_is_meant(stage, name));
    assert_false(cop_stage_is_meant(stage, ""));
    assert_false(cop_stage_is_meant(stage, "mask-"));
    for (size_t i = 0; i < STAGES; i++)
        assert_int_equal(cop_stage_index_find(&s.index, &s.stages[i].id), i);
    cop_artifact_id nobody = name_of("mask", "a\n");
    assert_true(cop_stage_index_find(&s.index, &nobody) == COP_NO_RECORD);
    clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_published_is_done_and_what_needs_it_is_ready),
        WITH_STORE(a_checkpoint_alone_is_not_running),
        WITH_STORE(what_a_process_has_the_lease_of_is_running),
        WITH_STORE(a_failure_that_is_kept_is_known_at_once),
        WITH_STORE(a_draft_alone_is_not_running_likewise),
        WITH_STORE(what_failed_has_its_reason_and_what_needs_it_is_told_apart),
        WITH_STORE(what_is_damaged_is_not_done_and_says_why),
        WITH_STORE(a_checkpoint_that_says_nothing_is_there_all_the_same),
        WITH_STORE(inputs_that_make_no_sense_are_waited_for),
        WITH_STORE(a_directory_that_is_none_has_nothing),
        WITH_STORE(a_stage_is_meant_by_the_beginning_of_its_name_or_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

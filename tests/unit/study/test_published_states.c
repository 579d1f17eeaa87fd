/* test_published_states.c: states in the store, and files that stand in for them, are read as what they
 * are: one of another type is refused, and a file that has changed since stops nobody else. */
#include "core/damage.h"
#include "core/hash.h"
#include "nn/declared.h"
#include "store/formats/safetensors.h"
#include "store_fixture.h"
#include "study/graph/given.h"
#include "study/running/runner.h"
#include "study/study.h"
#include "tiny_net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct scene {
    cop_model *model;
    cop_config config;
    int64_t seed;
    cop_opened opened;
    cop_stage stage; /* a training, published with the state below */
    cop_ticket ticket;
    struct cop_study study;
} scene;

/* Publishes the model's initial state, one of whose tensors is of bytes. */
static void publish_state(store_fixture *f, const cop_model *model, const char *of_bytes)
{
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[STORE_PATH];
    cop_tensors *good = NULL, *state = cop_tensors_new();
    assert_ok(cop_model_initial_state(model, 5, &good, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(good); i++) {
        const cop_tensor *from = cop_tensors_at(good, i);
        cop_dtype dtype = strcmp(from->name, of_bytes) == 0 ? COP_U8 : from->dtype;
        assert_ok(cop_tensors_add(state, from->name, dtype, from->shape, NULL, &err), &err);
    }
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    cop_draft_path(draft, "state.safetensors", path, sizeof path);
    assert_ok(cop_safetensors_write(path, state, NULL, 0, &err), &err);
    assert_ok(cop_draft_publish(draft, "identity of the test", 1.5, &err), &err);
    cop_tensors_free(good);
    cop_tensors_free(state);
}

static void set_scene(scene *s, const store_fixture *f)
{
    *s = (scene){.model = tiny_model(false), .seed = 3};
    s->config.seeds = &s->seed;
    s->config.seed_count = 1;
    s->opened.model = s->model;
    s->stage = (cop_stage){.kind = COP_STAGE_TRAIN, .id = f->id};
    s->ticket = (cop_ticket){.mask = COP_NO_STAGE, .start = {.base = 0, .carry = COP_NO_STAGE}};
    s->study = (struct cop_study){.config = &s->config,
                                  .opened = &s->opened,
                                  .stages = &s->stage,
                                  .stage_count = 1,
                                  .tickets = &s->ticket,
                                  .ticket_count = 1};
}

static cop_status start_of(scene *s, const store_fixture *f, cop_tensors **out, cop_error *err)
{
    const cop_ticket_name name = {.seed = s->seed};
    return cop_study_ticket_start(&s->study, f->store, &name, out, err);
}

static void a_state_of_another_type_is_refused(void **state)
{
    store_fixture *f = *state;
    scene s;
    cop_tensors *out = NULL;
    cop_error err = {0};
    set_scene(&s, f);
    publish_state(f, s.model, "fc.weight");
    assert_refused(start_of(&s, f, &out, &err), COP_FAILED, &err,
                   "the state's tensor \"fc.weight\" is not F32");
    assert_null(out);
    cop_model_free(s.model);
}

static void a_carried_state_of_another_type_is_refused(void **state)
{
    store_fixture *f = *state;
    scene s;
    cop_tensors *out = NULL;
    cop_error err = {0};
    set_scene(&s, f);
    s.ticket.start = (cop_start_point){.init_seed = 1, .base = COP_NO_STAGE, .carry = 0};
    publish_state(f, s.model, "fc.bias");
    assert_refused(start_of(&s, f, &out, &err), COP_FAILED, &err,
                   "the trained state's tensor \"fc.bias\" is not F32");
    cop_model_free(s.model);
}

static void a_sound_state_is_taken(void **state)
{
    store_fixture *f = *state;
    scene s;
    cop_tensors *out = NULL;
    cop_error err = {0};
    set_scene(&s, f);
    publish_state(f, s.model, "");
    assert_ok(start_of(&s, f, &out, &err), &err);
    assert_int_equal(cop_tensors_count(out), cop_declared_count(s.model));
    cop_tensors_free(out);
    cop_model_free(s.model);
}

/* Whose fault it is that a file cannot stand in for a stage: the file's, and others go on, or that of
 * the machine, and nothing does. */
static void check_given(const char *path, const char *hash, cop_status wanted, bool is_own,
                        const char *text)
{
    cop_given given = {.option = "ticket.weights", .path = path, .kind = COP_STAGE_TRAIN};
    const cop_stage stage = {.kind = COP_STAGE_TRAIN, .given = &given};
    cop_runner r = {.damaged = COP_NO_STAGE, .own_failure = !is_own};
    cop_error err = {0};
    (void)snprintf(given.hash, sizeof given.hash, "%s", hash);
    assert_refused(cop_run_given(&r, &stage, &err), wanted, &err, text);
    assert_int_equal(r.own_failure, is_own);
}

static void only_a_file_that_changed_leaves_the_others_running(void **state)
{
    const store_fixture *f = *state;
    char path[STORE_PATH + 32];
    const char *hash = "00000000000000000000000000000000";
    (void)snprintf(path, sizeof path, "%s/x", f->dir);
    check_given(path, hash, COP_DAMAGED, true, "ticket.weights: the file is gone");
    write_bytes(path, "0123456789", 10);
    check_given(path, hash, COP_DAMAGED, true, "ticket.weights: the file is another one than when");
    check_given(f->dir, hash, COP_FAILED, false, "cannot read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_state_of_another_type_is_refused),
        WITH_STORE(a_carried_state_of_another_type_is_refused),
        WITH_STORE(a_sound_state_is_taken),
        WITH_STORE(only_a_file_that_changed_leaves_the_others_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_study_tickets.c: tickets lose what they should, rewind to where they should, and are trained
 * from there as their phase says. */
#include "study_bench.h"

#include "study/running/runner.h"

#include <coppice/trainer.h>

#include <math.h>
#include <stdio.h>

static void rounds_take_a_fifth_and_masks_nest(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    cop_tensors *before = mask_of(&b, ticket_at(&b, 0));
    for (int64_t round = 1; round <= 2; round++) {
        cop_tensors *after = mask_of(&b, ticket_at(&b, round));
        int64_t left = cop_mask_count(before);
        assert_int_equal(cop_mask_count(after), left - llround(0.2 * (double)left));
        for (size_t i = 0; i < cop_tensors_count(before); i++) {
            const cop_tensor *x = cop_tensors_at(before, i), *y = cop_tensors_at(after, i);
            for (int64_t k = 0; k < cop_shape_count(x->shape); k++)
                assert_true(cop_f32(y)[k] <= cop_f32(x)[k]);
        }
        cop_tensors_free(before);
        before = after;
    }
    cop_tensors_free(before);
    bench_close(&b);
}

/* Asserts that tensor `name` of `state` is `reference`'s times the mask, bit for bit. */
static void assert_rewound(const cop_tensor *tensor, const cop_tensors *reference,
                           const cop_tensors *mask)
{
    const float *wanted = cop_f32(cop_tensors_find(reference, tensor->name));
    const cop_tensor *keep = cop_tensors_find(mask, tensor->name);
    for (int64_t k = 0; k < cop_shape_count(tensor->shape); k++) {
        float value = keep != NULL && cop_f32(keep)[k] == 0.0f ? 0.0f : wanted[k];
        assert_memory_equal(&cop_f32(tensor)[k], &value, sizeof value);
    }
}

static void a_full_rewind_is_bit_equal_to_initialisation(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    cop_tensors *initial = NULL;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    assert_ok(cop_model_initial_state(b.study->opened[0].model, 0, &initial, &err), &err);
    cop_tensors *mask = mask_of(&b, ticket_at(&b, 2));
    cop_tensors *start = start_of(&b, ticket_at(&b, 2), mask);
    for (size_t i = 0; i < cop_tensors_count(start); i++)
        assert_rewound(cop_tensors_at(start, i), initial, mask);
    cop_tensors_free(start);
    cop_tensors_free(mask);
    cop_tensors_free(initial);
    bench_close(&b);
}

static void a_rewind_of_weights_keeps_the_rest_as_trained(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rewind_tensors=\"weights\""};
    bench b;
    cop_error err = {0};
    cop_tensors *initial = NULL, *trained = NULL;
    bench_open(&b, base_config, overrides, 1);
    bench_run(&b);
    const cop_ticket *ticket = ticket_at(&b, 1);
    cop_runner r = {.study = b.study, .store = b.store};
    assert_ok(cop_model_initial_state(b.study->opened[0].model, 0, &initial, &err), &err);
    assert_ok(cop_load_final(&r, b.study->stages[ticket->mask].work.trained, &trained, &err), &err);
    cop_tensors *mask = mask_of(&b, ticket);
    cop_tensors *start = start_of(&b, ticket, mask);
    size_t weights = 0, others = 0;
    for (size_t i = 0; i < cop_model_parameter_count(b.study->opened[0].model); i++) {
        const cop_parameter *p = cop_model_parameter(b.study->opened[0].model, i);
        bool is_weight = p->role == COP_ROLE_CONV_WEIGHT || p->role == COP_ROLE_LINEAR_WEIGHT;
        assert_rewound(cop_tensors_find(start, p->name), is_weight ? initial : trained, mask);
        *(is_weight ? &weights : &others) += 1;
    }
    assert_true(weights == 3 && others > 3);
    cop_tensors_free(start);
    cop_tensors_free(mask);
    cop_tensors_free(trained);
    cop_tensors_free(initial);
    bench_close(&b);
}

static void a_rewind_to_a_step_starts_from_that_snapshot(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rewind=\"4it\"",
                                            "ticket.phases.[0].data=\"real\""};
    bench b;
    cop_error err = {0};
    cop_tensors *snapshot = NULL;
    bench_open(&b, base_config, overrides, 2);
    bench_run(&b);
    const cop_ticket *ticket = ticket_at(&b, 2);
    cop_runner r = {.study = b.study, .store = b.store};
    assert_ok(
        cop_load_snapshot(&r, ticket->start.base, (cop_duration){COP_STEPS, 4}, &snapshot, &err),
        &err);
    cop_tensors *mask = mask_of(&b, ticket);
    cop_tensors *start = start_of(&b, ticket, mask);
    assert_int_equal(cop_i64(cop_tensors_find(start, "step"))[0], 4);
    for (size_t i = 0; i < cop_model_parameter_count(b.study->opened[0].model); i++) {
        const char *name = cop_model_parameter(b.study->opened[0].model, i)->name;
        assert_rewound(cop_tensors_find(start, name), snapshot, mask);
    }
    cop_tensors_free(start);
    cop_tensors_free(mask);
    cop_tensors_free(snapshot);
    bench_close(&b);
}

static void keep_moment(cop_trainer *t, const cop_tensors *start, const cop_tensors *mask,
                        const char *prefix, const char *name)
{
    char moment[128];
    (void)snprintf(moment, sizeof moment, "%s%s", prefix, name);
    const cop_tensor *from = cop_tensors_find(start, moment);
    const cop_tensor *to = cop_tensors_find(cop_trainer_state(t), moment);
    const cop_tensor *keep = cop_tensors_find(mask, name);
    for (int64_t k = 0; k < cop_shape_count(from->shape); k++)
        cop_f32(to)[k] = cop_f32(from)[k] * (keep != NULL ? cop_f32(keep)[k] : 1.0f);
}

/* A copy of the last ticket, trained here by hand: from the snapshot's weights under the mask, at
 * its step in data order and schedule, with a new optimiser's momentum or with the snapshot's. */
static void train_by_hand(const bench *b, bool keeps_momentum, cop_trainer **out)
{
    cop_error err = {0};
    const cop_opened *o = &b->study->opened[0];
    const cop_ticket *ticket = ticket_at(b, 2);
    const cop_training_stage *copy = &b->study->stages[ticket->copies[1]].train;
    cop_tensors *mask = mask_of(b, ticket), *start = start_of(b, ticket, mask);
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec),
                                   .model = o->model,
                                   .data = &o->data->train,
                                   .recipe = &copy->recipe,
                                   .mask = mask,
                                   .order_seed = copy->order_seed,
                                   .augment_seed = copy->augment_seed,
                                   .threads = 2};
    assert_ok(cop_trainer_new(&spec, out, &err), &err);
    assert_ok(cop_trainer_start(*out, start, 4, &err), &err);
    for (size_t i = 0; keeps_momentum && i < cop_model_parameter_count(o->model); i++) {
        const char *name = cop_model_parameter(o->model, i)->name;
        keep_moment(*out, start, mask, "momentum/", name);
        if (copy->recipe.optimiser != COP_OPTIMISER_SGD)
            keep_moment(*out, start, mask, "second/", name);
    }
    if (keeps_momentum && copy->recipe.optimiser != COP_OPTIMISER_SGD) {
        int64_t done = *cop_i64(cop_tensors_find(start, "updates"));
        assert_int_equal(done, 4);
        *cop_i64(cop_tensors_find(cop_trainer_state(*out), "updates")) = done;
    }
    assert_ok(cop_trainer_run(*out, cop_trainer_total_steps(*out) - 4, NULL, &err), &err);
    cop_tensors_free(start);
    cop_tensors_free(mask);
}

/* Frankle et al. start a new optimiser at the rewind step; schedule, order and end go on from it,
 * also where only the weights go back. */
static void schedule_goes_on_from_the_rewind_step_with_a_new_optimiser(void **state)
{
    (void)state;
    static const struct {
        const char *option, *optimiser;
        bool keeps_momentum;
    } cases[] = {
        {"ticket.phases.[0].rewind_momentum=false", "train.optimiser=\"sgd\"", false},
        {"ticket.phases.[0].rewind_momentum=true", "train.optimiser=\"sgd\"", true},
        {"ticket.phases.[0].rewind_tensors=\"weights\"", "train.optimiser=\"sgd\"", false},
        {"ticket.phases.[0].rewind_momentum=false", "train.optimiser=\"adam\"", false},
        {"ticket.phases.[0].rewind_momentum=true", "train.optimiser=\"adamw\"", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const overrides[] = {"ticket.phases.[0].rewind=\"4it\"",
                                         "ticket.phases.[0].data=\"real\"", cases[i].option,
                                         cases[i].optimiser};
        bench b;
        cop_error err = {0};
        cop_trainer *trainer = NULL;
        cop_tensors *trained = NULL;
        bench_open(&b, base_config, overrides, 4);
        bench_run(&b);
        cop_runner r = {.study = b.study, .store = b.store};
        assert_ok(cop_load_final(&r, ticket_at(&b, 2)->copies[1], &trained, &err), &err);
        train_by_hand(&b, cases[i].keeps_momentum, &trainer);
        for (size_t k = 0; k < cop_tensors_count(trained); k++) {
            const cop_tensor *got = cop_tensors_at(trained, k);
            const cop_tensor *wanted = cop_tensors_find(cop_trainer_state(trainer), got->name);
            assert_memory_equal(got->data, wanted->data,
                                (size_t)cop_shape_count(got->shape) * sizeof(float));
        }
        cop_trainer_free(trainer);
        cop_tensors_free(trained);
        bench_close(&b);
    }
}

static void a_schedule_does_not_cross_to_other_data(void **state)
{
    (void)state;
    static const char *const overrides[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 2; data = \"distilled\";"
        "rewind = \"1it\"; }, { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"real\";"
        "rewind = \"1it\"; } )"};
    bench b;
    bench_open(&b, base_config, overrides, 1);
    const cop_stage *stages = b.study->stages;
    const cop_training_stage *second = &stages[stages[ticket_at(&b, 2)->mask].work.trained].train;
    const cop_training_stage *third = &stages[stages[ticket_at(&b, 3)->mask].work.trained].train;
    assert_true(second->start.go_on); /* distilled data, from a distilled snapshot */
    assert_false(third->start.go_on); /* real data, from that snapshot still */
    assert_int_equal(third->distil, COP_NO_STAGE);
    assert_int_not_equal(third->start.base, COP_NO_STAGE);
    bench_close(&b);
}

static const struct {
    const char *data, *rewind;
    const char *text; /* NULL: fine */
} rewinds[] = {
    {"real", "1000it", "rewind \"1000it\" is past the end of the training (1000 of 6 steps)"},
    {"real", "7it", "rewind \"7it\" is past the end of the training (7 of 6 steps)"},
    {"real", "3ep", "rewind \"3ep\" is past the end of the training (9 of 6 steps)"},
    {"real", "6it", NULL},
    {"real", "2ep", NULL},
    {"distilled", "4it", "rewind \"4it\" is past the end of the training (4 of 3 steps)"},
    {"distilled", "3it", NULL},
};

static void a_rewind_past_the_end_is_refused_before_anything_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rewinds / sizeof rewinds[0]; i++) {
        char stage[256];
        (void)snprintf(
            stage, sizeof stage,
            "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"%s\";"
            " rewind = \"%s\"; } )",
            rewinds[i].data, rewinds[i].rewind);
        const char *const overrides[] = {stage};
        bench b;
        cop_error err = {0};
        bench_load(&b, resume_config, overrides, 1);
        cop_status status = cop_study_new(b.config, NULL, false, NULL, &b.study, &err);
        if (rewinds[i].text == NULL)
            assert_ok(status, &err);
        else
            assert_refused(status, COP_INVALID, &err, rewinds[i].text);
        bench_close(&b);
    }
}

/* The random distiller does not say how many images its set will have. */
/* Where a distiller does not state its set's size beforehand, the training itself finds out. */
static void a_snapshot_past_the_end_is_refused_before_training(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rewind=\"2it\""};
    bench b;
    cop_error err = {0};
    size_t changed = 0;
    bench_open(&b, base_config, overrides, 1);
    for (size_t i = 0; i < b.study->stage_count; i++) {
        cop_training_stage *train = &b.study->stages[i].train;
        for (size_t k = 0; k < train->snapshot_count; k++, changed++)
            train->snapshots[k].value = 1000;
    }
    assert_int_equal(changed, 1);
    assert_refused(cop_study_run(b.study, b.store, NULL, NULL, &err), COP_INVALID, &err,
                   "a snapshot is wanted at step 1000 of");
    bench_close(&b);
}

/* The training that chose a ticket's mask. */
static int32_t chose_mask(const bench *b, int64_t round)
{
    return b->study->stages[ticket_at(b, round)->mask].work.trained;
}

static void no_copy_depends_on_how_its_mask_was_found(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].data=\"real\""};
    bench b;
    bench_open(&b, base_config, overrides, 1);
    /* dense, round 1, round 2, two copies each, and a training for each of the two masks */
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 6 + 2);
    assert_int_equal(count_kind(&b, COP_STAGE_DISTIL), 0);
    for (int64_t round = 1; round <= 2; round++) {
        const cop_training_stage *chose = &b.study->stages[chose_mask(&b, round)].train;
        for (int64_t of = 0; of <= 2; of++) {
            for (size_t c = 0; c < 2; c++) {
                const cop_training_stage *copy =
                    &b.study->stages[ticket_at(&b, of)->copies[c]].train;
                assert_true(copy->order_seed != chose->order_seed);
                assert_true(copy->augment_seed != chose->augment_seed);
            }
        }
    }
    bench_close(&b);
}

static void a_mask_can_be_chosen_by_the_first_copy(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].data=\"real\"",
                                            "ticket.phases.[0].noise=\"copy\""};
    bench b;
    bench_open(&b, base_config, overrides, 2);
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 6);
    assert_int_equal(chose_mask(&b, 1), ticket_at(&b, 0)->copies[0]);
    assert_int_equal(chose_mask(&b, 2), ticket_at(&b, 1)->copies[0]);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_take_a_fifth_and_masks_nest),
        cmocka_unit_test(a_full_rewind_is_bit_equal_to_initialisation),
        cmocka_unit_test(a_rewind_of_weights_keeps_the_rest_as_trained),
        cmocka_unit_test(a_rewind_to_a_step_starts_from_that_snapshot),
        cmocka_unit_test(schedule_goes_on_from_the_rewind_step_with_a_new_optimiser),
        cmocka_unit_test(a_schedule_does_not_cross_to_other_data),
        cmocka_unit_test(a_rewind_past_the_end_is_refused_before_anything_runs),
        cmocka_unit_test(a_snapshot_past_the_end_is_refused_before_training),
        cmocka_unit_test(no_copy_depends_on_how_its_mask_was_found),
        cmocka_unit_test(a_mask_can_be_chosen_by_the_first_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

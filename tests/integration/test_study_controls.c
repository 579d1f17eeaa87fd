/* test_study_controls.c: what stands beside tickets: which masks and weights controls have, what is
 * trained of them, and what record, check and report say. */
#include "study_bench.h"

#include "core/arena.h"
#include "core/file.h"
#include "report/report.h"
#include "store/formats/study_json.h"
#include "study/estimates.h"
#include "study/running/control_masks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const config =
    "study = { name = \"beside\"; seeds = [0]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 32; test_size = 16; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; };\n"
    "           controls = [\"reinit\", \"shuffle\", \"random\"];%s\n"
    "           phases = ( { pruner = { plugin = \"magnitude\"; sparsity = 0.8; }; rounds = 2;\n"
    "                        data = \"real\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"1ep\"; };\n"
    "analyze = ( { plugin = \"hessian\"; probes = 1; samples = 8; } );\n";

static void open_with(bench *b, const char *more)
{
    char text[2048];
    (void)snprintf(text, sizeof text, config, more);
    bench_open(b, text, NULL, 0);
}

static const cop_ticket *find(const bench *b, int64_t round, cop_control control)
{
    for (size_t i = 0; i < b->study->ticket_count; i++) {
        const cop_ticket *t = &b->study->tickets[i];
        if (t->round == round && t->control == control)
            return t;
    }
    fail_msg("no ticket of round %lld and control %d", (long long)round, (int)control);
    return NULL;
}

/* The weights that both masks keep, in all tensors; each keeps as many in each. */
static int64_t shared(const cop_tensors *a, const cop_tensors *b)
{
    int64_t both = 0;
    for (size_t i = 0; i < cop_tensors_count(a); i++) {
        const cop_tensor *x = cop_tensors_at(a, i), *y = cop_tensors_at(b, i);
        int64_t left = 0, right = 0;
        assert_string_equal(x->name, y->name);
        for (int64_t k = 0; k < cop_shape_count(x->shape); k++) {
            left += cop_f32(x)[k] != 0.0f;
            right += cop_f32(y)[k] != 0.0f;
            both += cop_f32(x)[k] != 0.0f && cop_f32(y)[k] != 0.0f;
        }
        assert_int_equal(left, right);
    }
    return both;
}

static void masks_keep_as_many_weights_of_each_layer_elsewhere(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "");
    bench_run(&b);
    for (int64_t round = 1; round <= 2; round++) {
        cop_tensors *own = mask_of(&b, find(&b, round, COP_CONTROL_NONE));
        cop_tensors *shuffled = mask_of(&b, find(&b, round, COP_CONTROL_SHUFFLE));
        cop_tensors *drawn = mask_of(&b, find(&b, round, COP_CONTROL_RANDOM));
        int64_t kept = cop_mask_count(own);
        assert_true(shared(own, shuffled) < kept);
        assert_true(shared(own, drawn) < kept);
        assert_true(shared(shuffled, drawn) < kept);
        cop_tensors_free(own);
        cop_tensors_free(shuffled);
        cop_tensors_free(drawn);
    }
    bench_close(&b);
}

/* As a random pruner's are. */
static void random_masks_of_later_rounds_are_part_of_earlier_ones(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "");
    bench_run(&b);
    cop_tensors *first = mask_of(&b, find(&b, 1, COP_CONTROL_RANDOM));
    cop_tensors *second = mask_of(&b, find(&b, 2, COP_CONTROL_RANDOM));
    for (size_t i = 0; i < cop_tensors_count(first); i++) {
        const cop_tensor *x = cop_tensors_at(first, i), *y = cop_tensors_at(second, i);
        for (int64_t k = 0; k < cop_shape_count(x->shape); k++)
            assert_true(cop_f32(y)[k] <= cop_f32(x)[k]);
    }
    cop_tensors_free(first);
    cop_tensors_free(second);
    bench_close(&b);
}

static bool same_weights(const cop_tensors *a, const cop_tensors *b)
{
    for (size_t i = 0; i < cop_tensors_count(a); i++) {
        const cop_tensor *x = cop_tensors_at(a, i), *y = cop_tensors_at(b, i);
        for (int64_t k = 0; k < cop_shape_count(x->shape); k++)
            if (cop_f32(x)[k] != cop_f32(y)[k])
                return false;
    }
    return true;
}

static void reinitialised_tickets_have_the_mask_and_other_weights(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "");
    bench_run(&b);
    const cop_ticket *own = find(&b, 2, COP_CONTROL_NONE);
    const cop_ticket *anew = find(&b, 2, COP_CONTROL_REINIT);
    const cop_ticket *shuffled = find(&b, 2, COP_CONTROL_SHUFFLE);
    cop_tensors *full = NULL;
    cop_error err = {0};
    assert_int_equal(own->mask, anew->mask);
    assert_int_not_equal(own->copies[0], anew->copies[0]);
    assert_ok(cop_model_full_mask(b.study->opened[0].model, &full, &err), &err);
    cop_tensors *first = start_of(&b, own, full), *second = start_of(&b, anew, full);
    cop_tensors *third = start_of(&b, shuffled, full);
    assert_false(same_weights(first, second));
    assert_true(same_weights(first, third));
    assert_true(find(&b, 1, COP_CONTROL_REINIT)->start.init_seed == anew->start.init_seed);
    cop_tensors_free(first);
    cop_tensors_free(second);
    cop_tensors_free(third);
    cop_tensors_free(full);
    bench_close(&b);
}

/* The dense network has no control; copies are as many, with the noise of the ticket's. */
static void controls_are_trained_as_their_tickets_and_not_analysed(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "");
    assert_int_equal(b.study->ticket_count, 3 + 2 * 3);
    for (int64_t round = 1; round <= 2; round++) {
        const cop_ticket *own = find(&b, round, COP_CONTROL_NONE);
        assert_int_equal(own->analysis_count, 1);
        for (int control = COP_CONTROL_REINIT; control < COP_CONTROL_COUNT; control++) {
            const cop_ticket *t = find(&b, round, (cop_control)control);
            assert_int_equal(t->copy_count, own->copy_count);
            assert_int_equal(t->analysis_count, 0);
            const cop_training_stage *a = &b.study->stages[own->copies[0]].train;
            const cop_training_stage *c = &b.study->stages[t->copies[0]].train;
            assert_true(a->order_seed == c->order_seed && a->augment_seed == c->augment_seed);
        }
    }
    bench_close(&b);
    open_with(&b, " analyze_controls = true;");
    assert_int_equal(find(&b, 2, COP_CONTROL_RANDOM)->analysis_count, 1);
    bench_close(&b);
}

static void without_controls_nothing_else_changes(void **state)
{
    (void)state;
    bench a, b;
    char text[2048];
    static const char *const none[] = {"ticket.controls=[]"};
    open_with(&a, "");
    (void)snprintf(text, sizeof text, config, "");
    bench_open(&b, text, none, 1);
    for (int64_t round = 0; round <= 2; round++) {
        const cop_ticket *x = find(&a, round, COP_CONTROL_NONE);
        const cop_ticket *y = find(&b, round, COP_CONTROL_NONE);
        assert_string_equal(a.study->stages[x->copies[0]].identity,
                            b.study->stages[y->copies[0]].identity);
    }
    bench_close(&a);
    bench_close(&b);
}

static void the_plan_and_the_record_say_which_they_are(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    cop_record record;
    char text[8192] = "", path[BENCH_PATH + 64];
    open_with(&b, "");
    FILE *out = tmpfile();
    assert_non_null(out);
    cop_estimates estimates;
    assert_ok(cop_estimates_make(b.study, b.store, false, &estimates, &err), &err);
    assert_ok(cop_study_print_outline(b.study, b.store, &estimates, out, &err), &err);
    cop_estimates_clear(&estimates);
    rewind(out);
    assert_true(fread(text, 1, sizeof text - 1, out) > 0);
    (void)fclose(out);
    assert_non_null(strstr(text, "controls: reinit, shuffle, random; 6 tickets, not analysed"));
    bench_run(&b);
    (void)snprintf(path, sizeof path, "%s/studies/beside/study.json", cop_store_dir(b.store));
    cop_arena *arena = cop_arena_new();
    assert_ok(cop_record_read(path, arena, &record, &err), &err);
    size_t controls = 0;
    for (size_t i = 0; i < record.ticket_count; i++) {
        controls += record.tickets[i].control != NULL;
        if (record.tickets[i].control != NULL)
            assert_false(record.tickets[i].has_training);
    }
    assert_int_equal(controls, 6);
    assert_null(record.tickets[0].control);
    assert_string_equal(record.tickets[2].control, "reinit");
    cop_arena_free(arena);
    bench_close(&b);
}

/* Their rows are marked, and their curves stand beside the ticket's. */
static void the_report_shows_them_beside_their_tickets(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    char record[BENCH_PATH + 64], path[BENCH_PATH + 128], *text = NULL;
    open_with(&b, " analyze_controls = true;");
    bench_run(&b);
    (void)snprintf(record, sizeof record, "%s/studies/beside", cop_store_dir(b.store));
    assert_ok(cop_report(cop_store_dir(b.store), record, NULL, NULL, &err), &err);
    static const struct {
        const char *file, *wanted;
    } shown[] = {{"tickets.csv", ",shuffle,0,"},
                 {"summary.csv", ",random,0,"},
                 {"trainings.csv", "beside,0,0,2,reinit,0,"},
                 {"hessian_trace.csv", ",reinit\n"},
                 {"figures/accuracy.gp", "shuffle"}};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/report/%s", record, shown[i].file);
        assert_ok(cop_file_read(path, 1u << 24, &text, NULL, &err), &err);
        if (strstr(text, shown[i].wanted) == NULL)
            fail_msg("%s lacks \"%s\":\n%s", shown[i].file, shown[i].wanted, text);
        free(text);
    }
    bench_close(&b);
}

/* A cell's controls are held against its tickets and against the other cells': on equal axes. */
static void panels_of_accuracy_have_equal_axes(void **state)
{
    (void)state;
    static const char *const more[] = {"analyze=( )",
                                       "sweep=( { path = \"train.lr\"; values = [0.1, 0.001]; } )"};
    bench b;
    cop_error err = {0};
    char text[2048], record[BENCH_PATH + 64], path[BENCH_PATH + 128], *script = NULL;
    (void)snprintf(text, sizeof text, config, "");
    bench_open(&b, text, more, 2);
    bench_run(&b);
    (void)snprintf(record, sizeof record, "%s/studies/beside", cop_store_dir(b.store));
    assert_ok(cop_report(cop_store_dir(b.store), record, NULL, NULL, &err), &err);
    (void)snprintf(path, sizeof path, "%s/report/figures/accuracy.gp", record);
    assert_ok(cop_file_read(path, 1u << 20, &script, NULL, &err), &err);
    const char *first = strstr(script, "set yrange");
    assert_non_null(first);
    size_t length = strcspn(first, "\n"), panels = 0;
    for (const char *at = first; at != NULL; at = strstr(at + 1, "set yrange"), panels++)
        assert_true(strcspn(at, "\n") == length && memcmp(at, first, length) == 0);
    assert_int_equal(panels, 3); /* all cells, and each with its controls */
    free(script);
    bench_close(&b);
}

/* Weights that a masked training left as zeros cannot be what another mask keeps. */
static void controls_that_cannot_be_made_are_refused(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    static const char *const fine_tuned[] = {"ticket.phases.[0].pruner={ plugin = \"imp\"; }",
                                             "ticket.phases.[0].rewind=\"none\"",
                                             "ticket.controls=[\"shuffle\"]"};
    char text[2048];
    (void)snprintf(text, sizeof text, config, "");
    bench_load(&b, text, fine_tuned, 3);
    assert_refused(cop_study_new(b.config, NULL, false, NULL, &b.study, &err), COP_INVALID, &err,
                   "\"shuffle\" moves the mask to weights that round 2 does not have");
    b.study = NULL;
    bench_close(&b);
}

/* A permutation keeps the number of ones; both are a function of the seed alone. */
static void control_masks_follow_the_seed(void **state)
{
    (void)state;
    cop_tensors *mask = cop_tensors_new(), *first = NULL, *again = NULL, *other = NULL;
    cop_tensor *t = NULL;
    cop_error err = {0};
    assert_ok(cop_tensors_add(mask, "w", COP_F32, cop_shape2(16, 16), &t, &err), &err);
    for (int64_t i = 0; i < 256; i++)
        cop_f32(t)[i] = i < 64 ? 1.0f : 0.0f;
    for (int control = COP_CONTROL_SHUFFLE; control <= COP_CONTROL_RANDOM; control++) {
        assert_ok(cop_control_mask((cop_control)control, 1, mask, &first, &err), &err);
        assert_ok(cop_control_mask((cop_control)control, 1, mask, &again, &err), &err);
        assert_ok(cop_control_mask((cop_control)control, 2, mask, &other, &err), &err);
        assert_int_equal(shared(first, again), 64);
        assert_true(shared(first, other) < 40);
        assert_true(shared(first, mask) < 40);
        cop_tensors_free(first);
        cop_tensors_free(again);
        cop_tensors_free(other);
    }
    cop_tensors_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_keep_as_many_weights_of_each_layer_elsewhere),
        cmocka_unit_test(random_masks_of_later_rounds_are_part_of_earlier_ones),
        cmocka_unit_test(reinitialised_tickets_have_the_mask_and_other_weights),
        cmocka_unit_test(controls_are_trained_as_their_tickets_and_not_analysed),
        cmocka_unit_test(without_controls_nothing_else_changes),
        cmocka_unit_test(the_plan_and_the_record_say_which_they_are),
        cmocka_unit_test(the_report_shows_them_beside_their_tickets),
        cmocka_unit_test(panels_of_accuracy_have_equal_axes),
        cmocka_unit_test(controls_that_cannot_be_made_are_refused),
        cmocka_unit_test(control_masks_follow_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

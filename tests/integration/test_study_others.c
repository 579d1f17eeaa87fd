/* test_study_others.c: an analysis that asks for other tickets is given those, whenever they were
 * laid out, and depends on nothing else. */
#include "study_bench.h"

#include "store/artifact_files.h"
#include "store/formats/tables_json.h"
#include "study/running/runner.h"

#include <coppice/table.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two cells of two rounds under two seeds: masks made of the initialisation, and short trainings. */
static const char *const config =
    "study = { name = \"others\"; seeds = [0, 5]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 32; test_size = 16; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "           phases = ( { pruner = { plugin = \"random\"; rate = 0.5; }; rounds = 2;\n"
    "                        data = \"real\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"1it\"; };\n"
    "analyze = ( { plugin = \"mask\"; others = \"%s\"; } );\n"
    "sweep = ( { path = \"ticket.phases.[0].pruner.rate\"; labels = [\"half\", \"third\"];\n"
    "            values = [0.5, 0.33]; } );\n";

static void open_with(bench *b, const char *others)
{
    char text[2048];
    (void)snprintf(text, sizeof text, config, others);
    bench_open(b, text, NULL, 0);
}

static const cop_ticket *ticket_of(const bench *b, size_t cell, size_t seed, int64_t round)
{
    for (size_t i = 0; i < b->study->ticket_count; i++) {
        const cop_ticket *t = &b->study->tickets[i];
        if (t->cell == cell && t->seed == seed && t->round == round)
            return t;
    }
    fail_msg("no ticket of cell %zu, seed %zu, round %lld", cell, seed, (long long)round);
    return NULL;
}

static const cop_work_stage *analysis_of(const bench *b, const cop_ticket *t)
{
    assert_int_equal(t->analysis_count, 1);
    return &b->study->stages[t->analyses[0]].work;
}

/* "cell/seed/round" of each. */
static const char *others_of(const bench *b, const cop_ticket *t, char *text, size_t size)
{
    const cop_work_stage *work = analysis_of(b, t);
    text[0] = '\0';
    for (size_t i = 0; i < work->other_count; i++) {
        const cop_ticket *o = &b->study->tickets[work->others[i].ticket];
        size_t length = strlen(text);
        assert_int_equal(work->others[i].mask, o->mask);
        (void)snprintf(text + length, size - length, " %zu/%zu/%lld", o->cell, o->seed,
                       (long long)o->round);
    }
    return text;
}

static void who_is_asked_for_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *others, *wanted;
    } cases[] = {{"line", " 0/0/2"},
                 {"round", " 0/1/1 1/0/1 1/1/1"},
                 {"both", " 0/0/2 0/1/1 1/0/1 1/1/1"},
                 {"study", " 0/0/2 0/1/1 0/1/2 1/0/1 1/0/2 1/1/1 1/1/2"},
                 {"none", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        char text[256];
        open_with(&b, cases[i].others);
        assert_string_equal(others_of(&b, ticket_of(&b, 0, 0, 1), text, sizeof text),
                            cases[i].wanted);
        bench_close(&b);
    }
}

/* It names no copy, so that none is an input. */
static void what_wants_no_copy_waits_for_no_training(void **state)
{
    (void)state;
    bench b;
    int32_t inputs[64];
    open_with(&b, "both");
    const cop_ticket *t = ticket_of(&b, 1, 1, 2);
    const cop_stage *stage = &b.study->stages[t->analyses[0]];
    size_t count = cop_stage_inputs(stage, NULL);
    assert_in_range(count, 1, 64);
    (void)cop_stage_inputs(stage, inputs);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(b.study->stages[inputs[i]].kind, COP_STAGE_MASK);
    bench_close(&b);
}

/* The overlap in the table against one counted here. */
static void the_masks_are_those_of_the_other_tickets(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    cop_tables *tables = NULL;
    char path[BENCH_PATH];
    open_with(&b, "both");
    bench_run(&b);
    const cop_ticket *own = ticket_of(&b, 0, 0, 1);
    const cop_work_stage *work = analysis_of(&b, own);
    cop_store_path(b.store, &b.study->stages[own->analyses[0]].id, COP_TABLES_FILE, path,
                   sizeof path);
    assert_ok(cop_tables_read(path, &tables, &err), &err);
    const cop_table *t = cop_tables_at(tables, 2);
    assert_string_equal(cop_table_name(t), "mask_overlap");
    assert_int_equal(cop_table_row_count(t), work->other_count);
    cop_tensors *first = mask_of(&b, own);
    for (size_t i = 0; i < work->other_count; i++) {
        const cop_ticket *other = &b.study->tickets[work->others[i].ticket];
        cop_tensors *second = mask_of(&b, other);
        double both = 0.0, either = 0.0;
        for (size_t k = 0; k < cop_tensors_count(first); k++) {
            const cop_tensor *x = cop_tensors_at(first, k), *y = cop_tensors_at(second, k);
            for (int64_t j = 0; j < cop_shape_count(x->shape); j++) {
                bool in_x = cop_f32(x)[j] != 0.0f, in_y = cop_f32(y)[j] != 0.0f;
                both += in_x && in_y;
                either += in_x || in_y;
            }
        }
        assert_string_equal(cop_table_at(t, i, 1).text, b.config->cells[other->cell].label);
        assert_int_equal(cop_table_at(t, i, 2).i, other->round);
        assert_int_equal(cop_table_at(t, i, 3).i, b.config->seeds[other->seed]);
        assert_true(fabs(cop_table_at(t, i, 4).f - both / either) < 1e-12);
        cop_tensors_free(second);
    }
    cop_tensors_free(first);
    cop_tables_free(tables);
    bench_close(&b);
}

/* Another seed is another ticket to compare with, for those that look at other seeds alone. */
static void one_seed_more_changes_those_that_look_at_seeds(void **state)
{
    (void)state;
    static const char *const others[] = {"line", "round"};
    for (int i = 0; i < 2; i++) {
        bench two, three;
        char text[2048];
        const char *more[] = {"study.seeds=[0, 5, 9]"};
        (void)snprintf(text, sizeof text, config, others[i]);
        bench_open(&two, text, NULL, 0);
        bench_open(&three, text, more, 1);
        const char *before = two.study->stages[ticket_of(&two, 0, 0, 1)->analyses[0]].id.hash;
        const char *after = three.study->stages[ticket_of(&three, 0, 0, 1)->analyses[0]].id.hash;
        assert_int_equal(strcmp(before, after) == 0, i == 0);
        bench_close(&two);
        bench_close(&three);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_asked_for_is_there),
        cmocka_unit_test(what_wants_no_copy_waits_for_no_training),
        cmocka_unit_test(the_masks_are_those_of_the_other_tickets),
        cmocka_unit_test(one_seed_more_changes_those_that_look_at_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

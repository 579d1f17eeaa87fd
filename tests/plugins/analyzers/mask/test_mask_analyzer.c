/* The mask analyzer: counts against those of masks that are written out, chance against all masks
 * that there are. */
#include "given.h"
#include "linear_net.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

#include "plugins/analyzers/mask/mask.h"

#include "core/table.h"
#include "report/data/table_groups.h"

#include <math.h>
#include <string.h>

/* Two layers, of 8 and of 4 weights. */
static cop_tensors *two_layers(const char *first, const char *second)
{
    const char *const texts[] = {first, second};
    static const char *const names[] = {"a.weight", "b.weight"};
    cop_tensors *set = cop_tensors_new();
    cop_error err = {0};
    for (int i = 0; i < 2; i++) {
        cop_tensor *t = NULL;
        cop_shape shape = cop_shape2(2, (int64_t)strlen(texts[i]) / 2);
        assert_ok(cop_tensors_add(set, names[i], COP_F32, shape, &t, &err), &err);
        for (size_t k = 0; texts[i][k] != '\0'; k++)
            cop_f32(t)[k] = texts[i][k] == '1' ? 1.0f : 0.0f;
    }
    return set;
}

static void overlaps_are_counted(void **state)
{
    (void)state;
    cop_tensors *a = two_layers("11110000", "1100"), *b = two_layers("00111100", "0110");
    mask_overlap o;
    cop_error err = {0};
    assert_ok(mask_compare(a, b, &o, &err), &err);
    assert_true(o.weights == 12.0 && o.first == 6.0 && o.second == 6.0 && o.both == 3.0);
    assert_true(mask_jaccard(&o, o.both) == 3.0 / 9.0);
    assert_true(mask_hamming(&o, o.both) == 6.0 / 12.0);
    cop_tensors_free(a);
    cop_tensors_free(b);
}

static void a_mask_is_like_itself_and_unlike_its_complement(void **state)
{
    (void)state;
    cop_tensors *a = two_layers("11110000", "1100"), *b = two_layers("00001111", "0011");
    mask_overlap same, none;
    cop_error err = {0};
    assert_ok(mask_compare(a, a, &same, &err), &err);
    assert_ok(mask_compare(a, b, &none, &err), &err);
    assert_true(mask_jaccard(&same, same.both) == 1.0 && mask_hamming(&same, same.both) == 0.0);
    assert_true(mask_jaccard(&none, none.both) == 0.0 && mask_hamming(&none, none.both) == 1.0);
    cop_tensors_free(a);
    cop_tensors_free(b);
}

static void empty_masks_are_alike(void **state)
{
    (void)state;
    cop_tensors *a = two_layers("00000000", "0000");
    mask_overlap o;
    cop_error err = {0};
    assert_ok(mask_compare(a, a, &o, &err), &err);
    assert_true(mask_jaccard(&o, o.both) == 1.0 && mask_hamming(&o, o.both) == 0.0);
    cop_tensors_free(a);
}

static int bits_of(int mask)
{
    int bits = 0;
    for (; mask != 0; mask &= mask - 1)
        bits++;
    return bits;
}

/* All pairs of masks of 8 weights that keep 3 and 5, and of 4 that keep 1 and 2. */
static double mean_overlap(int weights, int first, int second)
{
    double sum = 0.0, pairs = 0.0;
    for (int a = 0; a < 1 << weights; a++)
        for (int b = 0; b < 1 << weights; b++) {
            if (bits_of(a) != first || bits_of(b) != second)
                continue;
            sum += bits_of(a & b);
            pairs += 1.0;
        }
    return sum / pairs;
}

static void chance_is_the_mean_over_all_masks_layer_by_layer(void **state)
{
    (void)state;
    cop_tensors *a = two_layers("11100000", "0001"), *b = two_layers("11111000", "1100");
    mask_overlap o;
    cop_error err = {0};
    assert_ok(mask_compare(a, b, &o, &err), &err);
    assert_true(fabs(o.by_chance - (mean_overlap(8, 3, 5) + mean_overlap(4, 1, 2))) <= 1e-12);
    cop_tensors_free(a);
    cop_tensors_free(b);
}

static void other_parameters_are_refused(void **state)
{
    (void)state;
    cop_tensors *a = two_layers("11110000", "1100"), *b = two_layers("1111", "1100");
    mask_overlap o;
    cop_error err = {0};
    assert_refused(mask_compare(a, b, &o, &err), COP_FAILED, &err, "\"a.weight\"");
    cop_tensors_free(a);
    cop_tensors_free(b);
}

/* Analyses the linear network with every third weight removed, beside two others. */
static cop_tables *analyze(const char *others, size_t count)
{
    static const cop_other_ticket names[] = {
        {COP_SIZED(cop_other_ticket), .cell = "IMP", .round = 1, .is_of_line = true,
         .is_of_cell = true, .is_of_seed = true},
        {COP_SIZED(cop_other_ticket), .cell = "IDC", .seed = 4, .round = 2, .is_of_seed = true},
        {COP_SIZED(cop_other_ticket), .cell = "IMP", .seed = 5, .round = 2, .is_of_cell = true},
        {COP_SIZED(cop_other_ticket), .cell = "IDC", .seed = 5, .round = 2}};
    cop_error err = {0};
    cop_model *model = linear_model();
    cop_tensors *mask = NULL, *full = NULL;
    cop_tables *tables = NULL;
    assert_ok(cop_model_full_mask(model, &mask, &err), &err);
    assert_ok(cop_model_full_mask(model, &full, &err), &err);
    for (int i = 0; i < LINEAR_WEIGHTS; i += 3)
        cop_f32(cop_tensors_at(mask, 0))[i] = 0.0f;
    const cop_tensors *const given_masks[] = {full, mask, mask, full};
    const cop_work_ops *ops = coppice_plugin.ops;
    int32_t options = strcmp(others, "none") == 0 ? 4 : 0; /* mask.c's enum */
    cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = model, .copies = 2};
    assert_ok(cop_plan_make("analyzer 'mask'", ops, &options, &plan, &err), &err);
    assert_true(plan.need_no_copy);
    assert_int_equal(plan.needed_masks,
                     options == 4 ? 0 : COP_TICKETS_OF_LINE | COP_TICKETS_OF_ROUND);
    given inputs = {.mask = mask, .others = given_masks};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = model,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .others = names,
                     .other_count = count};
    cop_drive d = {.what = "analyzer 'mask'", .self = &options, .work = &work};
    assert_ok(cop_drive_analyzer(&d, ops, &tables, &err), &err);
    cop_plan_clear(&plan);
    cop_tensors_free(mask);
    cop_tensors_free(full);
    cop_model_free(model);
    return tables;
}

static const cop_table *table_of(const cop_tables *tables, const char *name)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++)
        if (strcmp(cop_table_name(cop_tables_at(tables, i)), name) == 0)
            return cop_tables_at(tables, i);
    return NULL;
}

static void each_other_ticket_has_a_row(void **state)
{
    (void)state;
    cop_tables *tables = analyze("both", 2);
    const cop_table *t = table_of(tables, "mask_overlap");
    double kept = LINEAR_WEIGHTS - (LINEAR_WEIGHTS + 2) / 3;
    assert_non_null(t);
    assert_int_equal(cop_table_row_count(t), 2);
    assert_string_equal(cop_table_at(t, 0, 0).text, "line");
    assert_string_equal(cop_table_at(t, 1, 0).text, "cell");
    assert_string_equal(cop_table_at(t, 1, 1).text, "IDC");
    assert_int_equal(cop_table_at(t, 0, 2).i, 1);
    assert_int_equal(cop_table_at(t, 1, 3).i, 4);
    assert_true(fabs(cop_table_at(t, 0, 4).f - (kept / LINEAR_WEIGHTS)) <= 1e-12);
    assert_true(cop_table_at(t, 1, 4).f == 1.0);
    cop_tables_free(tables);
}

/* Masks of one layer with a share s of its weights, drawn at random, share s² and together keep
 * 2 s - s²: an index of s / (2 - s) by chance. */
static void a_figure_tells_the_others_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"round 1", "IDC", "other seeds", "IDC, other seeds"};
    cop_tables *tables = analyze("both", 4);
    const cop_table *t = table_of(tables, "mask_overlap");
    const cop_plot *plot = cop_table_plot(t);
    int x = cop_table_find_column(t, plot->x), y = cop_table_find_column(t, plot->y);
    double share = 1.0 - (double)((LINEAR_WEIGHTS + 2) / 3) / LINEAR_WEIGHTS;
    assert_true(x >= 0 && y >= 0);
    assert_int_equal(cop_table_row_count(t), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(cop_table_at(t, i, (size_t)x).text, names[i]);
    assert_true(fabs(cop_table_number(t, 0, (size_t)y)) <= 1e-12);
    assert_true(fabs(cop_table_number(t, 1, (size_t)y) - (1.0 - share / (2.0 - share))) <= 1e-12);
    cop_tables_free(tables);
}

static void layers_and_the_sparsest_of_them_are_told(void **state)
{
    (void)state;
    cop_tables *tables = analyze("none", 0);
    const cop_table *layers = table_of(tables, "mask_layer"),
                    *summary = table_of(tables, "mask_summary");
    int64_t kept = LINEAR_WEIGHTS - (LINEAR_WEIGHTS + 2) / 3;
    assert_null(table_of(tables, "mask_overlap"));
    assert_int_equal(cop_table_row_count(layers), 1);
    assert_int_equal(cop_table_at(layers, 0, 2).i, LINEAR_WEIGHTS);
    assert_int_equal(cop_table_at(layers, 0, 3).i, kept);
    assert_true(fabs(cop_table_at(summary, 0, 0).f - ((double)kept / LINEAR_WEIGHTS)) <= 1e-12);
    assert_int_equal(cop_table_at(summary, 0, 1).i, 0);
    cop_tables_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlaps_are_counted),
        cmocka_unit_test(a_mask_is_like_itself_and_unlike_its_complement),
        cmocka_unit_test(empty_masks_are_alike),
        cmocka_unit_test(chance_is_the_mean_over_all_masks_layer_by_layer),
        cmocka_unit_test(other_parameters_are_refused),
        cmocka_unit_test(each_other_ticket_has_a_row),
        cmocka_unit_test(a_figure_tells_the_others_apart),
        cmocka_unit_test(layers_and_the_sparsest_of_them_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

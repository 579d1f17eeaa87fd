/* test_distillers.c: every distiller of the tree in one study, each for some steps: the host trains
 * the networks that they plan, keeps their sets in the space that they say, and trains on them. */
#include "study_bench.h"

#include "nn/synthetic.h"
#include "store/artifact_files.h"
#include "store/formats/series_csv.h"
#include "store/formats/synthetic_file.h"

#include <stdio.h>
#include <string.h>

#define MODEL "model = { plugin = \"convnet\"; depth = 1; width = 4; norm = \"instance\"; }; "
#define SHORT "recipe = { recipe = \"sgd\"; duration = \"1ep\"; }; " MODEL
#define ONCE  "training = { recipe = \"sgd\"; duration = \"1ep\"; }; " SHORT
#define MTT                                                                                        \
    "student_steps = 2; experts = 1; expert_epochs = 1; max_start = 1; lr = 1.0; lr_rate = 0.0;"   \
    " first_rate = 0.02; expert = { recipe = \"sgd\"; duration = \"1ep\"; }; "

static const struct {
    const char *id, *options;
    cop_pixel_space space;
    bool repeats; /* a match of the same network, batches and draws, again and again */
    double real_images, second_order; /* of the options above: that are looked at, and spent */
} distillers[] = {
    {"random", SHORT, COP_PIXELS_UNIT, false, 0.0, 0.0},
    {"idc",
     "factor = 2; iterations = 1; inner = 12; net_images = 0; batch_real = 16; lr = 2.0;"
     " augment = \"none\"; " SHORT,
     COP_PIXELS_UNIT, true, 12.0 * 10.0 * 16.0, 120.0},
    {"dc", "iterations = 1; outer = 12; inner = 1; batch_real = 16; lr = 1.0; " SHORT,
     COP_PIXELS_NORMALISED, true, 12.0 * 10.0 * 16.0, 120.0},
    {"dsa", "iterations = 1; outer = 12; inner = 1; batch_real = 16; lr = 1.0; " SHORT,
     COP_PIXELS_NORMALISED, false, 12.0 * 10.0 * 16.0, 120.0},
    {"dm", "iterations = 12; batch_real = 8; " SHORT, COP_PIXELS_NORMALISED, false,
     12.0 * 10.0 * 8.0, 0.0},
    {"mtt", "iterations = 12; " MTT SHORT, COP_PIXELS_NORMALISED, true, 0.0, 12.0 * 2.0},
    {"herding", ONCE, COP_PIXELS_UNIT, false, 160.0, 0.0},
    {"kcenter", ONCE, COP_PIXELS_UNIT, false, 160.0, 0.0},
    {"kmeans", ONCE, COP_PIXELS_UNIT, false, 160.0, 0.0},
};
enum { DISTILLERS = sizeof distillers / sizeof distillers[0] };

static void open_all(bench *b)
{
    char text[8192];
    int used = snprintf(text, sizeof text,
                        "study = { name = \"all\"; seeds = [0]; copies = 1; threads = 1; };\n"
                        "dataset = { plugin = \"shapes\"; train_size = 160; test_size = 40; };\n"
                        "ticket = { " MODEL "retrain = \"none\"; phases = (); };\n"
                        "train = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
                        "sweep = ( { path = \"distill\"; values = (");
    for (size_t i = 0; i < DISTILLERS; i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "%s { plugin = \"%s\"; ipc = 2; %s}", i > 0 ? "," : "", distillers[i].id,
                         i == 0 ? "recipe = { recipe = \"sgd\"; duration = \"1ep\"; }; "
                                : distillers[i].options);
    used += snprintf(text + used, sizeof text - (size_t)used, " ); } );\n");
    assert_true(used < (int)sizeof text);
    bench_open(b, text, NULL, 0);
}

static void check_set(const bench *b, const cop_stage *stage, cop_pixel_space space)
{
    char path[BENCH_PATH];
    cop_synthetic set;
    cop_error err = {0};
    cop_store_path(b->store, &stage->id, COP_SYNTHETIC_FILE, path, sizeof path);
    assert_ok(cop_synthetic_read(path, &set, &err), &err);
    assert_int_equal(set.count, 20);
    assert_int_equal(set.space, space);
    cop_synthetic_clear(&set);
}

/* What was recorded in the second half is on average below the first half's. */
static void check_that_the_loss_falls(const bench *b, const cop_stage *stage, const char *id)
{
    char path[BENCH_PATH], line[256];
    double values[64], halves[2] = {0.0, 0.0};
    size_t count = 0;
    cop_store_path(b->store, &stage->id, COP_SERIES_FILE, path, sizeof path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL && count < 64)
        if (sscanf(line, "matching loss,%*d,%lf", &values[count]) == 1)
            count++;
    assert_int_equal(fclose(file), 0);
    assert_true(count >= 10);
    for (size_t i = 0; i < count; i++)
        halves[2 * i / count] += values[i];
    if (!(halves[1] < halves[0]))
        fail_msg("%s: the matching losses of the first half sum to %g, then to %g", id, halves[0],
                 halves[1]);
}

static void every_distiller_makes_a_set_that_networks_train_on(void **state)
{
    (void)state;
    bench b;
    size_t found = 0, networks = 0;
    open_all(&b);
    bench_run(&b);
    for (size_t i = 0; i < b.study->stage_count; i++) {
        const cop_stage *stage = &b.study->stages[i];
        networks += strstr(stage->title, "feature network") != NULL;
        if (stage->kind != COP_STAGE_DISTIL)
            continue;
        size_t k = found++;
        check_set(&b, stage, distillers[k].space);
        assert_true(stage->work.real_images == distillers[k].real_images);
        assert_true(stage->work.second_order == distillers[k].second_order);
        if (distillers[k].repeats)
            check_that_the_loss_falls(&b, stage, distillers[k].id);
    }
    assert_int_equal(found, DISTILLERS);
    assert_int_equal(networks, 1); /* the three that select share it */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_distiller_makes_a_set_that_networks_train_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

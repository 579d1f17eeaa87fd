/* test_study_refusals.c: what options, sizes of data and stated sets tell is refused before
 * anything runs, with the place in the config: `coppice check` lays a study out as here. */
#include "registry_scene.h"

#include "core/log.h"
#include "core/text.h"
#include "study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines: 1 dataset, 2 distill, 3 ticket, 4 the pruner, 5 the rest of its stage, 6 train. */
typedef struct parts {
    const char *dataset, *distill, *stage, *train;
} parts;

static cop_status lay_out(const parts *p, cop_logger *log, cop_error *err)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/t.cfg", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "dataset = { plugin = \"floatdata\"; size = 20; %s };\n"
                  "distill = { %s };\n"
                  "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
                  "  phases = ( { pruner = { plugin = \"imp\"; };\n %s } ); };\n"
                  "train = { recipe = \"sgd\"; duration = \"2ep\"; batch = 10; %s };\n",
                  p->dataset != NULL ? p->dataset : "",
                  p->distill != NULL ? p->distill : "plugin = \"random\"; ipc = 1;",
                  p->stage != NULL ? p->stage : "data = \"distilled\";",
                  p->train != NULL ? p->train : "");
    assert_int_equal(fclose(file), 0);
    cop_config *config = NULL;
    cop_study *study = NULL;
    cop_status status = cop_config_load(path, NULL, 0, registry, log, &config, err);
    if (status == COP_OK)
        status = cop_study_new(config, NULL, false, NULL, &study, err);
    cop_study_free(study);
    cop_config_free(config);
    return status;
}

#define IDC                                                                                        \
    "plugin = \"idc\"; iterations = 1; inner = 1; model = { plugin = \"convnet\"; depth = 1; "     \
    "width "                                                                                       \
    "= 4; };"

static const struct {
    parts parts;
    int line;
    const char *text; /* NULL: fine */
} cases[] = {
    {{0}, 0, NULL},
    {{.distill = IDC " ipc = 1;"}, 0, NULL},
    /* recipes */
    {{.train = "momentum = 1;"}, 6, "\"momentum\" of the recipe of train is 1; wanted less than 1"},
    {{.train = "momentum = 0.999;"}, 0, NULL},
    {{.stage = "recipe = { recipe = \"sgd\"; momentum = 1.0; };"},
     5,
     "\"momentum\" of the recipe of a phase of ticket is 1; wanted less than 1"},
    {{.distill = "plugin = \"random\"; recipe = { recipe = \"idc\"; momentum = 1; };"},
     2,
     "\"momentum\" of the recipe of distiller \"random\" is 1"},
    {{.stage = "recipe = { recipe = \"sgd\"; duration = \"10000001ep\"; };"},
     5,
     "is longer than ten million epochs"},
    {{.stage = "recipe = { recipe = \"sgd\"; duration = \"100000000000it\"; };"},
     0,
     "recipe \"sgd\" is longer than 10000000 epochs"},
    {{.train = "optimiser = \"adam\"; warmup = \"1ep\"; clip = 1;"}, 0, NULL},
    {{.train = "optimiser = \"adm\";"},
     6,
     "\"optimiser\" of the recipe of train is \"adm\"; wanted one of \"sgd\", \"adam\", \"adamw\""},
    {{.train = "beta1 = 1.0;"}, 6, "\"beta1\" of the recipe of train is 1; wanted less than 1"},
    {{.train = "label_smoothing = 1.5;"}, 6, "\"label_smoothing\" of the recipe of train is 1.5"},
    {{.train = "warmup = \"soon\";"}, 6, "\"warmup\" of the recipe of train is \"soon\""},
    {{.train = "augment = \"flip_lighting\";"},
     0,
     "augments by jitter or lighting, which want images of 3 channels: those of the data have 1"},
    /* a set's recipe */
    {{.distill =
          "plugin = \"random\"; ipc = 1; recipe = { recipe = \"idc\"; duration = \"0ep\"; };"},
     2,
     "distiller 'random': the recipe of its set, \"idc\", has a duration of 0"},
    {{.distill = IDC " ipc = 1; recipe = { recipe = \"idc\"; duration = \"0it\"; };"},
     2,
     "distiller 'idc': the recipe of its set, \"idc\", has a duration of 0"},
    {{.distill = "plugin = \"random\"; ipc = 1; recipe = \"\";"}, 2, "its set has no recipe"},
    /* images of a class: 10 of each */
    {{.distill = "plugin = \"random\"; ipc = 10;"}, 0, NULL},
    {{.distill = "plugin = \"random\"; ipc = 11;"},
     2,
     "ipc x factor x factor images of each class are needed: class 0 has 10 training images, "
     "wanted 11"},
    {{.distill = "plugin = \"random\"; ipc = 3; factor = 2;"}, 2, "wanted 12"},
    {{.distill = IDC " ipc = 3; factor = 2;"},
     2,
     "start = \"mix\" wants 12 real images of class 0, there are 10"},
    {{.distill = IDC " ipc = 3; factor = 2; start = \"noise\";"}, 0, NULL},
    {{.dataset = "classes = 3;", .distill = "plugin = \"random\"; ipc = 1;"},
     2,
     "class 2 has 0 training images"},
    {{.dataset = "classes = 3;", .distill = IDC " start = \"noise\"; ipc = 1;"},
     2,
     "class 2 has no training images"},
    /* sides of 4 */
    {{.distill = "plugin = \"random\"; factor = 5; ipc = 1;"},
     2,
     "factor 5: more tiles than the 4x4"},
    {{.distill = IDC " factor = 5; ipc = 1;"}, 2, "factor = 5: more tiles than the 4 x 4 images"},
    /* one channel */
    {{.distill = IDC " ipc = 1; augment = \"color_jitter\";"},
     2,
     "distiller 'idc': option \"augment\" augments by jitter or lighting, which want images of 3 "
     "channels: those of the data have 1"},
    {{.distill = IDC " ipc = 1; net_augment = \"lighting\";"}, 2, "option \"net_augment\""},
    {{.distill = "plugin = \"dm\"; ipc = 1; augment = \"jitter\";"}, 2, "option \"augment\""},
    {{.distill = "plugin = \"dsa\"; ipc = 1; augment = \"jitter\";"}, 2, "option \"augment\""},
    {{.distill = "plugin = \"mtt\"; ipc = 1; augment = \"jitter\";"}, 2, "option \"augment\""},
    {{.distill =
          "plugin = \"random\"; ipc = 1; recipe = { recipe = \"idc\"; augment = \"default\"; "
          "};",
      .train = "augment = \"default\";"},
     0,
     NULL},
    /* ends: 2 epochs of 2 steps on the data */
    {{.stage = "rewind = \"2ep\";"}, 0, NULL},
    {{.stage = "rewind = \"4it\";"}, 0, NULL},
    {{.stage = "\nrewind = \"3ep\";"},
     6,
     "rewind \"3ep\" is past the end of the training (6 of 4 steps)"},
    {{.stage = "rewind = \"5it\";"},
     5,
     "rewind \"5it\" is past the end of the training (5 of 4 steps)"},
    /* a set of 2 images, of one step an epoch */
    {{.distill =
          "plugin = \"random\"; ipc = 1; recipe = { recipe = \"idc\"; duration = \"3ep\"; };",
      .stage = "data = \"distilled\"; rewind = \"4it\";"},
     5,
     "rewind \"4it\" is past the end of the training (4 of 3 steps)"},
};

static void refuses_before_anything_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_status status = lay_out(&cases[i].parts, NULL, &err);
        if (cases[i].text == NULL) {
            assert_ok(status, &err);
            continue;
        }
        assert_refused(status, COP_INVALID, &err, cases[i].text);
        assert_non_null(strstr(err.file, "/t.cfg"));
        if (err.line != cases[i].line)
            fail_msg("case %zu: line %d, wanted %d: %s", i, err.line, cases[i].line, err.message);
    }
}

static void warns_of_what_a_training_never_comes_to(void **state)
{
    (void)state;
    static const struct {
        const char *train, *text;
    } warnings[] = {
        {"milestones = (\"1ep\");", ""},
        {"milestones = (0.5);", ""},
        {"milestones = (\"1ep\", \"2ep\");", "t.cfg:6: the recipe of train: the milestone \"2ep\" "
                                             "is never reached: the training ends at "
                                             "\"2ep\"\n"},
        {"warmup = \"2ep\";", ""},
        {"warmup = \"5ep\";", "t.cfg:6: the recipe of train: its lr is never reached: it rises for "
                              "\"5ep\" (warmup), and the training ends at \"2ep\"\n"},
    };
    for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
        const parts p = {.train = warnings[i].train};
        cop_error err = {0};
        assert_ok(lay_out(&p, log, &err), &err);
        cop_logger_free(log);
        assert_int_equal(fclose(stream), 0);
        if (warnings[i].text[0] == '\0')
            assert_string_equal(text, "");
        else
            assert_non_null(strstr(text, warnings[i].text));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_before_anything_runs),
        cmocka_unit_test(warns_of_what_a_training_never_comes_to),
    };
    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}

/* test_study_warnings.c: what a config says and does not do is told when the study is laid out, as
 * `coppice check` and `run` do: once, whatever the number of cells and seeds; and what has no say
 * is refused. */
#include "registry_scene.h"

#include "core/log.h"
#include "study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What of a study differs; NULL: nothing. Lines: 3 the distiller, 5 the pruner, 9 the analyzer. */
typedef struct parts {
    const char *dataset, *distill, *ticket, *norm, *pruner, *analyzer;
} parts;

static const char * or (const char *part, const char *usual)
{
    return part != NULL ? part : usual;
}

/* Lays out two cells of two seeds; *said are the warnings, the caller's. */
static cop_status lay_out(const parts *p, char **said, cop_error *err)
{
    char path[PATH_MAX + 32];
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/t.cfg", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(
        file,
        "study = { seeds = [0, 1]; };\n"
        "dataset = { plugin = \"floatdata\"; size = 20; %s };\n"
        "distill = { %s };\n"
        "ticket = { %s model = { plugin = \"convnet\"; depth = 2; width = 4; norm = \"%s\"; };\n"
        "  phases = ( { pruner = { %s };\n"
        "    data = \"distilled\"; rounds = 2; } ); };\n"
        "train = { recipe = \"sgd\"; duration = \"2ep\"; batch = 10; };\n"
        "sweep = ( { path = \"train.lr\"; values = [0.1, 0.2]; } );\n"
        "analyze = ( %s );\n",
        or (p->dataset, ""), or (p->distill, "plugin = \"random\"; ipc = 1;"), or (p->ticket, ""),
        or (p->norm, "batch"), or (p->pruner, "plugin = \"imp\";"), or (p->analyzer, ""));
    assert_int_equal(fclose(file), 0);
    FILE *stream = open_memstream(said, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    cop_config *config = NULL;
    cop_study *study = NULL;
    cop_status status = cop_config_load(path, NULL, 0, registry, log, &config, err);
    if (status == COP_OK)
        status = cop_study_new(config, dir, false, log, &study, err);
    cop_study_free(study);
    cop_config_free(config);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    return status;
}

/* MTT with a network and numbers that the data here can have; not its rate. */
#define MTT                                                                                        \
    "plugin = \"mtt\"; ipc = 1; experts = 1; iterations = 1; student_steps = 1; max_start = 1; "   \
    "model = { plugin = \"convnet\"; depth = 1; width = 4; norm = \"instance\"; };"

static const struct {
    parts parts;
    const char *text; /* NULL: no warning */
} warnings[] = {
    {{0}, NULL},
    {{.ticket = "controls = [\"shuffle\"];"}, NULL},
    {{.ticket = "controls = [\"shuffle\"]; retrain = \"none\";"},
     "t.cfg: ticket.controls: there are none, as ticket.retrain = \"none\" trains no copies"},
    {{.ticket = "controls = [\"reinit\"];", .pruner = "plugin = \"synflow\"; iterations = 1;"},
     NULL},
    {{.norm = "none", .pruner = "plugin = \"synflow\"; iterations = 1;"}, NULL},
    {{.norm = "instance", .pruner = "plugin = \"synflow\"; iterations = 1;"},
     "t.cfg:5: pruner 'synflow': the model normalises by the image"},
    {{.distill = MTT},
     "t.cfg:3: distiller 'mtt': lr = 100 is published for ipc = 1 on data whitened by "
     "dataset.zca = 0.1, and these are not whitened"},
    {{.analyzer = "{ plugin = \"hessian\"; resolution = 0.1; }"}, NULL},
    {{.analyzer = "{ plugin = \"hessian\"; resolution = 0.1; probes = 5; }"},
     "t.cfg:9: analyzer 'hessian': probes has no say: how many there are follows from resolution"},
    {{.analyzer = "{ plugin = \"hessian\"; most_probes = 5; }"},
     "t.cfg:9: analyzer 'hessian': most_probes has no say where resolution = 0"},
    {{.analyzer = "{ plugin = \"hessian\"; diagonal = \"exact\"; resolution = 0.1; }"},
     "t.cfg:9: analyzer 'hessian': resolution has no say: the diagonal is exact"},
    {{.distill = MTT " lr = 10.0;"}, NULL},
    {{.distill = MTT, .dataset = "zca = 0.1;"}, NULL},
};

static void tells_once_what_is_not_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
        char *said = NULL;
        cop_error err = {0};
        const char *wanted = warnings[i].text;
        assert_ok(lay_out(&warnings[i].parts, &said, &err), &err);
        const char *at = wanted != NULL ? strstr(said, wanted) : NULL;
        if ((wanted == NULL && said[0] != '\0') || (wanted != NULL && at == NULL))
            fail_msg("case %zu says: %s", i, said);
        if (at != NULL && strchr(at, '\n')[1] != '\0')
            fail_msg("case %zu says more than once: %s", i, said);
        free(said);
    }
}

/* Whether a rate is stated counts, not its value. */
static void refuses_what_has_no_say(void **state)
{
    (void)state;
    static const struct {
        const char *pruner, *text; /* NULL: fine */
    } cases[] = {
        {"plugin = \"snip\";", NULL},
        {"plugin = \"snip\"; sparsity = 0.5;", NULL},
        {"plugin = \"snip\"; sparsity = 0.0; rate = 0.2;", NULL},
        {"plugin = \"random\"; rate = 0.2;", NULL},
        {"plugin = \"snip\"; rate = 0.2;", "sparsity = 0.9 says how many weights go, and rate has"},
        {"plugin = \"grasp\"; rate = 0.5; sparsity = 0.5;", "sparsity = 0.5 says how many"},
        {"plugin = \"magnitude\"; rate = 0.5;", "rate has no say"},
        {"plugin = \"synflow\"; rate = 0.5;", "rate has no say"},
        {"plugin = \"random\"; rate = 0.2; sparsity = 0.5;", "rate has no say"},
        {"plugin = \"random\"; distribution = \"erk\"; scope = \"layer\";",
         "distribution = \"erk\" divides the share among layers: scope = \"layer\" has no say"},
        {"plugin = \"random\"; like = \"t.cfg\"; rate = 0.2;",
         "sparsity, rate, distribution and scope have no say"},
        {"plugin = \"random\"; like = \"t.cfg\"; scope = \"global\";",
         "sparsity, rate, distribution and scope have no say"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *said = NULL;
        cop_error err = {0};
        const parts p = {.pruner = cases[i].pruner};
        cop_status status = lay_out(&p, &said, &err);
        free(said);
        if (cases[i].text == NULL) {
            assert_ok(status, &err);
            continue;
        }
        assert_refused(status, COP_INVALID, &err, cases[i].text);
        assert_int_equal(err.line, 5);
    }
}

static void refuses_what_has_no_say_on_a_plane(void **state)
{
    (void)state;
    static const struct {
        const char *analyzer, *text; /* NULL: fine */
    } cases[] = {
        {"{ plugin = \"landscape\"; plane = \"random\"; radius = 0.5; copy = 1; }", NULL},
        {"{ plugin = \"landscape\"; plane = \"random\"; margin = 0.2; }",
         "margin has no say with plane = \"random\""},
        {"{ plugin = \"landscape\"; plane = \"published\"; copy = 0; }",
         "copy has no say with plane = \"published\""},
        {"{ plugin = \"landscape\"; radius = 0.0; }",
         "radius has no say with plane = \"orthonormal\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *said = NULL;
        cop_error err = {0};
        const parts p = {.analyzer = cases[i].analyzer};
        cop_status status = lay_out(&p, &said, &err);
        free(said);
        if (cases[i].text == NULL) {
            assert_ok(status, &err);
            continue;
        }
        assert_refused(status, COP_INVALID, &err, cases[i].text);
        assert_int_equal(err.line, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_once_what_is_not_done),
        cmocka_unit_test(refuses_what_has_no_say),
        cmocka_unit_test(refuses_what_has_no_say_on_a_plane),
    };
    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}

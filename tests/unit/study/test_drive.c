/* The loop around stepped work: bit-exact resume, cancelling, blame, and the check of results. */
#include "given.h"
#include "recorded.h"

#include "core/log.h"
#include "nn/synthetic.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 7, WEIGHTS = 5 };

/* A pruner whose bag is a chain: every step mixes what the last one left with a random draw. */
typedef struct chain {
    const char *fail_in; /* "begin", "step", "finish", or NULL */
    const char *message;
    float result[WEIGHTS];       /* written into the mask */
    volatile sig_atomic_t *stop; /* set in step `stop_at` */
    int64_t stop_at;
    bool grow;              /* adds to the bag in a step */
    bool ask_too_much;      /* asks for an input that cannot be had, and goes on without */
    const char *records_in; /* where it records numbers that cannot be, or NULL: */
    const char *series;
    int series_count; /* so many, "SERIES0" and so on; 0: one, of that name */
    double last;
} chain;

static bool fails(const chain *c, const char *phase)
{
    return c->fail_in != NULL && strcmp(c->fail_in, phase) == 0;
}

static void record(const chain *c, cop_work *work, const char *phase)
{
    char name[96];
    if (c->records_in == NULL || strcmp(c->records_in, phase) != 0)
        return;
    if (c->series_count == 0)
        cop_work_record(work, c->series, 1.0);
    for (int i = 0; i < c->series_count; i++) {
        (void)snprintf(name, sizeof name, "%s%d", c->series, i);
        cop_work_record(work, name, 1.0);
    }
}

static cop_status refuse(const chain *c, cop_error *err)
{
    if (c->message != NULL)
        return cop_fail(err, COP_UNAVAILABLE, "%s", c->message);
    return COP_FAILED;
}

static cop_status chain_begin(void *self, cop_work *work, cop_error *err)
{
    if (fails(self, "begin"))
        return refuse(self, err);
    record(self, work, "begin");
    return cop_tensors_add(cop_work_bag(work), "value", COP_F64, cop_shape0(), NULL, err);
}

static cop_status chain_step(void *self, cop_work *work, int64_t i, cop_error *err)
{
    chain *c = self;
    cop_tensors *bag = cop_work_bag(work);
    const cop_tensors *mask = NULL;
    if (c->ask_too_much)
        (void)cop_work_initial(work, &mask, NULL);
    if (fails(c, "step") && i == 3)
        return refuse(c, err);
    cop_stream stream = cop_work_stream(work, "chain", (uint64_t)i);
    double *value = cop_f64(cop_tensors_find(bag, "value"));
    *value = sin(*value + (double)cop_stream_uniform(&stream));
    cop_work_report(work, "at %d", (int)i);
    cop_work_record(work, "value", 1e9);
    cop_work_record(work, "value", *value); /* the last one counts */
    if (i % 3 == 1)
        cop_work_record(work, "now and then", -*value);
    record(c, work, "step");
    if (c->stop != NULL && i == c->stop_at)
        *c->stop = 1;
    if (c->grow)
        return cop_tensors_add(bag, "more", COP_F32, cop_shape0(), NULL, err);
    return COP_OK;
}

static cop_status chain_finish(void *self, cop_work *work, cop_error *err)
{
    chain *c = self;
    cop_tensors *mask = cop_work_next_mask(work);
    if (fails(c, "finish"))
        return refuse(c, err);
    record(c, work, "finish");
    c->last = *cop_f64(cop_tensors_find(cop_work_bag(work), "value"));
    memcpy(cop_f32(cop_tensors_at(mask, 0)), c->result, sizeof c->result);
    return COP_OK;
}

static const cop_work_ops ops = {
    .size = sizeof ops, .begin = chain_begin, .step = chain_step, .finish = chain_finish};

/* What the drive saved last, and how often. */
typedef struct saved {
    cop_saved state; /* owned */
    int count;
} saved;

static cop_status keep(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    saved *s = context;
    cop_saved_clear(&s->state);
    s->state = (cop_saved){.bag = cop_tensors_clone(state->bag), .step = state->step};
    if (state->series != NULL)
        s->state.series = cop_tensors_clone(state->series);
    s->count++;
    return COP_OK;
}

static void assert_same_series(const cop_recorder *a, const cop_recorder *b)
{
    cop_series x[COP_SERIES_MOST], y[COP_SERIES_MOST];
    size_t count = cop_recorder_series(a, x);
    assert_int_equal(cop_recorder_series(b, y), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(x[i].name, y[i].name);
        assert_int_equal(x[i].count, y[i].count);
        assert_memory_equal(x[i].points, y[i].points, x[i].count * sizeof x[i].points[0]);
    }
}

static cop_tensors *one_mask(const float *values)
{
    cop_error err = {0};
    cop_tensor *t = NULL;
    cop_tensors *set = cop_tensors_new();
    assert_ok(cop_tensors_add(set, "w", COP_F32, cop_shape1(WEIGHTS), &t, &err), &err);
    memcpy(cop_f32(t), values, WEIGHTS * sizeof(float));
    return set;
}

static const float before[WEIGHTS] = {1, 1, 1, 0, 1};

static cop_status run(chain *c, cop_drive *d, cop_tensors **mask, cop_error *err)
{
    cop_tensors *had = one_mask(before);
    given inputs = {.mask = had};
    cop_work work = {
        .kind = COP_KIND_PRUNER, .seed = 5, .rounds = 1, .source = given_source(&inputs)};
    d->what = "pruner 'chain'";
    d->self = c;
    d->work = &work;
    d->steps = STEPS;
    *mask = NULL;
    cop_status status = cop_drive_pruner(d, &ops, had, mask, err);
    cop_tensors_free(had);
    return status;
}

static void a_resumed_run_ends_the_same(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *mask = NULL;
    chain whole = {.result = {1, 0, 1, 0, 1}};
    cop_recorder all = {0};
    cop_drive plain = {.recorded = &all};
    assert_ok(run(&whole, &plain, &mask, &err), &err);
    assert_memory_equal(cop_f32(cop_tensors_at(mask, 0)), whole.result, sizeof whole.result);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].count, STEPS);
    assert_true(last_recorded(&all, "value") == whole.last);
    assert_int_equal(all.items[1].count, 2);
    assert_int_equal(all.items[1].points[1].step, 4);
    cop_tensors_free(mask);
    for (int64_t at = 0; at < STEPS - 1; at++) {
        volatile sig_atomic_t stop = 0;
        saved s = {0};
        chain first = {.result = {1, 0, 1, 0, 1}, .stop = &stop, .stop_at = at};
        cop_drive d = {.save = keep, .context = &s, .save_seconds = 1e9, .stop = &stop};
        assert_refused(run(&first, &d, &mask, &err), COP_CANCELLED, &err, "stopped before step");
        assert_null(mask);
        assert_int_equal(s.state.step, at + 1);
        assert_int_equal(s.count, 1);

        chain second = {.result = {1, 0, 1, 0, 1}};
        cop_recorder both = {0};
        cop_drive again = {.resume = &s.state, .recorded = &both};
        assert_ok(run(&second, &again, &mask, &err), &err);
        assert_true(second.last == whole.last);
        assert_same_series(&both, &all);
        cop_recorder_clear(&both);
        cop_tensors_free(mask);
        cop_saved_clear(&s.state);
    }
    cop_recorder_clear(&all);
}

static void saves_as_often_as_told(void **state)
{
    (void)state;
    const struct {
        double seconds;
        int count;
    } cases[] = {{0.0, STEPS - 1}, {1e9, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *mask = NULL;
        saved s = {0};
        chain c = {.result = {1, 0, 1, 0, 1}};
        cop_drive d = {.save = keep, .context = &s, .save_seconds = cases[i].seconds};
        assert_ok(run(&c, &d, &mask, &err), &err);
        assert_int_equal(s.count, cases[i].count);
        cop_tensors_free(mask);
        cop_saved_clear(&s.state);
    }
}

static void a_checkpoint_that_does_not_fit_is_left_aside(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *mask = NULL, *other = one_mask(before), *right = cop_tensors_new();
    assert_ok(cop_tensors_add(right, "value", COP_F64, cop_shape0(), NULL, &err), &err);
    chain whole = {.result = {1, 0, 1, 0, 1}};
    cop_drive plain = {0};
    assert_ok(run(&whole, &plain, &mask, &err), &err);
    cop_tensors_free(mask);
    const cop_saved cases[] = {{.bag = other, .step = 3},
                               {.bag = right, .step = -1},
                               {.bag = right, .step = STEPS + 1},
                               {.bag = right, .series = other, .step = 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        chain c = {.result = {1, 0, 1, 0, 1}};
        cop_recorder recorded = {0};
        cop_drive d = {.resume = &cases[i], .recorded = &recorded};
        assert_ok(run(&c, &d, &mask, &err), &err);
        assert_true(c.last == whole.last);
        assert_int_equal(recorded.items[0].count, STEPS);
        cop_recorder_clear(&recorded);
        cop_tensors_free(mask);
    }
    cop_tensors_free(other);
    cop_tensors_free(right);
}

static void failures_say_who_and_where(void **state)
{
    (void)state;
    const struct {
        chain c;
        cop_status status;
        const char *text;
    } cases[] = {
        {{.fail_in = "begin", .message = "no luck"},
         COP_UNAVAILABLE,
         "pruner 'chain': begin: no luck"},
        {{.fail_in = "step", .message = "no luck"},
         COP_UNAVAILABLE,
         "pruner 'chain': step 3: no luck"},
        {{.fail_in = "finish", .message = "no luck"},
         COP_UNAVAILABLE,
         "pruner 'chain': finish: no luck"},
        {{.fail_in = "begin"}, COP_FAILED, "pruner 'chain': begin: failed without saying why"},
        {{.grow = true}, COP_FAILED, "step 0 added to its bag"},
        {{.ask_too_much = true}, COP_FAILED, "pruner 'chain': step: an input could not be read"},
        {{.result = {1, 1, 1, 1, 1}}, COP_FAILED, "brings the removed weight 3 back"},
        {{.result = {1, 0.5f, 1, 0, 1}}, COP_FAILED, "holds 0.5 at 1, wanted 0 or 1"},
        {{.result = {1, NAN, 1, 0, 1}}, COP_FAILED, "at 1, wanted 0 or 1"},
        {{.records_in = "step", .series = "a,b"},
         COP_FAILED,
         "pruner 'chain': step 0: cop_work_record: \"a,b\" cannot name a series: wanted 1 to 40 "
         "bytes"},
        {{.records_in = "step"}, COP_FAILED, "step 0: cop_work_record: a number without a name"},
        {{.records_in = "step", .series = "s", .series_count = 16},
         COP_FAILED,
         "step 0: cop_work_record: \"s15\" is one series too many: 16 at most"},
        {{.records_in = "begin", .series = "value"},
         COP_FAILED,
         "begin: cop_work_record: \"value\" was recorded outside of a step"},
        {{.records_in = "finish", .series = "value"},
         COP_FAILED,
         "finish: cop_work_record: \"value\" was recorded outside of a step"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *mask = NULL;
        chain c = cases[i].c;
        cop_drive d = {0};
        assert_refused(run(&c, &d, &mask, &err), cases[i].status, &err, cases[i].text);
        assert_null(mask);
    }
}

static cop_status no_room(void *context, const cop_saved *state, cop_error *err)
{
    (void)context;
    (void)state;
    return cop_fail(err, COP_FAILED, "no space left on device");
}

static void a_failed_checkpoint_ends_the_work(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *mask = NULL;
    chain c = {.result = {1, 0, 1, 0, 1}};
    cop_drive d = {.save = no_room};
    assert_refused(run(&c, &d, &mask, &err), COP_FAILED, &err,
                   "pruner 'chain': checkpoint: no space left on device");
}

static void masks_keep_what_their_plan_states(void **state)
{
    (void)state;
    const struct {
        cop_mask_promise promise;
        float result[WEIGHTS];
        const char *text; /* NULL: taken */
    } cases[] = {
        {{.states_left = true, .left = 3}, {1, 0, 1, 0, 1}, NULL},
        {{.states_left = true, .left = 2},
         {1, 0, 1, 0, 1},
         "pruner 'chain': the mask keeps 3 weights, and plan states 2"},
        {{.states_left = true, .left = 0}, {1, 0, 0, 0, 0}, "keeps 1 weights, and plan states 0"},
        {{.states_left = true, .left = 0}, {0, 0, 0, 0, 0}, NULL},
        {{0}, {1, 0, 1, 1, 1}, "brings the removed weight 3 back"},
        {{.regrows = true}, {1, 0, 1, 1, 1}, NULL},
        {{.regrows = true}, {1, 0, 1, 0.5f, 1}, "holds 0.5 at 3, wanted 0 or 1"},
        {{.regrows = true, .states_left = true, .left = 4}, {1, 0, 1, 1, 1}, NULL},
        {{.regrows = true, .states_left = true, .left = 4},
         {1, 0, 0, 1, 1},
         "keeps 3 weights, and plan states 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *mask = NULL;
        bool own_failure = false;
        chain c = {0};
        memcpy(c.result, cases[i].result, sizeof c.result);
        cop_drive d = {.promise = cases[i].promise, .own_failure = &own_failure};
        if (cases[i].text == NULL)
            assert_ok(run(&c, &d, &mask, &err), &err);
        else
            assert_refused(run(&c, &d, &mask, &err), COP_FAILED, &err, cases[i].text);
        /* What does not depend on this mask can still run. */
        assert_int_equal(own_failure, cases[i].text != NULL);
        cop_tensors_free(mask);
    }
}

static void masks_of_another_layout_are_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    const cop_mask_promise any = {0};
    cop_tensors *had = one_mask(before), *none = cop_tensors_new(), *named = cop_tensors_new();
    assert_ok(cop_tensors_add(named, "v", COP_F32, cop_shape1(WEIGHTS), NULL, &err), &err);
    assert_refused(cop_check_mask("p", none, had, &any, &err), COP_FAILED, &err,
                   "0 tensors, wanted 1");
    assert_refused(cop_check_mask("p", named, had, &any, &err), COP_FAILED, &err,
                   "'v' stands where 'w' is wanted");
    cop_tensors_free(had);
    cop_tensors_free(none);
    cop_tensors_free(named);
}

static cop_status refuse_at(const void *options, cop_plan *plan, cop_error *err)
{
    (void)options;
    (void)plan;
    return cop_fail_at(err, COP_INVALID, "weights.st", 7, "is wrong");
}

static void a_plan_that_blames_a_file_keeps_its_place(void **state)
{
    (void)state;
    const cop_work_ops refusing = {COP_SIZED(cop_work_ops), .plan = refuse_at};
    cop_plan plan = {.kind = COP_KIND_PRUNER};
    cop_error err = {0};
    assert_refused(cop_plan_make("pruner 'p'", &refusing, NULL, &plan, &err), COP_INVALID, &err,
                   "pruner 'p': plan: is wrong");
    assert_string_equal(err.file, "weights.st");
    assert_int_equal(err.line, 7);
}

/* A sound set of two 1×2×2 images of two classes, and what is said of one with a single flaw. */
static void synthetic_sets_are_checked(void **state)
{
    (void)state;
    const cop_task task = {.channels = 1, .height = 2, .width = 2, .classes = 2};
    for (int flaw = 0; flaw <= 19; flaw++) {
        float pixels[8] = {0}, labels[4] = {1, 0, 0.25f, 0.75f};
        cop_recipe recipe = {.name = "idc", .duration = {COP_EPOCHS, 3}, .batch = 8};
        cop_synthetic s = {.task = task,
                           .normalization = {.std = {1.0f}},
                           .factor = 1,
                           .recipe = &recipe,
                           .count = 2,
                           .pixels = pixels,
                           .labels = labels};
        const char *text = NULL;
        switch (flaw) {
        case 1:
            s.task.classes = 3, text = "2×2 images of 3 classes";
            break;
        case 2:
            s.count = 0, text = "empty set";
            break;
        case 3:
            s.pixels = NULL, text = "empty set";
            break;
        case 4:
            pixels[5] = INFINITY, text = "image 1 has a pixel";
            break;
        case 5:
            pixels[0] = NAN, text = "image 0 has a pixel";
            break;
        case 6:
            labels[3] = 0.5f, text = "labels of image 1 sum to 0.75";
            break;
        case 7:
            labels[0] = 2.0f, text = "image 0 has a label of 2";
            break;
        case 8:
            s.decode = COP_DECODE_BOUND, text = "decoding 3";
            break;
        case 9:
            s.factor = 0, text = "decoding factor 0";
            break;
        case 10:
            s.factor = 3, text = "decoding factor 3";
            break;
        case 11:
            recipe.batch = 0, text = "how to train";
            break;
        case 12:
            s.normalization.std[0] = 0.0f, text = "positive deviation";
            break;
        case 13:
            pixels[6] = 1.0000001f, text = "image 1 has a pixel that is 1.00000012, wanted 0 to 1";
            break;
        case 14:
            pixels[1] = -1.0f, text = "image 0 has a pixel that is -1, wanted 0 to 1";
            break;
        case 15:
            labels[2] = NAN, text = "image 1 has a label of nan";
            break;
        case 16: /* what could be written and not read again would be made again and again */
            (void)strcpy(recipe.name, "my own"), text = "recipe of its set cannot be stored";
            break;
        case 17:
            (void)strcpy(recipe.name, ""), text = "recipe of its set cannot be stored";
            break;
        case 18:
            recipe.lr = NAN, text = "recipe of its set cannot be stored";
            break;
        case 19:
            s.recipe = NULL, text = "how to train";
            break;
        default:
            break;
        }
        cop_error err = {0};
        cop_status status = cop_check_synthetic("distiller 'd'", &s, &task, &err);
        if (text == NULL)
            assert_ok(status, &err);
        else
            assert_refused(status, COP_FAILED, &err, text);
    }
}

static void progress_shows_the_report_and_the_last_numbers(void **state)
{
    (void)state;
    cop_error err = {0};
    char *said = NULL;
    size_t size = 0;
    cop_tensors *had = one_mask(before), *mask = NULL;
    FILE *out = open_memstream(&said, &size);
    assert_non_null(out);
    cop_logger *log = cop_logger_new(out, COP_LOG_INFO, false);
    assert_non_null(log);
    given inputs = {.mask = had};
    chain c = {.result = {1, 0, 1, 0, 1}};
    cop_work work = {
        .kind = COP_KIND_PRUNER, .seed = 5, .log = log, .source = given_source(&inputs)};
    const cop_drive d = {.what = "chain", .self = &c, .work = &work, .steps = STEPS};
    assert_ok(cop_drive_pruner(&d, &ops, had, &mask, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(out), 0);
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted, "  at 6  value %.4g  now and then ", c.last);
    assert_non_null(strstr(said, wanted));
    free(said);
    cop_tensors_free(mask);
    cop_tensors_free(had);
}

static cop_status plan_one(const void *options, cop_plan *plan, cop_error *err)
{
    cop_plan_steps(plan, 4);
    cop_plan_flops(plan, 1e6);
    return cop_plan_train(plan, options, err);
}

static const cop_work_ops planner = {
    .size = sizeof planner, .plan = plan_one, .step = chain_step, .finish = chain_finish};

static void plans_copy_what_they_are_asked(void **state)
{
    (void)state;
    cop_error err = {0};
    char label[] = "expert";
    cop_recipe recipe = {.name = "idc", .batch = 17};
    cop_duration at[] = {{COP_EPOCHS, 1}, {COP_STEPS, 500}};
    cop_training_request request = {COP_SIZED(cop_training_request),
                                    .label = label,
                                    .data = COP_DATA_REAL,
                                    .recipe = &recipe,
                                    .start = COP_START_TICKET,
                                    .init = 3,
                                    .noise = 9,
                                    .snapshots = at,
                                    .snapshot_count = 2};
    int stand_in = 0;
    const cop_model *model = (const cop_model *)&stand_in;
    cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = model};
    assert_ok(cop_plan_make("analyzer 'a'", &planner, &request, &plan, &err), &err);
    label[0] = 'E';
    recipe.batch = 0;
    at[1].value = 0;
    assert_int_equal(plan.steps, 4);
    assert_int_equal(plan.training_count, 1);
    assert_string_equal(plan.trainings[0].label, "expert");
    assert_ptr_equal(plan.trainings[0].model, model);
    assert_true(plan.trainings[0].has_recipe);
    assert_int_equal(plan.trainings[0].recipe.batch, 17);
    assert_true(plan.trainings[0].snapshots[1].value == 500.0);
    assert_int_equal(plan.trainings[0].noise, 9);
    cop_plan_clear(&plan);
    assert_int_equal(plan.training_count, 0);
}

/* Asks for a training and for one that goes on from it. */
static cop_status plan_branch(const void *options, cop_plan *plan, cop_error *err)
{
    const cop_duration at[] = {{COP_STEPS, 3}, {COP_EPOCHS, 2}};
    const cop_training_request trunk = {
        COP_SIZED(cop_training_request), .label = "trunk", .data = COP_DATA_REAL,
        .start = COP_START_TICKET,       .snapshots = at,  .snapshot_count = 2};
    COP_TRY(cop_plan_train(plan, &trunk, err));
    return cop_plan_train(plan, options, err);
}

static const cop_work_ops branching = {
    .size = sizeof branching, .plan = plan_branch, .finish = chain_finish};

static void a_training_goes_on_from_an_earlier_ones_snapshot_alone(void **state)
{
    (void)state;
    int stand_in = 0, other = 0;
    const cop_model *model = (const cop_model *)&stand_in;
    const struct {
        cop_training_request request;
        const char *text; /* NULL: taken */
    } cases[] = {
        {{.from = 0, .at = {COP_EPOCHS, 2}, .keep_momentum = true}, NULL},
        {{.from = 0, .at = {COP_STEPS, 3}, .model = model}, NULL},
        {{.from = 0, .at = {COP_STEPS, 2}}, "at \"2it\", which is none of its snapshots"},
        {{.from = 0, .at = {COP_EPOCHS, 3}}, "at \"3ep\", which is none of its snapshots"},
        {{.from = 1, .at = {COP_STEPS, 3}}, "goes on from request 1, and 1 were made before it"},
        {{.from = 0, .at = {COP_STEPS, 3}, .model = (const cop_model *)&other},
         "goes on from 'trunk', whose model is another one"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_training_request request = cases[i].request;
        request.size = sizeof request;
        request.label = "branch";
        request.data = COP_DATA_REAL;
        request.start = COP_START_TRAINING;
        cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = model};
        cop_status status = cop_plan_make("it", &branching, &request, &plan, &err);
        if (cases[i].text != NULL) {
            assert_refused(status, COP_FAILED, &err, cases[i].text);
            continue;
        }
        assert_ok(status, &err);
        assert_int_equal(plan.training_count, 2);
        assert_ptr_equal(plan.trainings[1].model, model);
        assert_int_equal(plan.trainings[1].from, 0);
        assert_true(plan.trainings[1].at.value == request.at.value);
        assert_true(plan.trainings[1].keep_momentum == request.keep_momentum);
        cop_plan_clear(&plan);
    }
}

static void plans_refuse_what_cannot_be_had(void **state)
{
    (void)state;
    int stand_in = 0, other = 0;
    const cop_model *model = (const cop_model *)&stand_in;
    const cop_duration fraction = {COP_FRACTION, 0.5}, broken = {COP_STEPS, 1.5};
    const struct {
        cop_kind kind;
        const cop_model *model;
        cop_training_request request;
        cop_status status;
        const char *text;
    } cases[] = {
        {COP_KIND_DISTILLER,
         NULL,
         {.data = COP_DATA_REAL, .start = COP_START_INIT},
         COP_FAILED,
         "no ticket model"},
        {COP_KIND_DISTILLER,
         NULL,
         {.model = model, .data = COP_DATA_DISTILLED, .start = COP_START_INIT},
         COP_FAILED,
         "cannot train on the set it is to make"},
        {COP_KIND_DISTILLER,
         NULL,
         {.model = model, .data = COP_DATA_REAL, .start = COP_START_TICKET},
         COP_FAILED,
         "no ticket to start from"},
        {COP_KIND_PRUNER,
         model,
         {.data = COP_DATA_DISTILLED, .start = COP_START_INIT},
         COP_INVALID,
         "distils none"},
        {COP_KIND_PRUNER,
         model,
         {.model = (const cop_model *)&other, .data = COP_DATA_REAL, .start = COP_START_TICKET},
         COP_FAILED,
         "only the ticket's own model"},
        {COP_KIND_PRUNER, model, {.start = COP_START_INIT}, COP_FAILED, "unknown data source 0"},
        {COP_KIND_PRUNER, model, {.data = COP_DATA_REAL}, COP_FAILED, "unknown start 0"},
        {COP_KIND_PRUNER,
         model,
         {.data = COP_DATA_REAL,
          .start = COP_START_INIT,
          .snapshots = &fraction,
          .snapshot_count = 1},
         COP_FAILED,
         "neither in epochs nor in steps"},
        {COP_KIND_PRUNER,
         model,
         {.label = "net",
          .data = COP_DATA_REAL,
          .start = COP_START_INIT,
          .snapshots = &broken,
          .snapshot_count = 1},
         COP_FAILED,
         "'net': snapshot 0 is at 1.5"},
        {COP_KIND_PRUNER,
         model,
         {.data = COP_DATA_REAL, .start = COP_START_INIT, .snapshot_count = 2},
         COP_FAILED,
         "2 snapshots wanted, none given"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_training_request request = cases[i].request;
        request.size = sizeof request;
        cop_plan plan = {.kind = cases[i].kind, .model = cases[i].model};
        assert_refused(cop_plan_make("it", &planner, &request, &plan, &err), cases[i].status, &err,
                       cases[i].text);
        assert_int_equal(plan.training_count, 0);
    }
    cop_error err = {0};
    cop_plan plan = {.kind = COP_KIND_PRUNER, .model = model};
    cop_training_request untold = {.data = COP_DATA_REAL, .start = COP_START_INIT};
    assert_refused(cop_plan_make("it", &planner, &untold, &plan, &err), COP_INVALID, &err,
                   "a training request says that it is 0 bytes");
}

/* A pruner that states what it is told to. */
static cop_status plan_promise(const void *options, cop_plan *plan, cop_error *err)
{
    const cop_mask_promise *wanted = options;
    (void)err;
    if (wanted->states_left)
        cop_plan_leave(plan, wanted->left);
    if (wanted->regrows)
        cop_plan_regrows(plan);
    return COP_OK;
}

static void plans_leave_no_more_weights_than_there_are(void **state)
{
    (void)state;
    const cop_work_ops stating = {
        .size = sizeof stating, .plan = plan_promise, .finish = chain_finish};
    const struct {
        cop_kind kind;
        int64_t before;
        cop_mask_promise promise;
        const char *text; /* NULL: taken */
    } cases[] = {
        {COP_KIND_PRUNER, 40, {.states_left = true, .left = 40}, NULL},
        {COP_KIND_PRUNER, 40, {.states_left = true, .left = 0}, NULL},
        {COP_KIND_PRUNER,
         40,
         {.states_left = true, .left = 41},
         "leaves 41 weights, wanted 0 to 40"},
        {COP_KIND_PRUNER, 40, {.states_left = true, .left = -1}, "leaves -1 weights"},
        {COP_KIND_PRUNER, 40, {.states_left = true, .left = 41, .regrows = true}, NULL},
        {COP_KIND_PRUNER, -1, {.states_left = true, .left = 41}, NULL},
        {COP_KIND_ANALYZER, -1, {.states_left = true, .left = 4}, "only pruners make masks"},
        {COP_KIND_DISTILLER, -1, {.regrows = true}, "only pruners make masks"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_plan plan = {.kind = cases[i].kind, .weights_left = cases[i].before};
        cop_status status = cop_plan_make("it", &stating, &cases[i].promise, &plan, &err);
        if (cases[i].text == NULL)
            assert_ok(status, &err);
        else
            assert_refused(status, COP_FAILED, &err, cases[i].text);
        cop_plan_clear(&plan);
    }
}

static void shares_are_stated_where_they_follow_from_the_number_left(void **state)
{
    (void)state;
    const char *const items[] = {"conv"};
    const cop_string_list one = {1, items}, none = {0, NULL};
    cop_plan plan = {.kind = COP_KIND_PRUNER, .weights_left = 25};
    cop_plan_leave_share(&plan, 0.5, true, &none);
    cop_plan_leave_share(&plan, 0.5, false, &one);
    assert_false(plan.promise.states_left);
    cop_plan_leave_share(&plan, 0.1, false, &none);
    assert_true(plan.promise.states_left);
    assert_int_equal(plan.promise.left, 22); /* of 2.5 weights 3 go */
    cop_plan unknown = {.kind = COP_KIND_PRUNER, .weights_left = -1};
    cop_plan_leave_share(&unknown, 0.1, false, NULL);
    assert_false(unknown.promise.states_left);
    assert_int_equal(cop_plan_weights_left(&plan), 25);
    assert_int_equal(cop_plan_weights_left(&unknown), -1);
}

/* All but finish may be left out: there are no steps then, and nothing is wanted. */
static void what_is_left_out_has_a_default(void **state)
{
    (void)state;
    const cop_work_ops least = {.size = sizeof least, .finish = chain_finish};
    const cop_work_ops stepless = {
        .size = sizeof stepless, .plan = plan_one, .finish = chain_finish};
    cop_error err = {0};
    cop_plan plan = {.kind = COP_KIND_PRUNER};
    assert_ok(cop_plan_make("pruner 'p'", &least, NULL, &plan, &err), &err);
    assert_int_equal(plan.steps, 0);
    assert_int_equal(plan.training_count, 0);
    cop_plan_clear(&plan);
    cop_training_request request = {COP_SIZED(cop_training_request), .data = COP_DATA_REAL,
                                    .start = COP_START_INIT, .model = (const cop_model *)&plan};
    assert_refused(cop_plan_make("pruner 'p'", &stepless, &request, &plan, &err), COP_FAILED, &err,
                   "plan states 4 steps, and there is no step");
}

static void works_hand_out_what_was_trained(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *a = cop_tensors_new(), *b = cop_tensors_new();
    const cop_tensors *snapshots[] = {b, a}, *finals[] = {a, b}, *out = NULL;
    const cop_tensors *const *by_request[] = {NULL, snapshots};
    const size_t counts[] = {0, 2};
    given inputs = {.requested = finals, .snapshots = by_request};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .seed = 3,
                     .threads = 2,
                     .source = given_source(&inputs),
                     .request_count = 2,
                     .snapshot_counts = counts};
    assert_ok(cop_work_requested(&work, 0, &out, &err), &err);
    assert_ptr_equal(out, a);
    assert_ok(cop_work_requested(&work, 1, &out, &err), &err);
    assert_ptr_equal(out, b);
    assert_ok(cop_work_snapshot(&work, 1, 1, &out, &err), &err);
    assert_ptr_equal(out, a);
    assert_refused(cop_work_requested(&work, 2, &out, &err), COP_FAILED, &err,
                   "planned training 2 is wanted, and there are 2");
    assert_refused(cop_work_snapshot(&work, 1, 2, &out, &err), COP_FAILED, &err,
                   "snapshot 2 is wanted, and there are 2");
    assert_refused(cop_work_snapshot(&work, 0, 0, &out, &err), COP_FAILED, &err, "there are 0");
    assert_refused(cop_work_copy(&work, 0, &out, &err), COP_FAILED, &err, "copy 0 is wanted");
    assert_refused(cop_work_trained(&work, &out, &err), COP_FAILED, &err,
                   "an analyzer has no round");
    work.kind = COP_KIND_PRUNER;
    assert_refused(cop_work_trained(&work, &out, &err), COP_FAILED, &err,
                   "plan did not ask for it");
    cop_stream mine = cop_work_stream(&work, "x", 7), same = cop_stream_make(3, "x", 7);
    assert_int_equal(cop_stream_u32(&mine), cop_stream_u32(&same));
    cop_tensors_free(a);
    cop_tensors_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_run_ends_the_same),
        cmocka_unit_test(saves_as_often_as_told),
        cmocka_unit_test(a_checkpoint_that_does_not_fit_is_left_aside),
        cmocka_unit_test(failures_say_who_and_where),
        cmocka_unit_test(progress_shows_the_report_and_the_last_numbers),
        cmocka_unit_test(a_failed_checkpoint_ends_the_work),
        cmocka_unit_test(masks_keep_what_their_plan_states),
        cmocka_unit_test(masks_of_another_layout_are_refused),
        cmocka_unit_test(a_plan_that_blames_a_file_keeps_its_place),
        cmocka_unit_test(synthetic_sets_are_checked),
        cmocka_unit_test(plans_copy_what_they_are_asked),
        cmocka_unit_test(a_training_goes_on_from_an_earlier_ones_snapshot_alone),
        cmocka_unit_test(plans_refuse_what_cannot_be_had),
        cmocka_unit_test(plans_leave_no_more_weights_than_there_are),
        cmocka_unit_test(shares_are_stated_where_they_follow_from_the_number_left),
        cmocka_unit_test(what_is_left_out_has_a_default),
        cmocka_unit_test(works_hand_out_what_was_trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

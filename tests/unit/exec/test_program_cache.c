/* What the cache of programs promises: what it lends is as if it had just been compiled, is lent to
 * one at a time, and takes no more memory than it may. */
#include "support.h"

#include "core/file.h"
#include "exec/compiler/cache.h"
#include "exec/program/convolutions.h"
#include "exec/program/program.h"

#include <coppice/differentiate.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IMAGES = 2 * 3 * 8 * 8, WEIGHTS = 4 * 3 * 3 * 3, PLENTY = 64 << 20 };

/* A small network's loss and gradient, and all in which one request may differ from another. */
typedef struct request {
    double scale;
    const char *input, *label;
    int threads;
    int64_t images;
    bool swapped, spare_input, spare_node;
} request;

static const request usual = {
    .scale = 0.5, .input = "images", .label = "first", .threads = 2, .images = 2};

static cop_program *compile(cop_program_cache *cache, const request *r)
{
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_graph_use_cache(g, cache);
    if (r->spare_input)
        (void)cop_input(g, "spare", cop_shape1(3));
    cop_node x = cop_input(g, r->input, cop_shape4(r->images, 3, 8, 8));
    cop_node w = cop_input(g, "weights", cop_shape4(4, 3, 3, 3));
    cop_node y = cop_conv2d(g, x, w, cop_window_square(3, 1, 1));
    (void)cop_node_label(g, y, "%s", r->label);
    cop_node loss = cop_total(g, cop_tanh(g, cop_scale(g, y, r->scale))), gradient;
    assert_ok(cop_gradient(g, loss, &w, 1, &gradient, &err), &err);
    if (r->spare_node)
        (void)cop_exp(g, x);
    cop_node outputs[2] = {r->swapped ? gradient : loss, r->swapped ? loss : gradient};
    const cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = r->threads};
    cop_program *p = NULL;
    assert_ok(cop_compile(g, outputs, 2, &options, &p, &err), &err);
    cop_graph_free(g); /* nothing of it may be needed by the program, or by the next request */
    return p;
}

static cop_program_cache *new_cache(size_t bytes)
{
    cop_program_cache *cache = NULL;
    cop_error err = {0};
    assert_ok(cop_program_cache_new(bytes, &cache, &err), &err);
    return cache;
}

/* Values that differ from element to element and from turn to turn. */
static void fill(float *values, int count, int turn)
{
    for (int i = 0; i < count; i++)
        values[i] = (float)((i * 37 + turn * 11) % 101) / 101.0f - 0.5f;
}

typedef struct numbers {
    float images[IMAGES], weights[WEIGHTS];
    float loss, gradient[WEIGHTS];
} numbers;

static void bind(cop_program *p, numbers *n)
{
    cop_error err = {0};
    assert_ok(cop_program_bind_name(p, "images", n->images, &err), &err);
    assert_ok(cop_program_bind_name(p, "weights", n->weights, &err), &err);
}

/* Runs the usual program for a turn's values. */
static void run(cop_program *p, int turn, numbers *n)
{
    cop_error err = {0};
    fill(n->images, IMAGES, turn);
    fill(n->weights, WEIGHTS, turn + 1);
    bind(p, n);
    assert_ok(cop_program_bind_output(p, 1, n->gradient, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    n->loss = *cop_program_output(p, 0);
}

static void expect_usual(cop_program *p, int turn)
{
    numbers got, wanted;
    cop_program *fresh = compile(NULL, &usual);
    run(fresh, turn, &wanted);
    cop_program_free(fresh);
    run(p, turn, &got);
    assert_memory_equal(&got, &wanted, sizeof got);
}

static void expect_counts(cop_program_cache *cache, int64_t compiled, int64_t reused, int64_t idle)
{
    cop_program_cache_counts counts = cop_program_cache_count(cache);
    assert_int_equal(counts.compiled, compiled);
    assert_int_equal(counts.reused, reused);
    assert_int_equal(counts.idle, idle);
}

static void an_equal_graph_gets_the_program_that_was_freed(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_program *first = compile(cache, &usual);
    expect_counts(cache, 1, 0, 0);
    cop_program_free(first);
    expect_counts(cache, 1, 0, 1);
    cop_program *second = compile(cache, &usual);
    assert_ptr_equal(first, second);
    expect_counts(cache, 1, 1, 0);
    cop_program_free(second);
    cop_program_cache_free(cache);
}

static void a_graph_without_a_cache_has_programs_of_its_own(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_program_free(compile(NULL, &usual));
    expect_counts(cache, 0, 0, 0);
    cop_program *p = compile(cache, &usual), *own = compile(NULL, &usual);
    cop_program_free(own);
    expect_counts(cache, 1, 0, 0);
    cop_program_free(p);
    cop_program_cache_free(cache);
}

/* Also with programs of other graphs, and of other threads, in between. */
static void the_bits_are_those_of_a_program_that_was_just_compiled(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    const request others[] = {
        {.scale = 0.5, .input = "images", .label = "first", .threads = 1, .images = 2},
        {.scale = -3.0, .input = "images", .label = "first", .threads = 2, .images = 2}};
    for (int turn = 0; turn < 4; turn++) {
        cop_program *p = compile(cache, &usual);
        expect_usual(p, turn);
        expect_usual(p, turn + 7);
        cop_program_free(p);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            numbers n;
            p = compile(cache, &others[i]);
            run(p, turn, &n);
            cop_program_free(p);
        }
    }
    expect_counts(cache, 3, 9, 3);
    cop_program_cache_free(cache);
}

static void a_program_in_use_is_not_lent_again(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_program *a = compile(cache, &usual), *b = compile(cache, &usual);
    assert_ptr_not_equal(a, b);
    expect_counts(cache, 2, 0, 0);
    numbers of_a, of_b;
    run(a, 1, &of_a);
    run(b, 2, &of_b);
    assert_true(of_a.loss != of_b.loss);
    assert_true(*cop_program_output(a, 0) == of_a.loss);
    cop_program_free(a);
    expect_usual(b, 3);
    cop_program_free(b);
    a = compile(cache, &usual);
    b = compile(cache, &usual);
    assert_ptr_not_equal(a, b);
    expect_counts(cache, 2, 2, 0);
    cop_program_free(b);
    cop_program_free(a);
    cop_program_cache_free(cache);
}

static void what_was_bound_is_forgotten(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_error err = {0};
    numbers *n = malloc(sizeof *n);
    assert_non_null(n);
    cop_program *p = compile(cache, &usual);
    run(p, 1, n);
    cop_program_free(p);
    p = compile(cache, &usual);
    expect_counts(cache, 1, 1, 0);
    assert_refused(cop_program_run_convolutions(p, &err), COP_FAILED, &err, "after the whole");
    assert_refused(cop_program_run(p, &err), COP_FAILED, &err, "input \"images\" is not bound");
    assert_ok(cop_program_bind_name(p, "images", n->images, &err), &err);
    assert_refused(cop_program_run(p, &err), COP_FAILED, &err, "input \"weights\" is not bound");
    assert_null(cop_program_output(p, 0));
    assert_null(cop_program_output(p, 1));
    bind(p, n);
    float before[WEIGHTS];
    memcpy(before, n->gradient, sizeof before);
    fill(n->images, IMAGES, 5);
    assert_ok(cop_program_run(p, &err), &err);
    assert_memory_equal(before, n->gradient, sizeof before); /* no longer written there */
    assert_memory_not_equal(cop_program_output(p, 1), before, sizeof before);
    cop_program_free(p);
    free(n);
    cop_program_cache_free(cache);
}

static void whatever_differs_is_compiled_anew(void **state)
{
    (void)state;
    request others[9];
    for (size_t i = 0; i < 9; i++)
        others[i] = usual;
    others[1].scale = 0.25;
    others[2].input = "pictures";
    others[3].label = "second";
    others[4].threads = 1;
    others[5].images = 3;
    others[6].swapped = true;
    others[7].spare_input = true;
    others[8].spare_node =
        true; /* no output needs it, but numbers would not tell: the same program */
    cop_program_cache *cache = new_cache(PLENTY);
    for (size_t i = 0; i < 9; i++) {
        cop_program_free(compile(cache, &others[i]));
        expect_counts(cache, i < 8 ? (int64_t)i + 1 : 8, i < 8 ? 0 : 1, i < 8 ? (int64_t)i + 1 : 8);
    }
    for (size_t i = 0; i < 8; i++)
        cop_program_free(compile(cache, &others[i]));
    expect_counts(cache, 8, 9, 8);
    cop_program_cache_free(cache);
}

static void what_was_not_used_for_longest_goes_first(void **state)
{
    (void)state;
    request rows[3] = {usual, usual, usual};
    rows[1].scale = 1.5;
    rows[2].scale = 2.5;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_program_free(compile(cache, &rows[0]));
    size_t one = cop_program_cache_count(cache).bytes;
    assert_true(one > 2 * 1024); /* its signature, if nothing else */
    cop_program_cache_free(cache);

    cache = new_cache(2 * one + one / 2);
    for (size_t i = 0; i < 2; i++)
        cop_program_free(compile(cache, &rows[i]));
    cop_program_free(compile(cache, &rows[0])); /* so that the second is the oldest */
    cop_program_free(compile(cache, &rows[2]));
    cop_program_cache_counts counts = cop_program_cache_count(cache);
    assert_int_equal(counts.idle, 2);
    assert_int_equal(counts.dropped, 1);
    assert_true(counts.bytes <= 2 * one + one / 2);
    cop_program_free(compile(cache, &rows[0]));
    cop_program_free(compile(cache, &rows[2]));
    expect_counts(cache, 3, 3, 2);
    cop_program_free(compile(cache, &rows[1]));
    expect_counts(cache, 4, 3, 2);
    cop_program_cache_free(cache);
}

/* And the others stay. */
static void what_does_not_fit_is_not_kept(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(0);
    cop_program *p = compile(cache, &usual);
    expect_usual(p, 1);
    cop_program_free(p);
    expect_counts(cache, 1, 0, 0);
    assert_int_equal(cop_program_cache_count(cache).bytes, 0);
    assert_int_equal(cop_program_cache_count(cache).dropped, 1);
    cop_program_cache_free(cache);

    request large = usual;
    char label[COP_NAME_SIZE];
    memset(label, 'x', sizeof label);
    label[sizeof label - 1] = '\0';
    large.label = label;
    cache = new_cache(PLENTY);
    cop_program_free(compile(cache, &usual));
    size_t usual_bytes = cop_program_cache_count(cache).bytes;
    cop_program_cache_free(cache);
    cache = new_cache(usual_bytes + 1);
    cop_program_free(compile(cache, &usual));
    cop_program_free(compile(cache, &large));
    cop_program_free(compile(cache, &usual));
    expect_counts(cache, 2, 1, 1);
    cop_program_cache_free(cache);
}

static void an_idle_program_holds_no_arena(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    request large = usual;
    large.images = 256;
    cop_program *p = compile(cache, &large);
    size_t arena = p->arena_bytes;
    assert_non_null(p->arena);
    cop_program_free(p);
    assert_null(p->arena); /* it is idle: still there, but nobody's */
    assert_true(cop_program_cache_count(cache).bytes < arena);
    p = compile(cache, &large);
    assert_non_null(p->arena);
    cop_program_free(p);
    cop_program_cache_free(cache);
}

/* Constants lie in the arena: they are written again. */
static void constants_are_there_again(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_error err = {0};
    const float x[3] = {1.0f, 2.0f, 3.0f};
    for (int turn = 0; turn < 3; turn++) {
        cop_graph *g = cop_graph_new();
        cop_graph_use_cache(g, cache);
        cop_node parts[2] = {cop_input(g, "x", cop_shape1(3)),
                             cop_constant(g, cop_shape1(4), 0.25)};
        cop_node outputs[2] = {cop_concat(g, parts, 2, 0), parts[1]};
        cop_program *p = NULL;
        assert_ok(cop_compile(g, outputs, 2, NULL, &p, &err), &err);
        cop_graph_free(g);
        assert_ok(cop_program_bind_name(p, "x", x, &err), &err);
        assert_ok(cop_program_run(p, &err), &err);
        const float wanted[7] = {1.0f, 2.0f, 3.0f, 0.25f, 0.25f, 0.25f, 0.25f};
        assert_memory_equal(cop_program_output(p, 0), wanted, sizeof wanted);
        assert_memory_equal(cop_program_output(p, 1), wanted + 3, 4 * sizeof *wanted);
        cop_program_free(p);
    }
    expect_counts(cache, 1, 2, 1);
    cop_program_cache_free(cache);
}

static void programs_may_outlive_their_cache(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_program *a = compile(cache, &usual), *b = compile(cache, &usual);
    cop_program_free(compile(cache, &usual));
    cop_program_cache_free(cache);
    expect_usual(a, 1);
    cop_program_free(a);
    expect_usual(b, 2);
    cop_program_free(b);
}

enum { WORKERS = 4, TURNS = 12 };

static void *work(void *given)
{
    cop_program_cache *cache = given;
    request mine = usual;
    mine.threads = 1;
    numbers n;
    double sum = 0.0;
    for (int turn = 0; turn < TURNS; turn++) {
        cop_program *p = compile(cache, &mine);
        run(p, turn, &n);
        sum += (double)n.loss;
        cop_program_free(p);
    }
    double *result = malloc(sizeof *result);
    if (result != NULL)
        *result = sum;
    return result;
}

static void any_thread_may_use_a_cache(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    pthread_t threads[WORKERS];
    double *wanted = work(NULL);
    assert_non_null(wanted);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, cache), 0);
    for (int i = 0; i < WORKERS; i++) {
        void *sum = NULL;
        assert_int_equal(pthread_join(threads[i], &sum), 0);
        assert_non_null(sum);
        assert_true(*(double *)sum == *wanted);
        free(sum);
    }
    cop_program_cache_counts counts = cop_program_cache_count(cache);
    assert_int_equal(counts.compiled + counts.reused, WORKERS * TURNS);
    assert_in_range(counts.compiled, 1, WORKERS);
    assert_int_equal(counts.idle, counts.compiled);
    assert_int_equal(counts.lent, 0);
    free(wanted);
    cop_program_cache_free(cache);
}

/* A second owner would compute with the first one's bindings. */
static void freeing_twice_ends_the_process(void **state)
{
    (void)state;
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        cop_program_cache *cache = new_cache(PLENTY);
        request alone = usual;
        alone.threads = 1;
        cop_program *p = compile(cache, &alone);
        cop_program_free(p);
        cop_program_free(p);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void each_loan_has_a_listing_of_its_own(void **state)
{
    (void)state;
    char dir[256], path[300], *text = NULL;
    cop_error err = {0};
    numbers n;
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/listing", dir);
    cop_program_cache *cache = new_cache(PLENTY);
    assert_int_equal(setenv("COPPICE_PROFILE", path, 1), 0);
    for (int loan = 1; loan <= 2; loan++) {
        cop_program *p = compile(cache, &usual);
        for (int i = 0; i < 2 * loan; i++)
            run(p, i, &n);
        cop_program_free(p);
    }
    assert_int_equal(unsetenv("COPPICE_PROFILE"), 0);
    cop_program *p = compile(cache, &usual);
    assert_null(p->profile);
    run(p, 1, &n);
    cop_program_free(p);
    expect_counts(cache, 1, 2, 1);
    cop_program_cache_free(cache);
    assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
    char *second = strstr(text, "\n4 runs in ");
    assert_non_null(second);
    assert_non_null(strstr(text, "\n2 runs in "));
    assert_true(strstr(text, "\n2 runs in ") < second);
    assert_null(strstr(second + strlen("\n4 runs in "), " runs in "));
    free(text);
    remove_tree(dir);
}

static void the_environment_says_how_much_is_kept(void **state)
{
    (void)state;
    static const char *const wrong[] = {"-1", "2x", "1.5", "99999999999999", "much"};
    cop_program_cache *cache = NULL;
    cop_error err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(setenv("COPPICE_PROGRAM_CACHE", wrong[i], 1), 0);
        assert_refused(cop_program_cache_from_environment(&cache, &err), COP_INVALID, &err,
                       "wanted a number of MiB");
        assert_refused(COP_INVALID, COP_INVALID, &err, wrong[i]);
        assert_null(cache);
    }
    assert_int_equal(setenv("COPPICE_PROGRAM_CACHE", "0", 1), 0);
    assert_ok(cop_program_cache_from_environment(&cache, &err), &err);
    assert_null(cache);
    static const char *const some[] = {"3", ""};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_int_equal(setenv("COPPICE_PROGRAM_CACHE", some[i], 1), 0);
        assert_ok(cop_program_cache_from_environment(&cache, &err), &err);
        cop_program_free(compile(cache, &usual));
        cop_program_free(compile(cache, &usual));
        expect_counts(cache, 1, 1, 1);
        cop_program_cache_free(cache);
        cache = NULL;
    }
    assert_int_equal(unsetenv("COPPICE_PROGRAM_CACHE"), 0);
}

static void what_cannot_be_compiled_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    cop_program_cache *cache = new_cache(PLENTY);
    cop_error err = {0};
    cop_program *p = NULL;
    cop_graph *g = cop_graph_new();
    cop_graph_use_cache(g, cache);
    cop_node x = cop_input(g, "x", cop_shape1(3)), none = COP_NO_NODE;
    assert_refused(cop_compile(g, &none, 1, NULL, &p, &err), COP_FAILED, &err, "output 0");
    const cop_compile_options bf16 = {COP_SIZED(cop_compile_options),
                                      .precision = COP_PRECISION_BF16};
    assert_refused(cop_compile(g, &x, 1, &bf16, &p, &err), COP_UNAVAILABLE, &err, "bf16");
    assert_null(p);
    expect_counts(cache, 0, 0, 0);
    cop_graph_free(g);
    cop_program_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freeing_twice_ends_the_process), /* before there are threads to copy */
        cmocka_unit_test(an_equal_graph_gets_the_program_that_was_freed),
        cmocka_unit_test(a_graph_without_a_cache_has_programs_of_its_own),
        cmocka_unit_test(the_bits_are_those_of_a_program_that_was_just_compiled),
        cmocka_unit_test(a_program_in_use_is_not_lent_again),
        cmocka_unit_test(what_was_bound_is_forgotten),
        cmocka_unit_test(whatever_differs_is_compiled_anew),
        cmocka_unit_test(what_was_not_used_for_longest_goes_first),
        cmocka_unit_test(what_does_not_fit_is_not_kept),
        cmocka_unit_test(an_idle_program_holds_no_arena),
        cmocka_unit_test(constants_are_there_again),
        cmocka_unit_test(programs_may_outlive_their_cache),
        cmocka_unit_test(any_thread_may_use_a_cache),
        cmocka_unit_test(each_loan_has_a_listing_of_its_own),
        cmocka_unit_test(the_environment_says_how_much_is_kept),
        cmocka_unit_test(what_cannot_be_compiled_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A test that oneDNN, OpenBLAS and the kernels share one OpenMP runtime: with a second one, two
 * sets of threads would fight for the cores. */
#include "compiled.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a convolution and a matrix product on two threads. */
static void use_both_libraries(void)
{
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape4(2, 16, 8, 8), FILL_PLAIN);
    cop_node w = scene_draw(&s, cop_shape4(16, 16, 3, 3), FILL_PLAIN);
    cop_node a = scene_draw(&s, cop_shape2(256, 256), FILL_PLAIN);
    cop_node outputs[2] = {cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1)),
                           cop_matmul(s.g, a, false, a, false)};
    float *inputs[8];
    cop_error err = {0};
    cop_program *p = compiled_open(&s, outputs, 2, 2, inputs);
    assert_ok(cop_program_run(p, &err), &err);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* How many different files whose name begins so are mapped. */
static int mapped(const char *name)
{
    char line[4096], last[4096] = "";
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        char *path = strchr(line, '/');
        if (path == NULL || strncmp(strrchr(path, '/') + 1, name, strlen(name)) != 0 ||
            strcmp(path, last) == 0)
            continue;
        (void)snprintf(last, sizeof last, "%s", path);
        count++;
    }
    (void)fclose(maps);
    return count;
}

static void there_is_one_runtime(void **state)
{
    (void)state;
    use_both_libraries();
    assert_int_equal(mapped("libdnnl."), 1);
    assert_int_equal(mapped("libopenblas"), 1);
    assert_int_equal(mapped("libgomp."), 1);
    assert_int_equal(mapped("libomp"), 0);
    assert_int_equal(mapped("libiomp"), 0);
}

/* 0 is serial, 1 threads of its own, 2 OpenMP. */
static void openblas_takes_openmp_s_threads(void **state)
{
    (void)state;
    union {
        void *address;
        int (*call)(void);
    } parallel = {.address = dlsym(RTLD_DEFAULT, "openblas_get_parallel")};
    assert_non_null(parallel.address);
    assert_int_equal(parallel.call(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_is_one_runtime),
                                       cmocka_unit_test(openblas_takes_openmp_s_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

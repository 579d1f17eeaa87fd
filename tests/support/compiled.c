/* compiled.c: compiled programs against the oracle. */
#include "compiled.h"

#include "exec/program/program.h"

#include <stdlib.h>
#include <string.h>

static void *room(int64_t count, size_t size)
{
    void *memory = calloc(count > 0 ? (size_t)count : 1, size);
    assert_non_null(memory);
    return memory;
}

static int64_t count_of(const scene *s, cop_node node)
{
    return cop_shape_count(cop_node_shape(s->g, node));
}

/* Fills what instructions write with NaN, so that none is read before it is written. */
static void spoil_arena(cop_program *p)
{
    for (int32_t i = 0; i < p->buffer_count; i++) {
        const cop_buffer *b = &p->buffers[i];
        if (b->home == COP_HOME_ARENA && b->storage >= 0)
            memset(p->arena + p->storages[b->storage].offset, 0xff, p->storages[b->storage].bytes);
    }
}

cop_program *compiled_open(const scene *s, const cop_node *nodes, size_t count, int threads,
                           float **inputs)
{
    cop_error err = {0};
    assert_ok(cop_graph_check(s->g, &err), &err);
    cop_program *p = NULL;
    cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = threads};
    assert_ok(cop_compile(s->g, nodes, count, &options, &p, &err), &err);
    compiled_expect_sound_memory(p);
    spoil_arena(p);
    for (size_t i = 0; i < s->count; i++) {
        int64_t n = count_of(s, s->node[i]);
        inputs[i] = room(n, sizeof **inputs);
        for (int64_t k = 0; k < n; k++)
            inputs[i][k] = (float)s->value[i][k];
        assert_ok(cop_program_bind(p, s->node[i], inputs[i], &err), &err);
    }
    return p;
}

void compiled_close(const scene *s, cop_program *p, float **inputs)
{
    for (size_t i = 0; i < s->count; i++)
        free(inputs[i]);
    cop_program_free(p);
}

/* Runs again, now into memory of the test's own, and wants the same bits. */
static void expect_same_bits(const scene *s, cop_program *p, const cop_node *nodes, size_t count)
{
    cop_error err = {0};
    float **first = room((int64_t)count, sizeof(float *));
    float **second = room((int64_t)count, sizeof(float *));
    for (size_t k = 0; k < count; k++) {
        int64_t n = count_of(s, nodes[k]);
        first[k] = room(n, sizeof **first);
        second[k] = room(n, sizeof **second);
        memcpy(first[k], cop_program_output(p, k), (size_t)n * sizeof **first);
    }
    for (size_t k = 0; k < count; k++)
        assert_ok(cop_program_bind_output(p, k, second[k], &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    for (size_t k = 0; k < count; k++) {
        assert_ptr_equal(cop_program_output(p, k), second[k]);
        assert_memory_equal(first[k], second[k], (size_t)count_of(s, nodes[k]) * sizeof **first);
    }
    for (size_t k = 0; k < count; k++)
        assert_ok(cop_program_bind_output(p, k, NULL, &err), &err);
    for (size_t k = 0; k < count; k++) {
        free(first[k]);
        free(second[k]);
    }
    free(first);
    free(second);
}

static void expect_with_threads(const scene *s, const cop_node *nodes, size_t count, int threads,
                                double *const *wanted, double tolerance)
{
    cop_error err = {0};
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(s, nodes, count, threads, inputs);
    assert_ok(cop_program_run(p, &err), &err);
    for (size_t k = 0; k < count; k++)
        assert_close_f32(cop_program_output(p, k), wanted[k], count_of(s, nodes[k]), tolerance,
                         tolerance);
    expect_same_bits(s, p, nodes, count);
    compiled_close(s, p, inputs);
}

void compiled_expect(scene *s, const cop_node *nodes, size_t count, double tolerance)
{
    for (size_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < count_of(s, s->node[i]); k++)
            s->value[i][k] = (double)(float)s->value[i][k];
    double **wanted = room((int64_t)count, sizeof(double *));
    for (size_t k = 0; k < count; k++)
        wanted[k] = room(count_of(s, nodes[k]), sizeof **wanted);
    scene_evaluate(s, nodes, wanted, count);
    for (int threads = 1; threads <= 2; threads++)
        expect_with_threads(s, nodes, count, threads, wanted, tolerance);
    for (size_t k = 0; k < count; k++)
        free(wanted[k]);
    free(wanted);
}

void compiled_expect_one(scene *s, cop_node node, double tolerance)
{
    cop_error err = {0};
    assert_ok(cop_graph_check(s->g, &err), &err);
    compiled_expect(s, &node, 1, tolerance);
}

void compiled_expect_sound_memory(const cop_program *p)
{
    for (int32_t i = 0; i < p->storage_count; i++) {
        const cop_storage *a = &p->storages[i];
        assert_true(a->offset + a->bytes <= p->arena_bytes);
        assert_int_equal(a->offset % 64, 0);
        for (int32_t k = 0; k < i; k++) {
            const cop_storage *b = &p->storages[k];
            bool same_time = a->first <= b->last && b->first <= a->last;
            bool same_place = a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
            if (same_time && same_place)
                fail_msg("storages %d and %d overlap", (int)i, (int)k);
        }
    }
}

cop_program_cost compiled_cost(const cop_program *p)
{
    cop_program_cost cost = {COP_SIZED(cop_program_cost)};
    cop_error err = {0};
    assert_ok(cop_program_costs(p, &cost, &err), &err);
    return cost;
}

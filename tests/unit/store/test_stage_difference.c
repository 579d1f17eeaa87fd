/* test_stage_difference.c: why two recorded stages differ, down to what is the cause. */
#include "support.h"

#include "core/text.h"
#include "store/stage_difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 6 };

/* Stages of two studies, each after those that it names. */
typedef struct scene {
    cop_arena *arena;
    cop_stage_record stages[2][MOST];
    cop_stage_records records[2];
    cop_stage_index index[2];
} scene;

static void make(scene *s)
{
    memset(s, 0, sizeof *s);
    s->arena = cop_arena_new();
    assert_non_null(s->arena);
    s->records[0].stages = s->stages[0];
    s->records[1].stages = s->stages[1];
}

/* Adds a stage; in the identity % is the name of the stage `input`. Gives its position. */
static size_t add(scene *s, int study, const char *kind, const char *identity, size_t input)
{
    cop_error err = {0};
    size_t at = s->records[study].stage_count++;
    char name[COP_ARTIFACT_NAME_SIZE] = "";
    cop_text text = {0};
    if (at > 0)
        (void)cop_artifact_text(&s->stages[study][input].id, name);
    for (; *identity != '\0'; identity++) {
        if (*identity == '%')
            cop_text_append(&text, name);
        else
            cop_text_append_bytes(&text, identity, 1);
    }
    s->stages[study][at] =
        (cop_stage_record){.title = kind, .identity = cop_arena_strdup(s->arena, text.data)};
    assert_ok(cop_artifact_name(kind, text.data, &s->stages[study][at].id, &err), &err);
    cop_text_free(&text);
    return at;
}

/* "through: name a/b, …; …" of each pair; the caller's. */
static char *compared(scene *s, size_t a, size_t b)
{
    cop_error err = {0};
    cop_stage_difference d;
    cop_text text = {0};
    for (int i = 0; i < 2; i++)
        assert_ok(cop_stage_index_make(&s->records[i], s->arena, &s->index[i], &err), &err);
    const cop_stage_place in_a = {.index = &s->index[0], .at = a},
                          in_b = {.index = &s->index[1], .at = b};
    assert_ok(cop_stages_compare(&in_a, &in_b, &d, &err), &err);
    for (size_t i = 0; i < d.count; i++) {
        cop_text_printf(&text, "%s:", d.pairs[i].through != NULL ? d.pairs[i].through : "");
        for (size_t k = 0; k < d.pairs[i].line_count; k++) {
            const cop_line_difference *line = &d.pairs[i].lines[k];
            if (line->is_followed)
                cop_text_printf(&text, " %s>", line->name);
            else
                cop_text_printf(&text, " %s=%s/%s", line->name, line->a != NULL ? line->a : "-",
                                line->b != NULL ? line->b : "-");
        }
        cop_text_append(&text, ";");
    }
    cop_stage_difference_clear(&d);
    return text.data != NULL ? cop_text_take(&text) : strdup("");
}

static void assert_compared(scene *s, size_t a, size_t b, const char *wanted)
{
    char *got = compared(s, a, b);
    assert_string_equal(got, wanted);
    free(got);
    cop_arena_free(s->arena);
}

static void one_stage_is_the_same_as_itself(void **state)
{
    scene s;
    (void)state;
    make(&s);
    size_t a = add(&s, 0, "train", "x 1\n", 0), b = add(&s, 1, "train", "x 1\n", 0);
    assert_compared(&s, a, b, "");
}

static void what_differs_by_itself_is_the_cause(void **state)
{
    scene s;
    (void)state;
    make(&s);
    size_t a = add(&s, 0, "train", "x 1\nrecipe name=sgd lr=0.1\n", 0),
           b = add(&s, 1, "train", "x 1\nrecipe name=sgd lr=0.2 clip=1\n", 0);
    assert_compared(&s, a, b, ": recipe.lr=0.1/0.2 recipe.clip=-/1;");
}

static void stages_are_followed_to_the_cause(void **state)
{
    scene s;
    (void)state;
    make(&s);
    (void)add(&s, 0, "train", "seed 1\n", 0);
    (void)add(&s, 0, "mask", "trained %\n", 0);
    size_t a = add(&s, 0, "train", "mask %\norder 5\n", 1);
    (void)add(&s, 1, "train", "seed 2\n", 0);
    (void)add(&s, 1, "mask", "trained %\n", 0);
    size_t b = add(&s, 1, "train", "mask %\norder 5\n", 1);
    assert_compared(&s, a, b, ": mask>;mask: trained>;trained: seed=1/2;");
}

static void another_kind_or_an_unknown_stage_is_a_cause(void **state)
{
    scene s;
    (void)state;
    make(&s);
    (void)add(&s, 0, "train", "seed 1\n", 0);
    (void)add(&s, 0, "mask", "m\n", 0);
    size_t a = add(&s, 0, "train",
                   "start %\nother mask-00000000000000000000000000000001\nthird none\n", 0);
    (void)add(&s, 1, "mask", "m 2\n", 0);
    size_t b =
        add(&s, 1, "train", "start %\nother mask-00000000000000000000000000000002\nthird %\n", 0);
    char wanted[400], one[COP_ARTIFACT_NAME_SIZE], two[COP_ARTIFACT_NAME_SIZE];
    (void)cop_artifact_text(&s.stages[0][0].id, one);
    (void)cop_artifact_text(&s.stages[1][0].id, two);
    (void)snprintf(wanted, sizeof wanted,
                   ": start=%s/%s other=mask-00000000000000000000000000000001/"
                   "mask-00000000000000000000000000000002 third=none/%s;",
                   one, two, two);
    assert_compared(&s, a, b, wanted);
}

/* Two lines lead to the same stages: those are compared once. */
static void a_stage_is_compared_once(void **state)
{
    scene s;
    (void)state;
    make(&s);
    (void)add(&s, 0, "train", "seed 1\n", 0);
    size_t a = add(&s, 0, "mask", "start %\ntrained %\n", 0);
    (void)add(&s, 1, "train", "seed 2\n", 0);
    size_t b = add(&s, 1, "mask", "start %\ntrained %\n", 0);
    assert_compared(&s, a, b, ": start> trained>;start: seed=1/2;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stage_is_the_same_as_itself),
        cmocka_unit_test(what_differs_by_itself_is_the_cause),
        cmocka_unit_test(stages_are_followed_to_the_cause),
        cmocka_unit_test(another_kind_or_an_unknown_stage_is_a_cause),
        cmocka_unit_test(a_stage_is_compared_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_identity_lines.c: an identity's text, taken apart and compared. */
#include "support.h"

#include "core/text.h"
#include "store/identity_lines.h"

#include <stdlib.h>
#include <string.h>

/* "name=value|…"; the caller's. */
static char *taken_apart(const char *text)
{
    cop_error err = {0};
    cop_identity identity;
    cop_text joined = {0};
    cop_arena *arena = cop_arena_new();
    assert_non_null(arena);
    assert_ok(cop_identity_read(text, arena, &identity, &err), &err);
    for (size_t i = 0; i < identity.count; i++)
        cop_text_printf(&joined, "%s%s=%s", i > 0 ? "|" : "", identity.lines[i].name,
                        identity.lines[i].value);
    cop_identity_clear(&identity);
    cop_arena_free(arena);
    return cop_text_take(&joined);
}

static void assert_parts(const char *text, const char *wanted)
{
    char *got = taken_apart(text);
    assert_string_equal(got, wanted);
    free(got);
}

static void a_line_is_a_name_and_what_it_says(void **state)
{
    (void)state;
    assert_parts("", "");
    assert_parts("numerics 3\nstart init 0\n", "numerics=3|start=init 0");
    assert_parts("word", "word=");
    assert_parts("\n\na b\n", "a=b");
    assert_parts("its mask none\ndefault augment flip\n", "its mask=none|default augment=flip");
    assert_parts("round 1 of 3\n", "round=1 of 3");
}

static void copies_are_called_by_their_numbers(void **state)
{
    (void)state;
    assert_parts("0: copy x\n12: copy y\n", "copy 0=x|copy 12=y");
    assert_parts("0: copy\n", "0:=copy");
}

static void names_that_return_are_numbered(void **state)
{
    (void)state;
    assert_parts("dense a\ndense b\nother c\ndense d\n", "dense=a|dense (2)=b|other=c|dense (3)=d");
}

static void settings_of_a_component_are_lines(void **state)
{
    (void)state;
    assert_parts("component pruner imp 1 { exclude = (); rate = 0.5; }\n",
                 "component=pruner imp 1|component.exclude=()|component.rate=0.5");
    assert_parts("component x 1 { }\n", "component=x 1");
    assert_parts("c a { m = model b 2 { w = 1; s = \"x\"; }; z = (1, 2); }\n",
                 "c=a|c.m=model b 2|c.m.w=1|c.m.s=\"x\"|c.z=(1, 2)");
    /* Semicolons and braces within texts are no ends. */
    assert_parts("c a { p = \"x; } \\\" {\"; q = 2; }\n", "c=a|c.p=\"x; } \\\" {\"|c.q=2");
}

static void fields_of_a_recipe_are_lines(void **state)
{
    (void)state;
    assert_parts("recipe name=sgd lr=0.1 milestones=2 0.5 0.75 clip=1\n",
                 "recipe.name=sgd|recipe.lr=0.1|recipe.milestones=2 0.5 0.75|recipe.clip=1");
    assert_parts("recipe the set's own\n", "recipe=the set's own");
}

static void stages_are_told_from_words(void **state)
{
    cop_error err = {0};
    cop_identity identity;
    cop_arena *arena = cop_arena_new();
    (void)state;
    assert_ok(cop_identity_read("mask mask-0123456789abcdef0123456789abcdef\nmask none\n", arena,
                                &identity, &err),
              &err);
    assert_true(identity.lines[0].is_stage);
    assert_string_equal(identity.lines[0].stage.hash, "0123456789abcdef0123456789abcdef");
    assert_false(identity.lines[1].is_stage);
    cop_identity_clear(&identity);
    cop_arena_free(arena);
}

/* The file says what it likes. */
static void nonsense_is_taken_apart_too(void **state)
{
    (void)state;
    char deep[4000] = "c ";
    for (int i = 0; i < 500; i++)
        (void)strcat(deep, "{ a = ");
    for (int i = 0; i < 500; i++)
        (void)strcat(deep, "}");
    free(taken_apart(deep));
    free(taken_apart("c {"));
    free(taken_apart("c }{ ; ; = }"));
    free(taken_apart("recipe name= =  == a=\n"));
    assert_parts("c { \"open; a = 1; }", "c=|c.\"open; a=1;");
}

static cop_status note(void *own, const cop_identity_line *a, const cop_identity_line *b,
                       cop_error *err)
{
    (void)err;
    cop_text_printf(own, "%s:%s/%s ", a != NULL ? a->name : b->name, a != NULL ? a->value : "-",
                    b != NULL ? b->value : "-");
    return COP_OK;
}

static void what_differs_is_told_by_name(void **state)
{
    cop_error err = {0};
    cop_identity a, b;
    cop_text got = {0};
    cop_arena *arena = cop_arena_new();
    (void)state;
    assert_ok(cop_identity_read("x 1\nc p { r = 1; s = 2; }\nd e\nd f\n", arena, &a, &err), &err);
    assert_ok(cop_identity_read("new 1\nx 1\nc p { s = 3; t = 1; }\nd e\n", arena, &b, &err), &err);
    assert_ok(cop_identity_compare(&a, &b, note, &got, &err), &err);
    assert_string_equal(got.data, "c.r:1/- c.s:2/3 d (2):f/- new:-/1 c.t:-/1 ");
    cop_text_free(&got);
    cop_identity_clear(&a);
    cop_identity_clear(&b);
    cop_arena_free(arena);
}

static void lines_have_a_meaning_in_words(void **state)
{
    (void)state;
    assert_string_equal(cop_identity_meaning("order"), "seed of the order of the data");
    assert_string_equal(cop_identity_meaning("dense (2)"), cop_identity_meaning("dense"));
    assert_string_equal(cop_identity_meaning("copy 11"), "trained copy");
    assert_string_equal(cop_identity_meaning("component.order"), "");
    assert_string_equal(cop_identity_meaning("ordering"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_name_and_what_it_says),
        cmocka_unit_test(copies_are_called_by_their_numbers),
        cmocka_unit_test(names_that_return_are_numbered),
        cmocka_unit_test(settings_of_a_component_are_lines),
        cmocka_unit_test(fields_of_a_recipe_are_lines),
        cmocka_unit_test(stages_are_told_from_words),
        cmocka_unit_test(nonsense_is_taken_apart_too),
        cmocka_unit_test(what_differs_is_told_by_name),
        cmocka_unit_test(lines_have_a_meaning_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

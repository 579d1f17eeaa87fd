/* test_tensor.c: shapes, element types and sets of named tensors. */
#include "core/shape.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void shapes_count_compare_and_print(void **state)
{
    (void)state;
    const struct {
        cop_shape shape;
        int64_t count;
        const char *text;
    } cases[] = {
        {cop_shape0(), 1, "[]"},
        {cop_shape1(7), 7, "[7]"},
        {cop_shape2(2, 0), 0, "[2, 0]"},
        {cop_shape3(2, 3, 5), 30, "[2, 3, 5]"},
        {cop_shape4(2, 3, 32, 32), 6144, "[2, 3, 32, 32]"},
        {cop_shape2(INT64_MAX, 3), INT64_MAX, "[9223372036854775807, 3]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[96];
        assert_int_equal(cop_shape_count(cases[i].shape), cases[i].count);
        assert_string_equal(cop_shape_text(cases[i].shape, text, sizeof text), cases[i].text);
        for (size_t j = 0; j < sizeof cases / sizeof cases[0]; j++)
            assert_int_equal(cop_shape_equal(cases[i].shape, cases[j].shape), i == j);
    }
}

static void shape_text_fits_its_promise_and_any_buffer(void **state)
{
    (void)state;
    char text[96];
    cop_shape widest = cop_shape4(INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN);
    (void)cop_shape_text(widest, text, sizeof text);
    assert_int_equal(text[strlen(text) - 1], ']');
    char small[6] = "######";
    (void)cop_shape_text(cop_shape2(12, 345), small, 5);
    assert_string_equal(small, "[12,");
    assert_int_equal(small[5], '#');
}

static void bytes_are_checked_for_overflow(void **state)
{
    (void)state;
    size_t bytes = 0;
    assert_true(cop_shape_bytes(cop_shape2(3, 5), COP_F64, &bytes));
    assert_int_equal(bytes, 120);
    assert_true(cop_shape_bytes(cop_shape0(), COP_F32, &bytes));
    assert_int_equal(bytes, 4);
    assert_false(cop_shape_bytes(cop_shape1(INT64_MAX / 4), COP_I64, &bytes));
    assert_false(cop_shape_bytes(cop_shape2(INT64_C(1) << 32, INT64_C(1) << 32), COP_U8, &bytes));
    assert_false(cop_shape_bytes(cop_shape1(-1), COP_U8, &bytes));
    assert_false(cop_shape_bytes((cop_shape){.rank = 5}, COP_U8, &bytes));
    assert_false(cop_shape_bytes(cop_shape1(1), (cop_dtype)9, &bytes));
    assert_int_equal(bytes, 4);
}

static void added_tensors_are_zero_aligned_and_found(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensor *first = NULL;
    assert_null(cop_tensors_find(set, "t0"));
    for (int i = 0; i < 100; i++) {
        char name[16];
        cop_tensor *tensor = NULL;
        (void)snprintf(name, sizeof name, "t%d", i);
        assert_ok(cop_tensors_add(set, name, COP_F32, cop_shape1(i), &tensor, &err), &err);
        first = i == 0 ? tensor : first;
        assert_int_equal((uintptr_t)tensor->data % 64, 0);
        for (int j = 0; j < i; j++)
            assert_true(cop_f32(tensor)[j] == 0.0f);
    }
    assert_int_equal(cop_tensors_count(set), 100);
    assert_ptr_equal(cop_tensors_at(set, 0), first); /* pointers outlive growth */
    for (size_t i = 0; i < 100; i++) {
        cop_tensor *tensor = cop_tensors_at(set, i);
        assert_int_equal(tensor->shape.dim[0], i);
        assert_ptr_equal(cop_tensors_find(set, tensor->name), tensor);
    }
    assert_null(cop_tensors_find(set, "t100"));
    cop_tensors_free(set);
}

static void bad_additions_are_refused_and_leave_the_set(void **state)
{
    (void)state;
    char longest[COP_NAME_SIZE + 1];
    memset(longest, 'n', sizeof longest);
    longest[COP_NAME_SIZE] = '\0';
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    assert_ok(cop_tensors_add(set, "w", COP_F32, cop_shape0(), NULL, &err), &err);
    const struct {
        const char *name;
        cop_dtype dtype;
        cop_shape shape;
        const char *text;
    } cases[] = {
        {"w", COP_U8, cop_shape0(), "tensor w is already in the set"},
        {"", COP_U8, cop_shape0(), "a tensor needs a name"},
        {NULL, COP_U8, cop_shape0(), "a tensor needs a name"},
        {longest, COP_U8, cop_shape0(), "longer than 95 bytes"},
        {"x", (cop_dtype)0, cop_shape0(), "tensor x: unknown dtype 0"},
        {"x", COP_U8, {.rank = 5}, "tensor x: rank 5 is outside 0 … 4"},
        {"x", COP_U8, {.rank = -1}, "tensor x: rank -1 is outside 0 … 4"},
        {"x", COP_U8, cop_shape2(3, -2), "tensor x: shape [3, -2] is negative or too large"},
        {"x", COP_I64, cop_shape1(INT64_MAX), "is negative or too large"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(
            cop_tensors_add(set, cases[i].name, cases[i].dtype, cases[i].shape, NULL, &err),
            COP_FAILED, &err, cases[i].text);
    assert_int_equal(cop_tensors_count(set), 1);
    assert_ok(cop_tensors_add(set, longest + 1, COP_U8, cop_shape0(), NULL, &err), &err);
    cop_tensors_free(set);
}

static void an_element_of_any_type_is_read_as_a_double(void **state)
{
    (void)state;
    cop_tensors *set = cop_tensors_new();
    cop_tensor *f32 = NULL, *f64 = NULL, *u8 = NULL, *i64 = NULL;
    cop_error err = {0};
    assert_ok(cop_tensors_add(set, "f32", COP_F32, cop_shape2(2, 2), &f32, &err), &err);
    assert_ok(cop_tensors_add(set, "f64", COP_F64, cop_shape1(2), &f64, &err), &err);
    assert_ok(cop_tensors_add(set, "u8", COP_U8, cop_shape1(2), &u8, &err), &err);
    assert_ok(cop_tensors_add(set, "i64", COP_I64, cop_shape1(2), &i64, &err), &err);
    cop_f32(f32)[3] = 0.1f;
    cop_f64(f64)[1] = 0.1;
    cop_u8(u8)[1] = 255;
    cop_i64(i64)[1] = -(INT64_C(1) << 53);
    assert_true(cop_tensor_value(f32, 3) == (double)0.1f);
    assert_true(cop_tensor_value(f64, 1) == 0.1);
    assert_true(cop_tensor_value(u8, 1) == 255.0);
    assert_true(cop_tensor_value(i64, 1) == -0x1p53);
    assert_true(cop_tensor_value(u8, 0) == 0.0);
    cop_tensors_free(set);
}

static void a_clone_is_deep(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensor *a = NULL;
    assert_ok(cop_tensors_add(set, "a", COP_I64, cop_shape2(2, 2), &a, &err), &err);
    assert_ok(cop_tensors_add(set, "b", COP_U8, cop_shape1(0), NULL, &err), &err);
    cop_i64(a)[3] = -5;
    cop_tensors *copy = cop_tensors_clone(set);
    assert_non_null(copy);
    cop_i64(a)[3] = 6;
    assert_int_equal(cop_tensors_count(copy), 2);
    assert_int_equal(cop_i64(cop_tensors_find(copy, "a"))[3], -5);
    assert_ok(cop_tensors_copy(copy, set, &err), &err);
    assert_int_equal(cop_i64(cop_tensors_find(copy, "a"))[3], 6);
    cop_tensors_free(copy);
    cop_tensors_free(set);
}

static cop_tensors *pair(const char *name, cop_dtype dtype, cop_shape shape)
{
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensor *first = NULL;
    assert_ok(cop_tensors_add(set, "first", COP_U8, cop_shape0(), &first, &err), &err);
    *cop_u8(first) = (uint8_t)strlen(name);
    if (name[0] != '\0')
        assert_ok(cop_tensors_add(set, name, dtype, shape, NULL, &err), &err);
    return set;
}

static void a_copy_names_the_first_difference_and_does_nothing(void **state)
{
    (void)state;
    const struct {
        const char *name;
        cop_dtype dtype;
        cop_shape shape;
        const char *text;
    } cases[] = {
        {"other", COP_F32, cop_shape1(2), "tensor 1 is second on one side and other on the other"},
        {"second", COP_F64, cop_shape1(2), "tensor second is f32, but its source is f64"},
        {"second", COP_F32, cop_shape1(3), "tensor second has shape [2], but its source has [3]"},
        {"", COP_F32, cop_shape1(2), "tensor second is only in the target of the copy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *to = pair("second", COP_F32, cop_shape1(2));
        cop_tensors *from = pair(cases[i].name, cases[i].dtype, cases[i].shape);
        *cop_u8(cop_tensors_at(from, 0)) = 77;
        assert_refused(cop_tensors_copy(to, from, &err), COP_FAILED, &err, cases[i].text);
        assert_int_equal(*cop_u8(cop_tensors_at(to, 0)), strlen("second"));
        cop_tensors_free(to);
        cop_tensors_free(from);
    }
}

static void sets_share_a_bag_under_prefixes(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *a = pair("w", COP_F32, cop_shape1(2)), *b = pair("w", COP_I64, cop_shape0());
    cop_tensors *bag = cop_tensors_new();
    cop_f32(cop_tensors_at(a, 1))[1] = 2.5f;
    assert_ok(cop_tensors_add_prefixed(bag, "", a, &err), &err);
    assert_ok(cop_tensors_add_prefixed(bag, "net/", b, &err), &err);
    assert_int_equal(cop_tensors_count(bag), 4);
    assert_true(cop_f32(cop_tensors_find(bag, "w"))[1] == 2.5f);

    *cop_i64(cop_tensors_at(b, 1)) = -9;
    assert_ok(cop_tensors_put_prefixed(bag, "net/", b, &err), &err);
    assert_int_equal(*cop_i64(cop_tensors_find(bag, "net/w")), -9);
    assert_true(cop_f32(cop_tensors_find(bag, "w"))[1] == 2.5f);

    *cop_i64(cop_tensors_find(bag, "net/w")) = 11;
    cop_f32(cop_tensors_find(bag, "w"))[0] = 1.5f;
    assert_ok(cop_tensors_take_prefixed(bag, "net/", b, &err), &err);
    assert_ok(cop_tensors_take_prefixed(bag, "", a, &err), &err);
    assert_int_equal(*cop_i64(cop_tensors_at(b, 1)), 11);
    assert_true(cop_f32(cop_tensors_at(a, 1))[0] == 1.5f);
    cop_tensors_free(bag);
    cop_tensors_free(b);
    cop_tensors_free(a);
}

static void a_set_can_be_added_to_itself_under_a_prefix(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *set = pair("w", COP_F32, cop_shape1(2));
    assert_ok(cop_tensors_add_prefixed(set, "old/", set, &err), &err);
    assert_int_equal(cop_tensors_count(set), 4);
    assert_non_null(cop_tensors_find(set, "old/first"));
    assert_refused(cop_tensors_add_prefixed(set, "", set, &err), COP_FAILED, &err,
                   "tensor first is already in the set");
    cop_tensors_free(set);
}

static void refuses_a_prefix_that_makes_a_name_too_long(void **state)
{
    (void)state;
    char longest[COP_NAME_SIZE], over[COP_NAME_SIZE + 1];
    memset(longest, 'n', sizeof longest);
    longest[COP_NAME_SIZE - 1] = '\0';
    cop_error err = {0};
    cop_tensors *set = pair(longest, COP_F32, cop_shape1(2)), *bag = cop_tensors_new();
    assert_refused(cop_tensors_add_prefixed(bag, "n", set, &err), COP_FAILED, &err,
                   "longer than 95 bytes");
    /* A name that is cut must not be taken for one that is there. */
    assert_ok(cop_tensors_add(bag, longest, COP_F32, cop_shape1(2), NULL, &err), &err);
    (void)snprintf(over, sizeof over, "n%s", longest);
    assert_refused(cop_tensors_take_prefixed(bag, "n", set, &err), COP_FAILED, &err, over);
    cop_tensors_free(bag);
    cop_tensors_free(set);
}

static void refuses_to_copy_what_a_bag_has_not_or_has_otherwise_and_copies_nothing(void **state)
{
    (void)state;
    const struct {
        const char *name;
        cop_dtype dtype;
        cop_shape shape;
        const char *put, *take;
    } cases[] = {
        {"other", COP_F32, cop_shape1(2), "there is no tensor net/w", "there is no tensor net/w"},
        {"", COP_F32, cop_shape1(2), "there is no tensor net/w", "there is no tensor net/w"},
        {"w", COP_F64, cop_shape1(2), "tensor net/w is f64, but its source is f32",
         "tensor w is f32, but its source is f64"},
        {"w", COP_F32, cop_shape1(3), "tensor net/w has shape [3], but its source has [2]",
         "tensor w has shape [2], but its source has [3]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *held = pair(cases[i].name, cases[i].dtype, cases[i].shape);
        cop_tensors *bag = cop_tensors_new(), *set = pair("w", COP_F32, cop_shape1(2));
        assert_ok(cop_tensors_add_prefixed(bag, "net/", held, &err), &err);
        *cop_u8(cop_tensors_at(bag, 0)) = 77;
        *cop_u8(cop_tensors_at(set, 0)) = 33;
        assert_refused(cop_tensors_put_prefixed(bag, "net/", set, &err), COP_FAILED, &err,
                       cases[i].put);
        assert_int_equal(*cop_u8(cop_tensors_at(bag, 0)), 77);
        assert_refused(cop_tensors_take_prefixed(bag, "net/", set, &err), COP_FAILED, &err,
                       cases[i].take);
        assert_int_equal(*cop_u8(cop_tensors_at(set, 0)), 33);
        cop_tensors_free(set);
        cop_tensors_free(bag);
        cop_tensors_free(held);
    }
}

static void the_wrong_type_aborts_in_every_build(void **state)
{
    (void)state;
    uint8_t byte = 0;
    cop_tensor tensor = {.name = "labels", .dtype = COP_U8, .data = &byte};
    assert_ptr_equal(cop_u8(&tensor), &byte);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        (void)cop_f32(&tensor);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_count_compare_and_print),
        cmocka_unit_test(shape_text_fits_its_promise_and_any_buffer),
        cmocka_unit_test(bytes_are_checked_for_overflow),
        cmocka_unit_test(added_tensors_are_zero_aligned_and_found),
        cmocka_unit_test(bad_additions_are_refused_and_leave_the_set),
        cmocka_unit_test(an_element_of_any_type_is_read_as_a_double),
        cmocka_unit_test(a_clone_is_deep),
        cmocka_unit_test(a_copy_names_the_first_difference_and_does_nothing),
        cmocka_unit_test(sets_share_a_bag_under_prefixes),
        cmocka_unit_test(a_set_can_be_added_to_itself_under_a_prefix),
        cmocka_unit_test(refuses_a_prefix_that_makes_a_name_too_long),
        cmocka_unit_test(refuses_to_copy_what_a_bag_has_not_or_has_otherwise_and_copies_nothing),
        cmocka_unit_test(the_wrong_type_aborts_in_every_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_npy_file.c: NumPy's format of one array. What is read whole is in test_tensor_file.c; here,
 * items of it are the same, and other bytes are refused as what they are, by both readers. */
#include "support.h"

#include "core/file.h"
#include "store/formats/npy_file.h"

#include <coppice/files.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_SOURCE_DIR "/tests/fixtures/"

static char directory[256], path[320];

static int set_up(void **state)
{
    (void)state;
    make_temp_dir(directory, sizeof directory);
    (void)snprintf(path, sizeof path, "%s/a.npy", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_tree(directory);
    return 0;
}

/* A file of version 1 in memory, with this header and these elements. */
static size_t make_npy(unsigned char *out, const char *header, const void *elements, size_t size)
{
    size_t length = strlen(header);
    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (unsigned char)(length % 256);
    out[9] = (unsigned char)(length / 256);
    memcpy(out + 10, header, length);
    memcpy(out + 10 + length, elements, size);
    return 10 + length + size;
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static cop_array_file *open_array(const char *name)
{
    cop_array_file *file = NULL;
    cop_error err = {0};
    assert_ok(cop_array_file_open(name, &file, &err), &err);
    assert_string_equal(cop_array_file_path(file), name);
    return file;
}

static cop_array_file *write_array(const char *header, const void *elements, size_t size)
{
    unsigned char *bytes = malloc(size + 256);
    assert_non_null(bytes);
    write_file(bytes, make_npy(bytes, header, elements, size));
    free(bytes);
    return open_array(path);
}

static int64_t items_of(cop_shape shape)
{
    return shape.rank > 0 ? shape.dim[0] : 1;
}

/* Items, `part` of them at a time, are as they are in the whole array. */
static void assert_items(const cop_array_file *file, const cop_tensor *whole, int64_t part)
{
    int64_t items = items_of(whole->shape);
    size_t item = (size_t)(cop_shape_count(whole->shape) / items) * cop_dtype_size(whole->dtype);
    char *got = malloc((size_t)part * item);
    cop_error err = {0};
    for (int64_t first = 0; first < items; first += part) {
        int64_t count = items - first < part ? items - first : part;
        assert_ok(cop_array_file_read(file, first, count, got, &err), &err);
        assert_memory_equal(got, (const char *)whole->data + (size_t)first * item,
                            (size_t)count * item);
    }
    free(got);
}

static void items_are_those_of_the_whole_array(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type;
    } cases[] = {{"numpy/f2", "f2"},
                 {"numpy/f4", "f4"},
                 {"numpy/f8", "f8"},
                 {"numpy/i1", "i1"},
                 {"numpy/i2", "i2"},
                 {"numpy/i4", "i4"},
                 {"numpy/i8", "i8"},
                 {"numpy/u1", "u1"},
                 {"numpy/u2", "u2"},
                 {"numpy/u4", "u4"},
                 {"numpy/u8", "u8"},
                 {"numpy/bool", "b1"},
                 {"numpy/big", "f4"},
                 {"numpy/fortran", "i4"},
                 {"numpy/scalar", "f8"},
                 {"numpy/list", "i8"},
                 {"npy/nchw-u1-fortran", "u1"},
                 {"npy/nchw-f8-big-fortran", "f8"},
                 {"npy/labels-version2", "i8"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[512];
        cop_tensor_file *all = NULL;
        cop_error err = {0};
        (void)snprintf(name, sizeof name, FIXTURES "%s.npy", cases[i].name);
        assert_ok(cop_tensor_file_read(name, &all, &err), &err);
        const cop_tensor *whole = cop_tensors_at(cop_tensor_file_tensors(all), 0);
        cop_array_file *file = open_array(name);
        assert_string_equal(cop_array_file_type(file), cases[i].type);
        assert_int_equal(cop_array_file_dtype(file), whole->dtype);
        assert_true(cop_shape_equal(cop_array_file_shape(file), whole->shape));
        for (int64_t part = 1; part <= items_of(whole->shape); part++)
            assert_items(file, whole, part);
        cop_array_file_close(file);
        cop_tensor_file_free(all);
    }
    cop_array_file_close(NULL);
}

/* Element (n, k) of an array in Fortran's order is 3n + k, of more items than are read at once. */
static void long_arrays_in_fortrans_order_come_in_cs(void **state)
{
    (void)state;
    enum { N = 20000, K = 3 };
    static uint16_t stored[K][N];
    static int64_t got[N * K];
    cop_error err = {0};
    for (int64_t i = 0; i < N * K; i++)
        stored[i % K][i / K] = (uint16_t)i;
    cop_array_file *file = write_array(
        "{'descr': '<u2', 'fortran_order': True, 'shape': (20000, 3)}", stored, sizeof stored);
    assert_ok(cop_array_file_read(file, 0, N, got, &err), &err);
    for (int64_t i = 0; i < N * K; i++)
        assert_int_equal(got[i], i % 65536);
    assert_ok(cop_array_file_read(file, N - 2, 2, got, &err), &err);
    for (int64_t i = 0; i < 2 * K; i++)
        assert_int_equal(got[i], (N - 2) * K + i);
    cop_array_file_close(file);
}

/* Opens the file and reads all of its items. */
static cop_status read_items(cop_error *err)
{
    cop_array_file *file = NULL;
    int64_t out[64];
    COP_TRY(cop_array_file_open(path, &file, err));
    cop_status status =
        cop_array_file_read(file, 0, items_of(cop_array_file_shape(file)), out, err);
    cop_array_file_close(file);
    return status;
}

static cop_status take_bytes(const void *bytes, size_t size, cop_error *err)
{
    cop_tensors *set = cop_tensors_new();
    cop_status status = cop_npy_take(bytes, size, "a", set, err);
    cop_tensors_free(set);
    return status;
}

static void headers_are_read_as_numpy_writes_them_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t size;
        const char *text; /* NULL: it is taken */
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, NULL},
        {"{\"shape\": (2L,), \"fortran_order\": True, \"descr\": \"|u1\"}\n", 2, NULL},
        {"{ \"shape\" : ( 2L , 3L ) , 'fortran_order':True,'descr':'=i8'}", 48, NULL},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", 0, NULL},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, NULL},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "takes 8 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "and there are 9"},
        {"{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", 8, "too large for a signed"},
        {"{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", 8, "type |f4 cannot be read"},
        {"{'descr': '<f1', 'fortran_order': False, 'shape': (2,)}", 2, "type <f1 cannot be read"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", 8, "type <c8 cannot be read"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, "type |O cannot be read"},
        {"{'descr': '', 'fortran_order': False, 'shape': (1,)}", 8, "cannot be read"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4, "structured type"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", 8, "neither True nor False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", 8, "',' is missing"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", 24, "',' is missing"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3 4)}", 24, "')' is missing"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1)}", 4, "more than 4 axes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8, "'}' is missing"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", 8, "nothing else"},
        {"{'descr': '<f4', 'fortran_order': False}", 8, "shape are wanted"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8,
         "there twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'a': 1}", 8, "a key is unknown"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", 8, "whole numbers"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 8, "2^30"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000, 1000000000)}",
         8, "is too large"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1073741824, 1073741824)}", 8,
         "takes 4611686018427387904 bytes"},
        {"{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}", 8, "has escapes"},
        {"{'descr': '<f4", 0, "a text does not end"},
        {"", 0, "'{' is missing"},
        {"{}", 0, "descr, fortran_order and shape are wanted"}};
    unsigned char bytes[256], elements[64];
    memset(elements, 0xff, sizeof elements);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error of_bytes = {0}, of_file = {0};
        size_t size = make_npy(bytes, cases[i].header, elements, cases[i].size);
        write_file(bytes, size);
        cop_status whole = take_bytes(bytes, size, &of_bytes), items = read_items(&of_file);
        if (cases[i].text == NULL) {
            assert_ok(whole, &of_bytes);
            assert_ok(items, &of_file);
            continue;
        }
        assert_refused(whole, COP_INVALID, &of_bytes, cases[i].text);
        assert_refused(items, COP_INVALID, &of_file, cases[i].text);
        assert_string_equal(of_file.file, path);
    }
}

static void a_cut_array_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t size = 0;
    cop_error err = {0};
    assert_ok(cop_file_read(FIXTURES "numpy/f4.npy", SIZE_MAX, &bytes, &size, &err), &err);
    for (size_t i = 0; i < size; i++) {
        write_file(bytes, i);
        assert_int_equal(take_bytes(bytes, i, NULL), COP_INVALID);
        assert_int_equal(read_items(NULL), COP_INVALID);
    }
    assert_ok(take_bytes(bytes, size, &err), &err);
    free(bytes);
}

static void what_is_no_such_file_is_refused_by_its_path(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_array_file *file = NULL;
    assert_refused(cop_array_file_open("/nowhere.npy", &file, &err), COP_INVALID, &err,
                   "cannot open: No such file");
    assert_string_equal(err.file, "/nowhere.npy");
    assert_refused(cop_array_file_open("/dev/zero", &file, &err), COP_INVALID, &err,
                   "is not a regular file");
    assert_int_equal(cop_array_file_open("/nowhere.npy", &file, NULL), COP_INVALID);
    assert_null(file);
}

static void items_that_are_not_there_are_refused(void **state)
{
    (void)state;
    static const int64_t beyond[][2] = {{4, 2}, {6, 0}, {-1, 1}, {0, -1}, {5, INT64_MAX}};
    const uint8_t elements[5] = {0};
    uint8_t got[5];
    cop_array_file *file = write_array("{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}",
                                       elements, sizeof elements);
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        cop_error err = {0};
        assert_refused(cop_array_file_read(file, beyond[i][0], beyond[i][1], got, &err),
                       COP_INVALID, &err, "has 5 items, of which");
    }
    cop_error err = {0};
    assert_ok(cop_array_file_read(file, 5, 0, got, &err), &err);
    assert_int_equal(truncate(path, 67), 0);
    assert_refused(cop_array_file_read(file, 0, 5, got, &err), COP_FAILED, &err,
                   "the file ends there");
    cop_array_file_close(file);
}

static void an_integer_that_is_too_large_is_named(void **state)
{
    (void)state;
    const uint64_t elements[6] = {INT64_MAX, 0, 0, 0, 0, UINT64_C(1) << 63};
    int64_t got[4];
    cop_error err = {0};
    cop_array_file *file = write_array("{'descr': '<u8', 'fortran_order': False, 'shape': (3, 2)}",
                                       elements, sizeof elements);
    assert_ok(cop_array_file_read(file, 0, 2, got, &err), &err);
    assert_true(got[0] == INT64_MAX && got[3] == 0);
    assert_refused(cop_array_file_read(file, 1, 2, got, &err), COP_INVALID, &err,
                   "element 5 is too large");
    cop_array_file_close(file);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_those_of_the_whole_array),
        WITH_FILE(long_arrays_in_fortrans_order_come_in_cs),
        WITH_FILE(headers_are_read_as_numpy_writes_them_or_refused),
        WITH_FILE(a_cut_array_is_refused_wherever_it_is_cut),
        cmocka_unit_test(what_is_no_such_file_is_refused_by_its_path),
        WITH_FILE(items_that_are_not_there_are_refused),
        WITH_FILE(an_integer_that_is_too_large_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

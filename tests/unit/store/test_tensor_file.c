/* test_tensor_file.c: arrays as NumPy saves them come as its documentation says, safetensors with
 * what they say of themselves; and other bytes are refused as what they are. */
#include "store_fixture.h"

#include "core/file.h"
#include "core/hash.h"
#include "store/formats/safetensors.h"

#include <coppice/files.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMPY COPPICE_TEST_SOURCE_DIR "/tests/fixtures/numpy/"

static cop_tensor_file *read_file(const char *path)
{
    cop_tensor_file *file = NULL;
    cop_error err = {0};
    assert_ok(cop_tensor_file_read(path, &file, &err), &err);
    return file;
}

static cop_tensor_file *read_array(const char *name, const cop_tensor **array)
{
    char path[512];
    (void)snprintf(path, sizeof path, NUMPY "%s.npy", name);
    cop_tensor_file *file = read_file(path);
    assert_int_equal(cop_tensors_count(cop_tensor_file_tensors(file)), 1);
    *array = cop_tensors_find(cop_tensor_file_tensors(file), "array");
    assert_non_null(*array);
    return file;
}

/* What tools/fixtures/make_numpy_fixtures.py puts at element k. */
static double wanted_at(const char *name, int64_t k)
{
    if (strcmp(name, "bool") == 0)
        return k > 0 ? 1.0 : 0.0;
    return name[0] == 'f' || name[0] == 'b' ? (double)k / 2 - 1
           : name[0] == 'i'                 ? (double)k - 2
                                            : (double)k;
}

static void every_type_of_number_comes_as_numpy_saved_it(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        cop_dtype dtype;
    } cases[] = {{"f2", COP_F32}, {"f4", COP_F32}, {"f8", COP_F64}, {"i1", COP_I64},
                 {"i2", COP_I64}, {"i4", COP_I64}, {"i8", COP_I64}, {"u1", COP_U8},
                 {"u2", COP_I64}, {"u4", COP_I64}, {"u8", COP_I64}, {"bool", COP_U8},
                 {"big", COP_F32}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cop_tensor *t = NULL;
        cop_tensor_file *file = read_array(cases[i].name, &t);
        assert_int_equal(t->dtype, cases[i].dtype);
        assert_true(cop_shape_equal(t->shape, cop_shape2(2, 3)));
        for (int64_t k = 0; k < 6; k++)
            assert_true(cop_tensor_value(t, k) == wanted_at(cases[i].name, k));
        cop_tensor_file_free(file);
    }
}

static void arrays_in_fortrans_order_come_in_cs(void **state)
{
    (void)state;
    const cop_tensor *t = NULL;
    cop_tensor_file *file = read_array("fortran", &t);
    assert_true(cop_shape_equal(t->shape, cop_shape3(2, 3, 4)));
    for (int64_t k = 0; k < 24; k++)
        assert_int_equal(cop_i64(t)[k], k - 2);
    cop_tensor_file_free(file);
    file = read_array("scalar", &t);
    assert_int_equal(t->shape.rank, 0);
    assert_true(cop_f64(t)[0] == 2.5);
    cop_tensor_file_free(file);
    file = read_array("list", &t);
    assert_true(cop_shape_equal(t->shape, cop_shape1(5)));
    cop_tensor_file_free(file);
}

static void archives_are_an_array_for_each_member(void **state)
{
    (void)state;
    static const char *const paths[] = {NUMPY "stored.npz", NUMPY "deflated.npz"};
    cop_error err = {0};
    for (size_t i = 0; i < 2; i++) {
        cop_tensor_file *file = NULL;
        if (cop_tensor_file_read(paths[i], &file, &err) == COP_UNAVAILABLE)
            skip(); /* built without libzip */
        assert_ok(err.status, &err);
        const cop_tensors *set = cop_tensor_file_tensors(file);
        assert_int_equal(cop_tensors_count(set), 2);
        const cop_tensor *images = cop_tensors_find(set, "images");
        assert_true(cop_shape_equal(images->shape, cop_shape4(2, 3, 4, 4)));
        for (int64_t k = 0; k < 96; k++)
            assert_true(cop_f32(images)[k] == ((float)k / 2 - 1) / 64 + 0.5f);
        assert_int_equal(cop_i64(cop_tensors_find(set, "labels"))[1], 1);
        cop_tensor_file_free(file);
    }
}

static void safetensors_keep_what_they_say_of_themselves(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char path[STORE_PATH + 32];
    float numbers[3] = {0};
    const cop_metadata notes[] = {
        {"mean", " 0.5 -1e-3 "}, {"word", "one 2"}, {"none", " "}, {"wild", "1 inf"}};
    cop_tensors *set = some_tensors();
    (void)snprintf(path, sizeof path, "%s/set", f->dir);
    assert_ok(cop_safetensors_write(path, set, notes, 4, &err), &err);
    cop_tensor_file *file = read_file(path);
    assert_int_equal(cop_tensors_count(cop_tensor_file_tensors(file)), cop_tensors_count(set));
    assert_string_equal(cop_tensor_file_note(file, "word"), "one 2");
    assert_null(cop_tensor_file_note(file, "std"));
    assert_int_equal(cop_tensor_file_numbers(file, "mean", numbers, 3), 2);
    assert_true(numbers[0] == 0.5f && numbers[1] == -1e-3f);
    assert_int_equal(cop_tensor_file_numbers(file, "mean", numbers, 1), -1);
    assert_int_equal(cop_tensor_file_numbers(file, "word", numbers, 3), -1);
    assert_int_equal(cop_tensor_file_numbers(file, "wild", numbers, 3), -1);
    assert_int_equal(cop_tensor_file_numbers(file, "none", numbers, 3), -1);
    assert_int_equal(cop_tensor_file_numbers(file, "std", numbers, 3), 0);
    assert_int_equal(strlen(cop_tensor_file_hash(file)), 32);
    cop_tensor_file_free(file);
    cop_tensors_free(set);
}

static void refuse_bytes(const store_fixture *f, const void *bytes, size_t size, const char *text)
{
    char path[STORE_PATH + 32];
    cop_error err = {0};
    cop_tensor_file *file = NULL;
    (void)snprintf(path, sizeof path, "%s/flawed", f->dir);
    assert_ok(cop_file_write(path, bytes, size, &err), &err);
    cop_status status = cop_tensor_file_read(path, &file, &err);
    if (status != COP_UNAVAILABLE) /* a zip file without libzip */
        assert_refused(status, COP_INVALID, &err, text);
    assert_memory_equal(err.message, path, strlen(path));
    assert_null(file);
}

static void other_files_are_refused_with_their_path(void **state)
{
    store_fixture *f = *state;
    refuse_bytes(f, "", 0, "is not a safetensors file");
    refuse_bytes(f, "\x80\2ctorch", 8, "tools/convert/pt-to-safetensors");
    refuse_bytes(f, "PK\3\4 and so on", 13, "is no sound zip file");
    refuse_bytes(f, "\x93NUMPY\7\0", 8, "is not an array of NumPy's");
    refuse_bytes(f, "\x93NUMPY\7\0\0\0\0", 11, "version 7");
    cop_error err = {0};
    cop_tensor_file *file = NULL;
    assert_refused(cop_tensor_file_read(NUMPY "complex.npy", &file, &err), COP_INVALID, &err,
                   "complex.npy: elements of type <c8 cannot be read");
    assert_refused(cop_tensor_file_read(NUMPY "objects.npy", &file, &err), COP_INVALID, &err,
                   "type |O");
    assert_int_equal(cop_tensor_file_read("/nowhere", &file, &err), COP_FAILED);
    assert_int_equal(cop_tensor_file_read("/dev/zero", &file, &err), COP_FAILED);
}

/* Of a file of 2^40 bytes without a block on the disk. */
static void a_huge_file_is_refused_by_its_first_bytes(void **state)
{
    store_fixture *f = *state;
    char path[STORE_PATH + 32];
    cop_error err = {0};
    cop_tensor_file *file = NULL;
    (void)snprintf(path, sizeof path, "%s/huge", f->dir);
    write_bytes(path, "", 0);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    assert_refused(cop_tensor_file_read(path, &file, &err), COP_INVALID, &err,
                   "is not a safetensors file: header length 0");
    write_bytes(path, "\x93NUMPY\1\0", 8);
    assert_int_equal(truncate(path, ((off_t)1 << 33) + 1), 0);
    assert_refused(cop_tensor_file_read(path, &file, &err), COP_FAILED, &err,
                   "has 8589934593 bytes, at most 8589934592 are read");
    assert_memory_equal(err.message, path, strlen(path));
    assert_null(file);
}

/* The tensors' order in the header is not that of their bytes, and one is converted: what is hashed
 * are the file's bytes, as a hash of the file has them. */
static void the_hash_is_that_of_the_bytes_that_were_read(void **state)
{
    store_fixture *f = *state;
    static const char header[] = "{\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[8,12]},"
                                 "\"none\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]},"
                                 "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    const float a[] = {0.5f, -2.0f};
    const uint16_t b[] = {0x3c00, 0xc000}; /* 1 and -2 */
    const uint64_t length = sizeof header - 1;
    char bytes[sizeof header + 32], path[STORE_PATH + 32], hash[33];
    cop_error err = {0};
    cop_digest digest;
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, a, 8);
    memcpy(bytes + 16 + length, b, 4);
    (void)snprintf(path, sizeof path, "%s/set", f->dir);
    write_bytes(path, bytes, 20 + length);
    cop_tensor_file *file = read_file(path);
    const cop_tensors *set = cop_tensor_file_tensors(file);
    assert_string_equal(cop_tensors_at(set, 0)->name, "b");
    assert_string_equal(cop_tensors_at(set, 2)->name, "a");
    assert_memory_equal(cop_f32(cop_tensors_at(set, 2)), a, sizeof a);
    assert_true(cop_f32(cop_tensors_at(set, 0))[0] == 1.0f);
    assert_true(cop_f32(cop_tensors_at(set, 0))[1] == -2.0f);
    assert_ok(cop_hash_file(path, &digest, &err), &err);
    assert_string_equal(cop_tensor_file_hash(file), cop_digest_hex(digest, hash));
    cop_tensor_file_free(file);
    file = read_file(NUMPY "f4.npy");
    assert_ok(cop_hash_file(NUMPY "f4.npy", &digest, &err), &err);
    assert_string_equal(cop_tensor_file_hash(file), cop_digest_hex(digest, hash));
    cop_tensor_file_free(file);
}

/* A header of 640 bytes: its length begins with the bytes 0x80 and 2, as a pickle does. */
static void a_header_whose_length_looks_like_a_pickle_is_read(void **state)
{
    store_fixture *f = *state;
    char path[STORE_PATH + 32], note[640];
    cop_error err = {0};
    cop_tensors *set = some_tensors();
    (void)snprintf(path, sizeof path, "%s/set", f->dir);
    bool found = false;
    for (size_t i = 400; !found && i < sizeof note - 1; i++) {
        char *bytes = NULL;
        memset(note, 'x', i);
        note[i] = '\0';
        const cop_metadata metadata = {"note", note};
        assert_ok(cop_safetensors_write(path, set, &metadata, 1, &err), &err);
        assert_ok(cop_file_read(path, SIZE_MAX, &bytes, NULL, &err), &err);
        found = memcmp(bytes, "\x80\2\0\0\0\0\0\0{", 9) == 0;
        free(bytes);
    }
    assert_true(found);
    cop_tensor_file *file = read_file(path);
    assert_int_equal(cop_tensors_count(cop_tensor_file_tensors(file)), 2);
    cop_tensor_file_free(file);
    cop_tensors_free(set);
}

/* Every byte of an archive turned over: refused, or read as it was, and never anything else. */
static void a_damaged_archive_is_never_read_as_another(void **state)
{
    store_fixture *f = *state;
    char *bytes = NULL, path[STORE_PATH + 32];
    size_t size = 0;
    cop_error err = {0};
    cop_tensor_file *good = NULL;
    if (cop_tensor_file_read(NUMPY "deflated.npz", &good, &err) == COP_UNAVAILABLE)
        skip();
    const cop_tensor *images = cop_tensors_find(cop_tensor_file_tensors(good), "images");
    assert_ok(cop_file_read(NUMPY "deflated.npz", SIZE_MAX, &bytes, &size, &err), &err);
    (void)snprintf(path, sizeof path, "%s/damaged.npz", f->dir);
    for (size_t i = 0; i < size; i++) {
        cop_tensor_file *file = NULL;
        bytes[i] = (char)~bytes[i];
        FILE *out = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, size, out), size);
        assert_int_equal(fclose(out), 0);
        bytes[i] = (char)~bytes[i];
        if (cop_tensor_file_read(path, &file, NULL) != COP_OK)
            continue;
        const cop_tensor *t = cop_tensors_find(cop_tensor_file_tensors(file), "images");
        if (t != NULL)
            assert_memory_equal(t->data, images->data, 96 * sizeof(float));
        cop_tensor_file_free(file);
    }
    cop_tensor_file_free(good);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_number_comes_as_numpy_saved_it),
        WITH_STORE(a_huge_file_is_refused_by_its_first_bytes),
        WITH_STORE(the_hash_is_that_of_the_bytes_that_were_read),
        WITH_STORE(a_header_whose_length_looks_like_a_pickle_is_read),
        cmocka_unit_test(arrays_in_fortrans_order_come_in_cs),
        cmocka_unit_test(archives_are_an_array_for_each_member),
        WITH_STORE(safetensors_keep_what_they_say_of_themselves),
        WITH_STORE(other_files_are_refused_with_their_path),
        WITH_STORE(a_damaged_archive_is_never_read_as_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

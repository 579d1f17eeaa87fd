/* test_safetensors.c: the format byte by byte, the round trip, and each way a file can lie. */
#include "core/damage.h"
#include "core/file.h"
#include "store/formats/safetensors.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[256];
static char path[300];

static int set_up(void **state)
{
    (void)state;
    make_temp_dir(directory, sizeof directory);
    (void)snprintf(path, sizeof path, "%s/t.safetensors", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_tree(directory);
    return 0;
}

/* Writes a file of this header, with its true length, and `size` bytes of data. */
static void put_file(const char *header, size_t header_size, const void *data, size_t size)
{
    cop_error err = {0};
    cop_writer *writer = NULL;
    uint64_t length = header_size;
    assert_ok(cop_writer_open(path, &writer, &err), &err);
    assert_ok(cop_writer_write(writer, &length, 8, &err), &err);
    assert_ok(cop_writer_write(writer, header, header_size, &err), &err);
    assert_ok(cop_writer_write(writer, data, size, &err), &err);
    assert_ok(cop_writer_commit(writer, &err), &err);
}

static cop_tensors *example(void)
{
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensor *u8 = NULL;
    cop_tensor *f32 = NULL;
    cop_tensor *i64 = NULL;
    cop_tensor *f64 = NULL;
    assert_ok(cop_tensors_add(set, "mask", COP_U8, cop_shape1(3), &u8, &err), &err);
    assert_ok(cop_tensors_add(set, "conv.0.weight", COP_F32, cop_shape2(1, 2), &f32, &err), &err);
    assert_ok(cop_tensors_add(set, "step", COP_I64, cop_shape0(), &i64, &err), &err);
    assert_ok(cop_tensors_add(set, "none", COP_F32, cop_shape2(0, 4), NULL, &err), &err);
    assert_ok(cop_tensors_add(set, "\"\\ä\n", COP_F64, cop_shape4(1, 1, 1, 1), &f64, &err), &err);
    memcpy(cop_u8(u8), (uint8_t[]){1, 0, 255}, 3);
    memcpy(cop_f32(f32), (float[]){1.0f, -0.0f}, 8);
    *cop_i64(i64) = INT64_MIN;
    *cop_f64(f64) = 0.1;
    return set;
}

static void a_set_survives_the_round_trip(void **state)
{
    (void)state;
    cop_error err = {0};
    const cop_metadata notes[] = {{"stage", "train"}, {"format", "pt"}, {"odd", "\"\n\\ …"}};
    cop_tensors *set = example();
    cop_tensors *back = NULL;
    cop_metadata *read = NULL;
    size_t count = 0;
    assert_ok(cop_safetensors_write(path, set, notes, 3, &err), &err);
    assert_ok(cop_safetensors_read(path, &back, &read, &count, &err), &err);
    assert_int_equal(cop_tensors_count(back), cop_tensors_count(set));
    for (size_t i = 0; i < cop_tensors_count(set); i++) {
        const cop_tensor *a = cop_tensors_at(set, i);
        const cop_tensor *b = cop_tensors_at(back, i);
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->dtype, b->dtype);
        assert_true(cop_shape_equal(a->shape, b->shape));
        assert_memory_equal(a->data, b->data,
                            (size_t)cop_shape_count(a->shape) * cop_dtype_size(a->dtype));
    }
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(cop_metadata_find(read, count, notes[i].key), notes[i].value);
    assert_null(cop_metadata_find(read, count, "absent"));
    free(read);
    cop_tensors_free(back);
    cop_tensors_free(set);
}

static void the_bytes_are_the_formats(void **state)
{
    (void)state;
    static const char wanted[] =
        "\xc8\0\0\0\0\0\0\0"
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"m\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[16,19]},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
        "\"s\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}"
        "      "
        "\xfe\xff\xff\xff\xff\xff\xff\xff"
        "\0\0\x80\x3f\0\0\x20\xc0"
        "\x01\0\xff";
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensor *t = NULL;
    assert_ok(cop_tensors_add(set, "m", COP_U8, cop_shape1(3), &t, &err), &err);
    memcpy(cop_u8(t), (uint8_t[]){1, 0, 255}, 3);
    assert_ok(cop_tensors_add(set, "w", COP_F32, cop_shape2(1, 2), &t, &err), &err);
    memcpy(cop_f32(t), (float[]){1.0f, -2.5f}, 8);
    assert_ok(cop_tensors_add(set, "s", COP_I64, cop_shape0(), &t, &err), &err);
    *cop_i64(t) = -2;
    assert_ok(cop_safetensors_write(path, set, &(cop_metadata){"format", "pt"}, 1, &err), &err);
    cop_tensors_free(set);
    char *bytes = NULL;
    size_t size = 0;
    assert_ok(cop_file_read(path, 4096, &bytes, &size, &err), &err);
    assert_int_equal((8 + (unsigned char)bytes[0]) % 8, 0);
    assert_int_equal(size, sizeof wanted - 1);
    assert_memory_equal(bytes, wanted, size);
    free(bytes);
}

static void an_empty_set_is_a_file_too(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensors *back = NULL;
    cop_metadata *notes = NULL;
    size_t count = 9;
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    assert_ok(cop_safetensors_read(path, &back, &notes, &count, &err), &err);
    assert_int_equal(cop_tensors_count(back), 0);
    assert_int_equal(count, 0);
    free(notes);
    cop_tensors_free(back);
    cop_tensors_free(set);
}

static void foreign_types_are_widened(void **state)
{
    (void)state;
    static const char header[] =
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[16,22]},"
        "\"i\":{\"data_offsets\":[22,30],\"shape\":[2],\"dtype\":\"I32\",\"new\":{}},"
        "\"t\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[30,33]}}   ";
    static const unsigned char data[] = {
        0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0xff, 0x83, 0x00,
        0xfc, 0x00, 0x80, 0x55, 0x35, 0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f,
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x40, 0,    1,    7,
    };
    cop_error err = {0};
    cop_tensors *set = NULL;
    put_file(header, sizeof header - 1, data, sizeof data);
    assert_ok(cop_safetensors_read(path, &set, NULL, NULL, &err), &err);
    const float halves[8] = {1.0f,      -2.0f, 65504.0f,   0x1p-24f, -1023 * 0x1p-24f,
                             -INFINITY, -0.0f, 0x1.554p-2f};
    const float brains[3] = {1.0f, -3.140625f, INFINITY};
    assert_memory_equal(cop_f32(cop_tensors_find(set, "h")), halves, sizeof halves);
    assert_memory_equal(cop_f32(cop_tensors_find(set, "b")), brains, sizeof brains);
    assert_int_equal(cop_i64(cop_tensors_find(set, "i"))[0], -1);
    assert_int_equal(cop_i64(cop_tensors_find(set, "i"))[1], 0x40000000);
    assert_memory_equal(cop_u8(cop_tensors_find(set, "t")), ((uint8_t[]){0, 1, 1}), 3);
    cop_tensors_free(set);
}

static void check_refused_as(cop_status wanted, const char *text)
{
    cop_error err = {0};
    cop_tensors *set = NULL;
    cop_metadata *notes = NULL;
    size_t count = 0;
    assert_refused(cop_safetensors_read(path, &set, &notes, &count, &err), wanted, &err, text);
    assert_non_null(strstr(err.message, "/t.safetensors: "));
    assert_null(strchr(err.message, '\n'));
    assert_null(set);
    assert_null(notes);
}

static void check_refused(const char *text)
{
    check_refused_as(COP_DAMAGED, text);
}

static void each_lie_of_a_header_is_named(void **state)
{
    (void)state;
#define T(dtype, shape, offsets)                                                                   \
    "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define F32_2 T("\"F32\"", "[2]", "[0,8]")
#define LONG  "0123456789012345678901234567890123456789"
    const struct {
        const char *header;
        size_t data; /* bytes behind it */
        const char *text;
    } cases[] = {
        {"[]", 0, "the header is not a JSON object"},
        {" {}", 0, "the header is not a JSON object"},
        {"{\"a\":", 0, "the header is not a JSON object"},
        {"{}x", 0, "the header goes on behind its JSON object"},
        {"{\"\xff\":1}", 0, "the header is not UTF-8 text without zeros"},
        {"{\"a\\u0000b\":" F32_2 "}", 8, "the header is not UTF-8 text without zeros"},
        {"{\"\":" F32_2 "}", 8, "tensor : its name is empty or longer than 95 bytes"},
        {"{\"" LONG LONG LONG "\":" F32_2 "}", 8, "its name is empty or longer than 95 bytes"},
        {"{\"a\":[]}", 0, "tensor a: its entry is no JSON object"},
        {"{\"a\\n\":7}", 0, "tensor a\\n: its entry is no JSON object"},
        {"{\"a\":{}}", 0, "tensor a: its dtype is missing or no text"},
        {"{\"a\":" T("4", "[2]", "[0,8]") "}", 8, "tensor a: its dtype is missing or no text"},
        {"{\"a\":" T("\"F8_E4M3\"", "[2]", "[0,2]") "}", 2, "a: dtype F8_E4M3 cannot be read"},
        {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1,
         "a: its shape is missing or no list"},
        {"{\"a\":" T("\"F32\"", "{}", "[0,8]") "}", 8, "a: its shape is missing or no list"},
        {"{\"a\":" T("\"F32\"", "[-2]", "[0,8]") "}", 8, "shape holds what is no natural number"},
        {"{\"a\":" T("\"F32\"", "[1.5]", "[0,6]") "}", 6, "shape holds what is no natural number"},
        {"{\"a\":" T("\"F32\"", "[\"2\"]", "[0,8]") "}", 8,
         "shape holds what is no natural number"},
        {"{\"a\":" T("\"F32\"", "[1e300]", "[0,8]") "}", 8,
         "shape holds what is no natural number"},
        {"{\"a\":" T("\"U8\"", "[1,1,1,1,1]", "[0,1]") "}", 1, "a: it has more than 4 axes"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1,
         "a: its data_offsets are no pair of natural"},
        {"{\"a\":" T("\"U8\"", "[1]", "[0]") "}", 1, "a: its data_offsets are no pair of natural"},
        {"{\"a\":" T("\"U8\"", "[1]", "[0,1,2]") "}", 1,
         "a: its data_offsets are no pair of natural"},
        {"{\"a\":" T("\"U8\"", "[1]", "[-1,0]") "}", 1,
         "a: its data_offsets are no pair of natural"},
        {"{\"a\":" T("\"U8\"", "[1]", "[1,0]") "}", 1, "a: its data begin at 1, but end at 0"},
        {"{\"a\":" F32_2 "}", 7, "tensor a: truncated: its data end at byte 8 of 7"},
        {"{\"a\":" T("\"F32\"", "[3]", "[0,8]") "}", 8,
         "a: F32 of shape [3] takes 12 bytes, but has 8"},
        {"{\"a\":" T("\"F16\"", "[3]", "[0,8]") "}", 8,
         "a: F16 of shape [3] takes 6 bytes, but has 8"},
        {"{\"a\":" T("\"F32\"", "[4294967296,4294967296]", "[0,0]") "}", 0,
         "a: shape [4294967296, 4294967296] is too large"},
        {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
         "tensor a: its dtype is given twice"},
        {"{\"a\":" F32_2 ",\"b\":" F32_2 ",\"a\":" F32_2 "}", 8, "tensor a: it is there twice"},
        {"{\"a\":" F32_2 ",\"b\":" T("\"U8\"", "[4]", "[7,11]") "}", 11,
         "tensor b: its data begin at 7 and overlap others up to 8"},
        {"{\"b\":" T("\"U8\"", "[2]", "[9,11]") ",\"a\":" F32_2 "}", 11,
         "tensor b: its data begin at 9, which leaves a hole from 8"},
        {"{\"a\":" F32_2 "}", 11, "3 bytes of garbage behind the last tensor"},
        {"{\"__metadata__\":[],\"a\":" F32_2 "}", 8, "__metadata__ is no JSON object"},
        {"{\"__metadata__\":{\"n\":1}}", 0, "metadata n is no text"},
        {"{\"__metadata__\":{\"n\":\"\",\"m\":\"\",\"n\":\"\"}}", 0, "metadata n is there twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "its __metadata__ is given twice"},
    };
    static const char data[16] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_file(cases[i].header, strlen(cases[i].header), data, cases[i].data);
        check_refused(cases[i].text);
    }
    put_file("{\"a\0\":{}}", 10, data, 0);
    check_refused("the header is not UTF-8 text without zeros");
}

static void escaped_backslashes_are_no_zeros(void **state)
{
    (void)state;
    static const char header[] =
        "{\"a\\\\u0000\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}";
    cop_error err = {0};
    cop_tensors *set = NULL;
    put_file(header, sizeof header - 1, "\x05", 1);
    assert_ok(cop_safetensors_read(path, &set, NULL, NULL, &err), &err);
    assert_int_equal(*cop_u8(cop_tensors_find(set, "a\\u0000")), 5);
    cop_tensors_free(set);
}

static void lengths_that_lie_are_named(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        {"", 0, "is not a safetensors file: 0 bytes"},
        {"\x02\0\0\0\0\0\0", 7, "is not a safetensors file: 7 bytes"},
        {"this is a text\n", 15, "is not a safetensors file: header length "},
        {"\0\0\0\0\0\0\0\0{}", 10, "header length 0 is outside 1 … 16777216"},
        {"\x03\0\0\0\0\0\0\0{}", 10, "truncated: a header of 3 bytes in 10"},
        {"\x01\0\0\x01\0\0\0\0{}", 10, "header length 16777217 is outside"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "header length 18446744073709551615 is outside"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        assert_ok(cop_file_write(path, cases[i].bytes, cases[i].size, &err), &err);
        check_refused(cases[i].text);
    }
}

/* Every prefix of a good file, and every byte of its header changed, is refused or read: never a
 * crash, which the sanitizers see. */
static void damaged_files_never_crash_the_reader(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tensors *set = example();
    char *bytes = NULL;
    size_t size = 0;
    assert_ok(cop_safetensors_write(path, set, &(cop_metadata){"k", "v"}, 1, &err), &err);
    cop_tensors_free(set);
    assert_ok(cop_file_read(path, 4096, &bytes, &size, &err), &err);
    size_t header_end = 8 + (unsigned char)bytes[0] + 256 * (size_t)(unsigned char)bytes[1];
    for (size_t cut = 0; cut < size; cut++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        assert_int_equal(fclose(file), 0);
        check_refused("");
    }
    static const char changes[] = {'\0', '"', '0', '9', '{', '}', ',', '\\', '\xff', '-'};
    size_t refused = 0;
    for (size_t at = 0; at < header_end; at++) {
        for (size_t c = 0; c < sizeof changes; c++) {
            char kept = bytes[at];
            bytes[at] = changes[c];
            FILE *file = fopen(path, "wb");
            assert_non_null(file);
            assert_int_equal(fwrite(bytes, 1, size, file), size);
            assert_int_equal(fclose(file), 0);
            set = NULL;
            refused += cop_safetensors_read(path, &set, NULL, NULL, &err) != COP_OK;
            cop_tensors_free(set);
            bytes[at] = kept;
        }
    }
    assert_true(refused > header_end * sizeof changes / 2);
    free(bytes);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    check_refused_as(COP_FAILED, "cannot read: No such file or directory");
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused_as(COP_FAILED, "not a regular file");
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused_as(COP_FAILED, "not a regular file");
}

static void what_the_format_cannot_hold_is_not_written(void **state)
{
    (void)state;
    const struct {
        const char *tensor;
        cop_metadata notes[2];
        const char *text;
    } cases[] = {
        {"__metadata__",
         {{"a", ""}, {"b", ""}},
         "t.safetensors: no tensor can be called __metadata__"},
        {"w\xff", {{"a", ""}, {"b", ""}}, "its name is not UTF-8"},
        {"w", {{"a", ""}, {"a", ""}}, "t.safetensors: metadata a is given twice"},
        {"w", {{"a", ""}, {"b", "\xc3"}}, "t.safetensors: metadata b is not UTF-8"},
    };
    struct stat info;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *set = cop_tensors_new();
        assert_ok(cop_tensors_add(set, cases[i].tensor, COP_U8, cop_shape0(), NULL, &err), &err);
        assert_refused(cop_safetensors_write(path, set, cases[i].notes, 2, &err), COP_FAILED, &err,
                       cases[i].text);
        assert_int_not_equal(stat(path, &info), 0);
        cop_tensors_free(set);
    }
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    assert_refused(cop_safetensors_write("/nowhere/t", set, NULL, 0, &err), COP_FAILED, &err,
                   "cannot write /nowhere/t: No such file or directory");
    cop_tensors_free(set);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_set_survives_the_round_trip), TEST(the_bytes_are_the_formats),
        TEST(an_empty_set_is_a_file_too),    TEST(foreign_types_are_widened),
        TEST(each_lie_of_a_header_is_named), TEST(escaped_backslashes_are_no_zeros),
        TEST(lengths_that_lie_are_named),    TEST(damaged_files_never_crash_the_reader),
        TEST(what_is_no_file_is_refused),    TEST(what_the_format_cannot_hold_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

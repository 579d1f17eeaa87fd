/* test_hash.c: content hashes: known answers, fields that do not run together, files. */
#include "core/file.h"
#include "core/hash.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool equal(cop_digest a, cop_digest b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static void digests_are_those_of_xxhsum(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        const char *wanted; /* printf BYTES | xxhsum -H2 */
    } cases[] = {
        {"", "99aa06d3014798d86001c324468d497f"},
        {"coppice", "895cc206cb52440d7de241d5bf60e7f2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[33];
        cop_hasher *hasher = cop_hasher_new();
        cop_hasher_update(hasher, cases[i].bytes, strlen(cases[i].bytes));
        assert_string_equal(cop_digest_hex(cop_hasher_finish(hasher), hex), cases[i].wanted);
        cop_hasher_free(hasher);
    }
}

static void hex_keeps_leading_zeros(void **state)
{
    (void)state;
    char hex[33];
    assert_string_equal(cop_digest_hex((cop_digest){.hi = 0xab, .lo = 1}, hex),
                        "00000000000000ab0000000000000001");
}

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    unsigned char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    cop_hasher *whole = cop_hasher_new();
    cop_hasher *pieces = cop_hasher_new();
    cop_hasher_update(whole, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i += 100) {
        cop_hasher_update(pieces, bytes + i, 100);
        (void)cop_hasher_finish(pieces); /* looking on the way changes nothing */
    }
    assert_true(equal(cop_hasher_finish(whole), cop_hasher_finish(pieces)));
    cop_hasher_update(pieces, "", 1);
    assert_false(equal(cop_hasher_finish(whole), cop_hasher_finish(pieces)));
    cop_hasher_free(whole);
    cop_hasher_free(pieces);
}

static cop_digest digest_of(const char *a, const char *b)
{
    cop_hasher *hasher = cop_hasher_new();
    cop_hasher_update_text(hasher, a);
    cop_hasher_update_text(hasher, b);
    cop_digest digest = cop_hasher_finish(hasher);
    cop_hasher_free(hasher);
    return digest;
}

static void texts_are_fields(void **state)
{
    (void)state;
    assert_true(equal(digest_of("ab", "c"), digest_of("ab", "c")));
    assert_false(equal(digest_of("ab", "c"), digest_of("a", "bc")));
    assert_false(equal(digest_of("", "a"), digest_of("a", "")));
}

static void files_hash_like_their_bytes(void **state)
{
    (void)state;
    char directory[256];
    char path[300];
    static char bytes[200001];
    memset(bytes, 'x', sizeof bytes);
    make_temp_dir(directory, sizeof directory);
    (void)snprintf(path, sizeof path, "%s/data", directory);
    cop_error err = {0};
    cop_digest digest = {0};
    assert_ok(cop_file_write(path, bytes, sizeof bytes, &err), &err);
    assert_ok(cop_hash_file(path, &digest, &err), &err);
    cop_hasher *hasher = cop_hasher_new();
    cop_hasher_update(hasher, bytes, sizeof bytes);
    assert_true(equal(digest, cop_hasher_finish(hasher)));
    cop_hasher_free(hasher);
    (void)snprintf(path, sizeof path, "%s/absent", directory);
    assert_refused(cop_hash_file(path, &digest, &err), COP_FAILED, &err,
                   "/absent: No such file or directory");
    assert_refused(cop_hash_file(directory, &digest, &err), COP_FAILED, &err,
                   "it is not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0); /* opening one waits for its writer */
    assert_refused(cop_hash_file(path, &digest, &err), COP_FAILED, &err,
                   "it is not a regular file");
    remove_tree(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_xxhsum), cmocka_unit_test(hex_keeps_leading_zeros),
        cmocka_unit_test(pieces_hash_like_the_whole),  cmocka_unit_test(texts_are_fields),
        cmocka_unit_test(files_hash_like_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

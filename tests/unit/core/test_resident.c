/* Of a mapped file no more stays in memory than may. */
#include "support.h"

#include "core/resident.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB   ((size_t)1 << 20)
#define WHOLE (64 * MIB)

static char dir[256];

static int begin(void **state)
{
    (void)state;
    make_temp_dir(dir, sizeof dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    remove_tree(dir);
    return 0;
}

static void open_mapping(size_t most, cop_resident *r)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/file", dir);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    unsigned char *piece = malloc(MIB);
    assert_non_null(piece);
    for (size_t i = 0; i < WHOLE / MIB; i++) {
        memset(piece, (int)i, MIB);
        assert_int_equal(write(fd, piece, MIB), MIB);
    }
    free(piece);
    *r = (cop_resident){
        .bytes = mmap(NULL, WHOLE, PROT_READ, MAP_SHARED, fd, 0), .size = WHOLE, .most = most};
    assert_true(r->bytes != MAP_FAILED);
    assert_int_equal(close(fd), 0);
}

/* Bytes of the mapping that this process holds, as the system counts them. */
static size_t count_held(const cop_resident *r)
{
    char line[512];
    unsigned long long first = 0, end = 0;
    size_t kib = 0;
    bool here = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%llx-%llx ", &first, &end) == 2)
            here = first == (unsigned long long)(uintptr_t)r->bytes;
        if (here && sscanf(line, "Rss: %zu kB", &kib) == 1)
            break;
    }
    assert_int_equal(fclose(file), 0);
    assert_true(here);
    return kib << 10;
}

/* Reads images of 3,000 bytes here and there, as batches do; the most that was held meanwhile. */
static size_t read_here_and_there(cop_resident *r)
{
    const size_t image = 3000, images = WHOLE / image;
    size_t held = 0;
    for (size_t i = 0; i < images / 4; i++) {
        const unsigned char *at = (const unsigned char *)r->bytes + i * 7919 % images * image;
        size_t offset = (size_t)(at - (const unsigned char *)r->bytes);
        cop_resident_use(r, at, image);
        assert_int_equal(*at, offset / MIB);
        assert_int_equal(at[image - 1], (offset + image - 1) / MIB);
        if (i % 499 == 0 && count_held(r) > held)
            held = count_held(r);
    }
    return held;
}

static void no_more_stays_than_may(void **state)
{
    (void)state;
    cop_resident r;
    open_mapping(8 * MIB, &r);
    assert_in_range(read_here_and_there(&r), 1, 8 * MIB);
    assert_int_equal(munmap(r.bytes, r.size), 0);
}

static void without_a_limit_all_of_it_may_stay(void **state)
{
    (void)state;
    cop_resident r;
    open_mapping(0, &r);
    assert_in_range(read_here_and_there(&r), WHOLE / 4, WHOLE);
    assert_int_equal(munmap(r.bytes, r.size), 0);
}

/* What is asked for may reach over both ends of a page, and changes nothing that is read. */
static void what_is_expected_is_read_as_it_is(void **state)
{
    (void)state;
    cop_resident r;
    open_mapping(MIB, &r);
    const unsigned char *bytes = r.bytes;
    for (size_t at = 1; at + 5000 < WHOLE; at += 100 * 5000) {
        cop_resident_expect(bytes + at, 5000);
        cop_resident_use(&r, bytes + at, 5000);
        assert_int_equal(bytes[at], at / MIB);
    }
    cop_resident_expect(bytes + WHOLE - 1, 1);
    assert_int_equal(bytes[WHOLE - 1], WHOLE / MIB - 1);
    assert_int_equal(munmap(r.bytes, r.size), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(no_more_stays_than_may),
        TEST(without_a_limit_all_of_it_may_stay),
        TEST(what_is_expected_is_read_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

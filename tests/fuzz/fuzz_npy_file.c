/* Reads NumPy's arrays, whole (store/formats/npy_file.h) and item by item (coppice/files.h): both
 * take the same files, and read the same from them. There is no writer. */
#include "fuzz.h"

#include "store/formats/npy_file.h"

#include <coppice/files.h>

#include <stdlib.h>
#include <string.h>

/* Reads all items, some at a time, into memory that is just as large. `whole` is what they are, or
 * NULL. */
static bool read_items(const cop_array_file *file, const cop_tensor *whole)
{
    cop_shape shape = cop_array_file_shape(file);
    int64_t items = shape.rank > 0 ? shape.dim[0] : 1, part = items / 4 + 1;
    size_t item = items > 0 ? (size_t)(cop_shape_count(shape) / items) : 0;
    bool is_read = true;
    item *= cop_dtype_size(cop_array_file_dtype(file));
    for (int64_t first = 0; is_read && first < items; first += part) {
        int64_t count = items - first < part ? items - first : part;
        size_t size = (size_t)count * item;
        char *got = malloc(size + (size == 0));
        FUZZ_REQUIRE(got != NULL);
        is_read = cop_array_file_read(file, first, count, got, NULL) == COP_OK;
        if (is_read && whole != NULL && size > 0)
            FUZZ_REQUIRE(memcmp(got, (const char *)whole->data + (size_t)first * item, size) == 0);
        free(got);
    }
    return is_read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_tensors *set = cop_tensors_new();
    cop_array_file *file = NULL;
    FUZZ_REQUIRE(set != NULL);
    bool is_taken = cop_npy_take(data, size, "array", set, NULL) == COP_OK;
    const cop_tensor *whole = is_taken ? cop_tensors_at(set, 0) : NULL;
    bool is_read = cop_array_file_open(fuzz_file(data, size), &file, NULL) == COP_OK &&
                   read_items(file, whole);
    FUZZ_REQUIRE(is_taken == is_read);
    if (is_taken) {
        FUZZ_REQUIRE(cop_shape_equal(cop_array_file_shape(file), whole->shape));
        FUZZ_REQUIRE(cop_array_file_dtype(file) == whole->dtype);
        fuzz_accept();
    }
    cop_array_file_close(file);
    cop_tensors_free(set);
    return 0;
}

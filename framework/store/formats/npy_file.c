/* npy_file.c: reading NumPy's arrays, none of which is trusted. */
#include "store/formats/npy_file.h"

#include "core/file.h"
#include "core/shape.h"
#include "store/formats/safetensors_types.h"

#include <errno.h>
#include <string.h>

/* MOST_HEADER is NumPy's own limit for headers that it reads without being told to trust them. */
enum { MAGIC = 6, LEAD = 12, MOST_HEADER = 10000, RUN_BYTES = 1 << 14 };

bool cop_npy_begins(const void *bytes, size_t size)
{
    return size >= MAGIC && memcmp(bytes, "\x93NUMPY", MAGIC) == 0;
}

/* Bytes of a place that is within the size; a file that has shrunk since is an error. */
static cop_status read_at(const cop_npy_source *source, void *out, int64_t size, int64_t at,
                          cop_error *err)
{
    size_t got = 0;
    if (source->bytes != NULL) {
        memcpy(out, source->bytes + at, (size_t)size);
        return COP_OK;
    }
    bool is_read = cop_file_read_part(source->file, at, out, (size_t)size, &got);
    if (is_read && got == (size_t)size)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "cannot read byte %lld: %s", (long long)at + (long long)got,
                    is_read ? "the file ends there" : strerror(errno));
}

/* The magic text, a version, and the length of the header in 2 bytes, or 4; and the header. */
static cop_status read_header(cop_npy *a, cop_error *err)
{
    unsigned char lead[LEAD] = {0};
    char text[MOST_HEADER];
    int64_t size = a->source.size, length = 0;
    if (size >= LEAD - 2)
        COP_TRY(read_at(&a->source, lead, size < LEAD ? size : LEAD, 0, err));
    if (!cop_npy_begins(lead, sizeof lead))
        return cop_fail(err, COP_INVALID, "is not an array of NumPy's");
    int version = lead[MAGIC];
    if (version < 1 || version > 3)
        return cop_fail(err, COP_INVALID, "is of version %d of the format, wanted 1 to 3", version);
    int64_t begin = version == 1 ? LEAD - 2 : LEAD;
    for (int64_t i = begin; i-- > MAGIC + 2;)
        length = 256 * length + lead[i];
    if (length > MOST_HEADER)
        return cop_fail(err, COP_INVALID, "has a header of %lld bytes, wanted at most %d",
                        (long long)length, MOST_HEADER);
    if (length > size - begin)
        return cop_fail(err, COP_INVALID, "ends within its header");
    COP_TRY(read_at(&a->source, text, length, begin, err));
    a->data_at = begin + length;
    return cop_npy_header_parse(text, (size_t)length, &a->header, err);
}

static cop_status check_size(const cop_npy *a, cop_error *err)
{
    cop_dtype dtype = cop_npy_header_dtype(&a->header);
    int64_t there = a->source.size - a->data_at;
    char text[96];
    size_t bytes = 0;
    (void)cop_shape_text(a->header.shape, text, sizeof text);
    if (!cop_shape_bytes(a->header.shape, dtype, &bytes))
        return cop_fail(err, COP_INVALID, "shape %s is too large", text);
    bytes = bytes / cop_dtype_size(dtype) * (size_t)a->header.width;
    if (bytes == (size_t)there)
        return COP_OK;
    return cop_fail(err, COP_INVALID, "shape %s takes %zu bytes of elements, and there are %lld",
                    text, bytes, (long long)there);
}

cop_status cop_npy_open(cop_npy_source source, cop_npy *out, cop_error *err)
{
    cop_npy a = {.source = source};
    COP_TRY(read_header(&a, err));
    COP_TRY(check_size(&a, err));
    a.items = a.header.shape.rank > 0 ? a.header.shape.dim[0] : 1;
    a.item = a.items > 0 ? cop_shape_count(a.header.shape) / a.items : 0;
    *out = a;
    return COP_OK;
}

/* Where element k of an item, counted in C order, is among its elements in Fortran's. */
static int64_t fortran_place(cop_shape shape, int64_t k)
{
    int64_t place = 0, stride = 1, index[COP_MAX_RANK] = {0};
    for (int32_t axis = shape.rank - 1; axis > 0; axis--) {
        index[axis] = k % shape.dim[axis];
        k /= shape.dim[axis];
    }
    for (int32_t axis = 1; axis < shape.rank; axis++) {
        place += index[axis] * stride;
        stride *= shape.dim[axis];
    }
    return place;
}

/* Elements of one place in items first … first+count−1, which lie together in Fortran's order: the
 * k-th of each item at `out`. */
static cop_status read_place(const cop_npy *a, int64_t k, int64_t first, int64_t count,
                             unsigned char *out, cop_error *err)
{
    unsigned char run[RUN_BYTES];
    size_t width = (size_t)a->header.width;
    int64_t at = fortran_place(a->header.shape, k) * a->items + first;
    int64_t most = RUN_BYTES / a->header.width;
    for (int64_t done = 0; done < count; done += most) {
        int64_t part = count - done < most ? count - done : most;
        COP_TRY(read_at(&a->source, run, part * a->header.width,
                        a->data_at + (at + done) * a->header.width, err));
        for (int64_t i = 0; i < part; i++)
            memcpy(out + (size_t)((done + i) * a->item + k) * width, run + (size_t)i * width,
                   width);
    }
    return COP_OK;
}

/* Elements as the file has them, but in C order. */
static cop_status read_elements(const cop_npy *a, int64_t first, int64_t count, unsigned char *out,
                                cop_error *err)
{
    int64_t size = a->item * a->header.width;
    if (!a->header.is_fortran || a->item == 1)
        return read_at(&a->source, out, count * size, a->data_at + first * size, err);
    for (int64_t k = 0; k < a->item; k++)
        COP_TRY(read_place(a, k, first, count, out, err));
    return COP_OK;
}

static uint64_t bits_at(const cop_npy_header *h, const unsigned char *at)
{
    uint64_t bits = 0;
    for (int64_t k = 0; k < h->width; k++)
        bits = bits << 8 | at[h->is_big ? k : h->width - 1 - k];
    return bits;
}

/* An element as ours, in the lowest bytes. */
static uint64_t value_of(const cop_npy_header *h, uint64_t bits)
{
    uint64_t sign = UINT64_C(1) << (8 * h->width - 1);
    uint32_t wide = 0;
    if (h->type[0] == 'i')
        return (bits ^ sign) - sign; /* carries the sign to the top */
    if (h->type[0] == 'b')
        return bits != 0;
    if (strcmp(h->type, "f2") != 0)
        return bits;
    float value = cop_f32_from_f16((uint16_t)bits);
    memcpy(&wide, &value, sizeof wide);
    return wide;
}

/* Whether elements are in memory as they are in the file, on this little-endian machine. */
static bool is_ours(const cop_npy_header *h)
{
    static const char *const ours[] = {"f4", "f8", "i8", "u1"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcmp(h->type, ours[i]) == 0)
            return !h->is_big || h->width == 1;
    return false;
}

/* Turns the file's elements into ours. They are at the end of the memory that ours then fill: each
 * is read before another is put in its place, for none grows narrower. */
static cop_status convert(const cop_npy *a, int64_t first, int64_t count, unsigned char *out,
                          cop_error *err)
{
    const cop_npy_header *h = &a->header;
    int64_t size = (int64_t)cop_dtype_size(cop_npy_header_dtype(h));
    const unsigned char *raw = out + count * (size - h->width);
    bool may_be_large = strcmp(h->type, "u8") == 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t value = value_of(h, bits_at(h, raw + i * h->width));
        if (may_be_large && value > INT64_MAX)
            return cop_fail(err, COP_INVALID, "element %lld is too large for a signed integer",
                            (long long)(first + i));
        memcpy(out + i * size, &value, (size_t)size); /* this machine is little-endian */
    }
    return COP_OK;
}

cop_status cop_npy_read(const cop_npy *array, int64_t first, int64_t count, void *out,
                        cop_error *err)
{
    unsigned char *bytes = out;
    int64_t elements = count * array->item;
    int64_t size = (int64_t)cop_dtype_size(cop_npy_header_dtype(&array->header));
    if (elements == 0)
        return COP_OK;
    COP_TRY(
        read_elements(array, first, count, bytes + elements * (size - array->header.width), err));
    if (is_ours(&array->header))
        return COP_OK;
    return convert(array, first * array->item, elements, bytes, err);
}

cop_status cop_npy_take(const void *bytes, size_t size, const char *name, cop_tensors *set,
                        cop_error *err)
{
    cop_npy a = {0};
    cop_tensor *t = NULL;
    COP_TRY(cop_npy_open((cop_npy_source){.bytes = bytes, .size = (int64_t)size}, &a, err));
    COP_TRY(cop_tensors_add(set, name, cop_npy_header_dtype(&a.header), a.header.shape, &t, err));
    return cop_npy_read(&a, 0, a.items, t->data, err);
}

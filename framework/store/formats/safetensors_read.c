/* safetensors_read.c: reading safetensors files, none of which is trusted.
 *
 * The whole header is checked, offsets included, before memory is taken for data: a file can make
 * us allocate no more than a small multiple of its own size. */
#include "store/formats/safetensors.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/json.h"
#include "core/shape.h"
#include "core/text.h"
#include "store/formats/safetensors_types.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file and its header. */

/* One tensor as the header tells of it. */
typedef struct entry {
    const char *name; /* the JSON's */
    const cop_file_type *type;
    cop_shape shape;
    uint64_t begin; /* in the data */
    uint64_t end;
    cop_tensor *tensor; /* once there is room for it */
} entry;

typedef struct reader {
    cop_safetensors_source source;
    uint64_t data_begin; /* where offset 0 lies in the file */
    cJSON *root;
    entry *entries; /* in the header's order */
    entry **sorted; /* the same, as checks need them; in the end as they lie in the file */
    size_t count;
    const cJSON *metadata; /* within root; NULL if there is none */
} reader;

/* What is hashed is what is read: calls come in the order of the bytes, without a hole. */
static cop_status read_at(const reader *r, void *data, size_t size, uint64_t offset, cop_error *err)
{
    size_t got = 0;
    if (!cop_file_read_part(r->source.file, (int64_t)offset, data, size, &got))
        return cop_fail(err, COP_FAILED, "cannot read: %s", strerror(errno));
    if (got < size)
        return cop_fail(err, COP_DAMAGED, "the file ends early");
    if (r->source.hasher != NULL)
        cop_hasher_update(r->source.hasher, data, size);
    return COP_OK;
}

/* cJSON's strings end at a zero, so what hides one would be cut in silence. */
static bool hides_zero(const char *json, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (json[i] == '\0')
            return true;
        if (json[i] != '\\')
            continue;
        if (size - i >= 6 && memcmp(json + i + 1, "u0000", 5) == 0)
            return true;
        i++;
    }
    return false;
}

/* Parses the header's text into r->root: one object, with nothing but spaces behind it. */
static cop_status parse_header(reader *r, const char *json, size_t size, cop_error *err)
{
    if (!cop_is_utf8(json, size) || hides_zero(json, size))
        return cop_fail(err, COP_DAMAGED, "the header is not UTF-8 text without zeros");
    const char *end = NULL;
    r->root = json[0] == '{' ? cJSON_ParseWithLengthOpts(json, size, &end, 0) : NULL;
    if (r->root == NULL && json[0] == '{' && cop_json_is_valid(json, size))
        return cop_fail(err, COP_FAILED, "out of memory for the header");
    if (r->root == NULL)
        return cop_fail(err, COP_DAMAGED, "the header is not a JSON object");
    for (; end < json + size; end++) {
        if (*end != ' ')
            return cop_fail(err, COP_DAMAGED, "the header goes on behind its JSON object");
    }
    return COP_OK;
}

static cop_status read_header(reader *r, cop_error *err)
{
    uint64_t length = 0;
    if (r->source.size < sizeof length)
        return cop_fail(err, COP_DAMAGED, "is not a safetensors file: %" PRIu64 " bytes",
                        r->source.size);
    COP_TRY(read_at(r, &length, sizeof length, 0, err));
    if (length == 0 || length > COP_SAFETENSORS_HEADER_LIMIT)
        return cop_fail(err, COP_DAMAGED,
                        "is not a safetensors file: header length %" PRIu64 " is outside 1 … %d",
                        length, COP_SAFETENSORS_HEADER_LIMIT);
    if (length > r->source.size - sizeof length)
        return cop_fail(err, COP_DAMAGED, "truncated: a header of %" PRIu64 " bytes in %" PRIu64,
                        length, r->source.size);
    r->data_begin = sizeof length + length;
    char *json = malloc(length);
    if (json == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for the header");
    cop_status status = read_at(r, json, length, sizeof length, err);
    if (status == COP_OK)
        status = parse_header(r, json, length, err);
    free(json);
    return status;
}

/* A JSON number that is a natural one and exact in the double that cJSON makes of it. */
static bool natural(const cJSON *item, uint64_t *value)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0.0) || item->valuedouble >= 0x1p53)
        return false;
    *value = (uint64_t)item->valuedouble;
    return (double)*value == item->valuedouble;
}

static cop_status parse_shape(const cJSON *list, cop_shape *shape, cop_error *err)
{
    if (!cJSON_IsArray(list))
        return cop_fail(err, COP_DAMAGED, "its shape is missing or no list");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        uint64_t size = 0;
        if (!natural(item, &size))
            return cop_fail(err, COP_DAMAGED, "its shape holds what is no natural number");
        if (shape->rank == COP_MAX_RANK)
            return cop_fail(err, COP_DAMAGED, "it has more than %d axes", COP_MAX_RANK);
        shape->dim[shape->rank++] = (int64_t)size;
    }
    return COP_OK;
}

static cop_status parse_offsets(const reader *r, const cJSON *list, entry *e, cop_error *err)
{
    const cJSON *begin = cJSON_IsArray(list) ? list->child : NULL;
    const cJSON *end = begin != NULL ? begin->next : NULL;
    if (end == NULL || end->next != NULL || !natural(begin, &e->begin) || !natural(end, &e->end))
        return cop_fail(err, COP_DAMAGED, "its data_offsets are no pair of natural numbers");
    if (e->begin > e->end)
        return cop_fail(err, COP_DAMAGED, "its data begin at %" PRIu64 ", but end at %" PRIu64,
                        e->begin, e->end);
    if (e->end > r->source.size - r->data_begin)
        return cop_fail(err, COP_DAMAGED, "truncated: its data end at byte %" PRIu64 " of %" PRIu64,
                        e->end, r->source.size - r->data_begin);
    return COP_OK;
}

static cop_status check_size(const entry *e, cop_error *err)
{
    char text[96];
    size_t bytes = 0;
    if (!cop_shape_bytes(e->shape, e->type->dtype, &bytes))
        return cop_fail(err, COP_DAMAGED, "shape %s is too large",
                        cop_shape_text(e->shape, text, sizeof text));
    bytes = bytes / cop_dtype_size(e->type->dtype) * e->type->size;
    if (bytes != e->end - e->begin)
        return cop_fail(err, COP_DAMAGED, "%s of shape %s takes %zu bytes, but has %" PRIu64,
                        e->type->name, cop_shape_text(e->shape, text, sizeof text), bytes,
                        e->end - e->begin);
    return COP_OK;
}

/* Sets *field, unless it is set already. */
static cop_status take_field(const cJSON *item, const cJSON **field, cop_error *err)
{
    if (*field != NULL)
        return cop_fail(err, COP_DAMAGED, "its %s is given twice", item->string);
    *field = item;
    return COP_OK;
}

static cop_status parse_entry(const reader *r, const cJSON *item, entry *e, cop_error *err)
{
    const cJSON *type = NULL;
    const cJSON *shape = NULL;
    const cJSON *offsets = NULL;
    const cJSON *field = NULL;
    e->name = item->string;
    if (e->name[0] == '\0' || strlen(e->name) >= COP_NAME_SIZE)
        return cop_fail(err, COP_DAMAGED, "its name is empty or longer than %d bytes",
                        COP_NAME_SIZE - 1);
    if (!cJSON_IsObject(item))
        return cop_fail(err, COP_DAMAGED, "its entry is no JSON object");
    cJSON_ArrayForEach(field, item)
    {
        if (strcmp(field->string, "dtype") == 0)
            COP_TRY(take_field(field, &type, err));
        else if (strcmp(field->string, "shape") == 0)
            COP_TRY(take_field(field, &shape, err));
        else if (strcmp(field->string, "data_offsets") == 0)
            COP_TRY(take_field(field, &offsets, err));
    }
    if (!cJSON_IsString(type))
        return cop_fail(err, COP_DAMAGED, "its dtype is missing or no text");
    e->type = cop_file_type_find(type->valuestring);
    char shown[64];
    if (e->type == NULL)
        return cop_fail(err, COP_DAMAGED, "dtype %s cannot be read",
                        cop_escape(type->valuestring, shown, sizeof shown));
    COP_TRY(parse_shape(shape, &e->shape, err));
    COP_TRY(parse_offsets(r, offsets, e, err));
    return check_size(e, err);
}

/* Puts the tensor's name before the message. `err` is never NULL here: its status is the answer. */
static cop_status fail_at(const char *name, cop_error *err)
{
    char shown[128];
    return cop_fail_within(err, "tensor %s", cop_escape(name, shown, sizeof shown));
}

static cop_status parse_entries(reader *r, cop_error *err)
{
    size_t items = (size_t)cJSON_GetArraySize(r->root);
    r->entries = calloc(items + 1, sizeof *r->entries);
    r->sorted = calloc(items + 1, sizeof *r->sorted);
    if (r->entries == NULL || r->sorted == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for %zu entries", items);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, r->root)
    {
        if (strcmp(item->string, "__metadata__") == 0) {
            COP_TRY(take_field(item, &r->metadata, err));
            continue;
        }
        r->sorted[r->count] = &r->entries[r->count];
        if (parse_entry(r, item, &r->entries[r->count], err) != COP_OK)
            return fail_at(item->string, err);
        r->count++;
    }
    return COP_OK;
}

/* The entries among each other. */

static int compare_names(const void *a, const void *b)
{
    const entry *const *left = a;
    const entry *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int compare_places(const void *a, const void *b)
{
    const entry *left = *(const entry *const *)a;
    const entry *right = *(const entry *const *)b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->end > right->end) - (left->end < right->end);
}

static cop_status check_unique(reader *r, cop_error *err)
{
    qsort(r->sorted, r->count, sizeof *r->sorted, compare_names);
    for (size_t i = 1; i < r->count; i++) {
        if (strcmp(r->sorted[i - 1]->name, r->sorted[i]->name) == 0) {
            (void)cop_fail(err, COP_DAMAGED, "it is there twice");
            return fail_at(r->sorted[i]->name, err);
        }
    }
    return COP_OK;
}

/* The tensors must cover the data: no overlap, no hole, nothing behind the last. */
static cop_status check_cover(reader *r, cop_error *err)
{
    uint64_t covered = 0;
    qsort(r->sorted, r->count, sizeof *r->sorted, compare_places);
    for (size_t i = 0; i < r->count; i++) {
        const entry *e = r->sorted[i];
        if (e->begin != covered) {
            (void)cop_fail(err, COP_DAMAGED,
                           e->begin < covered
                               ? "its data begin at %" PRIu64 " and overlap others up to %" PRIu64
                               : "its data begin at %" PRIu64 ", which leaves a hole from %" PRIu64,
                           e->begin, covered);
            return fail_at(e->name, err);
        }
        covered = e->end;
    }
    uint64_t rest = r->source.size - r->data_begin - covered;
    if (rest != 0)
        return cop_fail(err, COP_DAMAGED, "%" PRIu64 " bytes of garbage behind the last tensor",
                        rest);
    return COP_OK;
}

static cop_status read_tensor(const reader *r, const entry *e, cop_error *err)
{
    size_t count = (size_t)cop_shape_count(e->shape);
    size_t tail = count * (cop_dtype_size(e->type->dtype) - e->type->size);
    unsigned char *place = (unsigned char *)e->tensor->data + tail;
    if (read_at(r, place, count * e->type->size, r->data_begin + e->begin, err) != COP_OK)
        return fail_at(e->name, err);
    if (e->type->convert != NULL)
        e->type->convert(e->tensor->data, place, count);
    return COP_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const cop_metadata *)a)->key, ((const cop_metadata *)b)->key);
}

/* Checks r->metadata; gives the entries, and the bytes of their texts. */
static cop_status measure_metadata(const reader *r, size_t *count, size_t *bytes, cop_error *err)
{
    if (r->metadata != NULL && !cJSON_IsObject(r->metadata))
        return cop_fail(err, COP_DAMAGED, "__metadata__ is no JSON object");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, r->metadata)
    {
        char shown[128];
        if (!cJSON_IsString(item))
            return cop_fail(err, COP_DAMAGED, "metadata %s is no text",
                            cop_escape(item->string, shown, sizeof shown));
        *bytes += strlen(item->string) + strlen(item->valuestring) + 2;
        (*count)++;
    }
    return COP_OK;
}

/* Copies text to *at and moves *at behind it; returns the copy. */
static const char *put_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

/* The metadata, sorted by key, in one allocation: the list, then its texts. */
static cop_status read_metadata(const reader *r, cop_metadata **out, size_t *out_count,
                                cop_error *err)
{
    size_t count = 0;
    size_t bytes = 0;
    COP_TRY(measure_metadata(r, &count, &bytes, err));
    cop_metadata *list = malloc(count * sizeof *list + bytes + 1);
    if (list == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for the metadata");
    char *at = (char *)(list + count);
    const cJSON *item = NULL;
    size_t i = 0;
    cJSON_ArrayForEach(item, r->metadata)
    {
        list[i].key = put_text(&at, item->string);
        list[i].value = put_text(&at, item->valuestring);
        i++;
    }
    if (count > 1)
        qsort(list, count, sizeof *list, compare_keys);
    for (i = 1; i < count; i++) {
        if (strcmp(list[i - 1].key, list[i].key) == 0) {
            char shown[128];
            (void)cop_fail(err, COP_DAMAGED, "metadata %s is there twice",
                           cop_escape(list[i].key, shown, sizeof shown));
            free(list);
            return COP_DAMAGED;
        }
    }
    *out = list;
    *out_count = count;
    return COP_OK;
}

/* Makes room in the header's order, and fills it in that of the file. */
static cop_status fill(const reader *r, cop_tensors *set, cop_error *err)
{
    for (size_t i = 0; i < r->count; i++) {
        entry *e = &r->entries[i];
        COP_TRY(cop_tensors_add(set, e->name, e->type->dtype, e->shape, &e->tensor, err));
    }
    for (size_t i = 0; i < r->count; i++)
        COP_TRY(read_tensor(r, r->sorted[i], err));
    return COP_OK;
}

static cop_status read_tensors(const reader *r, cop_tensors **out, cop_error *err)
{
    cop_tensors *set = cop_tensors_new();
    if (set == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for the tensors");
    cop_status status = fill(r, set, err);
    if (status != COP_OK) {
        cop_tensors_free(set);
        return status;
    }
    *out = set;
    return COP_OK;
}

static cop_status read_all(reader *r, cop_tensors **out, cop_metadata **metadata, size_t *count,
                           cop_error *err)
{
    COP_TRY(read_header(r, err));
    COP_TRY(parse_entries(r, err));
    COP_TRY(check_unique(r, err));
    COP_TRY(check_cover(r, err));
    cop_metadata *list = NULL;
    size_t entries = 0;
    COP_TRY(read_metadata(r, &list, &entries, err));
    cop_status status = out != NULL ? read_tensors(r, out, err) : COP_OK;
    if (status != COP_OK || metadata == NULL) {
        free(list);
        return status;
    }
    *metadata = list;
    *count = entries;
    return COP_OK;
}

/* Puts the file's name before the message; errno stays. */
static cop_status fail_file(const char *path, cop_error *own, cop_error *err)
{
    int reason = errno;
    char shown[256];
    (void)cop_fail_within(own, "%s", cop_escape(path, shown, sizeof shown));
    if (err != NULL)
        *err = *own;
    errno = reason;
    return own->status;
}

cop_status cop_safetensors_read_open(const cop_safetensors_source *source, cop_tensors **out,
                                     cop_metadata **metadata, size_t *count, cop_error *err)
{
    reader r = {.source = *source};
    cop_error own = {0};
    cop_status status = read_all(&r, out, metadata, count, &own);
    int reason = errno;
    cJSON_Delete(r.root);
    free(r.sorted);
    free(r.entries);
    errno = reason;
    return status == COP_OK ? COP_OK : fail_file(source->path, &own, err);
}

cop_status cop_safetensors_read(const char *path, cop_tensors **out, cop_metadata **metadata,
                                size_t *count, cop_error *err)
{
    cop_safetensors_source source = {.path = path};
    cop_error own = {0};
    int64_t size = 0;
    if (cop_file_open_regular(path, &source.file, &size, NULL) != COP_OK) {
        int reason = errno;
        if (reason == EINVAL)
            (void)cop_fail(&own, COP_FAILED, "not a regular file");
        else
            (void)cop_fail(&own, COP_FAILED, "cannot read: %s", strerror(reason));
        errno = reason;
        return fail_file(path, &own, err);
    }
    source.size = (uint64_t)size;
    cop_status status = cop_safetensors_read_open(&source, out, metadata, count, err);
    int reason = errno;
    (void)close(source.file);
    errno = reason;
    return status;
}

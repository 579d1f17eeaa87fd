/* npz_file.c: reading NumPy's archives by libzip, out of memory. */
#include "store/formats/npz_file.h"

#include <string.h>

bool cop_zip_begins(const void *bytes, size_t size)
{
    /* A member, or the end of an archive without any. */
    return size >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0);
}

#ifndef COPPICE_HAS_LIBZIP

cop_status cop_npz_take(const void *bytes, size_t size, cop_tensors *set, cop_error *err)
{
    (void)bytes;
    (void)size;
    (void)set;
    return cop_fail(err, COP_UNAVAILABLE,
                    "is a zip file, and this Coppice was built without libzip");
}

#else

#include "core/memory.h"
#include "core/text.h"
#include "store/formats/npy_file.h"

#include <stdlib.h>
#include <zip.h>

/* Deflate's best ratio is 1032; a member that claims more is made to fill memory. */
#define MOST_RATIO 1032

#define MOST_MEMBERS 4096

/* A name without ".npy"; false where there is no such name, or it is too long. */
static bool array_name(const char *member, char name[COP_NAME_SIZE])
{
    size_t length = strlen(member);
    if (length <= 4 || strcmp(member + length - 4, ".npy") != 0 || length - 4 >= COP_NAME_SIZE)
        return false;
    memcpy(name, member, length - 4);
    name[length - 4] = '\0';
    return true;
}

static bool is_torch(const char *member)
{
    const char *slash = strrchr(member, '/');
    return strcmp(slash != NULL ? slash + 1 : member, "data.pkl") == 0;
}

static cop_status check_member(const zip_stat_t *s, cop_error *err)
{
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((s->valid & wanted) != wanted)
        return cop_fail(err, COP_INVALID, "the archive does not say what it is");
    if (s->encryption_method != ZIP_EM_NONE)
        return cop_fail(err, COP_INVALID, "it is encrypted");
    if (s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE)
        return cop_fail(err, COP_INVALID, "it is packed by method %u, wanted stored or deflated",
                        (unsigned)s->comp_method);
    if (s->size / MOST_RATIO > s->comp_size || s->size > SIZE_MAX / 16)
        return cop_fail(err, COP_INVALID, "%llu packed bytes cannot hold the %llu that it claims",
                        (unsigned long long)s->comp_size, (unsigned long long)s->size);
    return COP_OK;
}

/* Reads `size` bytes, behind which nothing is; the checksum is then right, too. */
static cop_status read_all(zip_file_t *file, unsigned char *data, size_t size, cop_error *err)
{
    size_t done = 0;
    unsigned char more = 0;
    while (done < size) {
        zip_int64_t got = zip_fread(file, data + done, size - done);
        if (got <= 0)
            return cop_fail(err, COP_INVALID, "cannot be unpacked: %s",
                            got < 0 ? zip_file_strerror(file) : "it ends early");
        done += (size_t)got;
    }
    zip_int64_t got = zip_fread(file, &more, 1);
    if (got != 0)
        return cop_fail(err, COP_INVALID, "cannot be unpacked: %s",
                        got < 0 ? zip_file_strerror(file) : "it is longer than it claims");
    return COP_OK;
}

static cop_status take_member(zip_t *archive, zip_uint64_t i, const zip_stat_t *s, const char *name,
                              cop_tensors *set, cop_error *err)
{
    COP_TRY(check_member(s, err));
    unsigned char *data = malloc((size_t)s->size + 1);
    zip_file_t *file = data != NULL ? zip_fopen_index(archive, i, 0) : NULL;
    cop_status status = COP_OK;
    if (data == NULL)
        status = cop_out_of_memory(err);
    else if (file == NULL)
        status = cop_fail(err, COP_INVALID, "cannot be unpacked: %s", zip_strerror(archive));
    else
        status = read_all(file, data, (size_t)s->size, err);
    if (file != NULL)
        (void)zip_fclose(file);
    if (status == COP_OK)
        status = cop_npy_take(data, (size_t)s->size, name, set, err);
    free(data);
    return status;
}

/* `budget` is how much all members together may still unpack to: they may share packed bytes. */
static cop_status take_one(zip_t *archive, zip_uint64_t i, zip_uint64_t *budget, cop_tensors *set,
                           cop_error *err)
{
    zip_stat_t s;
    char name[COP_NAME_SIZE], shown[128];
    cop_error inner = {0};
    zip_stat_init(&s);
    if (zip_stat_index(archive, i, 0, &s) != 0 || (s.valid & ZIP_STAT_NAME) == 0)
        return cop_fail(err, COP_INVALID, "member %llu has no name", (unsigned long long)i);
    (void)cop_escape(s.name, shown, sizeof shown);
    if (is_torch(s.name))
        return cop_fail(err, COP_INVALID,
                        "is a file of PyTorch's: tools/convert/pt-to-safetensors turns it into one "
                        "that can be read");
    if (!array_name(s.name, name))
        return cop_fail(err, COP_INVALID, "holds %s, wanted arrays alone (.npy)", shown);
    if (cop_tensors_find(set, name) != NULL)
        return cop_fail(err, COP_INVALID, "holds %s twice", shown);
    if ((s.valid & ZIP_STAT_SIZE) != 0 && s.size > *budget)
        return cop_fail(err, COP_INVALID, "its members claim to be larger than they can be");
    *budget -= (s.valid & ZIP_STAT_SIZE) != 0 ? s.size : 0;
    cop_status status = take_member(archive, i, &s, name, set, &inner);
    return status == COP_OK ? COP_OK : cop_fail(err, status, "%s: %s", shown, inner.message);
}

static cop_status take_all(zip_t *archive, size_t size, cop_tensors *set, cop_error *err)
{
    zip_uint64_t budget =
        size > UINT64_MAX / MOST_RATIO ? UINT64_MAX : (zip_uint64_t)size * MOST_RATIO;
    zip_int64_t count = zip_get_num_entries(archive, 0);
    if (count > MOST_MEMBERS)
        return cop_fail(err, COP_INVALID, "holds %lld files, wanted at most %d", (long long)count,
                        MOST_MEMBERS);
    for (zip_int64_t i = 0; i < count; i++)
        COP_TRY(take_one(archive, (zip_uint64_t)i, &budget, set, err));
    return COP_OK;
}

cop_status cop_npz_take(const void *bytes, size_t size, cop_tensors *set, cop_error *err)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &why);
    zip_t *archive =
        source != NULL ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why) : NULL;
    cop_status status = COP_OK;
    if (archive == NULL) {
        bool is_memory = zip_error_code_zip(&why) == ZIP_ER_MEMORY;
        zip_source_free(source);
        status = is_memory ? cop_out_of_memory(err)
                           : cop_fail(err, COP_INVALID, "is no sound zip file: %s",
                                      zip_error_strerror(&why));
    } else {
        status = take_all(archive, size, set, err);
        zip_discard(archive);
    }
    zip_error_fini(&why);
    return status;
}

#endif

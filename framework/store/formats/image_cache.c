/* image_cache.c: writing a dataset's splits into a file, and mapping that. */
#include "store/formats/image_cache.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEADER = 4096, ALIGNMENT = 64, CHECKSUM = 16, PIECE = 1 << 20 };

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t pixel_bytes(const cop_image_cache *c, int split)
{
    return (size_t)c->count[split] * (size_t)c->image;
}

static size_t label_bytes(const cop_image_cache *c, int split)
{
    return (size_t)c->count[split] * sizeof(int32_t);
}

/* Where the pixels and the labels of a split begin; of split 2, where the checksum does. */
static void find_split(const cop_image_cache *c, int split, size_t *pixels, size_t *labels)
{
    size_t at = HEADER;
    for (int i = 0; i < split; i++)
        at += aligned(pixel_bytes(c, i)) + aligned(label_bytes(c, i));
    *pixels = at;
    *labels = at + (split < 2 ? aligned(pixel_bytes(c, split)) : 0);
}

static void fill_header(const cop_image_cache *c, char header[HEADER])
{
    memset(header, 0, HEADER);
    (void)snprintf(header, HEADER,
                   "coppice images 1\n%s\n%lld training and %lld test images of %lld bytes, %d "
                   "classes\n",
                   c->name, (long long)c->count[0], (long long)c->count[1], (long long)c->image,
                   (int)c->classes);
    const uint32_t order = 0x01020304;
    memcpy(header + HEADER - sizeof order, &order, sizeof order);
}

/* Writing. */

struct cop_image_writer {
    cop_image_cache what;
    cop_writer *file;
    cop_hasher *hasher;
};

static cop_status put(cop_image_writer *w, const void *bytes, size_t size, cop_error *err)
{
    cop_hasher_update(w->hasher, bytes, size);
    return cop_writer_write(w->file, bytes, size, err);
}

/* Fills up with zeros to where the next part begins. */
static cop_status pad(cop_image_writer *w, size_t size, cop_error *err)
{
    static const char zeros[ALIGNMENT];
    return put(w, zeros, aligned(size) - size, err);
}

cop_status cop_image_writer_open(const char *path, const cop_image_cache *what,
                                 cop_image_writer **out, cop_error *err)
{
    char header[HEADER];
    *out = NULL;
    cop_image_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return cop_out_of_memory(err);
    w->what = *what;
    w->hasher = cop_hasher_new();
    cop_status status =
        w->hasher != NULL ? cop_writer_open(path, &w->file, err) : cop_out_of_memory(err);
    fill_header(what, header);
    if (status == COP_OK)
        status = put(w, header, sizeof header, err);
    if (status == COP_OK)
        *out = w;
    else
        cop_image_writer_discard(w);
    return status;
}

cop_status cop_image_writer_pixels(cop_image_writer *w, const void *pixels, size_t bytes,
                                   cop_error *err)
{
    return put(w, pixels, bytes, err);
}

cop_status cop_image_writer_labels(cop_image_writer *w, const int32_t *labels, int64_t count,
                                   cop_error *err)
{
    size_t size = (size_t)count * sizeof *labels;
    COP_TRY(pad(w, (size_t)count * (size_t)w->what.image, err));
    COP_TRY(put(w, labels, size, err));
    return pad(w, size, err);
}

cop_status cop_image_writer_commit(cop_image_writer *w, cop_error *err)
{
    cop_digest digest = cop_hasher_finish(w->hasher);
    cop_writer *file = w->file;
    w->file = NULL;
    cop_image_writer_discard(w);
    cop_status status = cop_writer_write(file, &digest, sizeof digest, err);
    if (status == COP_OK)
        return cop_writer_commit(file, err);
    cop_writer_discard(file);
    return status;
}

void cop_image_writer_discard(cop_image_writer *w)
{
    if (w == NULL)
        return;
    cop_writer_discard(w->file);
    cop_hasher_free(w->hasher);
    free(w);
}

/* Reading. */

static cop_status damaged(const char *path, const char *reason, cop_error *err)
{
    return cop_fail_at(err, COP_DAMAGED, path, 0, "%s", reason);
}

/* Its size is that of what it is to hold, whatever is in it. */
static cop_status map_file(int fd, const char *path, size_t size, size_t wanted,
                           cop_image_mapping *out, cop_error *err)
{
    if (size != wanted)
        return damaged(path, "has another size than the images that it is to hold", err);
    void *bytes = mmap(NULL, wanted, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return cop_fail_errno(err, "cannot map", path);
    out->file.bytes = bytes;
    out->file.size = wanted;
    return COP_OK;
}

static bool is_whole(cop_image_mapping *m, cop_hasher *hasher)
{
    const char *bytes = m->file.bytes;
    size_t end = m->file.size - CHECKSUM;
    for (size_t at = 0; at < end; at += PIECE) {
        size_t size = end - at < PIECE ? end - at : PIECE;
        cop_resident_use(&m->file, bytes + at, size);
        cop_hasher_update(hasher, bytes + at, size);
    }
    cop_digest digest = cop_hasher_finish(hasher);
    return memcmp(bytes + end, &digest, CHECKSUM) == 0;
}

static cop_status check(const char *path, const cop_image_cache *what, cop_image_mapping *m,
                        cop_error *err)
{
    char header[HEADER];
    fill_header(what, header);
    if (memcmp(m->file.bytes, header, HEADER) != 0)
        return damaged(path, "holds other images than those of its name", err);
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    bool whole = is_whole(m, hasher);
    cop_hasher_free(hasher);
    if (!whole)
        return damaged(path, "does not match its checksum", err);
    for (int split = 0; split < 2; split++)
        for (int64_t i = 0; i < what->count[split]; i++)
            if (m->labels[split][i] < 0 || m->labels[split][i] >= what->classes)
                return damaged(path, "has a label that is no class", err);
    return COP_OK;
}

static void find_parts(const cop_image_cache *what, cop_image_mapping *m)
{
    for (int split = 0; split < 2; split++) {
        size_t pixels = 0, labels = 0;
        find_split(what, split, &pixels, &labels);
        m->pixels[split] = (const char *)m->file.bytes + pixels;
        m->labels[split] = (const int32_t *)(const void *)((const char *)m->file.bytes + labels);
    }
}

/* It is not there, is no file at all, or cannot be opened, as errno says. */
static cop_status fail_open(const char *path, const cop_error *own, cop_error *err)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return COP_OK;
    if (errno == EINVAL)
        return damaged(path, "is not a regular file", err);
    if (err != NULL)
        *err = *own;
    return own->status;
}

cop_status cop_image_cache_map(const char *path, const cop_image_cache *what, size_t most,
                               cop_image_mapping *out, bool *there, cop_error *err)
{
    size_t end = 0, unused = 0;
    int fd = -1;
    int64_t size = 0;
    cop_error own = {0};
    *out = (cop_image_mapping){.file.most = most};
    *there = false;
    if (cop_file_open_regular(path, &fd, &size, &own) != COP_OK)
        return fail_open(path, &own, err);
    find_split(what, 2, &end, &unused);
    cop_status status = map_file(fd, path, (size_t)size, end + CHECKSUM, out, err);
    (void)close(fd);
    if (status == COP_OK) {
        find_parts(what, out);
        status = check(path, what, out, err);
    }
    if (status != COP_OK)
        cop_image_cache_unmap(out);
    *there = status == COP_OK;
    return status;
}

void cop_image_cache_unmap(cop_image_mapping *mapping)
{
    if (mapping->file.bytes != NULL)
        (void)munmap(mapping->file.bytes, mapping->file.size);
    *mapping = (cop_image_mapping){.file.bytes = NULL};
}

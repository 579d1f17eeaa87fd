/* cache.c: what was read of a dataset that is slow to read, kept beside the results.
 *
 * The file is named by a hash of whatever decides what is read: the plugin, its options, and its
 * own stamp of the files. So a file that was changed gives another name, and the old one is not
 * used again. */
#include "study/data/parts.h"

#include "core/callback.h"
#include "core/damage.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/unique.h"
#include "store/artifact.h"
#include "store/artifact_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Has the plugin add its files. */
static cop_status add_stamp(const cop_loaded_data *d, cop_hasher *hasher, cop_error *err)
{
    const cop_dataset_ops *ops = d->instance.ops;
    cop_dataset_stamp stamp = {hasher};
    cop_callback call;
    cop_callback_enter(&call, "dataset", cop_component_entry(d->component)->plugin->id, "stamp");
    cop_status status = ops->stamp(d->instance.self, &stamp, err);
    cop_callback_leave(&call);
    return status;
}

/* The dataset tells its files. */
static bool is_told(const cop_loaded_data *d)
{
    const cop_dataset_ops *ops = d->instance.ops;
    return ops->stamp != NULL;
}

static cop_status describe(const cop_loaded_data *d, cop_image_cache *out, cop_error *err)
{
    const cop_registry_entry *entry = cop_component_entry(d->component);
    const cop_task *t = &d->info.task;
    const int64_t sizes[] = {t->channels, t->height, t->width, t->classes, d->info.is_float};
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    *out = (cop_image_cache){.count = {d->read[0], d->read[1]},
                             .image = (int64_t)cop_data_image_bytes(&d->info),
                             .classes = t->classes};
    cop_hasher_update_text(hasher, entry->plugin->id);
    cop_hasher_update_text(hasher, entry->plugin->results_version);
    cop_hasher_update_text(hasher, entry->content_hash);
    cop_hasher_update_text(hasher, cop_component_own_effective(d->component));
    cop_hasher_update(hasher, sizes, sizeof sizes);
    cop_hasher_update(hasher, d->read, sizeof d->read);
    cop_status status = is_told(d) ? add_stamp(d, hasher, err) : COP_OK;
    (void)cop_digest_hex(cop_hasher_finish(hasher), out->name);
    cop_hasher_free(hasher);
    return status;
}

/* Filling the file. */
typedef struct filling {
    cop_image_writer *writer;
    int32_t *labels; /* of the split that is read */
    int64_t done;
    bool cannot_write; /* what failed was the file, not the dataset */
} filling;

static cop_status take(void *context, const void *pixels, size_t bytes, const int32_t *labels,
                       int64_t count, cop_error *err)
{
    filling *f = context;
    memcpy(f->labels + f->done, labels, (size_t)count * sizeof *labels);
    f->done += count;
    cop_status status = cop_image_writer_pixels(f->writer, pixels, bytes, err);
    f->cannot_write = status != COP_OK;
    return status;
}

static cop_status fill_split(const cop_loaded_data *d, cop_split split, filling *f, cop_logger *log,
                             cop_error *err)
{
    const cop_piece_sink sink = {take, f};
    f->done = 0;
    f->labels = calloc((size_t)d->read[split] + 1, sizeof *f->labels);
    if (f->labels == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_data_read_split(d, split, &sink, log, err);
    if (status == COP_OK) {
        status = cop_image_writer_labels(f->writer, f->labels, f->done, err);
        f->cannot_write = status != COP_OK;
    }
    free(f->labels);
    return status;
}

/* Reads the dataset into the file. */
static cop_status fill(const cop_loaded_data *d, const cop_image_cache *what, const char *path,
                       cop_logger *log, bool *cannot_write, cop_error *err)
{
    filling f = {0};
    cop_status status = cop_image_writer_open(path, what, &f.writer, err);
    f.cannot_write = status != COP_OK;
    for (int split = 0; split < 2 && status == COP_OK; split++)
        if (d->read[split] > 0)
            status = fill_split(d, (cop_split)split, &f, log, err);
    if (status == COP_OK) {
        status = cop_image_writer_commit(f.writer, err);
        f.writer = NULL;
        f.cannot_write = status != COP_OK;
    }
    cop_image_writer_discard(f.writer);
    *cannot_write = f.cannot_write;
    return status;
}

static void say_error(cop_logger *log, const char *what, const cop_error *err)
{
    cop_say(log, COP_LOG_WARNING, "%s%s%s: %s", err->file, err->file[0] != '\0' ? ": " : "", what,
            err->message);
}

/* Maps the file; one that is damaged counts as none, with a warning. */
static cop_status map(cop_loaded_data *d, const cop_image_cache *what, const char *path,
                      const cop_data_home *home, cop_logger *log, bool *mapped, cop_error *err)
{
    cop_error own = {0};
    cop_status status = cop_image_cache_map(path, what, home->most, &d->mapping, mapped, &own);
    if (status == COP_DAMAGED) {
        say_error(log, "the cache is not used", &own);
        return COP_OK;
    }
    if (status != COP_OK) {
        if (err != NULL)
            *err = own;
        return status;
    }
    for (int split = 0; split < 2 && *mapped; split++) {
        /* Nobody writes to them: what is prepared has memory of its own. */
        d->pixels[split] = (void *)(uintptr_t)d->mapping.pixels[split];
        d->labels[split] = (int32_t *)(uintptr_t)d->mapping.labels[split];
    }
    return COP_OK;
}

/* Fills the file in that folder, and maps it. One that nobody could find again is removed: it is
 * there as long as it is mapped. */
static cop_status fill_and_map(cop_loaded_data *d, const cop_image_cache *what, const char *folder,
                               const char *path, const cop_data_home *home, cop_logger *log,
                               bool *mapped, cop_error *err)
{
    cop_error own = {0};
    bool cannot_write = false;
    cop_status status = cop_make_dirs(folder, &own);
    if (status != COP_OK)
        cannot_write = true;
    else
        status = fill(d, what, path, log, &cannot_write, &own);
    if (status == COP_OK)
        status = map(d, what, path, home, log, mapped, &own);
    if (!is_told(d))
        (void)unlink(path);
    if (cannot_write) {
        say_error(log, "what is read is not kept", &own);
        return COP_OK;
    }
    if (status != COP_OK && err != NULL)
        *err = own;
    return status;
}

/* The store is ours while we write in it: no other run clears away what is not finished. */
static cop_status build(cop_loaded_data *d, const cop_image_cache *what, const char *path,
                        const cop_data_home *home, cop_logger *log, bool *mapped, cop_error *err)
{
    char folder[COP_PATH_SIZE];
    cop_store *store = NULL;
    COP_TRY(cop_store_open(home->dir, &store, err));
    cop_status status = cop_store_cache_path(home->dir, "", folder, sizeof folder, err);
    if (status == COP_OK)
        status = fill_and_map(d, what, folder, path, home, log, mapped, err);
    cop_store_close(store);
    return status;
}

static bool is_too_large(const cop_loaded_data *d, size_t most)
{
    size_t images = (size_t)d->read[0] + (size_t)d->read[1];
    return most > 0 && images > most / cop_data_image_bytes(&d->info);
}

/* A dataset that does not tell its files gets a name that no other run has, and that all of them
 * clear away. */
static cop_status find_path(const cop_loaded_data *d, const cop_image_cache *what, const char *dir,
                            char *path, size_t size, cop_error *err)
{
    char name[COP_NAME_SIZE];
    if (is_told(d))
        (void)snprintf(name, sizeof name, "images-%s", what->name);
    else if (!cop_unique_name("images", COP_TEMPORARY_JOINT, name, sizeof name))
        return cop_fail_errno(err, "cannot name a file in", dir);
    return cop_store_cache_path(dir, name, path, size, err);
}

cop_status cop_data_map(cop_loaded_data *d, const cop_data_home *home, cop_logger *log,
                        bool *mapped, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_image_cache what;
    *mapped = false;
    if (home == NULL || (!is_told(d) && !is_too_large(d, home->most)))
        return COP_OK;
    COP_TRY(describe(d, &what, err));
    COP_TRY(find_path(d, &what, home->dir, path, sizeof path, err));
    if (is_told(d))
        COP_TRY(map(d, &what, path, home, log, mapped, err));
    if (*mapped || !home->may_write)
        return COP_OK;
    return build(d, &what, path, home, log, mapped, err);
}

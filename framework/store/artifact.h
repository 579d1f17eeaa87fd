/* artifact.h (implemented in store/): the content-addressed store of a run: one directory a
 * finished stage, named by the stage's identity.
 *
 *   OUT/store/coppice-store   says that the directory is a store of this program (claim.c)
 *   OUT/store/<kind>-<identity>/artifact.json   kind, identity text, files with checksums and
 *                              sizes, provenance; with a checksum over itself
 *   OUT/store/draft-<kind>-<identity>-…/    an artifact that is being written
 *   OUT/store/broken-<kind>-<identity>-…/   what stood under an artifact's name and was not it
 *   OUT/store/cache/images-…    a dataset as it was read (image_cache.h), not of the results
 *   OUT/work/<kind>-<identity>.checkpoint.safetensors   the state of a stage that is under way
 *   OUT/work/lock                                       held while the directory is in use
 *   OUT/logs/<kind>-<identity>.log                      what was said of a stage (stage_log.h)
 *   OUT/studies/               the records of the studies (study_folders.h)
 *
 * An artifact is published by renaming a finished directory into place, so it is there whole or not
 * at all; two runs on one directory at worst do the same work twice. Whatever is read back is
 * tested: a manifest must be whole and of the kind and identity that the folder is named by, a file
 * must have its size and checksum. What fails that is COP_DAMAGED (core/damage.h); a disk that does
 * not read, or memory that is refused, is COP_FAILED, and says nothing about the artifact. */
#ifndef COP_STORE_ARTIFACT_H
#define COP_STORE_ARTIFACT_H

#include "store/formats/artifact_id.h"
#include "store/formats/checkpoint_file.h"

#include <coppice/log.h>
#include <coppice/tensor.h>

typedef struct cop_store cop_store;

/* Opens a store under `dir` to write to, and makes it where there is none; COP_INVALID where a file
 * that we would write is there and not ours. Owned by the caller. Until it is closed it shares a
 * lock on OUT/work/lock with others; the first to open it clears away what killed runs left. */
cop_status cop_store_open(const char *dir, cop_store **out, cop_error *err);

/* Whether cop_store_open would take `dir`, which need not be there: COP_INVALID where it is
 * refused. Changes nothing. */
cop_status cop_store_check(const char *dir, cop_error *err);

/* Opens it to be read: nothing is made, and nothing cleared away. `dir` need not hold a store; then
 * it holds no artifacts. */
cop_status cop_store_open_to_read(const char *dir, cop_store **out, cop_error *err);
void cop_store_close(cop_store *s);
const char *cop_store_dir(const cop_store *s);

/* Whether the artifact is published. COP_DAMAGED, with the reason, where something stands under its
 * name that is not the whole artifact: every listed file must be there with its size, small ones
 * also with their checksum (the others are tested when they are read). *there is then false. */
cop_status cop_store_find(const cop_store *s, const cop_artifact_id *id, bool *there,
                          cop_error *err);

/* Whether a published artifact lists the file. */
cop_status cop_store_lists(const cop_store *s, const cop_artifact_id *id, const char *file,
                           bool *listed, cop_error *err);

/* Renames what stands under the artifact's name to "broken-…" within the store, so that the
 * artifact can be computed again and nothing is lost; writes the new path. One that is gone already
 * is fine; then the path is empty. */
cop_status cop_store_set_aside(cop_store *s, const cop_artifact_id *id, char *path, size_t size,
                               cop_error *err);

/* Writes the path of a file of a published artifact. */
void cop_store_path(const cop_store *s, const cop_artifact_id *id, const char *file, char *path,
                    size_t size);

/* The path of a file in the cache of the store under `dir`, which need not be there; of the cache
 * where `name` is empty. COP_FAILED where it is too long. */
cop_status cop_store_cache_path(const char *dir, const char *name, char *path, size_t size,
                                cop_error *err);

/* Reads a tensor file of a published artifact and checks it against its checksum. A truncated or
 * changed file is COP_DAMAGED naming it; so is one that is gone. */
cop_status cop_store_read_tensors(const cop_store *s, const cop_artifact_id *id, const char *file,
                                  cop_tensors **out, cop_error *err);

/* Checks one file of an artifact against its checksum, before something else reads it. */
cop_status cop_store_check_file(const cop_store *s, const cop_artifact_id *id, const char *file,
                                cop_error *err);

/* Checks every file of an artifact against its checksum. */
cop_status cop_store_verify(const cop_store *s, const cop_artifact_id *id, cop_error *err);

/* Where `status` is COP_DAMAGED, adds to the message what a user can do: delete the artifact and
 * run again. For commands that only read: a run sets it aside by itself. Returns `status`. */
cop_status cop_store_advise(const cop_store *s, const cop_artifact_id *id, cop_status status,
                            cop_error *err);

/* A directory being filled. Files are written into `cop_draft_path`; publish checksums them, writes
 * the manifest (identity text, seconds spent, provenance: CPU, ISA, library and program versions,
 * threads) and renames it into place; abandon removes it. Drafts lie within the store, which may be
 * a link to another file system. Where a whole artifact with every file of the draft already
 * stands, as another run has published it meanwhile, publish keeps that one and discards the draft;
 * a damaged one, or one that lacks files, is replaced. Both consume the draft.
 */
typedef struct cop_draft cop_draft;
cop_status cop_draft_open(cop_store *s, const cop_artifact_id *id, cop_draft **out, cop_error *err);
void cop_draft_path(const cop_draft *d, const char *file, char *path, size_t size);

/* Copies into the draft those files of the published artifact whose names begin with `prefix`, that
 * match their checksums, and that the draft lacks. An artifact that is absent or damaged gives
 * nothing, and so does a damaged file; COP_FAILED when one cannot be read or written. */
cop_status cop_draft_keep(cop_draft *d, const char *prefix, cop_error *err);

/* Puts COP_BAG_FILE into the draft of a work with a checkpoint at its last step, from which longer
 * works of the same course (kept.h) can go on. */
cop_status cop_draft_keep_bag(cop_draft *d, const char *course, int64_t steps, cop_error *err);

cop_status cop_draft_publish(cop_draft *d, const char *identity_text, double seconds,
                             cop_error *err);
void cop_draft_abandon(cop_draft *d);

/* Checkpoints of a stage under way. Written atomically, with a checksum over all of it and over
 * whose it is. */
cop_status cop_checkpoint_save(cop_store *s, const cop_artifact_id *id, const cop_saved *state,
                               cop_error *err);

/* *out is the caller's (cop_saved_clear); it has no bag where there is no checkpoint. One that is
 * damaged, another stage's, or at no valid step counts as none, with a warning. COP_FAILED where it
 * cannot be told, as the disk does not read or memory is refused: the next save would overwrite a
 * checkpoint that may be good. The error then names the file that is to be deleted for starting
 * over. */
cop_status cop_checkpoint_load(cop_store *s, const cop_artifact_id *id, cop_logger *log,
                               cop_saved *out, cop_error *err);
void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id);

/* Writes the checkpoint as a file of its own, where it stands at that step: what is kept of a work
 * that a longer one can go on from. Two works of one identity write the same bits: the seconds are
 * those of the manifest. *kept is false, and nothing written, where there is no such checkpoint. */
cop_status cop_checkpoint_keep(cop_store *s, const cop_artifact_id *id, int64_t step,
                               const char *path, bool *kept, cop_error *err);

/* Seconds that the stage took, and its manifest's provenance line, of a published artifact. */
cop_status cop_store_cost(const cop_store *s, const cop_artifact_id *id, double *seconds,
                          char *provenance, size_t size, cop_error *err);

/* What a published artifact took, and takes. */
typedef struct cop_spent {
    double seconds;
    int64_t bytes;         /* of its files */
    int64_t memory;        /* the most bytes that its process held; −1: not recorded */
    char provenance[1024]; /* as provenance.h writes it */
} cop_spent;
cop_status cop_store_spent(const cop_store *s, const cop_artifact_id *id, cop_spent *out,
                           cop_error *err);

/* What made an artifact: a line per plugin, kept in the manifest as "plugins". Longer texts are
 * cut. cop_store_made_by gives an empty text for an artifact that does not say. */
#define COP_MAKERS_SIZE 2048
void cop_draft_made_by(cop_draft *d, const char *plugins);
cop_status cop_store_made_by(const cop_store *s, const cop_artifact_id *id, char *plugins,
                             size_t size, cop_error *err);

#endif

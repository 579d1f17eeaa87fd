/* artifact.h: the content-addressed store of a run: one directory a finished stage, named by the
 * stage's identity.
 *
 *   OUT/store/<kind>-<identity>/artifact.json   kind, identity text, files with checksums,
 * provenance
 *                              (tensor files, tables)
 *   OUT/work/<kind>-<identity>.checkpoint.safetensors   the state of a stage that is under way
 *   OUT/work/draft-<kind>-<identity>.<pid>/             an artifact that is being written
 *   OUT/work/lock                                       held while the directory is in use
 *
 * An artifact is published by renaming a finished directory into place, so it is there whole or not
 * at all; two runs on one directory at worst do the same work twice. */
#ifndef COP_STORE_ARTIFACT_H
#define COP_STORE_ARTIFACT_H

#include "core/hash.h"

#include <coppice/log.h>
#include <coppice/tensor.h>

typedef struct cop_store cop_store;

/* Opens (and makes) a store under `dir`. Owned by the caller. Until it is closed it shares a lock
 * on OUT/work/lock with other runs; the first to open it clears away what killed runs left. */
cop_status cop_store_open(const char *dir, cop_store **out, cop_error *err);
void cop_store_close(cop_store *s);
const char *cop_store_dir(const cop_store *s);

/* An artifact's name: kind and the hash of its identity text. */
typedef struct cop_artifact_id {
    char kind[16]; /* "distil", "train", "mask", "analyze" */
    char hash[33]; /* of the identity text, 128 bits in hexadecimal */
} cop_artifact_id;

cop_artifact_id cop_artifact_name(const char *kind, const char *identity_text);

/* True when the artifact is published and its manifest can be read. */
bool cop_store_has(const cop_store *s, const cop_artifact_id *id);

/* Writes the path of a file of a published artifact. */
void cop_store_path(const cop_store *s, const cop_artifact_id *id, const char *file, char *path,
                    size_t size);

/* Reads a tensor file of a published artifact and checks it against its checksum. A truncated or
 * changed file is COP_FAILED naming it, with the advice to delete the artifact's directory. */
cop_status cop_store_read_tensors(const cop_store *s, const cop_artifact_id *id, const char *file,
                                  cop_tensors **out, cop_error *err);

/* Checks one file of an artifact against its checksum, before something else reads it. */
cop_status cop_store_check_file(const cop_store *s, const cop_artifact_id *id, const char *file,
                                cop_error *err);

/* Checks every file of an artifact against its checksum. */
cop_status cop_store_verify(const cop_store *s, const cop_artifact_id *id, cop_error *err);

/* A directory being filled. Files are written into `cop_draft_path`; publish checksums them, writes
 * the manifest (identity text, seconds spent, provenance: CPU, ISA, library and program versions,
 * threads) and renames it into place; abandon removes it. Where a whole artifact with every file of
 * the draft already stands, as another run has published it meanwhile, publish keeps that one and
 * discards the draft; a damaged one, or one that lacks files, is replaced. Both consume the draft.
 */
typedef struct cop_draft cop_draft;
cop_status cop_draft_open(cop_store *s, const cop_artifact_id *id, cop_draft **out, cop_error *err);
void cop_draft_path(const cop_draft *d, const char *file, char *path, size_t size);

/* Copies into the draft those files of the published artifact whose names begin with `prefix`, that
 * match their checksums, and that the draft lacks. An artifact or a file that cannot be read gives
 * nothing; COP_FAILED when the draft cannot be written. */
cop_status cop_draft_keep(cop_draft *d, const char *prefix, cop_error *err);

cop_status cop_draft_publish(cop_draft *d, const char *identity_text, double seconds,
                             cop_error *err);
void cop_draft_abandon(cop_draft *d);

/* Checkpoints of a stage under way: a bag of tensors and the step it stands at, with the seconds
 * already spent. Written atomically, with a checksum over all of it; a checkpoint that cannot be
 * read, is damaged, or stands at no valid step is reported as absent, with a warning, never as an
 * error. */
cop_status cop_checkpoint_save(cop_store *s, const cop_artifact_id *id, const cop_tensors *bag,
                               int64_t step, double seconds, cop_error *err);
bool cop_checkpoint_load(cop_store *s, const cop_artifact_id *id, cop_logger *log,
                         cop_tensors **bag, int64_t *step, double *seconds);
void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id);

/* Seconds that the stage took, and its manifest's provenance line, of a published artifact. */
cop_status cop_store_cost(const cop_store *s, const cop_artifact_id *id, double *seconds,
                          char *provenance, size_t size, cop_error *err);

/* What made an artifact: a line a plugin, kept in the manifest as "plugins". Longer texts are cut.
 * cop_store_made_by gives an empty text for an artifact that does not say. */
#define COP_MAKERS_SIZE 2048
void cop_draft_made_by(cop_draft *d, const char *plugins);
cop_status cop_store_made_by(const cop_store *s, const cop_artifact_id *id, char *plugins,
                             size_t size, cop_error *err);

#endif

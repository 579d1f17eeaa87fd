/* artifact_json.h: artifact.json, the manifest of an artifact: what it is, its files, and where it
 * came from.
 *
 *   {"kind": text, "identity": text, "seconds": number, "provenance": text,
 *    "files": {file: checksum, …}, "sizes": {file: digits, …},
 *    "memory": digits, "plugins": text, "course": text, "steps": digits, "checksum": text}
 *
 * A file's name has no folder, its checksum is 32 hexadecimal digits and its size a string of
 * decimal digits, as all 64 bits count; "memory" is the
 * most bytes that the process held while it made the artifact, where that is known; "plugins" is a
 * line per plugin. "course" and "steps" are of works that a longer one can go on from: what both
 * have in common, as a hash, and how many steps were done. The checksum is that of everything
 * before it (core/seal.h). Earlier versions wrote no sizes, plugins or checksum. */
#ifndef COP_STORE_FORMATS_ARTIFACT_JSON_H
#define COP_STORE_FORMATS_ARTIFACT_JSON_H

#include <coppice/status.h>

/* A manifest lists a handful of files; anything larger is not one. */
#define COP_MANIFEST_LIMIT (4 << 20)

typedef struct cop_manifest cop_manifest;

/* An empty manifest; owned by the caller; NULL when memory is out. */
cop_manifest *cop_manifest_new(const char *kind, const char *identity_text, double seconds,
                               const char *provenance);
void cop_manifest_free(cop_manifest *m);

/* False when memory is out. */
bool cop_manifest_add_file(cop_manifest *m, const char *file, const char *checksum, int64_t size);

cop_status cop_manifest_write(const cop_manifest *m, const char *path, cop_error *err);

/* Reads a file in which nothing is trusted; its checksum over itself must agree, where it has one
 * (earlier versions wrote none). COP_DAMAGED naming it, COP_FAILED where it cannot be read. */
cop_status cop_manifest_read(const char *path, cop_manifest **out, cop_error *err);

size_t cop_manifest_file_count(const cop_manifest *m);
const char *cop_manifest_file(const cop_manifest *m, size_t i);

/* The recorded checksum of a file, NULL for one that is not listed. */
const char *cop_manifest_checksum(const cop_manifest *m, const char *file);

/* The recorded bytes of a file, −1 where they are not recorded (earlier versions did not). */
int64_t cop_manifest_size(const cop_manifest *m, const char *file);

const char *cop_manifest_kind(const cop_manifest *m);
const char *cop_manifest_identity(const cop_manifest *m);
const char *cop_manifest_provenance(const cop_manifest *m);
double cop_manifest_seconds(const cop_manifest *m);

/* The most bytes that the process held meanwhile; −1 where it does not say. */
bool cop_manifest_set_memory(cop_manifest *m, int64_t bytes);
int64_t cop_manifest_memory(const cop_manifest *m);

/* The plugins that made the artifact, a line each; NULL where it does not say. */
bool cop_manifest_set_makers(cop_manifest *m, const char *text);
const char *cop_manifest_makers(const cop_manifest *m);

/* What a longer work has in common with this one, and the steps of this one: NULL, and −1, where it
 * does not say. */
bool cop_manifest_set_course(cop_manifest *m, const char *course, int64_t steps);
const char *cop_manifest_course(const cop_manifest *m);
int64_t cop_manifest_steps(const cop_manifest *m);

#endif

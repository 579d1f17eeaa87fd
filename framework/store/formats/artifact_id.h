/* artifact_id.h: what artifacts are called: in folders, records and identities. */
#ifndef COP_STORE_FORMATS_ARTIFACT_ID_H
#define COP_STORE_FORMATS_ARTIFACT_ID_H

#include <coppice/status.h>

/* An artifact's name: kind and the hash of its identity text. */
typedef struct cop_artifact_id {
    char kind[16]; /* one of the four below */
    char hash[33]; /* of the identity text, 128 bits in hexadecimal */
} cop_artifact_id;

/* The kinds: a distilled set, a training, a ticket's mask, an analyzer's tables. */
#define COP_ARTIFACT_SET      "distil"
#define COP_ARTIFACT_TRAINING "train"
#define COP_ARTIFACT_MASK     "mask"
#define COP_ARTIFACT_ANALYSIS "analyze"

/* The name as text, as folders and records have it: "train-<32 hexadecimal digits>". Returns
 * `text`, which has room for COP_ARTIFACT_NAME_SIZE bytes. */
#define COP_ARTIFACT_NAME_SIZE 64
const char *cop_artifact_text(const cop_artifact_id *id, char *text);

/* The artifact of that name; false for any other text. */
bool cop_artifact_parse(const char *text, cop_artifact_id *out);

/* Whether two names are one artifact's. */
bool cop_same_artifact(const cop_artifact_id *a, const cop_artifact_id *b);

/* COP_FAILED where memory is refused. */
cop_status cop_artifact_name(const char *kind, const char *identity_text, cop_artifact_id *out,
                             cop_error *err);

#endif

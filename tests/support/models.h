/* models.h: models of the built plugins, opened without the host's config, for the tests. */
#ifndef COP_TEST_MODELS_H
#define COP_TEST_MODELS_H

#include "nn/task.h"
#include "support.h"

#include "nn/model.h"

typedef struct test_model {
    cop_model *model; /* NULL where opening failed */
    void *options;
    int64_t *items; /* of the list among them, if there is one */
} test_model;

/* Opens plugins/model-<plugin>.so of the build directory with its default options, changed by
 * "name=value" words ("depth=1 norm=batch hidden=8,6"; bool, int, float and enum options, and one
 * list of ints). Fails the test where the settings make no sense; what the plugin says is returned,
 * and the caller closes what there is whatever that is. */
cop_status try_model(const char *plugin, const char *settings, const cop_task *task,
                     test_model *out, cop_error *err);

/* As above for models that must open. */
test_model open_model(const char *plugin, const char *settings, const cop_task *task);
void close_model(test_model *m);

/* Reads tests/fixtures/<name>, or fails the test; the caller frees the set. */
cop_tensors *read_fixture(const char *name);

/* The tensor "<prefix><name>" of a set, or fails the test. */
const cop_tensor *fixture_tensor(const cop_tensors *set, const char *prefix, const char *name);

/* Its values as doubles in new memory, whatever its type; the caller frees them. */
double *fixture_values(const cop_tensors *set, const char *prefix, const char *name);

#endif

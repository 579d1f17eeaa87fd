/* store_fixture.h: a store in a fresh directory and one artifact to publish in it, for the tests of
 * the store. */
#ifndef COP_TEST_STORE_FIXTURE_H
#define COP_TEST_STORE_FIXTURE_H

#include "support.h"

#include "store/artifact.h"

enum { STORE_PATH = 4096 }; /* room for a path in the directory */

typedef struct store_fixture {
    char dir[STORE_PATH];
    cop_store *store;
    cop_artifact_id id; /* a training's, by the identity "identity of the test" */
} store_fixture;

/* Set-up and tear-down: *state is a store_fixture, its artifact not there yet. */
int open_store_fixture(void **state);
int close_store_fixture(void **state);

#define WITH_STORE(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, open_store_fixture, close_store_fixture)

/* Whether the store finds the artifact whole. */
bool store_has(const cop_store *store, const cop_artifact_id *id);

/* The name of an artifact, or the test fails. */
cop_artifact_id name_of(const char *kind, const char *identity);

/* Two tensors, "a" of floats and "n" of a large integer; the caller's. */
cop_tensors *some_tensors(void);

void write_bytes(const char *path, const char *data, size_t size);

/* Publishes the fixture's artifact with some_tensors() as its state.safetensors. */
void publish(store_fixture *f);

/* Publishes it as one text file, "state", and another called `extra` unless that is NULL, both with
 * this content. */
cop_status publish_text(const store_fixture *f, const char *extra, const char *content,
                        cop_error *err);

/* Fails unless a file of the artifact is whole and holds this text. */
void assert_content(const store_fixture *f, const char *file, const char *wanted);

/* Fails where anything of a draft, a replaced artifact or a half-written file is left. */
void assert_no_leftovers(const store_fixture *f);

#endif

/* fuzz.h: what the fuzz targets share. A target is one file that reads whatever bytes it is given by
 * one reader of the framework; what the reader takes is written and read again, and must come back
 * the same. It runs under libFuzzer, or under driver.c. */
#ifndef COP_TESTS_FUZZ_H
#define COP_TESTS_FUZZ_H

#include <coppice/base.h>

/* The target. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file that holds these bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* The path of a folder in memory of this process's own, removed when it ends; and of the n-th file
 * (0 or 1) in it that a target may write. */
const char *fuzz_folder(void);
const char *fuzz_copy(int n);

/* Ends the process unless what the target promises is so. */
#define FUZZ_REQUIRE(promise) fuzz_require((promise), #promise, __FILE__, __LINE__)
void fuzz_require(bool kept, const char *promise, const char *file, int line);

/* Requires that both copies hold the same bytes. */
void fuzz_require_same_copies(void);

/* A target tells that the reader took the input; the driver asks, and forgets. */
void fuzz_accept(void);
bool fuzz_was_accepted(void);

#endif

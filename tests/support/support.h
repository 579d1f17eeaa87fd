/* support.h: what the tests share: CMocka, its headers in the right order, and small helpers. */
#ifndef COP_TEST_SUPPORT_H
#define COP_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <coppice/status.h>
#include <coppice/tensor.h>

/* Fails the running test with the error's message unless `status` is COP_OK. */
void assert_ok(cop_status status, const cop_error *err);

/* Fails unless the call failed with `wanted` and its message contains `text`. */
void assert_refused(cop_status status, cop_status wanted, const cop_error *err, const char *text);

/* Fails, naming the worst element, unless |got − wanted| ≤ absolute + relative·|wanted| for all. */
void assert_close_f32(const float *got, const double *wanted, int64_t count, double absolute,
                      double relative);

/* Makes a fresh directory under the system's temporary one; the path is written into `path`. */
void make_temp_dir(char *path, size_t size);

/* Removes a directory made by make_temp_dir, with all that is in it. */
void remove_tree(const char *path);

#endif

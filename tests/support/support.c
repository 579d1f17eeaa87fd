#include "support.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void assert_ok(cop_status status, const cop_error *err)
{
    if (status != COP_OK)
        fail_msg("status %d: %s:%d: %s", (int)status, err->file, err->line, err->message);
}

void assert_refused(cop_status status, cop_status wanted, const cop_error *err, const char *text)
{
    if (status != wanted)
        fail_msg("status %d, wanted %d: %s", (int)status, (int)wanted, err->message);
    if (strstr(err->message, text) == NULL)
        fail_msg("message \"%s\" lacks \"%s\"", err->message, text);
}

void assert_close_f32(const float *got, const double *wanted, int64_t count, double absolute,
                      double relative)
{
    int64_t worst = -1;
    double excess = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double off = fabs((double)got[i] - wanted[i]);
        double allowed = absolute + relative * fabs(wanted[i]);
        if (!(off <= allowed) && (worst < 0 || !(off / allowed <= excess))) {
            worst = i;
            excess = off / allowed;
        }
    }
    if (worst >= 0)
        fail_msg("element %lld: got %.9g, wanted %.9g (%.3g times the tolerance)", (long long)worst,
                 (double)got[worst], wanted[worst], excess);
}

void make_temp_dir(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, size, "%s/coppice-test-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(path) == NULL)
        fail_msg("mkdtemp %s failed", path);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void remove_tree(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

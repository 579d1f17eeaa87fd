/* profile.c: the times of a program's instructions, and where the listing of them goes. */
#include "exec/inspect/profile.h"

#include "exec/inspect/listing.h"
#include "exec/program/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cop_profile_note(cop_profile *profile, int32_t item, double seconds)
{
    profile->total[item] += seconds;
    profile->recent[item * COP_PROFILE_KEPT + profile->runs % COP_PROFILE_KEPT] = (float)seconds;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : (x > y ? 1 : 0);
}

double cop_profile_median(const cop_profile *profile, int32_t item)
{
    float sorted[COP_PROFILE_KEPT];
    size_t kept = profile->runs < COP_PROFILE_KEPT ? (size_t)profile->runs : COP_PROFILE_KEPT;
    if (kept == 0)
        return 0.0;
    memcpy(sorted, profile->recent + (size_t)item * COP_PROFILE_KEPT, kept * sizeof *sorted);
    qsort(sorted, kept, sizeof *sorted, ascending);
    return 0.5 * ((double)sorted[(kept - 1) / 2] + (double)sorted[kept / 2]);
}

static void profile_free(cop_profile *profile)
{
    if (profile == NULL)
        return;
    free(profile->total);
    free(profile->recent);
    free(profile->path);
    free(profile);
}

cop_status cop_program_profile(cop_program *p, cop_error *err)
{
    cop_profile *profile = calloc(1, sizeof *profile);
    if (profile != NULL) {
        profile->count = p->instruction_count + 1;
        profile->total = calloc((size_t)profile->count, sizeof *profile->total);
        profile->recent = calloc((size_t)profile->count, COP_PROFILE_KEPT * sizeof(float));
    }
    if (profile == NULL || profile->total == NULL || profile->recent == NULL) {
        profile_free(profile);
        return cop_fail(err, COP_FAILED, "out of memory for the profile of a program");
    }
    if (p->profile != NULL) {
        profile->path = p->profile->path;
        p->profile->path = NULL;
    }
    profile_free(p->profile);
    p->profile = profile;
    return COP_OK;
}

cop_status cop_profile_from_environment(cop_program *p, cop_error *err)
{
    const char *path = getenv("COPPICE_PROFILE");
    if (path == NULL || path[0] == '\0')
        return COP_OK;
    COP_TRY(cop_program_profile(p, err));
    p->profile->path = strdup(path);
    return p->profile->path != NULL ? COP_OK
                                    : cop_fail(err, COP_FAILED, "out of memory for a file's name");
}

/* The listing at the end. */

/* Several processes may append to one file: each listing is one write where the system allows. */
static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t done = write(fd, text, length);
        if (done < 0 && errno != EINTR)
            return false;
        text += done > 0 ? done : 0;
        length -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

static void append(const char *path, const char *text)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDERR_FILENO : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    bool written = fd >= 0 && write_all(fd, text, strlen(text));
    if (!written && !standard)
        (void)fprintf(stderr, "coppice: cannot write the profile to %s: %s\n", path,
                      strerror(errno));
    if (fd >= 0 && !standard)
        (void)close(fd);
}

void cop_profile_close(cop_program *p)
{
    cop_profile *profile = p->profile;
    if (profile != NULL && profile->path != NULL && profile->runs > 0) {
        cop_error err = {0};
        char *text = NULL;
        if (cop_listing_of(p, NULL, &text, &err) == COP_OK)
            append(profile->path, text);
        else
            (void)fprintf(stderr, "coppice: %s\n", err.message);
        free(text);
    }
    profile_free(profile);
    p->profile = NULL;
}

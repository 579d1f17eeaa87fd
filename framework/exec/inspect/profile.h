/* profile.h: how long each instruction of a program takes, measured as the program runs.
 *
 * A program without a profile runs as if there were no such thing. Programs get one from
 * cop_program_profile, and every program of a process from the environment: COPPICE_PROFILE=FILE
 * makes each append its listing (listing.h) to FILE, or write it to stderr for "-", when it is
 * freed. */
#ifndef COP_EXEC_INSPECT_PROFILE_H
#define COP_EXEC_INSPECT_PROFILE_H

#include <coppice/program.h>

/* Runs whose times are kept for the median. */
#define COP_PROFILE_KEPT 64

/* Times of `count` items: the instructions, and after them the copying of outputs. */
typedef struct cop_profile {
    int64_t runs; /* finished */
    int32_t count;
    double *total; /* owned; seconds of all runs, one per item */
    float *recent; /* owned; recent[i·COP_PROFILE_KEPT + run % COP_PROFILE_KEPT], seconds */
    char *path;    /* owned; where the listing goes in the end, or NULL */
} cop_profile;

/* Makes the program measure its runs from now on; what was measured before is forgotten. */
cop_status cop_program_profile(cop_program *p, cop_error *err);

/* As above where COPPICE_PROFILE is set and not empty; nothing otherwise. */
cop_status cop_profile_from_environment(cop_program *p, cop_error *err);

/* Writes the listing where one is wanted and the program has run, and frees the profile. A file
 * that cannot be written is reported to stderr: freeing cannot fail. */
void cop_profile_close(cop_program *p);

/* Median of an item's times, in seconds, over the runs kept; 0 before the first run. */
double cop_profile_median(const cop_profile *profile, int32_t item);

/* Adds a time to an item, for the run that is not finished yet. */
void cop_profile_note(cop_profile *profile, int32_t item, double seconds);

#endif

/* quantity.c: a number and its unit. */
#include "core/quantity.h"

#include "core/locale.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Reads the number, which must be above 0; what stands behind it, or NULL. */
static const char *read_number(const char *text, double *number)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9' || text[1] == 'x' || text[1] == 'X')
        return NULL;
    *number = cop_strtod(text, &end);
    return end != text && isfinite(*number) && *number > 0.0 ? end : NULL;
}

bool cop_read_time(const char *text, double *seconds)
{
    static const struct {
        char letter;
        double seconds;
    } units[] = {{'s', 1.0}, {'m', 60.0}, {'h', 3600.0}, {'d', 86400.0}};
    const char *unit = read_number(text, seconds);
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof units[0]; i++) {
        if (unit[0] != units[i].letter || unit[1] != '\0')
            continue;
        *seconds *= units[i].seconds;
        return true;
    }
    return false;
}

bool cop_read_size(const char *text, double *bytes)
{
    static const char letters[] = "kMGT";
    const char *unit = read_number(text, bytes);
    if (unit == NULL || unit[0] == '\0')
        return false;
    const char *letter = strchr(letters, unit[0] == 'K' ? 'k' : unit[0]);
    if (letter == NULL)
        return false;
    bool is_binary = unit[1] == 'i';
    const char *rest = unit + 1 + is_binary;
    if (strcmp(rest, "") != 0 && strcmp(rest, "B") != 0)
        return false;
    *bytes *= pow(is_binary ? 1024.0 : 1000.0, (double)(letter - letters + 1));
    return true;
}

const char *cop_time_text(double seconds, char *text, size_t size)
{
    int64_t whole = seconds < 1e9 ? (int64_t)(seconds + 0.5) : INT64_C(1000000000);
    if (seconds < 9.95)
        (void)cop_snprintf(text, size, "%.1f s", seconds);
    else if (whole < 60)
        (void)snprintf(text, size, "%" PRId64 " s", whole);
    else if (whole < 3600)
        (void)snprintf(text, size, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
    else
        (void)snprintf(text, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600,
                       whole / 60 % 60, whole % 60);
    return text;
}

const char *cop_size_text(double bytes, char *text, size_t size)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t i = 0;
    while (bytes >= 999.5 && i + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1000.0;
        i++;
    }
    (void)cop_snprintf(text, size, "%.3g %s", bytes, units[i]);
    return text;
}

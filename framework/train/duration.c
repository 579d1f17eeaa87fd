/* duration.c: durations in steps, and as text. */
#include "train/duration.h"

#include "core/locale.h"

#include <math.h>
#include <string.h>

int64_t cop_duration_steps(cop_duration d, int64_t per_epoch, int64_t total)
{
    double steps = d.value;
    if (d.unit == COP_EPOCHS)
        steps *= (double)per_epoch;
    else if (d.unit == COP_FRACTION)
        steps *= (double)total;
    if (!(steps > 0.0))
        return 0;
    return steps < 9.2e18 ? (int64_t)llround(steps) : INT64_MAX;
}

const char *cop_duration_text(cop_duration d, char *text, size_t size)
{
    const char *suffix = d.unit == COP_EPOCHS ? "ep" : d.unit == COP_STEPS ? "it" : "";
    (void)cop_snprintf(text, size, "%.17g%s", d.value, suffix);
    return text;
}

bool cop_duration_from_text(const char *text, cop_duration *out)
{
    char *end = NULL;
    out->value = cop_strtod(text, &end);
    if (end == text || !(out->value >= 0.0))
        return false;
    if (strcmp(end, "ep") == 0)
        out->unit = COP_EPOCHS;
    else if (strcmp(end, "it") == 0)
        out->unit = COP_STEPS;
    else
        out->unit = COP_FRACTION;
    return out->unit != COP_FRACTION || (*end == '\0' && out->value <= 1.0);
}

bool cop_duration_parse(const char *text, cop_duration *out)
{
    size_t digits = strspn(text, "0123456789");
    bool is_whole = digits > 0 && digits <= 12 && strlen(text) == digits + strlen("ep");
    return is_whole && cop_duration_from_text(text, out) && out->unit != COP_FRACTION;
}

/* shown.c: what people are shown of a column. */
#include "report/data/shown.h"

#include "core/locale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *scaled(double value, char *text, size_t size)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T"};
    size_t i = 0;
    while (fabs(value) >= 10000.0 && i + 1 < sizeof prefixes / sizeof prefixes[0]) {
        value /= 1000.0;
        i++;
    }
    (void)cop_snprintf(text, size, i == 0 ? "%.0f%s" : "%.4g%s", value, prefixes[i]);
    return text;
}

static bool is_fraction(const char *unit)
{
    return unit != NULL && strcmp(unit, "fraction") == 0;
}

const char *cop_shown_unit(const cop_column *column)
{
    if (is_fraction(column->unit))
        return "%";
    return column->unit != NULL ? column->unit : "";
}

double cop_shown_scale(const cop_column *column)
{
    return is_fraction(column->unit) ? 100.0 : 1.0;
}

const char *cop_display_number(double value, const char *unit, char *text, size_t size)
{
    if (isnan(value))
        (void)snprintf(text, size, "-");
    else if (is_fraction(unit))
        (void)cop_snprintf(text, size, "%.2f", 100.0 * value);
    else if (unit != NULL && strcmp(unit, "%") == 0)
        (void)cop_snprintf(text, size, "%.2f", value);
    else if (unit != NULL && strcmp(unit, "images") == 0)
        return scaled(value, text, size);
    else
        (void)cop_snprintf(text, size, "%.4g", value);
    return text;
}

/* Two units, of which the second has `parts` in the first; nothing is said of a second that is 0.
 */
static void put_units(double value, double parts, const char *first, const char *second, char *text,
                      size_t size)
{
    double whole = floor(value / parts), rest = value - parts * whole;
    if (rest > 0.0)
        (void)cop_snprintf(text, size, "%.0f %s %.0f %s", whole, first, rest, second);
    else
        (void)cop_snprintf(text, size, "%.0f %s", whole, first);
}

const char *cop_display_duration(double seconds, char *text, size_t size)
{
    double minutes = round(seconds / 60.0), hours = round(seconds / 3600.0);
    if (isnan(seconds))
        (void)snprintf(text, size, "-");
    else if (seconds < 10.0)
        (void)cop_snprintf(text, size, "%.2g s", seconds);
    else if (seconds < 99.5)
        (void)cop_snprintf(text, size, "%.0f s", seconds);
    else if (minutes < 60.0)
        (void)cop_snprintf(text, size, "%.0f min", minutes);
    else if (hours < 48.0)
        put_units(minutes, 60.0, "h", "min", text, size);
    else
        put_units(hours, 24.0, "d", "h", text, size);
    return text;
}

const char *cop_display_within(double value, double deviation, const char *unit, char *text,
                               size_t size)
{
    bool is_share = is_fraction(unit) || (unit != NULL && strcmp(unit, "%") == 0);
    int lead = deviation > 0.0 ? (int)floor(log10(deviation)) : 0;
    int decimals = 1 - lead;
    if (isnan(value) || is_share)
        return cop_display_number(value, unit, text, size);
    if (!(deviation > 0.0) || decimals < 0 || decimals > 6 || fabs(value) >= 1e5)
        (void)cop_snprintf(text, size, value == deviation ? "%.2g" : "%.3g", value);
    else
        (void)cop_snprintf(text, size, "%.*f", decimals, value);
    return text;
}

bool cop_is_headline(const cop_table *table, const char *column)
{
    const cop_plot *plot = cop_table_plot(table);
    const char *names = plot != NULL && plot->headlines != NULL ? plot->headlines : "";
    while (names[0] != '\0') {
        size_t length = strcspn(names, ",");
        if (strlen(column) == length && strncmp(names, column, length) == 0)
            return true;
        names += length + (names[length] == ',');
    }
    return false;
}

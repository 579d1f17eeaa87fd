/* locale.c: reading and writing numbers as in C. */
#include "core/locale.h"

#include <stdio.h>
#include <stdlib.h>

locale_t cop_locale_enter(void)
{
    /* The C library's own C locale: it is not made here, and never freed. */
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

void cop_locale_leave(locale_t before)
{
    (void)uselocale(before);
}

int cop_vsnprintf(char *text, size_t size, const char *format, va_list arguments)
{
    locale_t before = cop_locale_enter();
    int length = vsnprintf(text, size, format, arguments);
    cop_locale_leave(before);
    return length;
}

int cop_snprintf(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = cop_vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return length;
}

double cop_strtod(const char *text, char **end)
{
    locale_t before = cop_locale_enter();
    double value = strtod(text, end);
    cop_locale_leave(before);
    return value;
}

float cop_strtof(const char *text, char **end)
{
    locale_t before = cop_locale_enter();
    float value = strtof(text, end);
    cop_locale_leave(before);
    return value;
}

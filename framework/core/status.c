/* status.c: filling a caller's error. */
#include <coppice/status.h>

#include "core/locale.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(cop_error *err, cop_status status, const char *file, int line, const char *format,
                 va_list arguments)
{
    if (err == NULL)
        return;
    err->status = status;
    err->line = line;
    (void)snprintf(err->file, sizeof err->file, "%s", file != NULL ? file : "");
    (void)cop_vsnprintf(err->message, sizeof err->message, format, arguments);
}

cop_status cop_fail(cop_error *err, cop_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, status, NULL, 0, format, arguments);
    va_end(arguments);
    return status;
}

cop_status cop_fail_at(cop_error *err, cop_status status, const char *file, int line,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, status, file, line, format, arguments);
    va_end(arguments);
    return status;
}

cop_status cop_fail_within(cop_error *err, const char *format, ...)
{
    if (err == NULL)
        return COP_FAILED;
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);
    va_list arguments;
    va_start(arguments, format);
    int length = cop_vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length + 2 < sizeof err->message)
        (void)snprintf(err->message + length, sizeof err->message - (size_t)length, ": %.*s",
                       (int)(sizeof err->message - (size_t)length - 3), inner);
    return err->status;
}

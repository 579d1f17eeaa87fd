/* names.c: what a study, a value of a sweep, a cell and an analyzer may be called. */
#include "config/names.h"

#include "core/text.h"

#include <string.h>

#define DIGITS "0123456789"

/* The length of the number at the beginning: "-1", "+0.5", "-1e-3"; 0 where there is none. */
static size_t number_length(const char *text)
{
    size_t at = text[0] == '+' || text[0] == '-' ? 1 : 0;
    size_t whole = strspn(text + at, DIGITS), part = 0;
    at += whole;
    if (text[at] == '.') {
        part = strspn(text + at + 1, DIGITS);
        at += 1 + part;
    }
    if (whole + part == 0)
        return 0;
    if (text[at] == 'e' || text[at] == 'E') {
        size_t sign = text[at + 1] == '+' || text[at + 1] == '-' ? 1 : 0;
        size_t digits = strspn(text + at + 1 + sign, DIGITS);
        at += digits > 0 ? 1 + sign + digits : 0;
    }
    return at;
}

/* A number, or the numbers of several axes: "-1, 0.5". */
static bool is_numbers(const char *text)
{
    for (;;) {
        size_t length = number_length(text);
        if (length == 0)
            return false;
        text += length;
        if (*text == '\0')
            return true;
        if (strncmp(text, ", ", 2) != 0)
            return false;
        text += 2;
    }
}

static bool has_control(const char *name)
{
    while (*name != '\0' && cop_control_length(name) == 0)
        name++;
    return *name != '\0';
}

cop_status cop_name_check(const char *what, const char *name, size_t most, cop_place place,
                          cop_error *err)
{
    char shown[100];
    if (!cop_is_utf8(name, strlen(name)))
        return cop_fail_at(err, COP_INVALID, place.file, place.line, "%s is not UTF-8", what);
    (void)cop_escape(name, shown, sizeof shown);
    if (strlen(name) > most)
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "%s has %zu bytes, wanted at most %zu: \"%s\"", what, strlen(name), most,
                           shown);
    if (has_control(name))
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "%s \"%s\" holds a control character", what, shown);
    if (name[0] != '\0' && strchr("=+-@", name[0]) != NULL && !is_numbers(name))
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "%s \"%s\" begins with %c: a spreadsheet takes that for a formula", what,
                           shown, name[0]);
    return COP_OK;
}

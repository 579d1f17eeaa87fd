/* locale.h: numbers are read and written as in C, whatever the process does: the program around the
 * library, or a plugin, may have called setlocale, and in many locales half is "0,5".
 *
 * Whatever reads or writes a number with a point goes by one of these; cop_text_printf,
 * cop_arena_printf, cop_fail and the logger do. cJSON and libconfig read and write points by
 * themselves. */
#ifndef COP_CORE_LOCALE_H
#define COP_CORE_LOCALE_H

#include <coppice/base.h>

#include <locale.h>
#include <stdarg.h>

/* Puts the calling thread into the C locale, over the process's; gives what it had, which the
 * caller puts back. Nothing is allocated. */
locale_t cop_locale_enter(void);
void cop_locale_leave(locale_t before);

/* As without the prefix, in the C locale. */
int cop_snprintf(char *text, size_t size, const char *format, ...) COP_PRINTF(3, 4);
int cop_vsnprintf(char *text, size_t size, const char *format, va_list arguments) COP_PRINTF(3, 0);
double cop_strtod(const char *text, char **end);
float cop_strtof(const char *text, char **end);

#endif

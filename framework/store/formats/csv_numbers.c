/* csv_numbers.c: what the readers of CSV files of numbers share. */
#include "store/formats/csv_numbers.h"

#include "core/locale.h"

#include <string.h>

size_t cop_csv_count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

bool cop_csv_read_number(char **text, double *value)
{
    char *end = NULL;
    *value = cop_strtod(*text, &end);
    bool ok = end != *text && strchr(" \t\r\n", **text) == NULL;
    *text = end;
    return ok;
}

/* ranges.c: lists of integers as texts: "0..4, 7". */
#include "plugin/options/types/types.h"

#include "core/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\n");
}

/* The integer at *at, which is moved behind it. */
static bool take_integer(const char **at, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    *at = skip_blanks(*at);
    if (strspn(*at, "+-0123456789") == 0)
        return false;
    long long value = strtoll(*at, &end, 10);
    if (end == *at || errno != 0)
        return false;
    *out = value;
    *at = skip_blanks(end);
    return true;
}

/* One range, or one integer, which is a range of one; what stands behind it is a comma or the end.
 */
static bool take_range(const char **at, int64_t *first, int64_t *last)
{
    if (!take_integer(at, first))
        return false;
    *last = *first;
    if (strncmp(*at, "..", 2) == 0) {
        *at += 2;
        if (!take_integer(at, last))
            return false;
    }
    return **at == ',' || **at == '\0';
}

static cop_status refuse(const char *text, cop_error *err)
{
    char shown[120];
    return cop_fail(err, COP_INVALID,
                    "is \"%s\"; wanted a list of integers, or ranges such as 0..4",
                    cop_escape(text, shown, sizeof shown));
}

cop_status cop_ranges_read(const char *text, cop_arena *arena, cop_int_list *out, cop_error *err)
{
    size_t count = 0;
    int64_t *items = cop_arena_array(arena, COP_MOST_OF_RANGES, sizeof *items);
    if (items == NULL)
        return cop_out_of_memory(err);
    for (const char *at = text;; at++) {
        int64_t first = 0, last = 0;
        if (!take_range(&at, &first, &last) || last < first)
            return refuse(text, err);
        if ((uint64_t)last - (uint64_t)first >= COP_MOST_OF_RANGES - count)
            return cop_fail(err, COP_INVALID, "has more than %d integers", COP_MOST_OF_RANGES);
        for (uint64_t i = 0; i <= (uint64_t)last - (uint64_t)first; i++)
            items[count++] = first + (int64_t)i;
        if (*at == '\0')
            break;
    }
    *out = (cop_int_list){.count = count, .items = items};
    return COP_OK;
}

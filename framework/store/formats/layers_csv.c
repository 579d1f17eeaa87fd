/* layers_csv.c: writing and reading what a mask keeps of each parameter. */
#include "store/formats/layers_csv.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/formats/csv_numbers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_LIMIT (64u << 20)
#define HEADER       "weights,kept,name\n"

cop_status cop_layers_csv_write(const cop_layer *layers, size_t count, const char *path,
                                cop_error *err)
{
    cop_text t = {0};
    cop_text_append(&t, HEADER);
    for (size_t i = 0; i < count; i++)
        cop_text_printf(&t, "%" PRId64 ",%" PRId64 ",%s\n", layers[i].weights, layers[i].kept,
                        layers[i].name);
    char *text = cop_text_take(&t);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

/* A whole number from 0 with a comma behind it; *text is moved behind that. */
static bool read_count(char **text, int64_t *count)
{
    char *end = NULL;
    errno = 0;
    if (**text < '0' || **text > '9')
        return false;
    *count = strtoll(*text, &end, 10);
    bool ok = errno == 0 && *end == ',';
    *text = end + 1;
    return ok;
}

/* One line, of which *text is moved to the next; its end is overwritten. */
static bool read_line(char **text, cop_layer *out)
{
    if (!read_count(text, &out->weights) || !read_count(text, &out->kept) ||
        out->kept > out->weights)
        return false;
    char *end = strchr(*text, '\n');
    if (end == NULL || end == *text)
        return false;
    *end = '\0';
    out->name = *text;
    *text = end + 1;
    return true;
}

static cop_status read_text(const char *path, char *text, cop_arena *arena, cop_layer **layers,
                            size_t *count, cop_error *err)
{
    *count = 0;
    *layers = cop_arena_array(arena, cop_csv_count_lines(text) + 1, sizeof **layers);
    if (*layers == NULL)
        return cop_out_of_memory(err);
    if (strncmp(text, HEADER, strlen(HEADER)) != 0)
        return cop_fail_at(err, COP_DAMAGED, path, 1, "wanted its columns' names");
    for (text += strlen(HEADER); *text != '\0'; ++*count) {
        cop_layer *layer = &(*layers)[*count];
        if (!read_line(&text, layer))
            return cop_fail_at(err, COP_DAMAGED, path, (int)*count + 2,
                               "wanted how many weights there are, how many are kept, and a name");
        layer->name = cop_arena_strdup(arena, layer->name);
        if (layer->name == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

cop_status cop_layers_csv_read(const char *path, cop_arena *arena, cop_layer **layers,
                               size_t *count, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    COP_TRY(cop_file_read_regular(path, LAYERS_LIMIT, &text, &size, err));
    cop_status status = strlen(text) == size ? read_text(path, text, arena, layers, count, err)
                                             : cop_fail_at(err, COP_DAMAGED, path, 0, "is no text");
    free(text);
    return status;
}

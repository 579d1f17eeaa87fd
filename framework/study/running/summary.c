/* summary.c: a flat JSON object of numbers. */
#include "study/running/summary.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cop_status cop_summary_write(const char *path, const cop_summary_value *values, size_t count,
                             cop_error *err)
{
    cop_text t = {0};
    cop_text_append(&t, "{");
    for (size_t i = 0; i < count; i++) {
        cop_text_printf(&t, "%s\n  \"%s\": ", i > 0 ? "," : "", values[i].name);
        if (isfinite(values[i].value))
            cop_text_printf(&t, "%.17g", values[i].value);
        else
            cop_text_append(&t, "null");
    }
    cop_text_append(&t, "\n}\n");
    char *text = cop_text_take(&t);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

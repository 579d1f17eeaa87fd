/* failures.c: writing and reading why a stage failed. */
#include "store/failures.h"

#include "core/file.h"
#include "core/path.h"
#include "core/text.h"
#include "store/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {[COP_FAILURE_SURE] = "sure", [COP_FAILURE_MAYBE] = "maybe"};

#define FILE_LIMIT (2 * COP_FAILURE_SIZE)

static cop_status failure_path(const char *dir, const cop_artifact_id *id, char *path, size_t size,
                               cop_error *err)
{
    return cop_path_join(path, size, err, dir, COP_WORK_FOLDER "/%s-%s" COP_FAILURE_SUFFIX,
                         id->kind, id->hash);
}

cop_status cop_failure_keep(const cop_store *s, const cop_artifact_id *id, cop_failure_kind kind,
                            const char *reason, cop_error *err)
{
    char path[COP_PATH_SIZE], line[COP_FAILURE_SIZE], text[FILE_LIMIT];
    COP_TRY(failure_path(s->dir, id, path, sizeof path, err));
    (void)snprintf(line, sizeof line, "%s", reason);
    for (char *c = line; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    int length = snprintf(text, sizeof text, "%s\n%s\n", kinds[kind], line);
    return cop_file_write(path, text, (size_t)length, err);
}

/* The kind that the first line says. */
static cop_failure_kind kind_of(const char *text, size_t length)
{
    for (int k = COP_FAILURE_SURE; k <= COP_FAILURE_MAYBE; k++)
        if (strlen(kinds[k]) == length && strncmp(text, kinds[k], length) == 0)
            return (cop_failure_kind)k;
    return COP_FAILURE_NONE;
}

cop_failure_kind cop_failure_read(const char *dir, const cop_artifact_id *id,
                                  char reason[COP_FAILURE_SIZE])
{
    char path[COP_PATH_SIZE], *text = NULL;
    reason[0] = '\0';
    if (failure_path(dir, id, path, sizeof path, NULL) != COP_OK || access(path, F_OK) != 0 ||
        cop_file_read_regular(path, FILE_LIMIT, &text, NULL, NULL) != COP_OK)
        return COP_FAILURE_NONE;
    size_t first = strcspn(text, "\n");
    cop_failure_kind kind = kind_of(text, first);
    if (kind != COP_FAILURE_NONE && text[first] == '\n') {
        char *line = text + first + 1;
        line[strcspn(line, "\n")] = '\0';
        (void)snprintf(reason, COP_FAILURE_SIZE, "%s", line);
    }
    free(text);
    return kind;
}

void cop_failure_forget(const cop_store *s, const cop_artifact_id *id)
{
    char path[COP_PATH_SIZE];
    if (failure_path(s->dir, id, path, sizeof path, NULL) == COP_OK)
        (void)unlink(path);
}

/* files.c: reading the files that a config is made of. */
#include "config/files.h"

#include "core/file.h"
#include "core/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static cop_status refuse(const cop_config_file *file, cop_status status, const char *message,
                         cop_error *err)
{
    char shown[200];
    return cop_fail_at(err, status, file->place.file, file->place.line, "%s\"%s\": %s", file->how,
                       cop_escape(file->name, shown, sizeof shown), message);
}

/* The name after the directory of the file that it is written in. */
static const char *resolve(cop_arena *arena, const char *name, const char *written_in)
{
    const char *slash = strrchr(written_in, '/');
    if (name[0] == '/' || slash == NULL)
        return cop_arena_strdup(arena, name);
    return cop_arena_printf(arena, "%.*s%s", (int)(slash - written_in) + 1, written_in, name);
}

/* From the first file to this one, "a.cfg, b.cfg". */
static void append_chain(const cop_config_file *file, cop_text *text)
{
    if (file->outer != NULL) {
        append_chain(file->outer, text);
        cop_text_append(text, ", ");
    }
    char shown[200];
    cop_text_append(text, cop_escape(file->path, shown, sizeof shown));
}

static cop_status refuse_circle(const cop_config_file *file, cop_error *err)
{
    cop_text text = {0};
    cop_text_append(&text, "leads in a circle: ");
    append_chain(file, &text);
    cop_status status =
        text.failed ? cop_out_of_memory(err) : refuse(file, COP_INVALID, text.data, err);
    cop_text_free(&text);
    return status;
}

/* Where the file stands among those around it. */
static cop_status check_chain(const cop_config_file *file, cop_error *err)
{
    size_t depth = 0;
    for (const cop_config_file *f = file->outer; f != NULL; f = f->outer) {
        if (f->device == file->device && f->inode == file->inode)
            return refuse_circle(file, err);
        depth++;
    }
    if (depth < COP_CONFIG_DEPTH)
        return COP_OK;
    return refuse(file, COP_INVALID, "more than 16 files deep", err);
}

/* The user named it; but that the disk does not read, or memory is refused, is no fault of the
 * name. */
static cop_status blame(int reason)
{
    return reason == EIO || reason == ENOMEM ? COP_FAILED : COP_INVALID;
}

static cop_status read_first(cop_config_files *files, const cop_config_file *file, char **text,
                             size_t *size, cop_error *err)
{
    if (cop_file_read(file->path, COP_CONFIG_BYTES, text, size, err) == COP_OK) {
        files->bytes += *size;
        return COP_OK;
    }
    cop_status status = blame(errno);
    if (err != NULL)
        err->status = status;
    return status;
}

static cop_status read_named(cop_config_files *files, const cop_config_file *file, char **text,
                             size_t *size, cop_error *err)
{
    cop_error own = {0};
    if (cop_file_read_regular(file->path, COP_CONFIG_BYTES - files->bytes, text, size, &own) !=
        COP_OK)
        return refuse(file, blame(errno), own.message, err);
    files->bytes += *size;
    return COP_OK;
}

cop_status cop_config_file_read(cop_config_files *files, cop_config_file *file, char **text,
                                size_t *size, cop_error *err)
{
    struct stat info;
    if (file->outer != NULL) {
        file->path = resolve(files->arena, file->name, file->place.file);
        if (file->path == NULL)
            return cop_out_of_memory(err);
        if (files->count >= COP_CONFIG_FILES)
            return refuse(file, COP_INVALID, "the config is made of more than 1000 files", err);
    }
    files->count++;
    bool is_known = stat(file->path, &info) == 0;
    file->device = is_known ? info.st_dev : 0;
    file->inode = is_known ? info.st_ino : 0;
    if (is_known)
        COP_TRY(check_chain(file, err));
    return file->outer == NULL ? read_first(files, file, text, size, err)
                               : read_named(files, file, text, size, err);
}

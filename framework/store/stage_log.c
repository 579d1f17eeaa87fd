/* stage_log.c: a text file for each stage. */
#include "store/stage_log.h"

#include "core/path.h"
#include "store/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

cop_status cop_stage_log_path(const char *dir, const cop_artifact_id *id, char *path, size_t size,
                              cop_error *err)
{
    return cop_path_join(path, size, err, dir, COP_LOG_FOLDER "/%s-%s" COP_LOG_SUFFIX, id->kind,
                         id->hash);
}

/* Only a regular file is written to: a pipe would wait for whoever reads it. */
static int open_regular(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    struct stat info;
    int file = open(path, flags, 0666);
    if (file < 0 || (fstat(file, &info) == 0 && S_ISREG(info.st_mode)))
        return file;
    (void)close(file);
    return -1;
}

static void write_head(FILE *log, const char *title)
{
    char host[128] = "unknown host", when[64] = "at an unknown time";
    struct tm parts;
    time_t now = time(NULL);
    if (gethostname(host, sizeof host - 1) != 0)
        (void)snprintf(host, sizeof host, "unknown host");
    if (localtime_r(&now, &parts) != NULL)
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &parts);
    (void)fprintf(log, "%s, process %ld on %s: %s\n", when, (long)getpid(), host, title);
    (void)fflush(log);
}

FILE *cop_stage_log_open(const char *dir, const cop_artifact_id *id, const char *title)
{
    char path[COP_PATH_SIZE];
    if (cop_path_join(path, sizeof path, NULL, dir, "%s", COP_LOG_FOLDER) != COP_OK ||
        (mkdir(path, 0777) != 0 && errno != EEXIST) ||
        cop_stage_log_path(dir, id, path, sizeof path, NULL) != COP_OK)
        return NULL;
    int file = open_regular(path);
    FILE *log = file >= 0 ? fdopen(file, "a") : NULL;
    if (log == NULL && file >= 0)
        (void)close(file);
    if (log != NULL)
        write_head(log, title);
    return log;
}

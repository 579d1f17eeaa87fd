/* output.c: writing to what the user names, be it a file, a link, a device or a pipe. */
#include "cli/output.h"

#include "core/file.h"
#include "core/path.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A place for the file until it is copied into a device or a pipe. */
static cop_status make_temporary(cop_output *out, cop_error *err)
{
    const char *base = getenv("TMPDIR");
    bool is_given = base != NULL && base[0] == '/';
    if (!is_given ||
        cop_path_join(out->dir, sizeof out->dir, NULL, base, "coppice-XXXXXX") != COP_OK)
        (void)snprintf(out->dir, sizeof out->dir, "/tmp/coppice-XXXXXX");
    if (mkdtemp(out->dir) == NULL) {
        cop_status status = cop_fail_errno(err, "cannot make directory", out->dir);
        out->dir[0] = '\0';
        return status;
    }
    return cop_path_join(out->path, sizeof out->path, err, out->dir, "output");
}

/* Links in a row that are followed; the kernel gives up there too. */
#define MOST_LINKS 40

/* Puts what the link out->path names into its place. */
static cop_status step(cop_output *out, cop_error *err)
{
    char target[COP_PATH_SIZE], next[sizeof out->path];
    ssize_t length = readlink(out->path, target, sizeof target - 1);
    if (length < 0)
        return cop_fail_errno(err, "cannot read the link", out->path);
    target[length] = '\0';
    const char *slash = strrchr(out->path, '/');
    size_t folder = target[0] != '/' && slash != NULL ? (size_t)(slash - out->path) + 1 : 0;
    int size = snprintf(next, sizeof next, "%.*s%s", (int)folder, out->path, target);
    if (size < 0 || (size_t)size >= sizeof next) {
        errno = ENAMETOOLONG;
        return cop_fail_errno(err, "cannot write", out->named);
    }
    memcpy(out->path, next, (size_t)size + 1);
    return COP_OK;
}

/* Follows a link, and what it leads to as long as that is one; the end of it is not there yet. */
static cop_status follow(cop_output *out, cop_error *err)
{
    struct stat info;
    for (int links = 0; lstat(out->path, &info) == 0 && S_ISLNK(info.st_mode); links++) {
        if (links == MOST_LINKS) {
            errno = ELOOP;
            return cop_fail_errno(err, "cannot write", out->named);
        }
        COP_TRY(step(out, err));
    }
    return COP_OK;
}

/* The descriptor of this process that a path stands for; −1 for none. Opened anew, a file that it
 * was redirected to would be written from its beginning, or be replaced. */
static int descriptor_of(const char *named)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(named, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(named, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < 2; i++) {
        const char *digits = named + strlen(folders[i]);
        if (strncmp(named, folders[i], strlen(folders[i])) == 0 && digits[0] != '\0' &&
            strlen(digits) < 7 && strspn(digits, "0123456789") == strlen(digits))
            return atoi(digits);
    }
    return -1;
}

cop_status cop_output_begin(const char *named, cop_output *out, cop_error *err)
{
    struct stat info;
    *out = (cop_output){.named = named};
    if (strlen(named) >= sizeof out->path) {
        errno = ENAMETOOLONG;
        return cop_fail_errno(err, "cannot write", named);
    }
    (void)snprintf(out->path, sizeof out->path, "%s", named);
    if (descriptor_of(named) >= 0)
        return make_temporary(out, err);
    if (lstat(named, &info) != 0)
        return COP_OK; /* there is nothing yet; what else is wrong, writing says */
    bool is_link = S_ISLNK(info.st_mode);
    if (is_link && stat(named, &info) != 0)
        return follow(out, err);
    if (S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        return cop_fail_errno(err, "cannot write", named);
    }
    if (!S_ISREG(info.st_mode))
        return make_temporary(out, err);
    char *target = is_link ? realpath(named, NULL) : NULL;
    if (is_link && target == NULL)
        return cop_fail_errno(err, "cannot write", named);
    if (is_link)
        (void)snprintf(out->path, sizeof out->path, "%s", target);
    free(target);
    return COP_OK;
}

/* Copies all bytes; false with errno set. */
static bool copy(int from, int to)
{
    char buffer[65536];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        for (ssize_t at = 0; at < got;) {
            ssize_t put = write(to, buffer + at, (size_t)(got - at));
            if (put < 0 && errno != EINTR)
                return false;
            at += put > 0 ? put : 0;
        }
    }
}

static cop_status copy_out(const cop_output *out, cop_error *err)
{
    int from = open(out->path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return cop_fail_errno(err, "cannot read", out->path);
    int own = descriptor_of(out->named);
    int to = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 3)
                      : open(out->named, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    bool good = to >= 0 && copy(from, to);
    int reason = errno;
    (void)close(from);
    if (to >= 0 && close(to) != 0 && good) {
        good = false;
        reason = errno;
    }
    errno = reason;
    return good ? COP_OK : cop_fail_errno(err, "cannot write", out->named);
}

cop_status cop_output_end(cop_output *out, cop_status written, cop_error *err)
{
    if (out->dir[0] == '\0')
        return written;
    if (written == COP_OK)
        written = copy_out(out, err);
    (void)unlink(out->path);
    (void)rmdir(out->dir);
    return written;
}

cop_status cop_output_check_safetensors(const char *named, cop_error *err)
{
    static const char *const others[] = {
        "pt",  "pth", "ckpt", "bin",     "pkl",  "pickle", "npz",  "npy", "h5",     "hdf5", "keras",
        "pb",  "mat", "onnx", "msgpack", "gguf", "tflite", "json", "csv", "txt",    "yaml", "arrow",
        "png", "jpg", "jpeg", "zip",     "tar",  "gz",     "xz",   "zst", "parquet"};
    char shown[300];
    const char *slash = strrchr(named, '/'), *file = slash != NULL ? slash + 1 : named;
    const char *dot = strrchr(file, '.');
    for (size_t i = 0; dot != NULL && i < sizeof others / sizeof others[0]; i++) {
        if (strcasecmp(dot + 1, others[i]) == 0)
            return cop_fail(err, COP_INVALID,
                            "--to %s: the name is of another format, and safetensors is written "
                            "(torch reads it by safetensors.torch.load_file): end it in "
                            ".safetensors",
                            cop_escape(named, shown, sizeof shown));
    }
    return COP_OK;
}

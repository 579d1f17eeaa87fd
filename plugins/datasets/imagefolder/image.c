/* image.c: files of images into memory. */
#define _POSIX_C_SOURCE 200809L
#include "decoders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 28 }; /* of a file */

void image_free(picture *image)
{
    free(image->pixels);
    *image = (struct picture){0};
}

bool image_allocate(picture *image, char reason[REASON_SIZE])
{
    int64_t pixels = (int64_t)image->width * image->height;
    if (image->width < 1 || image->height < 1 || pixels > MOST_PIXELS) {
        (void)snprintf(reason, REASON_SIZE, "%d x %d pixels, at most %d are read",
                       (int)image->width, (int)image->height, (int)MOST_PIXELS);
        return false;
    }
    image->pixels = calloc((size_t)pixels, 3);
    if (image->pixels == NULL)
        (void)snprintf(reason, REASON_SIZE, "out of memory");
    return image->pixels != NULL;
}

/* Opening does not block: a pipe of that name would have it wait for ever. */
static cop_status open_file(const char *path, int *out, size_t *size, cop_error *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat info = {0};
    cop_status status = COP_OK;
    if (fd < 0 || fstat(fd, &info) != 0)
        status = cop_fail_at(err, COP_FAILED, path, 0, "cannot open: %s", strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status = cop_fail_at(err, COP_FAILED, path, 0, "is not a regular file");
    else if (info.st_size > MOST_BYTES)
        status = cop_fail_at(err, COP_FAILED, path, 0, "has %lld bytes, at most %d are read",
                             (long long)info.st_size, (int)MOST_BYTES);
    if (status != COP_OK && fd >= 0)
        (void)close(fd);
    *out = fd;
    *size = (size_t)info.st_size;
    return status;
}

/* A file that shrinks meanwhile has fewer bytes. */
static cop_status read_bytes(const char *path, int fd, uint8_t *data, size_t *size, cop_error *err)
{
    size_t got = 0;
    while (got < *size) {
        ssize_t part = read(fd, data + got, *size - got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return cop_fail_at(err, COP_FAILED, path, 0, "cannot read: %s", strerror(errno));
        if (part == 0)
            break;
        got += (size_t)part;
    }
    *size = got;
    return COP_OK;
}

static cop_status read_file(const char *path, uint8_t **data, size_t *size, cop_error *err)
{
    int fd = -1;
    COP_TRY(open_file(path, &fd, size, err));
    *data = malloc(*size + 1);
    cop_status status = *data == NULL ? cop_fail(err, COP_FAILED, "out of memory")
                                      : read_bytes(path, fd, *data, size, err);
    (void)close(fd);
    return status;
}

/* By the first bytes: what a file is called proves nothing (ImageNet has a PNG that is called
 * JPEG). */
static bool decode(const uint8_t *data, size_t size, picture *out, char reason[REASON_SIZE])
{
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff};
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size >= sizeof jpeg && memcmp(data, jpeg, sizeof jpeg) == 0)
        return jpeg_decode(data, size, out, reason);
    if (size >= sizeof png && memcmp(data, png, sizeof png) == 0)
        return png_decode(data, size, out, reason);
    (void)snprintf(reason, REASON_SIZE, "begins as neither a JPEG nor a PNG file does");
    return false;
}

cop_status image_read(const char *path, picture *out, cop_error *err)
{
    uint8_t *data = NULL;
    size_t size = 0;
    char reason[REASON_SIZE] = "";
    *out = (picture){0};
    cop_status status = read_file(path, &data, &size, err);
    if (status == COP_OK && !decode(data, size, out, reason))
        status = cop_fail_at(err, COP_FAILED, path, 0, "cannot be decoded: %s", reason);
    free(data);
    return status;
}

void image_planes(const picture *image, uint8_t *planes)
{
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++)
            planes[c * count + i] = image->pixels[3 * i + c];
}

/* lines.c: reading a pipe line by line. */
#include "study/executors/lines.h"

#include <errno.h>
#include <unistd.h>

/* Adds a byte; true where it completes a line. */
static int add(cop_lines *s, char byte)
{
    if (byte != '\n' && byte != '\r') {
        s->length += s->length + 1 < sizeof s->line;
        s->line[s->length - 1] = byte;
        return 0;
    }
    s->line[s->length] = '\0';
    s->length = 0;
    return s->line[0] != '\0';
}

int cop_lines_read(cop_lines *s, cop_lines_hear hear, void *own)
{
    char bytes[4096];
    ssize_t count = read(s->file, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR)
        return 0;
    if (count <= 0)
        cop_lines_close(s);
    for (ssize_t i = 0; i < count; i++) {
        int answer = add(s, bytes[i]) ? hear(own, s->line) : 0;
        if (answer != 0)
            return answer;
    }
    return 0;
}

void cop_lines_close(cop_lines *s)
{
    if (s->file >= 0)
        (void)close(s->file);
    s->file = -1;
}

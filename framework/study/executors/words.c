/* words.c: writing and reading what workers say. */
#include "study/executors/words.h"

#include <inttypes.h>
#include <string.h>

/* By their numbers. */
static const char *const words[] = {"", "begun", "at", "ended", "left"};
enum { WORD_COUNT = sizeof words / sizeof words[0] };

void cop_worker_say(FILE *out, cop_worker_word word, const cop_artifact_id *stage)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    if (out != NULL && fprintf(out, "%s %s\n", words[word], cop_artifact_text(stage, name)) > 0)
        (void)fflush(out);
}

void cop_worker_say_at(FILE *out, int64_t done, int64_t total, const char *detail)
{
    if (out != NULL && fprintf(out, "at %" PRId64 " %" PRId64 " %s\n", done, total, detail) > 0)
        (void)fflush(out);
}

/* What stands behind a word and a blank; NULL: the line begins otherwise. */
static const char *behind(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static cop_worker_line read_at(const char *text)
{
    cop_worker_line said = {.word = COP_WORD_AT};
    int length = 0;
    if (sscanf(text, "%" SCNd64 " %" SCNd64 " %n", &said.done, &said.total, &length) != 2 ||
        said.done < 0 || said.total <= 0)
        return (cop_worker_line){.word = COP_WORD_NONE};
    said.detail = text + length;
    return said;
}

cop_worker_line cop_worker_read(const char *line)
{
    for (int i = COP_WORD_BEGUN; i < WORD_COUNT; i++) {
        cop_worker_line said = {.word = (cop_worker_word)i};
        const char *rest = behind(line, words[i]);
        if (rest != NULL && i == COP_WORD_AT)
            return read_at(rest);
        if (rest != NULL && cop_artifact_parse(rest, &said.stage))
            return said;
    }
    return (cop_worker_line){.word = COP_WORD_NONE};
}

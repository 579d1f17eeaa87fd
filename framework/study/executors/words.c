/* words.c: writing and reading what workers say. */
#include "study/executors/words.h"

#include <inttypes.h>
#include <string.h>

/* The words that a stage follows. */
static const struct {
    const char *text;
    cop_worker_word word;
} words[] = {{"begun", COP_WORD_BEGUN}, {"ended", COP_WORD_ENDED}, {"left", COP_WORD_LEFT}};
enum { WORD_COUNT = sizeof words / sizeof words[0] };

static const char *text_of(cop_worker_word word)
{
    for (size_t i = 0; i < WORD_COUNT; i++)
        if (words[i].word == word)
            return words[i].text;
    return "";
}

void cop_worker_say(FILE *out, cop_worker_word word, const cop_artifact_id *stage)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    if (out != NULL && fprintf(out, "%s %s\n", text_of(word), cop_artifact_text(stage, name)) > 0)
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
    const char *at = behind(line, "at");
    if (at != NULL)
        return read_at(at);
    for (size_t i = 0; i < WORD_COUNT; i++) {
        const char *name = behind(line, words[i].text);
        cop_worker_line said = {.word = words[i].word};
        if (name != NULL && cop_artifact_parse(name, &said.stage))
            return said;
    }
    return (cop_worker_line){.word = COP_WORD_NONE};
}

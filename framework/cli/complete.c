/* complete.c: `coppice complete`: what the word under the cursor of a shell may become, a line for
 * each. Shells call it, by the scripts of `coppice completion`; where it prints nothing, they
 * complete file names. */
#include "cli/candidates.h"
#include "cli/command.h"
#include "core/arena.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WORD_SIZE 1024

/* A line that is typed, as far as the word under the cursor. */
typedef struct typed {
    const char *words[COP_MOST_WORDS]; /* "coppice" first; the last is to be completed */
    size_t count;
    const cop_subcommand *subcommand; /* NULL: none is said yet, or it is unknown */
    cop_candidates to;
} typed;

/* bash cuts "--set train.lr=0.1" at "=": three words are one. */
static void join_cut_words(typed *t, cop_arena *arena)
{
    for (size_t i = 1; i < t->count; i++) {
        bool is_cut = strcmp(t->words[i], "=") == 0 && i > 1;
        const char *behind = is_cut && i + 1 < t->count ? t->words[i + 1] : "";
        size_t taken = is_cut && i + 1 < t->count ? 2 : 1;
        if (!is_cut)
            continue;
        const char *whole = cop_arena_printf(arena, "%s=%s", t->words[i - 1], behind);
        if (whole == NULL)
            return;
        if (i + taken >= t->count)
            t->to.cut = strlen(t->words[i - 1]) + 1;
        t->words[i - 1] = whole;
        memmove(&t->words[i], &t->words[i + taken], (t->count - i - taken) * sizeof *t->words);
        t->count -= taken;
        i--;
    }
}

static void read_typed(const cop_call *call, cop_arena *arena, typed *t)
{
    const cop_arguments *a = call->arguments;
    *t = (typed){.to.out = call->out};
    for (size_t i = 0; i < a->word_count; i++)
        t->words[t->count++] = a->words[i];
    join_cut_words(t, arena);
    t->to.begin = t->count > 0 ? t->words[t->count - 1] : "";
    for (size_t i = 0; t->count > 2 && cop_subcommand_at(i) != NULL; i++)
        if (strcmp(cop_subcommand_at(i)->name, t->words[1]) == 0)
            t->subcommand = cop_subcommand_at(i);
}

static void complete_subcommand(const typed *t)
{
    for (size_t i = 0; cop_subcommand_at(i) != NULL; i++)
        if (!cop_subcommand_at(i)->is_for_programs)
            cop_candidate(&t->to, cop_subcommand_at(i)->name, "");
    cop_candidate(&t->to, "help", "");
    cop_candidate(&t->to, "version", "");
}

static void complete_option(const typed *t)
{
    for (size_t i = 0; t->subcommand->options[i] != NULL; i++) {
        char option[64];
        (void)snprintf(option, sizeof option, "--%s", t->subcommand->options[i]);
        cop_candidate(&t->to, option, "");
    }
    cop_candidate(&t->to, "--help", "");
}

static cop_registry *open_registry(void)
{
    cop_registry *registry = NULL;
    return cop_registry_search(NULL, 0, NULL, &registry, NULL) == COP_OK ? registry : NULL;
}

/* Plugins of a kind, 0: of all; `prefix` stands before each. */
static void complete_plugin(const typed *t, cop_kind kind, const char *prefix)
{
    cop_registry *registry = open_registry();
    for (size_t i = 0; registry != NULL && i < cop_registry_count(registry); i++) {
        char word[WORD_SIZE];
        const cop_plugin *plugin = cop_registry_at(registry, i)->plugin;
        (void)snprintf(word, sizeof word, "%s%s", prefix, plugin->id);
        if (kind == 0 || plugin->kind == kind)
            cop_candidate(&t->to, word, "");
    }
    cop_registry_free(registry);
}

/* The first typed word that is a file may be the config. */
static const char *find_config(const typed *t)
{
    struct stat info;
    for (size_t i = 2; i + 1 < t->count; i++)
        if (t->words[i][0] != '-' && stat(t->words[i], &info) == 0 && S_ISREG(info.st_mode))
            return t->words[i];
    return NULL;
}

typedef void (*with_config)(const typed *t, const cop_config *config);

static void load_config(const typed *t, with_config use)
{
    const char *path = find_config(t);
    cop_registry *registry = path != NULL ? open_registry() : NULL;
    cop_config *config = NULL;
    if (registry != NULL && cop_config_load(path, NULL, 0, registry, NULL, &config, NULL) == COP_OK)
        use(t, config);
    cop_config_free(config);
    cop_registry_free(registry);
}

static void complete_settings(const typed *t, const cop_config *config)
{
    cop_candidate_settings(&t->to, config);
}

static void complete_labels(const typed *t, const cop_config *config)
{
    for (size_t i = 0; i < config->cell_count; i++)
        cop_candidate(&t->to, config->cells[i].label, "");
}

/* The kind of plugin that a setting of this name wants; 0: it is no such setting. */
static cop_kind kind_of_setting(const char *word)
{
    static const struct {
        const char *name;
        cop_kind kind;
    } kinds[] = {{"dataset.plugin=", COP_KIND_DATASET},
                 {"distill.plugin=", COP_KIND_DISTILLER},
                 {"model.plugin=", COP_KIND_MODEL},
                 {"pruner.plugin=", COP_KIND_PRUNER}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(word, kinds[i].name) != NULL)
            return kinds[i].kind;
    return strncmp(word, "analyze.", 8) == 0 && strstr(word, ".plugin=") != NULL ? COP_KIND_ANALYZER
                                                                                 : 0;
}

static void complete_set(const typed *t)
{
    const char *equals = strchr(t->to.begin, '=');
    char prefix[WORD_SIZE];
    if (equals == NULL) {
        load_config(t, complete_settings);
        return;
    }
    (void)snprintf(prefix, sizeof prefix, "%.*s", (int)(equals - t->to.begin + 1), t->to.begin);
    if (kind_of_setting(prefix) != 0)
        complete_plugin(t, kind_of_setting(prefix), prefix);
}

/* The value of the option before it; true where there is something to say. */
static bool complete_value(const typed *t)
{
    const char *before = t->words[t->count - 2];
    if (strcmp(before, "--set") == 0)
        complete_set(t);
    else if (strcmp(before, "--only") == 0 || strcmp(before, "--cell") == 0)
        load_config(t, complete_labels);
    else if (strcmp(before, "--split") == 0) {
        cop_candidate(&t->to, "train", "");
        cop_candidate(&t->to, "test", "");
    } else {
        const cop_argument *option =
            strncmp(before, "--", 2) == 0 ? cop_argument_find(before + 2) : NULL;
        return option != NULL && option->value != NULL; /* a file, or a number */
    }
    return true;
}

static void complete_word(const typed *t)
{
    static const char *const kinds[] = {"models",    "datasets", "distillers",   "pruners",
                                        "analyzers", "recipes",  "augmentations"};
    static const char *const shells[] = {"bash", "zsh"};
    const char *name = t->subcommand != NULL ? t->subcommand->name : t->words[1];
    if (strcmp(name, "help") == 0)
        complete_subcommand(t);
    else if (strcmp(name, "inspect") == 0) {
        complete_plugin(t, 0, "");
        cop_candidate(&t->to, "config", "");
    } else if (strcmp(name, "list") == 0) {
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            cop_candidate(&t->to, kinds[i], "");
    } else if (strcmp(name, "completion") == 0) {
        for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
            cop_candidate(&t->to, shells[i], "");
    }
}

static cop_status run(const cop_call *call, cop_error *err)
{
    typed t;
    cop_arena *arena = cop_arena_new();
    if (arena == NULL)
        return cop_out_of_memory(err);
    read_typed(call, arena, &t);
    if (t.count == 2)
        complete_subcommand(&t);
    else if (t.count > 2 && t.subcommand != NULL && t.to.begin[0] == '-')
        complete_option(&t);
    else if (t.count > 2 && (t.subcommand == NULL || !complete_value(&t)))
        complete_word(&t);
    cop_arena_free(arena);
    return COP_OK;
}

static const char *const options[] = {NULL};

const cop_subcommand cop_complete_command = {
    .name = "complete",
    .words = "-- WORD...",
    .least_words = 0,
    .most_words = COP_MOST_WORDS,
    .summary = "what the last of these words may become, for shells",
    .details =
        "The words are those of a command line, \"coppice\" first. See 'coppice completion'.",
    .options = options,
    .is_for_programs = true,
    .run = run};

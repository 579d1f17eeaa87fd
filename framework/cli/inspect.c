/* inspect.c: `coppice inspect`: one plugin, or the framework's own groups, with every option. */
#include "cli/command.h"
#include "cli/named.h"
#include "plugin/options/describe.h"

#include <string.h>

/* A plugin, or where there is none of that name a recipe or an augmentation. */
static cop_status describe(const cop_call *call, const cop_registry *registry, cop_error *err)
{
    const char *word = call->arguments->words[0];
    const cop_registry_entry *entry = NULL;
    cop_named_kind kind = 0;
    cop_error unknown = {0};
    size_t i = 0;
    bool is_named = cop_named_find(word, &kind, &i);
    cop_status status = cop_describe_find(registry, word, &entry, &unknown);
    if (status != COP_OK && is_named)
        return cop_named_describe(kind, i, call->arguments->json, call->out, err);
    if (status != COP_OK) {
        *err = unknown;
        return status;
    }
    cop_registry_say_shadowed(registry, entry, call->log);
    if (call->arguments->json)
        return cop_describe_plugin_json(entry, call->out, err);
    cop_describe_plugin(entry, call->out);
    if (is_named)
        (void)fprintf(call->out, "\n\"%s\" is a %s too: coppice inspect %s:%s\n", word,
                      cop_named_kind_name(kind), cop_named_kind_name(kind), word);
    return COP_OK;
}

static cop_status describe_config(const cop_call *call, cop_error *err)
{
    if (call->arguments->json)
        return cop_config_describe_json(call->out, err);
    cop_config_describe(call->out);
    return COP_OK;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    if (strcmp(call->arguments->words[0], "config") == 0)
        return describe_config(call, err);
    COP_TRY(cop_call_registry(call, &registry, err));
    cop_status status = describe(call, registry, err);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"plugin-dir", "json", NULL};

const cop_subcommand cop_inspect_command = {
    .name = "inspect",
    .words = "PLUGIN",
    .least_words = 1,
    .most_words = 1,
    .summary = "print a plugin's options with types, defaults and help",
    .details = "PLUGIN is an id (\"imp\"), with its kind where several have it (\"pruner:random\"; "
               "a config\n"
               "says \"random\", where the kind is known), a recipe or an augmentation (\"sgd\", "
               "\"cutout\", or,\n"
               "where a plugin has that name, \"recipe:idc\"), or \"config\" for the groups of a "
               "config that are\n"
               "the framework's own. A plugin says, too, where its defaults come from, and what it "
               "does otherwise\n"
               "than the paper or its authors' code.",
    .options = options,
    .run = run};

/* inspect.c: `coppice inspect`: one plugin, or the framework's own groups, with every option. */
#include "cli/command.h"
#include "cli/named.h"
#include "plugin/describe.h"

#include <string.h>

static cop_status describe(const cop_call *call, const cop_registry *registry, cop_error *err)
{
    const cop_registry_entry *entry = NULL;
    COP_TRY(cop_describe_find(registry, call->arguments->words[0], &entry, err));
    cop_registry_say_shadowed(registry, entry, call->log);
    if (call->arguments->json)
        return cop_describe_plugin_json(entry, call->out, err);
    cop_describe_plugin(entry, call->out);
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
    cop_named_kind kind = 0;
    size_t i = 0;
    if (strcmp(call->arguments->words[0], "config") == 0)
        return describe_config(call, err);
    if (cop_named_find(call->arguments->words[0], &kind, &i))
        return cop_named_describe(kind, i, call->arguments->json, call->out, err);
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
               "\"cutout\"), or\n"
               "\"config\" for the groups of a config that are the framework's own.",
    .options = options,
    .run = run};

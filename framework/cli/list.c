/* list.c: `coppice list`: the plugins that there are, and those that failed to load. */
#include "cli/command.h"
#include "cli/named.h"
#include "plugin/options/describe.h"

#include "core/text.h"

static cop_status read_kind(const cop_arguments *a, cop_kind *kind, cop_error *err)
{
    static const char *const names[] = {"models",    "datasets", "distillers",   "pruners",
                                        "analyzers", "recipes",  "augmentations"};
    char shown[200];
    *kind = 0;
    if (a->word_count == 0)
        return COP_OK;
    *kind = cop_kind_parse(a->words[0]);
    if (*kind != 0)
        return COP_OK;
    const char *near = cop_nearest(a->words[0], names, sizeof names / sizeof names[0]);
    (void)cop_escape(a->words[0], shown, sizeof shown);
    if (near != NULL)
        return cop_fail(err, COP_INVALID, "unknown kind '%s'; did you mean '%s'?", shown, near);
    return cop_fail(err, COP_INVALID,
                    "unknown kind '%s', wanted models, datasets, distillers, pruners, analyzers, "
                    "recipes or augmentations",
                    shown);
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    cop_kind kind = 0;
    const char *word = call->arguments->word_count > 0 ? call->arguments->words[0] : "";
    cop_named_kind named = cop_named_parse(word);
    if (named != 0 && call->arguments->json)
        return cop_named_list_json(named, call->out, err);
    if (named != 0) {
        cop_named_list(named, call->out);
        return COP_OK;
    }
    COP_TRY(read_kind(call->arguments, &kind, err));
    COP_TRY(cop_call_registry(call, &registry, err));
    cop_status status = COP_OK;
    if (call->arguments->json)
        status = cop_describe_list_json(registry, kind, call->out, err);
    else {
        cop_describe_list(registry, kind, call->out);
        if (kind == 0)
            (void)fputs("besides plugins: `coppice list recipes`, `coppice list augmentations`\n",
                        call->out);
    }
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"plugin-dir", "json", NULL};

const cop_subcommand cop_list_command = {.name = "list",
                                         .words = "[KIND]",
                                         .least_words = 0,
                                         .most_words = 1,
                                         .summary = "list plugins, and why others failed to load",
                                         .details = "KIND is models, datasets, distillers, "
                                                    "pruners, analyzers, recipes or "
                                                    "augmentations.",
                                         .options = options,
                                         .run = run};

/* completion.c: `coppice completion`: the scripts by which shells complete words. */
#include "cli/command.h"
#include "core/text.h"

#include <string.h>

static const char bash[] =
    "# Completion of coppice in bash: source <(coppice completion bash)\n"
    "_coppice() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(coppice complete -- \"${COMP_WORDS[@]:0:COMP_CWORD+1}\" 2>/dev/null))\n"
    "    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi\n"
    "}\n"
    "complete -o bashdefault -o default -F _coppice coppice\n";

static const char zsh[] =
    "#compdef coppice\n"
    "# Completion of coppice in zsh: source <(coppice completion zsh)\n"
    "_coppice() {\n"
    "    local -a found open\n"
    "    found=(\"${(@f)$(coppice complete -- \"${(@)words[1,CURRENT]}\" 2>/dev/null)}\")\n"
    "    open=(${(M)found:#*=})\n"
    "    found=(${found:#*=})\n"
    "    if (( ${#found} + ${#open} == 0 )); then _files; return; fi\n"
    "    compadd -S '' -a open\n"
    "    compadd -a found\n"
    "}\n"
    "compdef _coppice coppice\n";

static cop_status run(const cop_call *call, cop_error *err)
{
    char shown[200];
    const char *shell = call->arguments->words[0];
    bool is_bash = strcmp(shell, "bash") == 0;
    if (!is_bash && strcmp(shell, "zsh") != 0)
        return cop_fail(err, COP_INVALID, "no completion for '%s', wanted bash or zsh",
                        cop_escape(shell, shown, sizeof shown));
    (void)fputs(is_bash ? bash : zsh, call->out);
    return COP_OK;
}

static const char *const options[] = {NULL};

const cop_subcommand cop_completion_command = {
    .name = "completion",
    .words = "bash|zsh",
    .least_words = 1,
    .most_words = 1,
    .summary = "print a script by which a shell completes words",
    .details = "In ~/.bashrc: source <(coppice completion bash). In ~/.zshrc, after compinit:\n"
               "source <(coppice completion zsh). Subcommands, options, plugins, the settings of\n"
               "the config that is named (--set), and its cells (--only) are completed.",
    .options = options,
    .run = run};

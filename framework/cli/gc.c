/* gc.c: `coppice gc`: removing what no study refers to. */
#include "cli/command.h"
#include "core/memory.h"
#include "store/garbage.h"
#include "store/shared.h"

#define MEGABYTE 1e6

static void print_items(const cop_garbage *g, FILE *out)
{
    for (size_t i = 0; i < g->count; i++)
        (void)fprintf(out, "%s  %.2f MB\n", g->items[i].name, g->items[i].bytes / MEGABYTE);
}

static cop_status collect(const cop_call *call, cop_arena *arena, cop_garbage *g, cop_error *err)
{
    const char *dir = call->arguments->words[0];
    bool is_dry = call->arguments->dry_run;
    for (size_t i = 0; i < call->arguments->forget.count; i++)
        COP_TRY(cop_shared_store_forget(dir, call->arguments->forget.items[i], err));
    COP_TRY(cop_garbage_find(dir, arena, g, err));
    if (is_dry)
        print_items(g, call->out);
    else
        COP_TRY(cop_garbage_remove(dir, g, err));
    (void)fprintf(call->out,
                  "%s %zu artifacts and %zu other files that no study refers to, %.2f MB; %zu "
                  "artifacts are kept\n",
                  is_dry ? "would remove" : "removed", g->artifact_count,
                  g->count - g->artifact_count, g->bytes / MEGABYTE, g->kept_artifacts);
    return COP_OK;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_garbage garbage = {.lock = -1};
    cop_arena *arena = cop_arena_new();
    cop_status status =
        arena != NULL ? collect(call, arena, &garbage, err) : cop_out_of_memory(err);
    cop_garbage_clear(&garbage);
    cop_arena_free(arena);
    return status;
}

static const char *const options[] = {"dry-run", "forget", NULL};

const cop_subcommand cop_gc_command = {
    .name = "gc",
    .words = "DIR",
    .least_words = 1,
    .most_words = 1,
    .summary = "remove what no study of an output directory refers to",
    .details =
        "DIR is the output directory of runs. Artifacts go, saved states and logs, that no\n"
        "study's graph (studies/NAME/stages.json) has: those of settings that were changed since,\n"
        "and of studies whose folders were deleted. What is theirs is computed again where it is\n"
        "wanted again. Nothing goes while another process works in DIR, or where the graph of one\n"
        "of its studies cannot be read. Artifacts that were set aside as broken stay.\n"
        "A store that several directories share (run --store) keeps what a study of any of them\n"
        "refers to: DIR is the shared directory, or one of them. Nothing goes while one of them "
        "is\n"
        "not there; --forget takes it from the list.",
    .options = options,
    .run = run};

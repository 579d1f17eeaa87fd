/* why.c: `coppice why`: what a stage is, where it comes from, and what it is for. */
#include "cli/why.h"

#include "cli/command.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/identity_lines.h"

#include <string.h>

/* Wide enough for every name. */
static int name_width(const cop_identity *identity)
{
    size_t width = 0;
    for (size_t i = 0; i < identity->count; i++) {
        size_t length = strlen(identity->lines[i].name);
        width = length > width && length <= 40 ? length : width;
    }
    return (int)width;
}

static void print_line(const cop_identity_line *line, int width, FILE *out)
{
    char name[COP_WHY_LINE], value[2 * COP_WHY_LINE];
    const char *meaning = cop_identity_meaning(line->name);
    (void)fprintf(out, "  %-*s  %s%s%s%s\n", width, cop_escape(line->name, name, sizeof name),
                  cop_escape(line->value, value, sizeof value), meaning[0] != '\0' ? "  (" : "",
                  meaning, meaning[0] != '\0' ? ")" : "");
}

static cop_status print_identity(const char *text, cop_arena *arena, FILE *out, cop_error *err)
{
    cop_identity identity;
    cop_status status = cop_identity_read(text, arena, &identity, err);
    if (status == COP_OK)
        (void)fputs("\nwhat decides its result\n", out);
    for (size_t i = 0; status == COP_OK && i < identity.count; i++)
        print_line(&identity.lines[i], name_width(&identity), out);
    cop_identity_clear(&identity);
    return status;
}

static cop_status explain(const cop_call *call, const cop_seen *seen, const cop_seen_stage *stage,
                          cop_error *err)
{
    char name[COP_ARTIFACT_NAME_SIZE], title[COP_WHY_LINE];
    const cop_stage_record *record = cop_seen_record(stage);
    bool all = call->arguments->all;
    FILE *out = call->out;
    (void)fprintf(out, "%s: %s\n", cop_artifact_text(&record->id, name),
                  cop_escape(record->title, title, sizeof title));
    COP_TRY(cop_why_made(seen, stage, out, err));
    COP_TRY(print_identity(record->identity, seen->arena, out, err));
    COP_TRY(cop_why_inputs(stage, all, out, err));
    return cop_why_uses(seen, &record->id, all, out, err);
}

static cop_status find_and_explain(const cop_call *call, cop_seen *seen, cop_error *err)
{
    cop_seen_stage stage;
    const cop_arguments *a = call->arguments;
    COP_TRY(cop_seen_read(a->words[0], a->study, seen, err));
    COP_TRY(cop_seen_find(seen, a->words[1], &stage, err));
    COP_TRY(cop_seen_look(seen, err));
    return explain(call, seen, &stage, err);
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_seen seen = {0};
    cop_status status = find_and_explain(call, &seen, err);
    cop_seen_clear(&seen);
    return status;
}

static const char *const options[] = {"study", "all", NULL};

const cop_subcommand cop_why_command = {
    .name = "why",
    .words = "DIR STAGE",
    .least_words = 2,
    .most_words = 2,
    .summary = "say what a stage is, what it comes from, and what it is for",
    .details =
        "DIR is the output directory of a run; STAGE is the name of one of its stages, as "
        "'coppice\n"
        "status', the report's page and DIR/store have it, its hash, or the beginning of either "
        "(train-1f).\n"
        "Said are: whether its artifact is published, when and on what it was computed and by "
        "which\n"
        "plugins; all that decides its result, line by line; the stages that it reads, with their "
        "states,\n"
        "with --all what those read in turn; and the tickets and distilled sets that it is for, in "
        "all\n"
        "studies of DIR, or with --study in one. Nothing is written.",
    .options = options,
    .run = run};

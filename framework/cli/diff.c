/* diff.c: `coppice diff`: which settings make two studies, or two stages, different. */
#include "cli/diff.h"

#include "cli/command.h"
#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <string.h>

/* A longer name or value does not move the others to the right. */
#define MOST_WIDTH 44

/* Room for a value; longer ones are cut. */
#define VALUE 1200

void cop_diff_widen(cop_diff_widths *widths, const char *name, const char *a)
{
    size_t own = strlen(name), value = a != NULL ? strlen(a) : 1;
    if (own <= MOST_WIDTH && (int)own > widths->name)
        widths->name = (int)own;
    if (value <= MOST_WIDTH && (int)value > widths->a)
        widths->a = (int)value;
}

void cop_diff_print_line(const cop_diff_widths *widths, const char *name, const char *a,
                         const char *b, FILE *out)
{
    char left[200], first[VALUE], second[VALUE];
    (void)fprintf(out, "  %-*s  %-*s  %s\n", widths->name, cop_escape(name, left, sizeof left),
                  widths->a, cop_escape(a != NULL ? a : "-", first, sizeof first),
                  cop_escape(b != NULL ? b : "-", second, sizeof second));
}

static cop_status compare(const cop_side *a, const cop_side *b, FILE *out, bool *differs,
                          cop_error *err)
{
    if (a->is_stage != b->is_stage)
        return cop_fail(err, COP_INVALID,
                        "%s is a %s, and %s a %s: wanted two studies or two stages", a->word,
                        a->is_stage ? "stage" : "study", b->word, b->is_stage ? "stage" : "study");
    return a->is_stage ? cop_diff_stages(a, b, out, differs, err)
                       : cop_diff_studies(a, b, out, differs, err);
}

static cop_status open_and_compare(const cop_call *call, cop_side *a, cop_side *b, bool *differs,
                                   cop_error *err)
{
    const cop_arguments *from = call->arguments;
    COP_TRY(cop_side_open(from->words[0], from->study, a, err));
    COP_TRY(cop_side_open(from->words[1], from->study, b, err));
    COP_TRY(compare(a, b, call->out, differs, err));
    errno = 0;
    if (fflush(call->out) == 0 && !ferror(call->out))
        return COP_OK;
    return cop_fail(err, COP_FAILED, "cannot write the results: %s",
                    errno != 0 ? strerror(errno) : "error on standard output");
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_side a = {0}, b = {0};
    bool differs = false;
    cop_status status = open_and_compare(call, &a, &b, &differs, err);
    cop_side_clear(&a);
    cop_side_clear(&b);
    return status == COP_OK && differs ? COP_FAILED : status;
}

static const char *const options[] = {"study", NULL};

const cop_subcommand cop_diff_command = {
    .name = "diff",
    .words = "A B",
    .least_words = 2,
    .most_words = 2,
    .summary = "say which settings make two studies, or two stages, different",
    .details =
        "A and B are two studies or two stages. A study is the output directory of a run, with "
        "--study\n"
        "where there are several in it, or DIR/studies/NAME; a stage DIR/NAME or DIR/store/NAME "
        "(train-1f:\n"
        "a beginning will do).\n"
        "Of studies said are the settings that differ, in which cells, and how many stages both "
        "have; where\n"
        "no setting differs and stages do, as plugins, data or the machine changed, why the first "
        "of them\n"
        "does. Of stages: what differs of all that decides their results, and where they come from "
        "stages\n"
        "that differ, what differs of those, down to the settings that are the cause.\n"
        "Exit status: 0 they are the same, 1 they differ, 2 wrong usage, or one of them cannot be "
        "read.",
    .options = options,
    .answers = true,
    .run = run};

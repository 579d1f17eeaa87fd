/* listing.c: numbers in columns on the left, words on the right, where they may be long. */
#include "exec/inspect/listing.h"

#include "exec/inspect/profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const double MEBI = 1024.0 * 1024.0;

static bool measured(const cop_description *d)
{
    return d->runs > 0;
}

static double per_second(double amount, double seconds)
{
    return seconds > 0.0 ? amount / seconds : 0.0;
}

/* A number, or blanks where it would be zero. */

static void number(cop_text *text, int width, int digits, double value)
{
    if (value > 0.0)
        cop_text_printf(text, " %*.*f", width, digits, value);
    else
        cop_text_printf(text, " %*s", width, "");
}

/* Time, share and rates, where measured; then the work. */
static void columns(const cop_description *d, double seconds, int64_t flops, int64_t bytes,
                    cop_text *text)
{
    if (measured(d)) {
        cop_text_printf(text, " %9.3f %5.1f%%", 1e3 * seconds,
                        100.0 * per_second(seconds, d->all.seconds));
        number(text, 8, 1, per_second(1e-9 * (double)flops, seconds));
        number(text, 7, 1, per_second(1e-9 * (double)bytes, seconds));
    }
    number(text, 9, 1, 1e-6 * (double)flops);
    cop_text_printf(text, " %8.2f", (double)bytes / MEBI);
}

static void heading(const cop_description *d, cop_text *text)
{
    if (measured(d))
        cop_text_printf(text, " %9s %6s %8s %7s", "ms", "share", "GFLOP/s", "GB/s");
    cop_text_printf(text, " %9s %8s", "MFLOP", "MiB");
}

static int wider(int width, const char *word)
{
    int length = (int)strlen(word);
    return length > width ? length : width;
}

static void row_line(const cop_description *d, const cop_row *row, int layout, int implementation,
                     cop_text *text)
{
    cop_text_printf(text, "%4" PRId32, row->index);
    columns(d, row->seconds, row->flops, row->bytes, text);
    cop_text_printf(text, "  %-*s  %-*s  %s  %s", implementation, row->implementation, layout,
                    row->layout, row->operation, row->shapes);
    if (row->label != NULL)
        cop_text_printf(text, "  (%s)", row->label);
    cop_text_append(text, "\n");
}

static void table(const cop_description *d, cop_text *text)
{
    int implementation = 0, layout = 0;
    for (int32_t i = 0; i < d->count; i++) {
        implementation = wider(implementation, d->rows[i].implementation);
        layout = wider(layout, d->rows[i].layout);
    }
    cop_text_append(text, "   #");
    heading(d, text);
    cop_text_printf(text, "  %-*s  %-*s  %s\n", implementation, "by", layout, "layout",
                    "operation and shapes");
    for (int32_t i = 0; i < d->count; i++)
        row_line(d, &d->rows[i], layout, implementation, text);
}

static void total_line(const cop_description *d, const char *name, const cop_row_total *total,
                       cop_text *text)
{
    cop_text_printf(text, "%4" PRId32, total->count);
    columns(d, total->seconds, total->flops, total->bytes, text);
    cop_text_printf(text, "  %s\n", name);
}

static void totals(const cop_description *d, cop_text *text)
{
    cop_text_append(text, "\n ops");
    heading(d, text);
    cop_text_append(text, "  kind\n");
    for (int kind = 0; kind < COP_ROW_KIND_COUNT; kind++)
        if (d->of[kind].count > 0)
            total_line(d, cop_row_kind_name((cop_row_kind)kind), &d->of[kind], text);
    total_line(d, "total", &d->all, text);
}

static int slower_first(const void *a, const void *b)
{
    const cop_row *x = *(const cop_row *const *)a, *y = *(const cop_row *const *)b;
    if (x->seconds != y->seconds)
        return x->seconds > y->seconds ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void most_expensive(const cop_description *d, cop_text *text)
{
    enum { TOLD = 5 };
    const cop_row **order = calloc((size_t)d->count + 1, sizeof *order);
    if (order == NULL) {
        text->failed = true;
        return;
    }
    for (int32_t i = 0; i < d->count; i++)
        order[i] = &d->rows[i];
    qsort(order, (size_t)d->count, sizeof *order, slower_first);
    cop_text_append(text, "\nmost time in:\n");
    for (int32_t i = 0; i < d->count && i < TOLD; i++)
        cop_text_printf(text, "%4" PRId32 " %9.3f ms %5.1f%%  %s  %s\n", order[i]->index,
                        1e3 * order[i]->seconds,
                        100.0 * per_second(order[i]->seconds, d->all.seconds), order[i]->operation,
                        order[i]->shapes);
    free(order);
}

static void footing(const cop_description *d, cop_text *text)
{
    const cop_row_total *reorders = &d->of[COP_ROW_REORDER];
    cop_text_printf(text, "\narena %.2f MiB; %" PRId32 " reorders of %.2f MiB; ",
                    (double)d->arena_bytes / MEBI, reorders->count, (double)reorders->bytes / MEBI);
    cop_text_printf(text, "%.1f MFLOP, and %.1f million elementwise operations; threads %d\n",
                    1e-6 * (double)d->all.flops, 1e-6 * (double)d->all.elements, d->threads);
    if (measured(d))
        cop_text_printf(text, "a run: %.3f ms in operations, %.3f ms copying outputs\n",
                        1e3 * d->all.seconds, 1e3 * d->copy_seconds);
}

void cop_listing_append(const cop_description *d, const char *title, cop_text *text)
{
    cop_text_printf(text, "%s: %" PRId32 " operations; inputs: %s\n",
                    title != NULL ? title : "program", d->count, d->inputs);
    if (measured(d))
        cop_text_printf(text, "%" PRId64 " runs in %.3f s; medians of the last %d at most\n",
                        d->runs, d->elapsed_seconds, COP_PROFILE_KEPT);
    table(d, text);
    totals(d, text);
    if (measured(d))
        most_expensive(d, text);
    footing(d, text);
    cop_text_append(text, "\n");
}

cop_status cop_listing_of(const cop_program *p, const char *title, char **text, cop_error *err)
{
    cop_description d;
    cop_text built = {0};
    *text = NULL;
    cop_status status = cop_describe(p, &d, err);
    if (status == COP_OK) {
        cop_listing_append(&d, title, &built);
        *text = cop_text_take(&built);
        if (*text == NULL)
            status = cop_fail(err, COP_FAILED, "out of memory to list a program");
    }
    cop_description_clear(&d);
    return status;
}

/* mask.c: a ticket's mask: what it keeps of each layer, which layers have collapsed, and how much
 * it has in common with the masks of other tickets, beside what two random masks would have that
 * keep as much of each layer. No copy is looked at, and nothing is computed but counts. */
#include "mask.h"

#include <stdio.h>

typedef struct mask_options {
    int32_t others;
} mask_options;

enum { OTHERS_BOTH = 0, OTHERS_LINE = 1, OTHERS_ROUND = 2, OTHERS_STUDY = 3, OTHERS_NONE = 4 };

static cop_status plan_mask(const void *given, cop_plan *plan, cop_error *err)
{
    static const uint32_t wanted[] = {[OTHERS_BOTH] = COP_TICKETS_OF_LINE | COP_TICKETS_OF_ROUND,
                                      [OTHERS_LINE] = COP_TICKETS_OF_LINE,
                                      [OTHERS_ROUND] = COP_TICKETS_OF_ROUND,
                                      [OTHERS_STUDY] = COP_TICKETS_OF_STUDY,
                                      [OTHERS_NONE] = 0};
    const mask_options *o = given;
    (void)err;
    cop_plan_need_no_copy(plan);
    cop_plan_need_masks(plan, wanted[o->others]);
    return COP_OK;
}

static const cop_column summary_columns[] = {
    COP_COLUMN_OF(VALUE, FLOAT, "least_kept", "fraction", "Share that the sparsest layer keeps"),
    COP_COLUMN_OF(VALUE, INT, "empty_layers", NULL, "Layers of which nothing is left"),
};

static const cop_plot summary_plot = {COP_SIZED(cop_plot), .headlines = "least_kept"};

static cop_status tell_summary(const cop_tensors *mask, cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "mask_summary",
                                 .help = "The sparsest layer", COP_COLUMNS(summary_columns),
                                 .plot = &summary_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    double least = 1.0;
    int64_t empty = 0;
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *layer = cop_tensors_at(mask, i);
        double kept = (double)mask_kept(layer) / (double)cop_shape_count(layer->shape);
        least = kept < least ? kept : least;
        empty += kept > 0.0 ? 0 : 1;
    }
    const cop_table_value cells[] = {{.f = least}, {.i = empty}};
    return cop_table_row(table, cells, err);
}

static const cop_column layer_columns[] = {
    COP_COLUMN_OF(KEY, INT, "depth", NULL, "Which layer it is, from the input on, from 1"),
    COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "The parameter"),
    COP_COLUMN_OF(VALUE, INT, "weights", NULL, "Its weights"),
    COP_COLUMN_OF(VALUE, INT, "kept", NULL, "Those that the mask keeps"),
    COP_COLUMN_OF(VALUE, FLOAT, "kept_share", "fraction", "The same by all of them"),
};

static const cop_plot layer_plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES,
                                    .title = "What the mask keeps of each layer", .x = "layer",
                                    .y = "kept_share"};

static cop_status tell_layers(const cop_tensors *mask, cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "mask_layer",
                                 .help = "What the mask keeps of each layer",
                                 COP_COLUMNS(layer_columns), .plot = &layer_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *layer = cop_tensors_at(mask, i);
        int64_t weights = cop_shape_count(layer->shape), kept = mask_kept(layer);
        const cop_table_value cells[] = {{.i = (int64_t)i + 1},
                                         {.text = layer->name},
                                         {.i = weights},
                                         {.i = kept},
                                         {.f = (double)kept / (double)weights}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static const cop_column overlap_columns[] = {
    COP_COLUMN_OF(KEY, TEXT, "kind", NULL,
                  "What the other ticket is: another round of this line (\"line\"), of this cell "
                  "under another seed (\"seed\"), of another cell (\"cell\")"),
    COP_COLUMN_OF(KEY, TEXT, "other_cell", NULL, "Its cell"),
    COP_COLUMN_OF(KEY, INT, "other_round", NULL, "Its round"),
    COP_COLUMN_OF(REPETITION, INT, "other_seed", NULL, "Its seed"),
    COP_COLUMN_OF(VALUE, FLOAT, "jaccard", "fraction",
                  "Of the weights that one of both keeps, the share that both keep"),
    COP_COLUMN_OF(VALUE, FLOAT, "jaccard_by_chance", "fraction",
                  "Of two random masks that keep as many of each layer"),
    COP_COLUMN_OF(VALUE, FLOAT, "hamming", "fraction", "Weights in which they differ"),
    COP_COLUMN_OF(VALUE, FLOAT, "hamming_by_chance", "fraction",
                  "Of two random masks that keep as many of each layer"),
    COP_COLUMN_OF(KEY, TEXT, "other", NULL,
                  "Which it is, in words: a round of this line, another cell under the same seed, "
                  "other seeds"),
    COP_COLUMN_OF(VALUE, FLOAT, "jaccard_above_chance", "fraction",
                  "What the masks share beyond what chance gives"),
};

static const cop_plot overlap_plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_POINTS,
                                      .title = "Overlap of the mask with others, above chance",
                                      .x = "other", .y = "jaccard_above_chance"};

/* Which ticket the other is, for an axis; `text` has room for a long label. Another cell under the
 * same seed started from the same weights, under other seeds it did not. */
static const char *name_other(const cop_other_ticket *other, char *text, size_t size)
{
    if (other->is_of_line)
        (void)snprintf(text, size, "round %lld", (long long)other->round);
    else if (other->is_of_cell)
        (void)snprintf(text, size, "other seeds");
    else
        (void)snprintf(text, size, "%s%s", other->cell, other->is_of_seed ? "" : ", other seeds");
    return text;
}

static cop_status tell_other(cop_work *work, size_t i, cop_table *table, cop_error *err)
{
    cop_other_ticket other = {COP_SIZED(cop_other_ticket)};
    const cop_tensors *own = NULL, *mask = NULL;
    mask_overlap o;
    char name[300];
    COP_TRY(cop_work_mask(work, &own, err));
    COP_TRY(cop_work_other(work, i, &other, err));
    COP_TRY(cop_work_other_mask(work, i, &mask, err));
    COP_TRY(mask_compare(own, mask, &o, err));
    const cop_table_value cells[] = {
        {.text = other.is_of_line   ? "line"
                 : other.is_of_cell ? "seed"
                                    : "cell"},
        {.text = other.cell},
        {.i = other.round},
        {.i = other.seed},
        {.f = mask_jaccard(&o, o.both)},
        {.f = mask_jaccard(&o, o.by_chance)},
        {.f = mask_hamming(&o, o.both)},
        {.f = mask_hamming(&o, o.by_chance)},
        {.text = name_other(&other, name, sizeof name)},
        {.f = mask_jaccard(&o, o.both) - mask_jaccard(&o, o.by_chance)}};
    return cop_table_row(table, cells, err);
}

static cop_status tell_overlap(cop_work *work, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "mask_overlap",
                                 .help = "What the mask has in common with those of other tickets",
                                 COP_COLUMNS(overlap_columns), .plot = &overlap_plot};
    cop_table *table = NULL;
    size_t count = cop_work_other_count(work);
    if (count == 0)
        return COP_OK;
    COP_TRY(cop_tables_add(cop_work_tables(work), &spec, &table, err));
    for (size_t i = 0; i < count; i++)
        COP_TRY(tell_other(work, i, table, err));
    return COP_OK;
}

static cop_status finish_mask(void *state, cop_work *work, cop_error *err)
{
    const cop_tensors *mask = NULL;
    (void)state;
    COP_TRY(cop_work_mask(work, &mask, err));
    COP_TRY(tell_summary(mask, cop_work_tables(work), err));
    COP_TRY(tell_layers(mask, cop_work_tables(work), err));
    return tell_overlap(work, err);
}

static const char *const others_names[] = {"both", "line", "round", "study", "none", NULL};

static const cop_option option_table[] = {
    COP_OPT_ENUM(mask_options, others, "both", others_names,
                 "Whose masks it is compared with: those of other rounds of its line, those of the "
                 "same round in other cells and under other seeds, both, all of the study, none"),
};

COP_PLUGIN(
    ANALYZER, .id = "mask", .version = "1.1.0", .results_version = "2",
    .summary = "What a mask keeps of each layer, and its overlap with other masks",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "P. Jaccard, Distribution de la flore alpine, Bull. Soc. Vaud. Sci. Nat. 1901",
    COP_OPTIONS(mask_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_mask, .finish = finish_mask},
    .defaults = "chosen here.",
    .departures = "none: both indices are counts. By chance means layer by layer: two masks "
                  "that keep as many weights of each layer as these do, drawn at random.");

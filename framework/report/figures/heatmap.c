/* heatmap.c: the part of a script that draws a heat map: colours by one scale in all panels,
 * contours, and marks with their numbers. */
#include "report/figures/heatmap.h"

#include "report/figures/script.h"

#include <math.h>

#define CONTOURS 9

void cop_heatmap_scale(cop_text *script, const cop_figure *f)
{
    double low = 0.0, high = 0.0;
    cop_script_value_range(f, &low, &high);
    if (!(high > low))
        return;
    bool is_log = cop_script_is_log_value(low, high);
    cop_text_printf(script, "%sset cbrange [%.6g:%.6g]\nset cntrparam levels discrete ",
                    is_log ? "set logscale cb\n" : "", low, high);
    for (int i = 1; i <= CONTOURS; i++) {
        double share = (double)i / (CONTOURS + 1);
        double level = is_log ? low * pow(high / low, share) : low + share * (high - low);
        cop_text_printf(script, "%s%.6g", i > 1 ? "," : "", level);
    }
    cop_text_append(script, "\n");
}

/* The contours of a grid as lines, made by gnuplot: its own separator is a space, ours a comma. */
static void write_contours(cop_text *script, const cop_figure *f, size_t index)
{
    cop_text_printf(script,
                    "set contour base\nunset surface\nset table $levels\n"
                    "splot '%s.csv' skip 1 index %zu using ",
                    f->name, index);
    cop_script_column(script, 1, f->x_scale);
    cop_text_append(script, ":2:");
    cop_script_column(script, 3, f->value_scale);
    cop_text_append(script, " notitle\n"
                            "unset table\nunset contour\nset surface\n"
                            "set print $lines\nprint '0,NaN'\n"
                            "do for [i=1:|$levels|] { if (words($levels[i]) == 3) { print "
                            "word($levels[i], 1).','.word($levels[i], 2) } else { print '' } }\n"
                            "unset print\n");
}

void cop_heatmap_panel(cop_text *script, const cop_figure *f, const cop_panel *panel, size_t index)
{
    write_contours(script, f, index);
    if (panel->mark_count > 0) {
        cop_text_append(script, "$marks << END\n");
        for (size_t i = 0; i < panel->mark_count; i++)
            cop_text_printf(script, "%.9g,%.9g,%zu\n",
                            cop_script_scale(f->x_scale) * panel->marks[i].x, panel->marks[i].y, i);
        cop_text_append(script, "END\n");
    }
    cop_text_printf(script, "plot '%s.csv' skip 1 index %zu using ", f->name, index);
    cop_script_column(script, 1, f->x_scale);
    cop_text_append(script, ":2:");
    cop_script_column(script, 3, f->value_scale);
    cop_text_append(script, " with image notitle, \\\n     $lines using 1:2 with lines linewidth 1 "
                            "linecolor rgb '#ffffff' notitle");
    if (panel->mark_count > 0)
        cop_text_append(script,
                        ", \\\n     $marks using 1:2 with points pointtype 7 pointsize 2.6 "
                        "linecolor rgb '#d55e00' notitle, \\\n     $marks using 1:2 with points "
                        "pointtype 7 pointsize 2.1 linecolor rgb '#222222' notitle, \\\n     "
                        "$marks using 1:2:3 with labels textcolor rgb '#ffffff' notitle");
    cop_text_append(script, "\n");
}

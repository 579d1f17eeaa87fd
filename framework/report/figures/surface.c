/* surface.c: the part of a script that draws surfaces over a grid, seen from above at an angle. */
#include "report/figures/surface.h"

#include "report/figures/script.h"

#include <math.h>

void cop_surface_scale(cop_text *script, const cop_figure *f)
{
    double low = 0.0, high = 0.0;
    cop_script_value_range(f, &low, &high);
    cop_text_append(script, "set view 62, 38\n"
                            "set border 895 linecolor rgb '#888888'\n"
                            "set grid x y z vertical\n"
                            "set pm3d depthorder border linecolor rgb '#333333' linewidth 0.6\n"
                            "set autoscale xfix\nset autoscale yfix\n"
                            "set xlabel offset 0,-0.5\nset ylabel offset -1,-0.5\n"
                            "set zlabel rotate by 90 offset -0.8,0\n"
                            "unset colorbox\nunset key\n");
    if (!(high > low))
        return;
    const char *log = cop_script_is_log_value(low, high) ? "set logscale z\nset logscale cb\n" : "";
    cop_text_printf(script,
                    "%sset zrange [%.6g:%.6g]\nset cbrange [%.6g:%.6g]\nset xyplane at %.6g\n", log,
                    low, high, low, high, low);
}

void cop_surface_panel(cop_text *script, const cop_figure *f, const cop_panel *panel, size_t index)
{
    cop_text_printf(script, "splot '%s.csv' skip 1 index %zu using ", f->name, index);
    cop_script_column(script, 1, f->x_scale);
    cop_text_append(script, ":");
    cop_script_column(script, 2, panel->curves[0].y_scale);
    cop_text_append(script, ":");
    cop_script_column(script, 3, f->value_scale);
    cop_text_append(script, " with pm3d notitle\n");
}

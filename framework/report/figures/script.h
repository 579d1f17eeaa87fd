/* script.h (implemented in figure.c): what the writers of gnuplot's scripts share. */
#ifndef COP_REPORT_FIGURES_SCRIPT_H
#define COP_REPORT_FIGURES_SCRIPT_H

#include "core/text.h"

/* What numbers are multiplied by when they are drawn: 1 where `scale` is 0. */
double cop_script_scale(double scale);

/* Appends a column of the data (from 1) as it is drawn. */
void cop_script_column(cop_text *script, int column, double scale);

#endif

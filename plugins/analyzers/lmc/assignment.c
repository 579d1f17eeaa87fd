/* assignment.c: the linear assignment problem by shortest augmenting paths, in O(n³): rows are
 * assigned one after the other, each along the path that costs least, with dual prices kept such
 * that no edge costs less than nothing (Kuhn 1955; Jonker & Volgenant 1987). */
#include "align.h"

#include <math.h>
#include <stdlib.h>

/* Index n of the columns is where a row that is to be assigned stands meanwhile. */
typedef struct solver {
    const double *gain;
    int64_t n;
    double *row_price, *column_price; /* n, n + 1 */
    double *least;                    /* by column: the cheapest way to it that was found */
    int64_t *row_of;                  /* by column, n + 1; −1: none */
    int64_t *before;                  /* by column: the column from which that way comes */
    bool *is_reached;                 /* by column, n + 1 */
} solver;

static cop_status make(solver *s, const double *gain, int64_t n, cop_error *err)
{
    size_t room = (size_t)n + 1;
    *s = (solver){.gain = gain,
                  .n = n,
                  .row_price = calloc(room, sizeof *s->row_price),
                  .column_price = calloc(room, sizeof *s->column_price),
                  .least = calloc(room, sizeof *s->least),
                  .row_of = calloc(room, sizeof *s->row_of),
                  .before = calloc(room, sizeof *s->before),
                  .is_reached = calloc(room, sizeof *s->is_reached)};
    if (s->row_price == NULL || s->column_price == NULL || s->least == NULL || s->row_of == NULL ||
        s->before == NULL || s->is_reached == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t j = 0; j <= n; j++)
        s->row_of[j] = -1;
    return COP_OK;
}

static void clear(solver *s)
{
    free(s->row_price);
    free(s->column_price);
    free(s->least);
    free(s->row_of);
    free(s->before);
    free(s->is_reached);
}

/* Goes on from the row at `column` to the nearest column that is not reached yet. */
static int64_t reach(solver *s, int64_t column)
{
    int64_t row = s->row_of[column], nearest = -1;
    double step = INFINITY;
    s->is_reached[column] = true;
    for (int64_t j = 0; j < s->n; j++) {
        if (s->is_reached[j])
            continue;
        double reduced = -s->gain[row * s->n + j] - s->row_price[row] - s->column_price[j];
        if (reduced < s->least[j]) {
            s->least[j] = reduced;
            s->before[j] = column;
        }
        if (nearest < 0 || s->least[j] < step) {
            step = s->least[j];
            nearest = j;
        }
    }
    for (int64_t j = 0; j <= s->n; j++) {
        if (s->is_reached[j]) {
            s->row_price[s->row_of[j]] += step;
            s->column_price[j] -= step;
        } else if (j < s->n) {
            s->least[j] -= step;
        }
    }
    return nearest;
}

static void assign(solver *s, int64_t row)
{
    int64_t column = s->n;
    s->row_of[column] = row;
    for (int64_t j = 0; j <= s->n; j++) {
        s->least[j] = INFINITY;
        s->is_reached[j] = false;
    }
    while (s->row_of[column] >= 0)
        column = reach(s, column);
    for (; column != s->n; column = s->before[column])
        s->row_of[column] = s->row_of[s->before[column]];
}

cop_status lmc_assign(const double *gain, int64_t n, int64_t *column_of, cop_error *err)
{
    solver s;
    cop_status status = COP_OK;
    for (int64_t k = 0; k < n * n; k++) {
        if (!isfinite(gain[k]))
            return cop_fail(err, COP_FAILED, "assignment: a gain is no number");
    }
    status = make(&s, gain, n, err);
    for (int64_t row = 0; status == COP_OK && row < n; row++)
        assign(&s, row);
    for (int64_t j = 0; status == COP_OK && j < n; j++)
        column_of[s.row_of[j]] = j;
    clear(&s);
    return status;
}

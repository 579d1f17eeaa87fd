/* steps.c: which steps there are, what they keep in memory, and what is refused before any. */
#include "hessian.h"

#define MEBIBYTE 1048576.0

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The dense Hessian holds the diagonal, unless probes are insisted on. */
static bool is_by_columns(const hessian_options *o)
{
    return o->dense && o->diagonal != HESSIAN_PROBES;
}

bool hessian_is_resolved(const hessian_options *o)
{
    return o->resolution > 0.0 && o->diagonal != HESSIAN_EXACT && !is_by_columns(o);
}

static int64_t pilot_of(const hessian_options *o)
{
    return least(HESSIAN_PILOT, o->most_probes);
}

/* Probes that look as if they took longer than the exact diagonal give way to it: together these
 * are at most twice the coordinates, and the first probes. */
static int64_t resolved_steps(const hessian_options *o, int64_t surviving)
{
    if (o->diagonal == HESSIAN_PROBES)
        return o->most_probes;
    return hessian_is_exact(o, surviving) ? surviving
                                          : pilot_of(o) + least(2 * surviving, o->most_probes);
}

static int64_t diagonal_steps(const hessian_options *o, int64_t surviving)
{
    if (is_by_columns(o))
        return 0;
    if (o->diagonal == HESSIAN_EXACT)
        return surviving;
    if (hessian_is_resolved(o))
        return resolved_steps(o, surviving);
    return o->diagonal == HESSIAN_AUTO ? least(o->probes, surviving) : o->probes;
}

hessian_steps hessian_steps_of(const hessian_options *o, int64_t surviving)
{
    hessian_steps s = {.diagonal = diagonal_steps(o, surviving),
                       .columns = o->dense ? surviving : 0};
    if (o->eigenvalues > 0 || o->density > 0) {
        s.depth = least(o->lanczos, surviving);
        s.pairs = least(o->eigenvalues, s.depth);
        s.starts = o->density > 0 ? o->density : 1;
    }
    return s;
}

int64_t hessian_steps_count(const hessian_steps *s)
{
    return s->diagonal + s->columns + s->starts * s->depth + s->pairs;
}

int64_t hessian_planned_coordinates(const cop_plan *plan)
{
    const cop_model *model = cop_plan_model(plan);
    int64_t all = cop_model_weight_count(model), left = cop_plan_weights_left(plan);
    return left < 0 ? all : all - cop_model_prunable_count(model) + left;
}

bool hessian_is_exact(const hessian_options *o, int64_t surviving)
{
    if (is_by_columns(o) || o->diagonal == HESSIAN_EXACT)
        return true;
    int64_t probes = hessian_is_resolved(o) ? pilot_of(o) : o->probes;
    return o->diagonal == HESSIAN_AUTO && surviving <= probes;
}

int64_t hessian_most_probes(const hessian_options *o, const hessian_steps *s)
{
    return hessian_is_resolved(o) ? least(o->most_probes, s->diagonal) : s->diagonal;
}

bool hessian_may_become_exact(const hessian_options *o, int64_t surviving)
{
    return hessian_is_resolved(o) && o->diagonal == HESSIAN_AUTO && surviving <= o->most_probes;
}

/* What is kept of so many Lanczos vectors, and of a dense Hessian in single and double precision.
 */
static double mebibytes(double vectors, bool is_dense, double coordinates)
{
    return (4.0 * vectors * coordinates + (is_dense ? 12.0 * coordinates * coordinates : 0.0)) /
           MEBIBYTE;
}

static cop_status check_memory(const hessian_options *o, const hessian_steps *s, double coordinates,
                               cop_error *err)
{
    double wanted = mebibytes((double)s->depth, o->dense, coordinates), given = (double)o->memory;
    if (wanted <= given)
        return COP_OK;
    double one = mebibytes(1.0, false, coordinates);
    double fits = floor((given - mebibytes(0.0, o->dense, coordinates)) / one);
    if (fits < 1.0)
        return cop_fail(err, COP_INVALID,
                        "%.0f MiB are wanted for %.0f coordinates, and memory = %.0f: memory = "
                        "%.0f would do",
                        ceil(wanted), coordinates, given, ceil(wanted));
    return cop_fail(err, COP_INVALID,
                    "%.0f MiB are wanted, most of them for %lld Lanczos vectors of up to %.0f "
                    "coordinates, and memory = %.0f: lanczos = %.0f would fit, or memory = %.0f",
                    ceil(wanted), (long long)s->depth, coordinates, given, fits, ceil(wanted));
}

static cop_status check_parts(const hessian_options *o, const hessian_steps *s, int64_t coordinates,
                              cop_error *err)
{
    if (hessian_steps_count(s) == 0)
        return cop_fail(err, COP_INVALID,
                        "nothing is wanted: probes, resolution, eigenvalues and density are 0, "
                        "and dense is false");
    if (o->entries && s->diagonal == 0 && !is_by_columns(o))
        return cop_fail(err, COP_INVALID,
                        "entries = true is the diagonal's, and with probes = 0 there is none");
    if (o->dense && coordinates > HESSIAN_DENSE_MOST)
        return cop_fail(err, COP_INVALID,
                        "dense = true is for at most %d coordinates, and %lld survive: "
                        "eigenvalues and density go without the whole matrix",
                        HESSIAN_DENSE_MOST, (long long)coordinates);
    if (o->eigenvalues > o->lanczos)
        return cop_fail(err, COP_INVALID,
                        "eigenvalues = %lld are more than lanczos = %lld steps can tell",
                        (long long)o->eigenvalues, (long long)o->lanczos);
    return check_memory(o, s, (double)coordinates, err);
}

static void warn_of_idle_probes(const hessian_options *o, cop_plan *plan)
{
    static const char *const of_probes[] = {"probes", "resolution", "most_probes"};
    bool is_probed = o->diagonal == HESSIAN_PROBES || (o->diagonal == HESSIAN_AUTO && !o->dense);
    for (int i = 0; i < 3; i++) {
        if (!is_probed && cop_plan_states(plan, of_probes[i]))
            cop_plan_warn(plan, "%s has no say: the diagonal is exact", of_probes[i]);
    }
    if (is_probed && o->resolution > 0.0 && cop_plan_states(plan, "probes"))
        cop_plan_warn(plan, "probes has no say: how many there are follows from resolution = %g",
                      o->resolution);
    if (is_probed && o->resolution == 0.0 && cop_plan_states(plan, "most_probes"))
        cop_plan_warn(plan, "most_probes has no say where resolution = 0");
}

/* Whoever sets an option that does nothing has something else in mind. */
static void warn_of_idle(const hessian_options *o, cop_plan *plan)
{
    static const char *const of_lanczos[] = {"lanczos", "memory"};
    static const char *const of_density[] = {"smoothing", "points"};
    warn_of_idle_probes(o, plan);
    for (int i = 0; i < 2; i++) {
        bool is_idle = o->eigenvalues == 0 && o->density == 0 && !(i == 1 && o->dense);
        if (is_idle && cop_plan_states(plan, of_lanczos[i]))
            cop_plan_warn(plan, "%s has no say where eigenvalues = 0 and density = 0",
                          of_lanczos[i]);
        if (o->density == 0 && cop_plan_states(plan, of_density[i]))
            cop_plan_warn(plan, "%s has no say where density = 0", of_density[i]);
    }
}

cop_status hessian_check(const hessian_options *o, cop_plan *plan, cop_error *err)
{
    int64_t coordinates = hessian_planned_coordinates(plan);
    const hessian_steps s = hessian_steps_of(o, coordinates);
    COP_TRY(check_parts(o, &s, coordinates, err));
    warn_of_idle(o, plan);
    return COP_OK;
}

/* order.c: in which order the units run. Two orders are made, that of the graph and a greedy one
 * that frees memory where it can; the one whose peak is lower is taken. */
#include "exec/compiler/compiler.h"

#include <stdlib.h>
#include <string.h>

typedef struct orderer {
    cop_compiler *c;
    int32_t count;    /* units */
    int32_t *step_of; /* of a unit's naming node: its step before ordering */
    int32_t *waits;   /* of a step: operands (with repeats) not computed yet */
    int32_t *readers; /* of a root: reads (with repeats) still to come; +1 where it is kept */
    int32_t *ready;   /* steps that could run now */
    int32_t ready_count;
    int32_t *chosen;    /* the order being made */
    int64_t live, peak; /* bytes */
} orderer;

static int64_t bytes_of(const cop_compiler *c, cop_node v)
{
    return c->stored[v] ? (int64_t)cop_plain_bytes(cop_graph_node(c->g, v)->shape) : 0;
}

/* Steps in the order of their last nodes, and their members, ascending. */
static cop_status collect(orderer *o, cop_error *err)
{
    cop_compiler *c = o->c;
    size_t size = (size_t)c->node_count + 1;
    int32_t *counts = cop_compiler_array(size, sizeof *counts, err);
    cop_node *last = cop_compiler_array(size, sizeof *last, err);
    if (counts == NULL || last == NULL) {
        free(counts);
        free(last);
        return COP_FAILED;
    }
    for (cop_node v = 1; v <= c->node_count; v++)
        if (c->unit[v] != 0) {
            counts[c->unit[v]]++;
            last[c->unit[v]] = v;
        }
    int32_t first = 0;
    for (cop_node v = 1; v <= c->node_count; v++)
        if (c->unit[v] != 0 && last[c->unit[v]] == v) {
            o->step_of[c->unit[v]] = o->count;
            c->steps[o->count++] = (cop_unit){.first = first};
            first += counts[c->unit[v]];
        }
    for (cop_node v = 1; v <= c->node_count; v++)
        if (c->unit[v] != 0) {
            cop_unit *step = &c->steps[o->step_of[c->unit[v]]];
            c->members[step->first + step->count++] = v;
        }
    c->step_count = o->count;
    free(counts);
    free(last);
    return COP_OK;
}

/* The step whose result operand i of `node` is, or −1 for a leaf and for the node's own step. */
static int32_t source_step(const orderer *o, const cop_node_data *node, int32_t i, int32_t own)
{
    const cop_compiler *c = o->c;
    cop_node unit = c->unit[c->root[node->inputs[i]]];
    if (unit == 0 || o->step_of[unit] == own)
        return -1;
    return o->step_of[unit];
}

static void reset(orderer *o)
{
    cop_compiler *c = o->c;
    o->ready_count = 0;
    o->live = o->peak = 0;
    for (cop_node v = 1; v <= c->node_count; v++)
        o->readers[v] = c->uses[v + 1] - c->uses[v] + (c->kept[v] ? 1 : 0);
    for (int32_t s = 0; s < o->count; s++) {
        o->waits[s] = 0;
        for (int32_t k = 0; k < c->steps[s].count; k++) {
            const cop_node_data *node = cop_graph_node(c->g, c->members[c->steps[s].first + k]);
            for (int32_t i = 0; i < node->input_count; i++)
                if (source_step(o, node, i, s) >= 0)
                    o->waits[s]++;
        }
        if (o->waits[s] == 0)
            o->ready[o->ready_count++] = s;
    }
}

/* Bytes that running the step adds to those live: what it makes less what it is the last to read.
 */
static int64_t growth(const orderer *o, int32_t s)
{
    const cop_compiler *c = o->c;
    int64_t bytes = 0;
    for (int32_t k = 0; k < c->steps[s].count; k++) {
        cop_node v = c->members[c->steps[s].first + k];
        const cop_node_data *node = cop_graph_node(c->g, v);
        bytes += bytes_of(c, v);
        for (int32_t i = 0; i < node->input_count; i++)
            if (source_step(o, node, i, s) >= 0 && o->readers[c->root[node->inputs[i]]] == 1)
                bytes -= bytes_of(c, c->root[node->inputs[i]]);
    }
    return bytes;
}

/* Takes the step out of the ready ones, counts its memory, and lets its readers become ready. */
static void run_step(orderer *o, int32_t place)
{
    cop_compiler *c = o->c;
    int32_t s = o->ready[place];
    memmove(o->ready + place, o->ready + place + 1,
            (size_t)(o->ready_count - place - 1) * sizeof *o->ready);
    o->ready_count--;
    for (int32_t k = 0; k < c->steps[s].count; k++)
        o->live += bytes_of(c, c->members[c->steps[s].first + k]);
    o->peak = o->live > o->peak ? o->live : o->peak;
    for (int32_t k = 0; k < c->steps[s].count; k++) {
        cop_node v = c->members[c->steps[s].first + k];
        const cop_node_data *node = cop_graph_node(c->g, v);
        for (int32_t i = 0; i < node->input_count; i++) {
            cop_node source = c->root[node->inputs[i]];
            if (source_step(o, node, i, s) >= 0 && --o->readers[source] == 0)
                o->live -= bytes_of(c, source);
        }
        for (int32_t i = c->uses[v]; i < c->uses[v + 1]; i++) {
            int32_t reader = o->step_of[c->unit[c->users[i]]];
            if (reader == s)
                o->readers[v]--;
            else if (--o->waits[reader] == 0)
                o->ready[o->ready_count++] = reader;
        }
    }
}

/* The ready step that comes first in the graph, or the one that adds least memory. */
static int32_t best_ready(const orderer *o, bool greedy)
{
    int32_t best = 0;
    int64_t least = greedy ? growth(o, o->ready[0]) : 0;
    for (int32_t i = 1; i < o->ready_count; i++) {
        int64_t bytes = greedy ? growth(o, o->ready[i]) : 0;
        if (bytes < least || (bytes == least && o->ready[i] < o->ready[best])) {
            best = i;
            least = bytes;
        }
    }
    return best;
}

static int64_t simulate(orderer *o, bool greedy)
{
    reset(o);
    for (int32_t done = 0; done < o->count; done++) {
        int32_t place = best_ready(o, greedy);
        o->chosen[done] = o->ready[place];
        run_step(o, place);
    }
    return o->peak;
}

static cop_status order_steps(orderer *o, cop_error *err)
{
    cop_compiler *c = o->c;
    COP_TRY(collect(o, err));
    int64_t greedy_peak = simulate(o, true);
    if (simulate(o, false) > greedy_peak)
        (void)simulate(o, true);
    cop_unit *ordered = cop_compiler_array((size_t)o->count, sizeof *ordered, err);
    if (ordered == NULL)
        return COP_FAILED;
    for (int32_t i = 0; i < o->count; i++)
        ordered[i] = c->steps[o->chosen[i]];
    free(c->steps);
    c->steps = ordered;
    return COP_OK;
}

cop_status cop_order(cop_compiler *c, cop_error *err)
{
    size_t size = (size_t)c->node_count + 1;
    c->steps = cop_compiler_array(size, sizeof *c->steps, err);
    c->members = cop_compiler_array(size, sizeof *c->members, err);
    orderer o = {.c = c};
    o.step_of = cop_compiler_array(size, sizeof *o.step_of, err);
    o.waits = cop_compiler_array(size, sizeof *o.waits, err);
    o.readers = cop_compiler_array(size, sizeof *o.readers, err);
    o.ready = cop_compiler_array(size, sizeof *o.ready, err);
    o.chosen = cop_compiler_array(size, sizeof *o.chosen, err);
    cop_status status = COP_FAILED;
    if (c->steps != NULL && c->members != NULL && o.step_of != NULL && o.waits != NULL &&
        o.readers != NULL && o.ready != NULL && o.chosen != NULL)
        status = order_steps(&o, err);
    free(o.step_of);
    free(o.waits);
    free(o.readers);
    free(o.ready);
    free(o.chosen);
    return status;
}

/* plane_kernel.c: running a fused sequence of plane operations, block after block. */
#include "exec/kernels/plane/plane_kernel.h"

#include "core/openmp.h"
#include "core/readable.h"
#include "exec/kernels/elementwise/lanes.h"
#include "exec/kernels/elementwise/tile.h"
#include "exec/kernels/pool/pool_2x2.h"

enum { MAX_LANES = 16, SERIAL_COUNT = 8192 };

/* What a thread works with. Pointers of planes are those of the present tile. */
typedef struct worker {
    const cop_plane *p;
    const float *const *in;
    float *const *out;
    float *scratch; /* its own */
    double
        *partials; /* shared: of sink s, block b, lane l at [(s·samples·channels) + b·lanes + l] */
    float *reg[COP_PLANE_REGISTERS];  /* as plane operations see them */
    float *lane[COP_PLANE_REGISTERS]; /* as lane operations see them */
    float *base[COP_PLANE_REGISTERS]; /* of planes: the block's first element */
    double total[COP_PLANE_OPS][MAX_LANES];
    int64_t ahead_step, ahead_at; /* lines to ask for at an operation; elements asked for */
    int32_t ahead_operand;
} worker;

/* A register as an operand of plane operations; none where r is −1. */
static cop_lanes operand(const worker *w, int32_t r)
{
    if (r < 0)
        return (cop_lanes){NULL, true};
    return (cop_lanes){w->reg[r], w->p->registers[r].zoom == 0};
}

static int64_t plane_size(const cop_plane *p, int32_t zoom)
{
    return p->rows * zoom * p->columns * zoom * p->lanes;
}

static int64_t tile_size(const cop_plane *p, int64_t rows, int32_t zoom)
{
    return rows * zoom * p->columns * zoom * p->lanes;
}

/* Registers that are the same for every block. */
static void start(worker *w)
{
    const cop_plane *p = w->p;
    for (int32_t r = 0; r < p->register_count; r++) {
        const cop_plane_register *reg = &p->registers[r];
        if (reg->slot >= 0 && reg->home == COP_PLANE_LANES)
            w->lane[r] = w->scratch + reg->slot;
        else if (reg->slot >= 0)
            w->base[r] = w->reg[r] = w->scratch + reg->slot;
        if (reg->spread >= 0)
            w->reg[r] = w->scratch + reg->spread;
        if (reg->home == COP_PLANE_UNIFORM || reg->home == COP_PLANE_VALUE) {
            float value = reg->home == COP_PLANE_VALUE ? reg->value : *w->in[reg->index];
            cop_tile_fill(w->reg[r], value, MAX_LANES);
            w->lane[r] = w->reg[r];
        }
    }
}

/* Points the registers in memory at a block. */
static void enter_block(worker *w, int64_t block)
{
    const cop_plane *p = w->p;
    int64_t lane = block * p->lanes; /* among all samples' channels */
    for (int32_t r = 0; r < p->register_count; r++) {
        const cop_plane_register *reg = &p->registers[r];
        int64_t from = reg->per_sample ? lane : lane % p->channels;
        switch (reg->home) {
        case COP_PLANE_OPERAND:
            w->base[r] = cop_readable(w->in[reg->index] + block * plane_size(p, reg->zoom));
            break;
        case COP_PLANE_RESULT:
            w->base[r] = w->out[reg->index] + block * plane_size(p, reg->zoom);
            break;
        case COP_PLANE_LANES_IN:
            w->lane[r] = cop_readable(w->in[reg->index] + from);
            break;
        case COP_PLANE_LANES_OUT:
            w->lane[r] = w->out[reg->index] + lane;
            break;
        default:
            break;
        }
    }
}

/* Repeats the lanes that this phase is the first to read, so that they are sixteen. */
static void spread_lanes(worker *w, int32_t phase)
{
    const cop_plane *p = w->p;
    for (int32_t k = 0; k < p->spread_count; k++) {
        int32_t r = p->spreads[k];
        for (int32_t i = 0; p->registers[r].phase == phase && i < MAX_LANES; i++)
            w->reg[r][i] = w->lane[r][i % p->lanes];
    }
}

static void enter_tile(worker *w, int64_t first_row)
{
    const cop_plane *p = w->p;
    for (int32_t k = 0; k < p->moving_count; k++) {
        int32_t r = p->moving[k];
        w->reg[r] = w->base[r] + tile_size(p, first_row, p->registers[r].zoom);
    }
}

/* After its first phase a block is in the cache, and the memory would be idle.
 * Meanwhile the next block's operands, which follow in memory, are asked for, a few lines at
 * each operation. Asking beyond the end does no harm. */
static void start_ahead(worker *w)
{
    const cop_plane *p = w->p;
    int64_t lines = 0, calls = 0, tiles = (p->rows + p->tile_rows - 1) / p->tile_rows;
    for (int32_t k = 0; k < p->operand_count; k++) {
        const cop_plane_register *reg = &p->registers[p->operand_registers[k]];
        if (reg->home == COP_PLANE_OPERAND)
            lines += plane_size(p, reg->zoom) / MAX_LANES;
    }
    for (int32_t k = 0; k < p->op_count; k++)
        calls += p->ops[k].phase > 0 && p->ops[k].kind != COP_PLANE_LANE_MAP ? tiles : 0;
    w->ahead_step = calls > 0 ? (lines + calls - 1) / calls : 0;
}

static void look_ahead(worker *w)
{
    const cop_plane *p = w->p;
    for (int64_t left = w->ahead_step; left > 0 && w->ahead_operand < p->operand_count;) {
        int32_t r = p->operand_registers[w->ahead_operand];
        int64_t size = plane_size(p, p->registers[r].zoom);
        if (p->registers[r].home != COP_PLANE_OPERAND || w->ahead_at >= size) {
            w->ahead_operand++;
            w->ahead_at = 0;
            continue;
        }
        __builtin_prefetch(w->base[r] + size + w->ahead_at, 0, 2);
        w->ahead_at += MAX_LANES;
        left--;
    }
}

static void pool(worker *w, const cop_plane_op *op, int64_t rows)
{
    const cop_plane *p = w->p;
    const cop_micro_op *m = &op->micro;
    bool adjoint = m->op == COP_OP_AVG_POOL_ADJOINT || m->op == COP_OP_MAX_POOL_PUT;
    const cop_plane_register *small = &p->registers[adjoint ? m->b : m->result];
    cop_pool2 g = {rows * small->zoom, p->columns * small->zoom, p->lanes};
    switch (m->op) {
    case COP_OP_AVG_POOL:
        cop_pool2_average(&g, w->reg[m->result], w->reg[m->a]);
        break;
    case COP_OP_AVG_POOL_ADJOINT:
        cop_pool2_average_adjoint(&g, w->reg[m->result], w->reg[m->b]);
        break;
    case COP_OP_MAX_POOL_PUT:
        cop_pool2_put(&g, w->reg[m->result], w->reg[m->a], w->reg[m->b]);
        break;
    default: /* COP_OP_MAX_POOL, COP_OP_MAX_POOL_TAKE */
        cop_pool2_take(&g, w->reg[m->result], w->reg[m->a], w->reg[m->b]);
        break;
    }
}

static void run_tile(worker *w, int32_t begin, int32_t end, int64_t rows)
{
    const cop_plane *p = w->p;
    for (int32_t k = begin; k < end; k++) {
        const cop_plane_op *op = &p->ops[k];
        const cop_micro_op *m = &op->micro;
        bool reduces = op->kind >= COP_PLANE_SUM && op->kind <= COP_PLANE_SQUARES;
        int32_t zoom = p->registers[reduces ? m->a : m->result].zoom;
        int64_t n = tile_size(p, rows, zoom);
        if (op->phase > 0)
            look_ahead(w);
        switch (op->kind) {
        case COP_PLANE_MAP:
            cop_lanes_apply(m, w->reg[m->result], operand(w, m->a), operand(w, m->b),
                            operand(w, m->c), n);
            break;
        case COP_PLANE_PROJECT:
            cop_lanes_project(w->reg[m->result], operand(w, m->a), operand(w, m->b),
                              operand(w, m->c), operand(w, op->d), n);
            break;
        case COP_PLANE_SCALE:
            cop_lanes_scale(w->reg[m->result], operand(w, m->a), operand(w, m->b), operand(w, m->c),
                            n);
            break;
        case COP_PLANE_SUM:
            if (op->paired) { /* the next operation's dot product reads the same plane */
                cop_lanes_sum_and_dot(operand(w, m->a), operand(w, op[1].micro.b), n, p->lanes,
                                      w->total[k], w->total[k + 1]);
                k++;
                break;
            }
            cop_lanes_sum(operand(w, m->a), n, p->lanes, w->total[k]);
            break;
        case COP_PLANE_DOT:
            cop_lanes_dot(operand(w, m->a), operand(w, m->b), n, p->lanes, w->total[k]);
            break;
        case COP_PLANE_SQUARES:
            cop_lanes_squares(operand(w, m->a), operand(w, m->b), n, p->lanes, w->total[k]);
            break;
        case COP_PLANE_POOL:
            pool(w, op, rows);
            break;
        case COP_PLANE_LANE_MAP:
            break;
        }
    }
}

/* The sums of a phase become lanes, or a sink's share of this block. */
static void finish_sums(worker *w, int32_t begin, int32_t end, int64_t block)
{
    const cop_plane *p = w->p;
    for (int32_t k = begin; k < end; k++) {
        const cop_plane_op *op = &p->ops[k];
        if (op->kind < COP_PLANE_SUM || op->kind > COP_PLANE_SQUARES)
            continue;
        for (int32_t l = 0; l < p->lanes; l++) {
            if (op->share >= 0)
                w->partials[op->share * p->samples * p->channels + block * p->lanes + l] =
                    w->total[k][l];
            if (op->micro.result >= 0)
                w->lane[op->micro.result][l] = (float)((double)op->micro.scale * w->total[k][l]);
        }
    }
}

static void run_block(worker *w, int64_t block)
{
    const cop_plane *p = w->p;
    enter_block(w, block);
    w->ahead_operand = 0;
    w->ahead_at = 0;
    for (int32_t phase = 0, begin = 0; phase < p->phase_count; phase++) {
        int32_t end = begin;
        while (end < p->op_count && p->ops[end].phase == phase)
            end++;
        for (; begin < end && p->ops[begin].kind == COP_PLANE_LANE_MAP; begin++)
            cop_tile_apply(&p->ops[begin].micro, w->lane, p->lanes);
        if (begin == end)
            continue;
        spread_lanes(w, phase);
        for (int32_t k = begin; k < end; k++)
            for (int32_t l = 0; l < p->lanes; l++)
                w->total[k][l] = 0.0;
        for (int64_t row = 0; row < p->rows; row += p->tile_rows) {
            int64_t rows = p->rows - row < p->tile_rows ? p->rows - row : p->tile_rows;
            enter_tile(w, row);
            run_tile(w, begin, end, rows);
        }
        finish_sums(w, begin, end, block);
        begin = end;
    }
}

static void finish_sink(const cop_plane *p, const cop_plane_sink *sink, const double *partials,
                        float *out, int64_t begin, int64_t end)
{
    const double *own = partials + sink->share * p->samples * p->channels;
    const double *sums = partials + sink->mean_share * p->samples * p->channels;
    for (int64_t c = begin; c < end; c++) {
        double total = 0.0, mean = 0.0, squares = 0.0;
        for (int64_t n = 0; n < p->samples; n++)
            total += own[n * p->channels + c];
        for (int64_t n = 0; sink->mean_share >= 0 && n < p->samples; n++)
            mean += sums[n * p->channels + c] / sink->pixels / (double)p->samples;
        for (int64_t n = 0; sink->mean_share >= 0 && n < p->samples; n++) {
            double off = sums[n * p->channels + c] / sink->pixels - mean;
            squares += off * off;
        }
        out[c] = (float)(sink->scale * (total + sink->pixels * squares));
    }
}

static size_t partial_bytes(const cop_plane *p)
{
    size_t bytes = (size_t)(p->share_count * p->samples * p->channels) * sizeof(double);
    return (bytes + 63) / 64 * 64;
}

size_t cop_plane_scratch_bytes(const cop_plane *p, int threads)
{
    return partial_bytes(p) + (size_t)p->thread_floats * sizeof(float) * (size_t)threads;
}

void cop_kernel_plane(const cop_plane *p, const float *const *in, float *const *out, float *scratch,
                      int threads)
{
    double *partials = (double *)(void *)scratch;
    float *first = scratch + partial_bytes(p) / sizeof(float);
    int64_t blocks = p->samples * p->channels / p->lanes;
    int64_t work = blocks * plane_size(p, 1) * p->op_count;
#pragma omp parallel num_threads(threads) if (work >= SERIAL_COUNT)
    {
        int64_t team = omp_get_num_threads(), id = omp_get_thread_num();
        worker w = {.p = p,
                    .in = in,
                    .out = out,
                    .scratch = first + id * p->thread_floats,
                    .partials = partials};
        start(&w);
        start_ahead(&w);
        for (int64_t b = blocks * id / team; b < blocks * (id + 1) / team; b++)
            run_block(&w, b);
        if (p->sink_count > 0) {
#pragma omp barrier
            for (int32_t k = 0; k < p->sink_count; k++)
                finish_sink(p, &p->sinks[k], partials, out[p->sinks[k].result],
                            p->channels * id / team, p->channels * (id + 1) / team);
        }
    }
}

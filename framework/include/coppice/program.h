/* program.h (implemented in exec/): compiling a graph for fixed shapes, and running it again and
 * again.
 *
 * A compiled program holds only what its outputs need, with its memory planned into one arena; a
 * run neither allocates nor parses. Same program, machine and thread count: the same bits. */
#ifndef COPPICE_PROGRAM_H
#define COPPICE_PROGRAM_H

#include <coppice/graph.h>

COP_BEGIN

typedef struct cop_program cop_program;

typedef enum cop_precision {
    COP_PRECISION_F32 = 1, /* compute and accumulate in single precision */
    /* bfloat16 operands, f32 accumulation; COP_UNAVAILABLE without the CPU's help. */
    COP_PRECISION_BF16 = 2
} cop_precision;

/* How to compile: {COP_SIZED(cop_compile_options), .threads = …}. */
typedef struct cop_compile_options {
    uint32_t size;           /* COP_SIZED */
    cop_precision precision; /* 0 means f32 */
    int32_t threads;         /* 0 means what the process runs with */
    int32_t reserved;        /* 0 */
} cop_compile_options;

/* Compiles what `outputs` need. `options` may be NULL, and is read only here. The graph may be
 * freed or grown afterwards. The program is owned by the caller and used by one thread at a
 * time. */
COP_API cop_status cop_compile(const cop_graph *g, const cop_node *outputs, size_t output_count,
                               const cop_compile_options *options, cop_program **program,
                               cop_error *err);

/* Frees it; NULL is fine. What was bound stays the caller's. The host may keep the program for the
 * next who compiles the same graph, who gets it as if it were new. */
COP_API void cop_program_free(cop_program *p);

/* Where the value of an input node is read from at each run: the caller's memory, of the node's
 * shape, valid during the runs. Binding an input that no output needs is allowed and ignored. */
COP_API cop_status cop_program_bind(cop_program *p, cop_node input, const float *data,
                                    cop_error *err);

/* As above by the input's name; COP_FAILED where the graph has no input of that name. */
COP_API cop_status cop_program_bind_name(cop_program *p, const char *name, const float *data,
                                         cop_error *err);

/* Where output i is written at each run; without it the output stays readable in the program. An
 * output's memory may be the memory of an input (updated state): it is written after every read. */
COP_API cop_status cop_program_bind_output(cop_program *p, size_t i, float *data, cop_error *err);

/* Runs once. Errors: an unbound input (named), an index out of range at run time. */
COP_API cop_status cop_program_run(cop_program *p, cop_error *err);

/* The value of output i after a run: the caller's memory if bound, else the program's own, valid
 * until its next run. */
COP_API const float *cop_program_output(const cop_program *p, size_t i);

/* What a program costs; {COP_SIZED(cop_program_cost)} before it is asked for. */
typedef struct cop_program_cost {
    uint32_t size; /* COP_SIZED */
    uint32_t reserved;
    int64_t operations;  /* operations per run */
    int64_t flops;       /* multiply-adds counted as 2: convolutions and matrix products */
    int64_t conv_flops;  /* the convolutions' share */
    int64_t arena_bytes; /* planned memory */
    int64_t reorders;    /* layout conversions per run */
} cop_program_cost;

/* What the program was found to cost when it was compiled. COP_INVALID where *out does not say its
 * size. [any thread] */
COP_API cop_status cop_program_costs(const cop_program *p, cop_program_cost *out, cop_error *err);

/* The oracle: evaluates `outputs` with a naive, serial interpreter in double precision. Slow on
 * purpose; for tests, finite differences, and methods that overflow in f32 (SynFlow). inputs[i] is
 * the value of input_nodes[i]; results[k] is the caller's memory for outputs[k]. */
COP_API cop_status cop_evaluate_f64(const cop_graph *g, const cop_node *input_nodes,
                                    const double *const *inputs, size_t input_count,
                                    const cop_node *outputs, double *const *results,
                                    size_t output_count, cop_error *err);

COP_END

#endif

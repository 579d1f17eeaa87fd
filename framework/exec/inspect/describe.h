/* describe.h: what a compiled program does, as rows for people and programs to read. */
#ifndef COP_EXEC_INSPECT_DESCRIBE_H
#define COP_EXEC_INSPECT_DESCRIBE_H

#include <coppice/program.h>

/* What sort of work an instruction is; the order is that of summaries. */
typedef enum cop_row_kind {
    COP_ROW_CONVOLUTION = 0,
    COP_ROW_MATMUL,
    COP_ROW_ELEMENTWISE,
    COP_ROW_PLANES,    /* fused operations on planes, sums and pooling among them */
    COP_ROW_REDUCTION, /* sums, statistics, the softmax */
    COP_ROW_POOLING,
    COP_ROW_REORDER, /* layout conversions */
    COP_ROW_OTHER,   /* moving, gathering and resampling elements; copies */
    COP_ROW_KIND_COUNT
} cop_row_kind;

/* One instruction. Texts are owned. */
typedef struct cop_row {
    int32_t index;
    cop_row_kind kind;
    char *operation;      /* "conv2d"; of a fused group its parts: "normalize+relu"; "reorder" */
    char *shapes;         /* "128x3x32x32, 64x3x3x3 > 128x64x32x32"; equal operands "2 of …" */
    char *layout;         /* "nchw, Ohwi16o > nChw16c", or one where all agree */
    char *implementation; /* oneDNN's name, "openblas", or "coppice" */
    char *label;          /* the node's label or name, or NULL */
    int64_t flops;        /* multiply-adds counted as 2; convolutions and matrix products only */
    int64_t elements;     /* elementwise operations times elements */
    int64_t bytes;        /* of distinct operands and results, padding included */
    double seconds;       /* median of a run; 0 where nothing was measured */
} cop_row;

typedef struct cop_row_total {
    int32_t count;
    int64_t flops, elements, bytes;
    double seconds;
} cop_row_total;

typedef struct cop_description {
    cop_row *rows; /* owned; in running order */
    int32_t count;
    cop_row_total of[COP_ROW_KIND_COUNT], all;
    int64_t arena_bytes;
    int threads;
    int64_t runs;           /* measured; 0 where the program has no profile */
    double copy_seconds;    /* median of copying outputs at the end of a run; not in `all` */
    double elapsed_seconds; /* all measured runs together */
    char *inputs;           /* owned: "images 128x3x32x32, targets 128x10"; the first few */
} cop_description;

/* Describes the program, with times where it has a profile. Clear *out with cop_description_clear
 * whatever the answer. */
cop_status cop_describe(const cop_program *p, cop_description *out, cop_error *err);
void cop_description_clear(cop_description *d);

/* "convolution", "elementwise", … */
const char *cop_row_kind_name(cop_row_kind kind);

#endif

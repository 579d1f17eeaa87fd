/* program.h (implemented in bind.c, run.c, exec/compiler/): what a compiled program is: a list of
 * instructions over buffers.
 *
 * The compiler (compiler.h) fills it in: lowering makes instructions and buffers, the memory
 * planner gives the buffers their places; then bindings and runs only read it. */
#ifndef COP_EXEC_PROGRAM_PROGRAM_H
#define COP_EXEC_PROGRAM_PROGRAM_H

#include <coppice/program.h>

#include "exec/inspect/profile.h"
#include "exec/kernels/linear/narrow.h"
#include "exec/kernels/plane/plane_kernel.h"
#include "exec/kernels/winograd/winograd.h"
#include "exec/onednn/onednn.h"

/* An instruction's index that is after every instruction: the end of a kept buffer's life. */
#define COP_KEPT INT32_MAX

/* Whose memory a buffer is. */
typedef enum cop_home {
    COP_HOME_ARENA = 1, /* the program's arena, in a storage shared over time */
    COP_HOME_CONSTANT,  /* the arena too, filled once and kept */
    COP_HOME_INPUT,     /* the caller's, as bound */
} cop_home;

/* A tensor in memory, in one layout, written by one instruction (or none). */
typedef struct cop_buffer {
    cop_home home;
    cop_shape shape;
    cop_layout *layout; /* owned; NULL is plain row-major */
    size_t bytes;
    int32_t first, last; /* instructions that write and last read it; first is −1 for leaves */
    int32_t storage;     /* its place in the arena; −1 for an input */
    int32_t next;        /* the same value in another layout, or −1 */
    float value;         /* of every element of a constant */
} cop_buffer;

/* A place in the arena. Buffers that follow each other in place share one. */
typedef struct cop_storage {
    size_t offset, bytes; /* multiples of 64 */
    int32_t first, last;  /* the instructions of its life, both included */
    int32_t tenants;      /* buffers that live here */
} cop_storage;

typedef struct cop_instruction cop_instruction;

/* Runs one instruction of a program whose buffers have places. */
typedef cop_status (*cop_execute)(const cop_program *p, const cop_instruction *in, cop_error *err);

struct cop_instruction {
    cop_op op; /* COP_OP_NONE: a copy or a layout conversion */
    cop_execute execute;
    cop_node node; /* the graph's node, for messages; of a group its last */
    int32_t operand_count, result_count;
    int32_t *operands; /* buffers; owned, as are the next two; −1 where a value is enough */
    int32_t *results;
    cop_shape *operand_shapes; /* as the operation sees them: views may differ from their buffer */
    cop_shape shape;           /* of the result */
    int32_t scratch;           /* a buffer, or −1 */
    cop_attr attr;
    cop_fused *group;         /* owned; of an elementwise instruction */
    cop_plane *plane;         /* owned; of an instruction on planes */
    cop_narrow narrow;        /* of a convolution's gradient by few channels, by our kernel */
    cop_conv_spec winograd;   /* of a convolution by Winograd's algorithm, by our kernel */
    cop_primitive *primitive; /* owned; of a convolution or a conversion */
    char *label;              /* owned; the node's label or name, or NULL */
};

typedef struct cop_input_slot {
    cop_node node;
    char *name;     /* owned */
    int32_t buffer; /* −1 where no output needs the input */
    cop_shape shape;
    const float *data; /* the caller's */
} cop_input_slot;

typedef struct cop_output_slot {
    int32_t buffer;
    float *bound; /* the caller's, or NULL */
    bool copied;  /* written by a copy after the last instruction, not in place */
} cop_output_slot;

/* A program's entry in the cache that it is from (exec/compiler/cache.c). */
typedef struct cop_cached cop_cached;

struct cop_program {
    int threads;
    cop_onednn *dnn;
    cop_buffer *buffers;
    cop_instruction *instructions;
    cop_storage *storages;
    int32_t buffer_count, instruction_count, storage_count;
    size_t buffer_room, instruction_room;
    cop_input_slot *inputs;
    cop_output_slot *outputs;
    int32_t input_count, output_count;
    float **data; /* where each buffer is, once bound */
    unsigned char *arena;
    size_t arena_bytes;
    cop_program_cost cost;
    bool ready;           /* `data` and `copied` follow the bindings */
    cop_profile *profile; /* owned; NULL where nothing is measured */
    cop_cached *cached;   /* the cache's; NULL where the program ends when it is freed */
};

/* What a tensor of that shape takes in plain f32. */
size_t cop_plain_bytes(cop_shape shape);

/* Appends a zeroed buffer or instruction. The pointer is valid until the next one is added. */
cop_status cop_program_add_buffer(cop_program *p, cop_home home, cop_shape shape, int32_t *buffer,
                                  cop_error *err);
cop_status cop_program_add_instruction(cop_program *p, int32_t operand_count, int32_t result_count,
                                       cop_instruction **out, cop_error *err);

/* The function that runs an operation which is neither elementwise nor a convolution. */
cop_execute cop_execute_for(cop_op op);
cop_status cop_execute_copy(const cop_program *p, const cop_instruction *in, cop_error *err);
cop_status cop_execute_group(const cop_program *p, const cop_instruction *in, cop_error *err);
cop_status cop_execute_narrow(const cop_program *p, const cop_instruction *in, cop_error *err);
cop_status cop_execute_plane(const cop_program *p, const cop_instruction *in, cop_error *err);
cop_status cop_execute_winograd(const cop_program *p, const cop_instruction *in, cop_error *err);
cop_status cop_execute_primitive(const cop_program *p, const cop_instruction *in, cop_error *err);

void cop_fused_free(cop_fused *group);
void cop_plane_free(cop_plane *plane);

/* Whether result r may lie where full operand k lies: nothing reads k after r is written. */
bool cop_fused_may_overwrite(const cop_fused *group, int32_t k, int32_t r);
/* Element operations of a run. */
int64_t cop_plane_elements(const cop_plane *plane);

bool cop_plane_may_overwrite(const cop_plane *plane, int32_t k, int32_t r);

/* Whether a result may lie exactly where `operand` lies: buffers of that instruction, same bytes.
 */
bool cop_instruction_may_overwrite(const cop_instruction *in, int32_t operand, int32_t result);

/* Gives every buffer its life and its place. Called once, after lowering. */
cop_status cop_plan_memory(cop_program *p, cop_error *err);

/* Makes `data` and `copied` follow the bindings. Errors: an unbound input, named. */
cop_status cop_program_prepare(cop_program *p, cop_error *err);

#endif

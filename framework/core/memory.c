/* memory.c: asking for memory, and saying that there is none. */
#include "core/memory.h"

cop_status cop_out_of_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory");
}

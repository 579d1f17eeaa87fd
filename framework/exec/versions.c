/* versions.c: the libraries' own words on their versions. */
#include "exec/versions.h"

#include <cblas.h>
#include <dnnl.h>
#include <stdio.h>

/* The instruction set that oneDNN found; ours is the compiler's choice for the same CPU. */
static const char *isa_name(void)
{
    switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_avx512_core_amx:
        return "avx512_core_amx";
    case dnnl_cpu_isa_avx512_core_bf16:
        return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_vnni:
        return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core:
        return "avx512_core";
    case dnnl_cpu_isa_avx2:
        return "avx2";
    case dnnl_cpu_isa_sse41:
        return "sse41";
    default:
        return "another instruction set";
    }
}

void cop_exec_versions(char *text, size_t size)
{
    const dnnl_version_t *version = dnnl_version();
    (void)snprintf(text, size, "%s; oneDNN %d.%d.%d; %s", isa_name(), version->major,
                   version->minor, version->patch, openblas_get_config());
}

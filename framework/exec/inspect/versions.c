/* versions.c: the libraries' own words on their versions and instruction sets. */
#include "exec/inspect/versions.h"

#include "exec/kernels/isa.h"
#include "exec/onednn/onednn.h"

#include <cblas.h>
#include <stdio.h>
#include <strings.h>

void cop_exec_versions(char *text, size_t size)
{
    char onednn[64];
    cop_onednn_version(onednn, sizeof onednn);
    (void)snprintf(text, size, "%s; %s", onednn, openblas_get_config());
}

static cop_status unnamed(const char *whose, cop_error *err)
{
    return cop_fail(err, COP_UNAVAILABLE,
                    "the instruction set of %s has no name on this machine: results could not be "
                    "told from another's",
                    whose);
}

cop_status cop_exec_isa(char text[COP_ISA_SIZE], cop_error *err)
{
    const char *kernels = cop_kernels_isa(), *onednn = cop_onednn_isa();
    const char *openblas = openblas_get_corename();
    if (kernels == NULL)
        return unnamed("the kernels", err);
    if (onednn == NULL)
        return unnamed("oneDNN", err);
    if (openblas == NULL || openblas[0] == '\0' || strcasecmp(openblas, "unknown") == 0)
        return unnamed("OpenBLAS", err);
    int length = snprintf(text, COP_ISA_SIZE, "isa %s\nonednn %s%s\nopenblas %s\n", kernels, onednn,
                          cop_onednn_prefers_ymm() ? " prefer_ymm" : "", openblas);
    return length < COP_ISA_SIZE ? COP_OK : unnamed("OpenBLAS", err);
}

const char *const *cop_exec_isa_variables(void)
{
    static const char *const names[] = {"ONEDNN_MAX_CPU_ISA",   "DNNL_MAX_CPU_ISA",
                                        "ONEDNN_CPU_ISA_HINTS", "DNNL_CPU_ISA_HINTS",
                                        "OPENBLAS_CORETYPE",    NULL};
    return names;
}

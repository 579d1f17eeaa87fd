/* versions.c: the libraries' own words on their versions. */
#include "exec/inspect/versions.h"

#include "exec/onednn/onednn.h"

#include <cblas.h>
#include <stdio.h>

void cop_exec_versions(char *text, size_t size)
{
    char onednn[64];
    cop_onednn_version(onednn, sizeof onednn);
    (void)snprintf(text, size, "%s; %s", onednn, openblas_get_config());
}

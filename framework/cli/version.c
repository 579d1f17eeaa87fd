/* version.c: which Coppice this is. */
#include <coppice/host.h>

const char *cop_version(void)
{
    return COPPICE_VERSION;
}

/* versions.h: which libraries compute, for the record of where a result came from. */
#ifndef COP_EXEC_INSPECT_VERSIONS_H
#define COP_EXEC_INSPECT_VERSIONS_H

#include <stddef.h>

/* One line: "avx512_core; oneDNN 2.6.3; OpenBLAS 0.3.21 …". */
void cop_exec_versions(char *text, size_t size);

#endif

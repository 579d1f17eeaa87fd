/* provenance.h: on what a result was computed. Recorded with every artifact; not part of
 * identities. */
#ifndef COP_STORE_PROVENANCE_H
#define COP_STORE_PROVENANCE_H

#include <stddef.h>

/* One line: "coppice 0.1.0; Intel(R) Xeon(R) …; avx512; oneDNN 2.6.3; OpenBLAS 0.3.21". */
void cop_provenance(char *text, size_t size);

#endif

/* convolutions.h: a program's convolutions by themselves: the floor that a benchmark measures. */
#ifndef COP_EXEC_PROGRAM_CONVOLUTIONS_H
#define COP_EXEC_PROGRAM_CONVOLUTIONS_H

#include <coppice/program.h>

/* Runs the convolutions alone, in their order and layouts, on whatever lies in the program's
 * memory: for their time, since the results mean nothing. Outputs of the program are overwritten;
 * its next whole run is as ever. COP_FAILED before the first whole run. */
cop_status cop_program_run_convolutions(cop_program *p, cop_error *err);

#endif

/* memory_peak.h: how much memory this process has held, and how much there is. */
#ifndef COP_CORE_MEMORY_PEAK_H
#define COP_CORE_MEMORY_PEAK_H

#include <stdint.h>

/* The most bytes that this process has held resident since cop_memory_forget_peak, or since it
 * began; 0 where the system does not say. */
int64_t cop_memory_peak(void);

/* What it holds now counts as the most from here on. */
void cop_memory_forget_peak(void);

/* The bytes that processes here may hold: the machine's memory, or the least limit of the control
 * groups that this process is in; 0 where the system does not say. */
int64_t cop_memory_there_is(void);

#endif

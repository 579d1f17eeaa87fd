/* clock.h: how long things take. */
#ifndef COP_CORE_CLOCK_H
#define COP_CORE_CLOCK_H

/* Seconds since some moment, on a clock that nobody sets: only differences mean something. */
double cop_now(void);

#endif

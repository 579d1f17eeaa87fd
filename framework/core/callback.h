/* callback.h: what surrounds a call into a plugin: a note of whose code is running, for those who
 * must say it when that code ends the process; and the floating-point environment, which a plugin
 * may change and must not keep changed (one built with -Ofast flushes small numbers to zero from
 * the moment it is opened). */
#ifndef COP_CORE_CALLBACK_H
#define COP_CORE_CALLBACK_H

#include <coppice/status.h>

#include <fenv.h>
#include <stdbool.h>

/* A call that is going on. The texts are the caller's and outlive the call. */
typedef struct cop_callback {
    const char *kind, *id; /* "pruner", "imp" */
    const char *name;      /* "step" */
    fenv_t floats;         /* as the caller had them */
    struct cop_callback *outer;
} cop_callback;

/* Around every call into a plugin. `call` is on the caller's stack; a leave for every enter, in
 * reverse order. Leaving puts the floating-point environment back, on OpenMP's threads too where
 * the call had changed it. */
void cop_callback_enter(cop_callback *call, const char *kind, const char *id, const char *name);
void cop_callback_leave(cop_callback *call);

/* The call that this thread is in, or else (a thread that works for it) the one that was begun
 * last; NULL: none. For signal handlers and exit handlers too. */
const cop_callback *cop_callback_current(void);

/* Whether the calling thread is in such a call itself. */
bool cop_callback_is_own(void);

/* Before work: rounding to nearest and small numbers kept, on this thread and on `threads` of
 * OpenMP; puts right what is not so. COP_FAILED where that is not possible. */
cop_status cop_floats_settle(int threads, cop_error *err);

#endif

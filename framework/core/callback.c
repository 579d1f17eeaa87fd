/* callback.c: whose code is running, and the floating-point environment around it. */
#include "core/callback.h"

#include "core/child.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Global state, because those who read it are called without an argument: handlers of signals and
 * of exit. The first is this thread's own call; the second is the last that any thread began, and
 * is always one that is still going on. */
static _Thread_local cop_callback *own __attribute__((tls_model("initial-exec")));
static _Atomic(cop_callback *) latest;

/* The part of the environment that changes results: rounding, and small numbers flushed to zero;
 * not the sticky flags of what has happened. */
static unsigned long float_control(void)
{
#if defined(__x86_64__)
    return _mm_getcsr() & 0xffc0u;
#elif defined(__aarch64__)
    unsigned long control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
#else
    return (unsigned long)fegetround();
#endif
}

void cop_callback_enter(cop_callback *call, const char *kind, const char *id, const char *name)
{
    *call = (cop_callback){.kind = kind, .id = id, .name = name, .outer = own};
    (void)fegetenv(&call->floats);
    own = call;
    atomic_store(&latest, call);
}

void cop_callback_leave(cop_callback *call)
{
    unsigned long changed = float_control();
    (void)fesetenv(&call->floats);
    if (changed != float_control() && cop_has_threads()) {
        /* The call may have made OpenMP's threads, which then have what it had. */
#pragma omp parallel
        (void)fesetenv(&call->floats);
    }
    own = call->outer;
    cop_callback *mine = call;
    (void)atomic_compare_exchange_strong(&latest, &mine, call->outer);
}

const cop_callback *cop_callback_current(void)
{
    return own != NULL ? own : atomic_load(&latest);
}

bool cop_callback_is_own(void)
{
    return own != NULL;
}

/* Subnormal numbers, kept; ties, to even. */
static bool is_standard(void)
{
    volatile float least = 1.17549435e-38f, half = 0.5f;
    volatile float product = least * half;
    return product != 0.0f && product * 2.0f == least && fegetround() == FE_TONEAREST;
}

cop_status cop_floats_settle(int threads, cop_error *err)
{
    int wrong = 0;
    (void)fesetenv(FE_DFL_ENV);
#pragma omp parallel num_threads(threads) reduction(+ : wrong)
    {
        if (!is_standard())
            (void)fesetenv(FE_DFL_ENV);
        wrong += is_standard() ? 0 : 1;
    }
    if (wrong == 0)
        return COP_OK;
    return cop_fail(err, COP_FAILED,
                    "floating-point numbers are not computed as IEEE 754 has them (rounding to "
                    "nearest, small numbers kept), and this process cannot change that");
}

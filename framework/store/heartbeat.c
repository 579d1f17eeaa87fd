/* heartbeat.c: a thread that counts in a file. */
#include "store/heartbeat.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/text.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SECONDS 60.0
#define MOST_SECONDS    1e6
#define BEATS           4.0 /* in the time after which a holder is lost */
#define TEXT_SIZE       400

struct cop_heartbeat {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_stopped; /* under the mutex */
    int file;
    double pause;
    char who[TEXT_SIZE];
};

cop_status cop_heartbeat_seconds(double *seconds, cop_error *err)
{
    const char *text = getenv("COPPICE_LEASE_SECONDS");
    char *end = NULL, shown[100];
    *seconds = DEFAULT_SECONDS;
    if (text == NULL || text[0] == '\0')
        return COP_OK;
    *seconds = cop_strtod(text, &end);
    if (*end != '\0' || !isfinite(*seconds) || *seconds <= 0.0 || *seconds > MOST_SECONDS)
        return cop_fail(err, COP_INVALID,
                        "COPPICE_LEASE_SECONDS is \"%s\", wanted a number above 0",
                        cop_escape(text, shown, sizeof shown));
    return COP_OK;
}

/* A beat that cannot be written is missed: the next one may be. The others see what is on the
 * server, so it is sent there. */
static void beat(const cop_heartbeat *h, uint64_t count)
{
    char text[TEXT_SIZE + 30];
    int length = snprintf(text, sizeof text, "%s\n%020llu\n", h->who, (unsigned long long)count);
    if (pwrite(h->file, text, (size_t)length, 0) == length)
        (void)fdatasync(h->file);
}

static void *run(void *own)
{
    cop_heartbeat *h = own;
    uint64_t count = 0;
    (void)pthread_mutex_lock(&h->mutex);
    while (!h->is_stopped) {
        struct timespec end;
        (void)pthread_mutex_unlock(&h->mutex);
        beat(h, count++);
        (void)pthread_mutex_lock(&h->mutex);
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        double at = (double)end.tv_sec + (double)end.tv_nsec * 1e-9 + h->pause;
        end.tv_sec = (time_t)floor(at);
        end.tv_nsec = (long)((at - floor(at)) * 1e9);
        while (!h->is_stopped && pthread_cond_timedwait(&h->wake, &h->mutex, &end) == 0)
            ; /* woken, but not to stop */
    }
    (void)pthread_mutex_unlock(&h->mutex);
    return NULL;
}

/* The condition waits by the clock that nobody sets. */
static void make_condition(pthread_cond_t *wake)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

cop_status cop_heartbeat_start(int file, const char *who, double seconds, cop_heartbeat **out,
                               cop_error *err)
{
    sigset_t all, before;
    cop_heartbeat *h = calloc(1, sizeof *h);
    if (h == NULL)
        return cop_out_of_memory(err);
    h->file = file;
    h->pause = seconds / BEATS;
    (void)snprintf(h->who, sizeof h->who, "%s", who);
    (void)pthread_mutex_init(&h->mutex, NULL);
    make_condition(&h->wake);
    (void)sigfillset(&all); /* signals are for the thread that works */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int reason = pthread_create(&h->thread, NULL, run, h);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason == 0) {
        *out = h;
        return COP_OK;
    }
    (void)pthread_cond_destroy(&h->wake);
    (void)pthread_mutex_destroy(&h->mutex);
    free(h);
    return cop_fail(err, COP_FAILED, "no thread for a heartbeat: %s", strerror(reason));
}

void cop_heartbeat_stop(cop_heartbeat *heartbeat)
{
    if (heartbeat == NULL)
        return;
    (void)pthread_mutex_lock(&heartbeat->mutex);
    heartbeat->is_stopped = true;
    (void)pthread_cond_signal(&heartbeat->wake);
    (void)pthread_mutex_unlock(&heartbeat->mutex);
    (void)pthread_join(heartbeat->thread, NULL);
    (void)pthread_cond_destroy(&heartbeat->wake);
    (void)pthread_mutex_destroy(&heartbeat->mutex);
    free(heartbeat);
}

bool cop_heartbeat_is_lost(cop_heartbeat_watch *watch, const char *text, double seconds)
{
    uint64_t seen = cop_hash_bytes(text, strlen(text)).lo;
    double now = cop_now();
    if (!watch->has_seen || watch->seen != seen)
        *watch = (cop_heartbeat_watch){.seen = seen, .since = now, .has_seen = true};
    return now - watch->since >= seconds;
}

/* measure.c: children that train for a second, all at the same time. */
#include "study/measure.h"

#include "core/callback.h"
#include "core/child.h"
#include "core/clock.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/memory_peak.h"
#include "core/openmp.h"

#include <coppice/trainer.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Steps before any is measured, and for how long steps are. */
#define WARM_STEPS      2
#define MEASURE_SECONDS 1.0

/* A child that does not answer for so long is given up. */
#define PATIENCE_MILLIS 120000

typedef struct job {
    pid_t child;  /* 0: none */
    int from, to; /* pipes: what it says, and when it may begin */
} job;

static cop_status make_trainer(const cop_stage *stage, int threads, cop_trainer **out,
                               cop_tensors **state, cop_error *err)
{
    const cop_training_stage *train = &stage->train;
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec),
                                   .model = train->model,
                                   .data = &stage->data->train,
                                   .recipe = &train->recipe,
                                   .order_seed = train->order_seed,
                                   .augment_seed = train->augment_seed,
                                   .threads = threads};
    COP_TRY(cop_trainer_new(&spec, out, err));
    COP_TRY(cop_model_initial_state(train->model, train->start.init_seed, state, err));
    return cop_trainer_start(*out, *state, 0, err);
}

/* The seconds of one step; NaN where it cannot be trained. */
static double time_steps(cop_trainer *t, int to)
{
    int64_t most = cop_trainer_total_steps(t), warm = most > WARM_STEPS ? WARM_STEPS : 0, done = 0;
    char may = 0;
    if (most <= warm || cop_trainer_run(t, warm, NULL, NULL) != COP_OK)
        return (double)NAN;
    if (write(to, "r", 1) != 1 || read(STDIN_FILENO, &may, 1) != 1)
        return (double)NAN;
    double began = cop_now(), passed = 0.0;
    while (passed < MEASURE_SECONDS && warm + done < most) {
        if (cop_trainer_run(t, 1, NULL, NULL) != COP_OK)
            return (double)NAN;
        done++;
        passed = cop_now() - began;
    }
    return passed / (double)done;
}

static void run_child(const cop_stage *stage, int threads, int in, int out, pid_t parent)
{
    cop_trainer *trainer = NULL;
    cop_tensors *state = NULL;
    cop_child_begin(parent);
    (void)dup2(in, STDIN_FILENO);
    omp_set_num_threads(threads);
    cop_measured said = {.step_seconds = (double)NAN};
    if (cop_floats_settle(threads, NULL) == COP_OK &&
        make_trainer(stage, threads, &trainer, &state, NULL) == COP_OK)
        said.step_seconds = time_steps(trainer, out);
    said.memory = (double)cop_memory_peak();
    ssize_t written = write(out, &said, sizeof said);
    _exit(written == (ssize_t)sizeof said && !isnan(said.step_seconds) ? 0 : 1);
}

static cop_status start(const cop_stage *stage, int threads, job *j, cop_error *err)
{
    int from[2], to[2];
    if (cop_pipe(from) != 0)
        return cop_fail(err, COP_FAILED, "measuring: pipe: %s", strerror(errno));
    if (cop_pipe(to) != 0) {
        (void)close(from[0]);
        (void)close(from[1]);
        return cop_fail(err, COP_FAILED, "measuring: pipe: %s", strerror(errno));
    }
    (void)fflush(NULL); /* or what is buffered would be written twice */
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        run_child(stage, threads, to[0], from[1], parent);
    int error = errno;
    (void)close(from[1]);
    (void)close(to[0]);
    *j = (job){.child = child > 0 ? child : 0, .from = from[0], .to = to[1]};
    return child > 0 ? COP_OK : cop_fail(err, COP_FAILED, "measuring: fork: %s", strerror(error));
}

/* Reads so many bytes, unless the child is silent for too long. */
static bool hear(const job *j, void *bytes, size_t size)
{
    size_t got = 0;
    while (got < size) {
        struct pollfd one = {.fd = j->from, .events = POLLIN};
        int ready = poll(&one, 1, PATIENCE_MILLIS);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t count = ready > 0 ? read(j->from, (char *)bytes + got, size - got) : -1;
        if (count <= 0)
            return false;
        got += (size_t)count;
    }
    return true;
}

/* All have warmed up before any is let go. */
static bool hear_all(job *jobs, int count, cop_measured *out)
{
    cop_measured sum = {0};
    for (int i = 0; i < count; i++) {
        char ready = 0;
        if (!hear(&jobs[i], &ready, 1) || ready != 'r')
            return false;
    }
    for (int i = 0; i < count; i++)
        if (write(jobs[i].to, "g", 1) != 1)
            return false;
    for (int i = 0; i < count; i++) {
        cop_measured said;
        if (!hear(&jobs[i], &said, sizeof said))
            return false;
        sum.step_seconds += said.step_seconds / count;
        sum.memory = fmax(sum.memory, said.memory);
    }
    *out = sum;
    return true;
}

static void end(job *j, bool is_done)
{
    if (j->child == 0)
        return;
    if (!is_done)
        (void)kill(j->child, SIGKILL);
    (void)close(j->from);
    (void)close(j->to);
    (void)cop_child_wait(j->child);
}

cop_status cop_measure_training(const cop_stage *stage, int jobs, int threads, cop_measured *out,
                                cop_error *err)
{
    if (cop_has_threads())
        return cop_fail(err, COP_UNAVAILABLE,
                        "nothing can be tried: a plugin has started a thread in this process");
    job *all = calloc((size_t)jobs, sizeof *all);
    if (all == NULL)
        return cop_out_of_memory(err);
    cop_status status = COP_OK;
    for (int i = 0; i < jobs && status == COP_OK; i++)
        status = start(stage, threads, &all[i], err);
    bool is_done = status == COP_OK && hear_all(all, jobs, out) && !isnan(out->step_seconds);
    for (int i = 0; i < jobs; i++)
        end(&all[i], is_done);
    free(all);
    if (status == COP_OK && !is_done)
        status = cop_fail(err, COP_FAILED, "%s could not be tried", stage->title);
    return status;
}

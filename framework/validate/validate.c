/* validate.c: the child that runs the checks, and the parent that outlives it. */
#include "validate/validate.h"

#include "core/child.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "validate/checks.h"
#include "validate/writes.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The directories of a validation, in one that is removed afterwards. */
typedef struct places {
    char top[64], plugin[COP_PATH_SIZE], object[COP_PATH_SIZE], work[COP_PATH_SIZE],
        scratch[COP_PATH_SIZE];
} places;

typedef struct validation {
    const cop_validate_spec *spec;
    places at;
    cop_registry *registry;
    cop_finding *findings; /* owned */
    size_t count, capacity;
    cop_finding current; /* the check that has begun */
    bool is_done;
} validation;

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static cop_status make_places(validation *v, cop_error *err)
{
    places *p = &v->at;
    char real[PATH_MAX];
    if (realpath(v->spec->path, real) == NULL)
        return cop_fail_at(err, COP_INVALID, v->spec->path, 0, "%s", strerror(errno));
    (void)snprintf(p->top, sizeof p->top, "/tmp/coppice-validate-XXXXXX");
    if (mkdtemp(p->top) == NULL)
        return cop_fail_errno(err, "cannot make", p->top);
    COP_TRY(cop_path_join(p->plugin, sizeof p->plugin, err, p->top, "plugin"));
    COP_TRY(cop_path_join(p->object, sizeof p->object, err, p->top, "plugin/validated.so"));
    COP_TRY(cop_path_join(p->work, sizeof p->work, err, p->top, "work"));
    COP_TRY(cop_path_join(p->scratch, sizeof p->scratch, err, p->top, "scratch"));
    COP_TRY(cop_make_dirs(p->plugin, err));
    COP_TRY(cop_make_dirs(p->work, err));
    COP_TRY(cop_make_dirs(p->scratch, err));
    return symlink(real, p->object) == 0 ? COP_OK : cop_fail_errno(err, "cannot link", p->object);
}

static cop_status search(validation *v, cop_error *err)
{
    const cop_validate_spec *spec = v->spec;
    const char **dirs = calloc(spec->dir_count + 1, sizeof *dirs);
    if (dirs == NULL)
        return cop_out_of_memory(err);
    dirs[0] = v->at.plugin;
    for (size_t i = 0; i < spec->dir_count; i++)
        dirs[i + 1] = spec->dirs[i];
    cop_status status =
        cop_registry_search(dirs, spec->dir_count + 1, spec->log, &v->registry, err);
    free(dirs);
    return status;
}

static cop_status add(validation *v, const cop_finding *f, cop_error *err)
{
    cop_finding *grown = cop_grow(v->findings, &v->capacity, v->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    v->findings = grown;
    v->findings[v->count++] = *f;
    if (!v->spec->json)
        cop_finding_print(f, v->spec->out);
    (void)fflush(v->spec->out);
    return COP_OK;
}

static const cop_registry_entry *find_entry(const validation *v)
{
    for (size_t i = 0; i < cop_registry_count(v->registry); i++)
        if (strcmp(cop_registry_at(v->registry, i)->path, v->at.object) == 0)
            return cop_registry_at(v->registry, i);
    return NULL;
}

/* Writes the loader's reason with the file's name as the user gave it, not that of the link. */
static void tell_reason(const validation *v, const char *reason, char *text, size_t size)
{
    const char *link = strstr(reason, v->at.object);
    if (link == NULL)
        (void)snprintf(text, size, "%s", reason);
    else
        (void)snprintf(text, size, "%.*s%s%s", (int)(link - reason), reason, v->spec->path,
                       link + strlen(v->at.object));
}

/* The descriptor, its table and the ABI are checked as wherever a plugin is loaded. */
static cop_status check_descriptor(validation *v, bool *is_loaded, cop_error *err)
{
    cop_finding f = {.verdict = COP_VERDICT_OK,
                     .name = "the descriptor is sound",
                     .expected = "the file opens, and its descriptor and option table are of this "
                                 "ABI and whole",
                     .contract = "plugin.h: cop_plugin, option.h: cop_option"};
    *is_loaded = find_entry(v) != NULL;
    for (size_t i = 0; !*is_loaded && i < cop_registry_refusal_count(v->registry); i++) {
        const cop_registry_refusal *refusal = cop_registry_refusal_at(v->registry, i);
        if (strcmp(refusal->path, v->at.object) != 0)
            continue;
        if (refusal->is_system)
            return cop_fail_at(err, COP_FAILED, v->spec->path, 0, "%s", refusal->reason);
        f.verdict = COP_VERDICT_FINDING;
        tell_reason(v, refusal->reason, f.happened, sizeof f.happened);
    }
    return add(v, &f, err);
}

static void run_checks(const cop_subject *s)
{
    cop_component *c = NULL;
    cop_check_options(s, &c);
    if (c == NULL)
        return;
    cop_kind kind = (cop_kind)s->entry->plugin->kind;
    if (kind == COP_KIND_MODEL)
        cop_check_model(s, c);
    else if (kind == COP_KIND_DATASET)
        cop_check_dataset(s, c);
    else
        cop_check_work(s, c);
    cop_component_free(c);
}

static _Noreturn void run_child(const validation *v, int pipe_end, pid_t parent)
{
    cop_child_begin(parent);
    cop_reporter reporter = {.pipe_end = pipe_end};
    (void)
        cop_writes_watch(); /* before the plugin is opened: where it cannot, there is less to see */
    const cop_registry_entry *seen = find_entry(v);
    const cop_registry_entry *entry =
        cop_registry_find(v->registry, (cop_kind)seen->plugin->kind, seen->plugin->id);
    const cop_subject subject = {.registry = v->registry,
                                 .entry = entry,
                                 .sets = v->spec->sets,
                                 .set_count = v->spec->set_count,
                                 .scratch = v->at.scratch,
                                 .reporter = &reporter};
    if (entry == NULL || chdir(v->at.work) != 0)
        cop_reporter_usage(&reporter, "the plugin cannot be opened a second time");
    else
        run_checks(&subject);
    cop_reporter_done(&reporter);
    _exit(0);
}

/* One line of the child's. */
static cop_status take_line(validation *v, const char *line, cop_error *err)
{
    cop_finding f;
    if (!cop_finding_read(line, &f))
        return COP_OK; /* a plugin may have written into the pipe; what is missing is told */
    if (f.verdict == COP_VERDICT_USAGE)
        return cop_fail(err, COP_INVALID, "%s", f.happened);
    v->is_done = f.verdict == COP_VERDICT_DONE;
    if (f.verdict == COP_VERDICT_BEGUN)
        v->current = f;
    else if (!v->is_done)
        return add(v, &f, err);
    return COP_OK;
}

/* Reads until the child is gone, or until nothing came for so long: *is_late. */
static cop_status listen(validation *v, int pipe_end, bool *is_late, cop_error *err)
{
    char line[8192];
    size_t have = 0;
    while (!v->is_done) {
        struct pollfd wait = {.fd = pipe_end, .events = POLLIN};
        int ready = poll(&wait, 1, v->spec->seconds * 1000);
        if (ready < 0 && errno == EINTR)
            continue;
        *is_late = ready == 0;
        char c;
        if (ready <= 0 || read(pipe_end, &c, 1) != 1)
            return COP_OK;
        if (c != '\n' && have + 1 < sizeof line) {
            line[have++] = c;
            continue;
        }
        line[have] = '\0';
        have = 0;
        COP_TRY(take_line(v, line, err));
    }
    return COP_OK;
}

/* How the child came to an end before it was done is a finding of the check that was going on. */
static cop_status blame(validation *v, bool is_late, int status, cop_error *err)
{
    cop_finding f = v->current;
    f.verdict = COP_VERDICT_FINDING;
    if (is_late)
        (void)snprintf(f.happened, sizeof f.happened, "it did not return within %d s",
                       v->spec->seconds);
    else if (WIFSIGNALED(status))
        (void)snprintf(f.happened, sizeof f.happened, "it crashed (signal %d, %s)",
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        (void)snprintf(f.happened, sizeof f.happened, "it ended the process (status %d)",
                       WEXITSTATUS(status));
    return add(v, &f, err);
}

static cop_status run_in_child(validation *v, cop_error *err)
{
    int ends[2];
    bool is_late = false;
    if (cop_pipe(ends) != 0)
        return cop_fail(err, COP_FAILED, "pipe: %s", strerror(errno));
    (void)fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(v, ends[1], parent);
    }
    int error = errno;
    (void)close(ends[1]);
    if (child < 0) {
        (void)close(ends[0]);
        return cop_fail(err, COP_FAILED, "fork: %s", strerror(error));
    }
    cop_status status = listen(v, ends[0], &is_late, err);
    (void)close(ends[0]);
    if (is_late || status != COP_OK)
        (void)kill(child, SIGKILL);
    int end = cop_child_wait(child);
    if (status == COP_OK && !v->is_done)
        status = blame(v, is_late, end, err);
    return status;
}

static cop_status validate(validation *v, cop_error *err)
{
    bool is_loaded = false;
    COP_TRY(make_places(v, err));
    COP_TRY(search(v, err));
    COP_TRY(check_descriptor(v, &is_loaded, err));
    if (is_loaded)
        COP_TRY(run_in_child(v, err));
    return v->spec->json
               ? cop_findings_print_json(v->spec->path, v->findings, v->count, v->spec->out, err)
               : COP_OK;
}

cop_status cop_validate(const cop_validate_spec *spec, size_t *findings, cop_error *err)
{
    validation v = {.spec = spec};
    *findings = 0;
    for (size_t i = 0; i < spec->set_count; i++)
        COP_TRY(cop_subject_check_set(spec->sets[i], err));
    cop_status status = validate(&v, err);
    for (size_t i = 0; i < v.count; i++)
        *findings += v.findings[i].verdict == COP_VERDICT_FINDING;
    cop_registry_free(v.registry);
    if (v.at.top[0] != '\0')
        (void)nftw(v.at.top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(v.findings);
    return status;
}

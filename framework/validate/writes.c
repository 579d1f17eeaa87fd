/* writes.c: a filter of system calls that notes and refuses what writes files. */
#include "validate/writes.h"

#if defined(__x86_64__)

#include "core/callback.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* What opening a file for writing has one of. */
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* In a sixth argument, which none of these calls has: let it through. */
#define PASS UINT64_C(0x636f7070696365a5)

/* A call that is stopped: its number, and which argument is the path that it writes. */
typedef struct stopped {
    int number;
    int path;       /* from 0 */
    int flags;      /* the argument with the flags of opening; -1: it always writes */
    const char *is; /* its name */
} stopped;

static const stopped calls[] = {
    {SYS_open, 0, 1, "open"},
    {SYS_openat, 1, 2, "openat"},
    {SYS_openat2, 1, -1, "openat2"},
    {SYS_creat, 0, -1, "creat"},
    {SYS_truncate, 0, -1, "truncate"},
    {SYS_rename, 0, -1, "rename"},
    {SYS_renameat, 1, -1, "renameat"},
    {SYS_renameat2, 1, -1, "renameat2"},
    {SYS_unlink, 0, -1, "unlink"},
    {SYS_unlinkat, 1, -1, "unlinkat"},
    {SYS_mkdir, 0, -1, "mkdir"},
    {SYS_mkdirat, 1, -1, "mkdirat"},
    {SYS_rmdir, 0, -1, "rmdir"},
    {SYS_mknod, 0, -1, "mknod"},
    {SYS_mknodat, 1, -1, "mknodat"},
    {SYS_link, 1, -1, "link"},
    {SYS_linkat, 3, -1, "linkat"},
    {SYS_symlink, 1, -1, "symlink"},
    {SYS_symlinkat, 2, -1, "symlinkat"},
    {SYS_chmod, 0, -1, "chmod"},
    {SYS_fchmodat, 1, -1, "fchmodat"},
    {SYS_execve, 0, -1, "execve"}, /* another program could write anything */
    {SYS_execveat, 1, -1, "execveat"},
};

enum { CALLS = sizeof calls / sizeof calls[0], MOST_LINES = 16 + 5 * CALLS };

/* Shared with child processes, whose calls count too. */
typedef struct note {
    atomic_bool is_taken, is_written;
    char text[512];
} note;

/* Global, as a signal's handler is called without an argument. */
static note *noted;
static atomic_bool by_host;

/* The call as it was made, and let through. */
static long repeat(const greg_t *r)
{
    register long r10 __asm__("r10") = (long)r[REG_R10];
    register long r8 __asm__("r8") = (long)r[REG_R8];
    register uint64_t r9 __asm__("r9") = PASS;
    long result = (long)r[REG_RAX];
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(r[REG_RDI]), "S"(r[REG_RSI]), "d"(r[REG_RDX]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static const stopped *find(int number)
{
    for (size_t i = 0; i < CALLS; i++)
        if (calls[i].number == number)
            return &calls[i];
    return &calls[0]; /* none else is stopped */
}

static uint64_t argument(const greg_t *r, int i)
{
    static const int places[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10};
    return (uint64_t)r[places[i]];
}

/* Whether it touches no file: a device that keeps nothing, or reading by a call whose flags the
 * filter cannot see. */
static bool is_harmless(const stopped *call, const greg_t *r, const char *path)
{
    if (strcmp(path, "/dev/null") == 0 || strcmp(path, "/dev/tty") == 0)
        return true;
    const uint64_t *how = (const uint64_t *)(uintptr_t)argument(r, 2);
    return call->number == SYS_openat2 && how != NULL && (how[0] & WRITES) == 0;
}

static void take_note(const stopped *call, const char *path)
{
    if (atomic_exchange(&noted->is_taken, true))
        return;
    const cop_callback *in = cop_callback_current();
    (void)snprintf(noted->text, sizeof noted->text, "%s: %s %s",
                   in != NULL ? in->name : "outside of its callbacks", call->is, path);
    atomic_store(&noted->is_written, true);
}

static void handle(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    int kept = errno;
    const stopped *call = find(info->si_syscall);
    const char *path = (const char *)(uintptr_t)argument(r, call->path);
    path = path != NULL ? path : "";
    r[REG_RAX] = info->si_syscall;
    if (atomic_load(&by_host) || is_harmless(call, r, path)) {
        r[REG_RAX] = repeat(r);
    } else {
        take_note(call, path);
        r[REG_RAX] = -EACCES;
    }
    errno = kept;
}

/* The filter, line by line. */
typedef struct filter {
    struct sock_filter lines[MOST_LINES];
    unsigned short count;
} filter;

static void add(filter *f, struct sock_filter line)
{
    f->lines[f->count++] = line;
}

static void load(filter *f, size_t offset)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Goes on if the test holds, else passes over so many lines. */
static void test(filter *f, uint16_t how, uint32_t value, uint8_t over)
{
    add(f, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | how | BPF_K), value, 0, over));
}

static void answer(filter *f, uint32_t what)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

static void write_filter(filter *f)
{
    size_t sixth = offsetof(struct seccomp_data, args) + 5 * sizeof(uint64_t);
    load(f, offsetof(struct seccomp_data, arch));
    test(f, BPF_JEQ, AUDIT_ARCH_X86_64, 1);
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0));
    answer(f, SECCOMP_RET_ALLOW);
    load(f, sixth);
    test(f, BPF_JEQ, (uint32_t)PASS, 3);
    load(f, sixth + sizeof(uint32_t));
    test(f, BPF_JEQ, (uint32_t)(PASS >> 32), 1);
    answer(f, SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < CALLS; i++) {
        bool has_flags = calls[i].flags >= 0;
        load(f, offsetof(struct seccomp_data, nr));
        test(f, BPF_JEQ, (uint32_t)calls[i].number, has_flags ? 3 : 1);
        if (has_flags) {
            load(f,
                 offsetof(struct seccomp_data, args) + (size_t)calls[i].flags * sizeof(uint64_t));
            test(f, BPF_JSET, WRITES, 1);
        }
        answer(f, SECCOMP_RET_TRAP);
    }
    answer(f, SECCOMP_RET_ALLOW);
}

bool cop_writes_watch(void)
{
    filter f = {.count = 0};
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER};
    void *shared =
        mmap(NULL, sizeof *noted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    noted = shared;
    write_filter(&f);
    const struct sock_fprog program = {.len = f.count, .filter = f.lines};
    (void)sigemptyset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void cop_writes_by_host(bool is_host)
{
    atomic_store(&by_host, is_host);
}

const char *cop_writes_noted(void)
{
    return noted != NULL && atomic_load(&noted->is_written) ? noted->text : NULL;
}

#else

bool cop_writes_watch(void)
{
    return false;
}

void cop_writes_by_host(bool is_host)
{
    (void)is_host;
}

const char *cop_writes_noted(void)
{
    return NULL;
}

#endif

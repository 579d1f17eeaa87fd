/* main.c: the `coppice` command. */
#include <coppice/host.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* OpenBLAS's constructor maps a buffer for every processor that it is to use, and where that fails
 * it tries for ever. Constructors run before main, but an executable has a list of functions that
 * run before any library's. The C library is not set up there: nothing but system calls. The
 * sanitizers are not set up either, and need far more memory themselves. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#define BLAS_BUFFER ((size_t)128 << 20)
#define SLACK       ((size_t)16 << 20)

static const char refusal[] =
    "coppice: the address space is limited (ulimit -v) to less than OpenBLAS needs, which is 128 "
    "MiB for each processor: raise the limit, or set OMP_NUM_THREADS to fewer processors and "
    "choose --threads N\n";

/* The number that the environment gives as `name`, 0 for none. */
static long given(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (; *environment != NULL; environment++) {
        long value = 0;
        if (strncmp(*environment, name, length) != 0 || (*environment)[length] != '=')
            continue;
        for (const char *c = *environment + length + 1; *c >= '0' && *c <= '9' && value < 4096; c++)
            value = 10 * value + (*c - '0');
        return value;
    }
    return 0;
}

/* As OpenBLAS counts: the processors that this process may use, or fewer that were asked for. */
static long blas_threads(char *const *environment)
{
    static const char *const names[] = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS",
                                        "OMP_NUM_THREADS"};
    cpu_set_t set;
    long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (count > COPPICE_BLAS_MOST)
        count = COPPICE_BLAS_MOST; /* what it was built for */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        long asked = given(environment, names[i]);
        if (asked > 0)
            return asked < count ? asked : count;
    }
    return count;
}

static void check_room(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    size_t size = (size_t)blas_threads(environment) * BLAS_BUFFER + SLACK;
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        ssize_t written = write(STDERR_FILENO, refusal, sizeof refusal - 1);
        (void)written;
        _exit(1);
    }
    (void)munmap(room, size);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const before_libraries)(int, char **, char **) = check_room;

#endif

/* A descriptor 0 to 2 that is closed would be taken by the next file that is opened, and messages
 * would land in it. What stands in for one fails as a closed one does. */
static void hold_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Spins of an idle OpenMP thread before it sleeps: some tens of microseconds. libgomp's default
 * spins for so long that on a machine which does anything else, or runs several workers, threads
 * wait for cores that other idle threads hold (measured: twenty times slower); sleeping at once
 * costs a wake-up a kernel (measured: small networks train at half the speed). */
#define IDLE_SPINS "30000"

/* The runtime reads its environment before main begins, so choosing takes starting anew. Whoever
 * sets OMP_WAIT_POLICY or GOMP_SPINCOUNT has chosen already. */
static void limit_idle_spins(char **argv)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (getenv("OMP_WAIT_POLICY") != NULL || getenv("GOMP_SPINCOUNT") != NULL || length <= 0 ||
        setenv("GOMP_SPINCOUNT", IDLE_SPINS, 1) != 0)
        return;
    self[length] = '\0';
    (void)execv(self, argv); /* where that fails, go on as we are */
}

int main(int argc, char **argv)
{
    hold_descriptors();
    (void)signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a write that fails, and says so */
    limit_idle_spins(argv);
    return cop_command(argc, argv, stdout, stderr);
}

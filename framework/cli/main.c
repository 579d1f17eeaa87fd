/* main.c: the `coppice` command. */
#include <coppice/host.h>

#include <stdlib.h>
#include <unistd.h>

/* Idle OpenMP threads of libgomp spin for the next parallel region. On a machine that does anything else,
 * or with several workers, each then waits for a core that the other's spinning holds (measured: twenty
 * times slower). The runtime reads its environment before main begins, so asking it to sleep instead takes
 * starting anew. Whoever sets OMP_WAIT_POLICY or GOMP_SPINCOUNT has chosen, and is left alone. */
static void sleep_when_idle(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") != NULL || getenv("GOMP_SPINCOUNT") != NULL ||
        setenv("OMP_WAIT_POLICY", "passive", 1) != 0)
        return;
    (void)execv("/proc/self/exe", argv); /* where that fails, go on as we are */
}

int main(int argc, char **argv)
{
    sleep_when_idle(argv);
    return cop_command(argc, argv, stdout, stderr);
}

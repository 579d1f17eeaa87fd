/* main.c: the `coppice` command. */
#include <coppice/host.h>

#include <stdlib.h>
#include <unistd.h>

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
    limit_idle_spins(argv);
    return cop_command(argc, argv, stdout, stderr);
}

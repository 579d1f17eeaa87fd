/* main.c: the `coppice` command. */
#include <coppice/host.h>

int main(int argc, char **argv)
{
    return cop_command(argc, argv, stdout, stderr);
}

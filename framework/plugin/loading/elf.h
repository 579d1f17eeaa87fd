/* elf.h: what a plugin's file says of itself, read without opening it as a library. */
#ifndef COP_PLUGIN_LOADING_ELF_H
#define COP_PLUGIN_LOADING_ELF_H

#include <coppice/status.h>

/* Refuses (COP_INVALID) a shared object whose descriptor was built for another major ABI, with
 * wanted and got. Opening it would fail first for the lack of that ABI's library, and say so in the
 * linker's words. Whatever else there is about the file, or is wrong with it, is passed over:
 * opening it will tell. */
cop_status cop_plugin_check_file(const char *path, cop_error *err);

#endif

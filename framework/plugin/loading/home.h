/* home.h: where this program's own plugins and configs are. */
#ifndef COP_PLUGIN_LOADING_HOME_H
#define COP_PLUGIN_LOADING_HOME_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the directory of the plugins that came with this library: the build's when the running
 * program or the library lies in the build tree, or in one that was moved; else coppice/plugins
 * beside the library, which is where installing puts it, under whatever prefix; else the place that
 * was configured. false when
 * no path fits into `size`. The directory may be missing. */
bool cop_plugin_home(char *dir, size_t size);

/* The same for the directory of the configs that came with it: the sources' in the build tree; else
 * share/coppice/configs under the library's prefix; else the place that was configured. */
bool cop_config_home(char *dir, size_t size);

#endif

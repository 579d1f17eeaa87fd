/* plugin_options.h: a plugin's options for the tests that are linked with it, filled from text as a
 * config would give them, so that tests need not know the struct. */
#ifndef COP_TEST_PLUGIN_OPTIONS_H
#define COP_TEST_PLUGIN_OPTIONS_H

#include "support.h"

#include <coppice/plugin.h>

#include "plugin/component.h"

typedef struct test_options {
    void *values;             /* the plugin's options struct */
    cop_option_values *owner; /* of strings and lists in it */
} test_options;

/* The defaults, changed by settings in libconfig syntax, `rate = 0.5; scope = "layer";`. Fails the
 * test where they are no options of the plugin. Options that are models come out NULL. */
test_options read_options(const cop_plugin *plugin, const char *settings);
void free_options(test_options *options);

#endif

#include "plugin_options.h"

#include <libconfig.h>
#include <stdlib.h>

test_options read_options(const cop_plugin *plugin, const char *settings)
{
    cop_error err = {0};
    test_options options = {.values = calloc(1, plugin->options_size)};
    config_t config;
    assert_non_null(options.values);
    config_init(&config);
    if (config_read_string(&config, settings) != CONFIG_TRUE)
        fail_msg("\"%s\": %s", settings, config_error_text(&config));
    assert_ok(cop_options_read(plugin->options, plugin->option_count, config_root_setting(&config),
                               NULL, plugin->id, "here", NULL, NULL, options.values, &options.owner,
                               &err),
              &err);
    config_destroy(&config);
    return options;
}

void free_options(test_options *options)
{
    cop_option_values_free(options->owner);
    free(options->values);
    *options = (test_options){0};
}

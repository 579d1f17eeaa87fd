/* config_text.h: loading configs that a test writes, with the fixture plugins. */
#ifndef COP_TESTS_CONFIG_TEXT_H
#define COP_TESTS_CONFIG_TEXT_H

#include "config/config.h"

#define CONFIGS COPPICE_TEST_SOURCE_DIR "/tests/fixtures/configs/"

/* What every config needs, on one line. */
#define BASE                                                                                       \
    "dataset = { plugin = \"toydata\"; }; ticket = { model = { plugin = \"toymodel\"; }; "         \
    "phases = ( { pruner = { plugin = \"toypruner\"; }; } ); }; train = { recipe = \"idc\"; };"

/* Set-up and tear-down of a group of tests: the registry, and a directory for what is written. */
int open_fixtures(void **state);
int close_fixtures(void **state);

/* The fixture plugins, while the group runs. */
cop_registry *fixture_registry(void);

/* The group's own directory. */
const char *fixture_dir(void);

/* Loads a config with one override, or none (NULL): from a file, bytes, or a text. */
cop_status load_file(const char *path, const char *override, cop_config **out, cop_error *err);
cop_status load_bytes(const char *bytes, size_t size, const char *override, cop_config **out,
                      cop_error *err);
cop_status load_text(const char *text, const char *override, cop_config **out, cop_error *err);

#endif

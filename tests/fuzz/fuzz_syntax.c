/* Parses libconfig's syntax (plugin/options/setting.h): what is taken is written as text, which,
 * where it has no floats, parses to the same text again. */
#include "fuzz.h"

#include "plugin/options/setting.h"

#include <stdlib.h>
#include <string.h>

static char *text_of(const config_setting_t *setting)
{
    cop_text text = {0};
    cop_setting_text(setting, &text);
    char *taken = cop_text_take(&text);
    FUZZ_REQUIRE(taken != NULL);
    return taken;
}

/* Whether there is no float in it: one that is a whole number is written like an integer. */
static bool is_exact(const config_setting_t *setting)
{
    bool exact = config_setting_type(setting) != CONFIG_TYPE_FLOAT;
    int count = config_setting_is_aggregate(setting) ? config_setting_length(setting) : 0;
    for (int i = 0; exact && i < count; i++)
        exact = is_exact(config_setting_get_elem(setting, (unsigned)i));
    return exact;
}

static void parse_again(const config_setting_t *root)
{
    config_t config;
    config_setting_t *value = NULL;
    char *first = text_of(root);
    FUZZ_REQUIRE(cop_syntax_parse_value(first, &config, &value, NULL) == COP_OK);
    char *second = text_of(value);
    FUZZ_REQUIRE(strcmp(first, second) == 0);
    free(first);
    free(second);
    config_destroy(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    config_t config;
    FUZZ_REQUIRE(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    cop_status status = cop_syntax_parse(text, size, "fuzz", &config, NULL);
    free(text);
    if (status != COP_OK)
        return 0;
    fuzz_accept();
    if (is_exact(config_root_setting(&config)))
        parse_again(config_root_setting(&config));
    else
        free(text_of(config_root_setting(&config)));
    config_destroy(&config);
    return 0;
}

/* setting.h (implemented in setting.c, syntax.c): what the host asks of libconfig settings (a
 * setting is a key of a config with its value) beyond libconfig: where one was written, what to
 * call its type, its text, and parsing that says no where libconfig would wrap or stop short. */
#ifndef COP_PLUGIN_OPTIONS_SETTING_H
#define COP_PLUGIN_OPTIONS_SETTING_H

#include "core/text.h"

#include <coppice/status.h>

#include <libconfig.h>

/* Where a setting was written. A setting that was copied or made by hand carries its place as its
 * libconfig hook: every hook in this program is NULL or a `const cop_place *`. */
typedef struct cop_place {
    const char *file;
    int line; /* 0: not known */
} cop_place;

/* The place of the setting or of the nearest one around it that knows; `file` (may be NULL) where
 * libconfig knows no file. */
cop_place cop_setting_place(const config_setting_t *setting, const char *file);

/* Gives the setting and all within it this place, which must outlive them. */
void cop_setting_set_place(config_setting_t *setting, const cop_place *place);

/* "an integer", "a group", … A literal. */
const char *cop_setting_type_name(const config_setting_t *setting);

/* Appends the value in libconfig syntax, on one line, as a label shows it: a float that is a whole
 * number looks like an integer. */
void cop_setting_text(const config_setting_t *setting, cop_text *text);

/* Appends a string, a number, as libconfig would read them back: a quoted and escaped string, UTF-8
 * without control characters whatever the bytes; the
 * shortest float that reads back as the same bits; an integer, with the L that it needs past 31
 * bits. */
void cop_append_string(cop_text *text, const char *value);
void cop_append_float(cop_text *text, double value);
void cop_append_int(cop_text *text, long long value);

/* Parses a whole text, unless it is one that libconfig would take wrongly or not survive, into
 * *config, which is initialised here and owned by the caller (config_destroy) after COP_OK only. */
cop_status cop_syntax_parse(const char *text, size_t size, const char *file, config_t *config,
                            cop_error *err);

/* Parses one value, such as `10`, `[1, 2]` or `{ plugin = "convnet"; }`; a bare word (letters,
 * digits, _ . / : + - ~ @ %, neither a number nor a bool) is a string. *value is in *config. */
cop_status cop_syntax_parse_value(const char *text, config_t *config, config_setting_t **value,
                                  cop_error *err);

/* Parses nothing: *value is the string itself. */
cop_status cop_syntax_string_value(const char *text, config_t *config, config_setting_t **value,
                                   cop_error *err);

#endif

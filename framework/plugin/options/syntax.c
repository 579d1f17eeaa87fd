/* syntax.c: reading libconfig text safely.
 *
 * libconfig 1.5 takes 5000000000 for 705032704, stops at a zero byte as if the text ended there,
 * and ends the process when an included file cannot be read. A pass over the text before it is
 * parsed turns each of these into an error with its line. */
#include "plugin/options/setting.h"

#include "core/locale.h"
#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_NESTING 64

typedef struct scanner {
    const char *at, *end;
    const char *file;
    int line;
    int depth;
    char before; /* how the token before began; 0: there was none */
    cop_error *err;
} scanner;

static cop_status refuse(scanner *s, const char *message)
{
    return cop_fail_at(s->err, COP_INVALID, s->file, s->line, "%s", message);
}

static cop_status check_bytes(const char *text, size_t size, const char *file, cop_error *err)
{
    int line = 1;
    const char *end = text + size;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return cop_fail_at(err, COP_INVALID, file, line,
                           "begins with a byte-order mark: save it as UTF-8 without one");
    for (const char *p = text; p < end;) {
        if (*p == '\0')
            return cop_fail_at(err, COP_INVALID, file, line, "a zero byte: this is not a text");
        size_t length = cop_utf8_length(p, end);
        if (length == 0)
            return cop_fail_at(err, COP_INVALID, file, line, "byte 0x%02x is not UTF-8",
                               (unsigned)(unsigned char)*p);
        line += *p == '\n';
        p += length;
    }
    return COP_OK;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char peek(const scanner *s, size_t ahead)
{
    return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

/* Stops before `close` or at the end: false then. */
static bool skip_to(scanner *s, const char *close)
{
    size_t length = strlen(close);
    while (s->at < s->end && strncmp(s->at, close, length) != 0) {
        s->line += *s->at == '\n';
        s->at++;
    }
    return s->at < s->end;
}

/* libconfig leaks a string that is not closed, or that stands where its grammar has none. */
static cop_status skip_string(scanner *s)
{
    int line = s->line;
    if (s->before == '\0' || strchr("=:,[(\"", s->before) == NULL)
        return refuse(s, "syntax error: a string where none can be");
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++) {
        if (s->end - s->at >= 4 && memcmp(s->at, "\\x00", 4) == 0)
            return refuse(s, "a string holds \\x00, a zero byte, where it would end");
        if (*s->at == '\\' && s->at + 1 < s->end)
            s->at++;
        s->line += *s->at == '\n';
    }
    if (s->at >= s->end)
        return cop_fail_at(s->err, COP_INVALID, s->file, line, "a string is not closed");
    s->at++;
    return COP_OK;
}

static cop_status skip_comment(scanner *s)
{
    int line = s->line;
    s->at += 2;
    if (!skip_to(s, "*/"))
        return cop_fail_at(s->err, COP_INVALID, s->file, line, "a comment is not closed");
    s->at += 2;
    return COP_OK;
}

/* Integers must fit what libconfig keeps them in: 32 bits, or 64 with the suffix L. */
static cop_status check_integer(scanner *s, const char *start, int base)
{
    size_t digits = (size_t)(s->at - start);
    bool is_long = peek(s, 0) == 'L';
    while (peek(s, 0) == 'L')
        s->at++;
    char copy[32];
    bool fits = digits < sizeof copy;
    long long value = 0;
    if (fits) {
        memcpy(copy, start, digits);
        copy[digits] = '\0';
        errno = 0;
        value = strtoll(copy, NULL, base);
        fits = errno == 0;
    }
    int shown = digits < 40 ? (int)digits : 40;
    if (!fits)
        return cop_fail_at(s->err, COP_INVALID, s->file, s->line,
                           "the integer %.*s does not fit in 64 bits", shown, start);
    if (!is_long && (value < INT32_MIN || value > INT32_MAX))
        return cop_fail_at(s->err, COP_INVALID, s->file, s->line,
                           "the integer %.*s does not fit in 32 bits: write %.*sL", shown, start,
                           shown, start);
    return COP_OK;
}

static cop_status scan_number(scanner *s)
{
    const char *start = s->at;
    if (*s->at == '+' || *s->at == '-')
        s->at++;
    if (peek(s, 0) == '0' && (peek(s, 1) == 'x' || peek(s, 1) == 'X')) {
        s->at += 2;
        while (is_hex_digit(peek(s, 0)))
            s->at++;
        return check_integer(s, start, 16);
    }
    while (is_digit(peek(s, 0)))
        s->at++;
    bool is_exponent = (peek(s, 0) == 'e' || peek(s, 0) == 'E') &&
                       (is_digit(peek(s, 1)) || peek(s, 1) == '+' || peek(s, 1) == '-');
    if (peek(s, 0) != '.' && !is_exponent)
        return check_integer(s, start, 10);
    for (char c = peek(s, 0); is_digit(c) || c == '.' || c == 'e' || c == 'E' ||
                              ((c == '+' || c == '-') && (s->at[-1] | 0x20) == 'e');
         c = peek(s, 0))
        s->at++;
    return COP_OK;
}

static void skip_name(scanner *s)
{
    for (char c = peek(s, 0); is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '*';
         c = peek(s, 0))
        s->at++;
}

static bool is_comment(const scanner *s)
{
    return *s->at == '#' || (*s->at == '/' && (peek(s, 1) == '/' || peek(s, 1) == '*'));
}

static cop_status scan_token(scanner *s)
{
    char c = *s->at;
    if (c == '#' || (c == '/' && peek(s, 1) == '/')) {
        (void)skip_to(s, "\n");
    } else if (c == '/' && peek(s, 1) == '*') {
        return skip_comment(s);
    } else if (c == '"') {
        return skip_string(s);
    } else if (is_digit(c) || ((c == '+' || c == '-') && is_digit(peek(s, 1)))) {
        return scan_number(s);
    } else if (is_letter(c) || c == '*') {
        skip_name(s);
    } else if (c == '@') {
        return refuse(s, "an @ where none can be: @include is for files, on a line of its own");
    } else {
        s->line += c == '\n';
        s->depth += (c == '{' || c == '[' || c == '(') - (c == '}' || c == ']' || c == ')');
        s->at++;
        if (s->depth > MAX_NESTING)
            return refuse(s, "nested deeper than 64 levels");
    }
    return COP_OK;
}

/* Refuses, with file:line, what libconfig would take wrongly or not survive: a zero byte, a
 * byte-order mark, bytes that are not UTF-8, an escaped zero byte, nesting past 64 levels, an
 * integer that does not fit (past 31 bits without the suffix L, past 63 with it), a string or
 * comment that is not closed, @include (of files it is done before: config/source.h). */
static cop_status check_syntax(const char *text, size_t size, const char *file, cop_error *err)
{
    COP_TRY(check_bytes(text, size, file, err));
    scanner s = {.at = text, .end = text + size, .file = file, .line = 1, .err = err};
    while (s.at < s.end) {
        char first = is_comment(&s) || strchr(" \t\r\n\f", *s.at) != NULL ? s.before : *s.at;
        COP_TRY(scan_token(&s));
        s.before = first;
    }
    return COP_OK;
}

cop_status cop_syntax_parse(const char *text, size_t size, const char *file, config_t *config,
                            cop_error *err)
{
    COP_TRY(check_syntax(text, size, file, err));
    config_init(config);
    locale_t before = cop_locale_enter();
    bool is_read = config_read_string(config, text) == CONFIG_TRUE;
    cop_locale_leave(before);
    if (is_read)
        return COP_OK;
    cop_status status =
        cop_fail_at(err, COP_INVALID, file, config_error_line(config), "%s",
                    config_error_text(config) != NULL ? config_error_text(config) : "syntax error");
    config_destroy(config);
    return status;
}

static bool is_number(const char *text)
{
    if (!is_digit(text[0]) && strchr("+-.", text[0]) == NULL)
        return false;
    char *end = NULL;
    (void)cop_strtod(text, &end);
    if (end == text)
        return false;
    return strcmp(end, "") == 0 || strcmp(end, "L") == 0 || strcmp(end, "LL") == 0;
}

static bool is_bare_word(const char *text)
{
    if (text[0] == '\0' || strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (!is_letter(*c) && !is_digit(*c) && strchr("_./:+-~@%", *c) == NULL &&
            (unsigned char)*c < 0x80)
            return false;
    return !is_number(text);
}

cop_status cop_syntax_string_value(const char *text, config_t *config, config_setting_t **value,
                                   cop_error *err)
{
    COP_TRY(check_bytes(text, strlen(text), NULL, err));
    config_init(config);
    *value = config_setting_add(config_root_setting(config), "value", CONFIG_TYPE_STRING);
    if (*value != NULL && config_setting_set_string(*value, text) == CONFIG_TRUE)
        return COP_OK;
    config_destroy(config);
    return cop_out_of_memory(err);
}

cop_status cop_syntax_parse_value(const char *text, config_t *config, config_setting_t **value,
                                  cop_error *err)
{
    if (is_bare_word(text))
        return cop_syntax_string_value(text, config, value, err);
    cop_text whole = {0};
    cop_text_printf(&whole, "value = %s\n;", text); /* the newline ends a comment in `text` */
    if (whole.failed)
        return cop_out_of_memory(err);
    cop_status status = cop_syntax_parse(whole.data, whole.length, NULL, config, err);
    cop_text_free(&whole);
    if (status != COP_OK) {
        if (err != NULL)
            err->line = 0; /* of a text that no file has */
        return status;
    }
    *value = config_setting_get_member(config_root_setting(config), "value");
    if (*value != NULL && config_setting_length(config_root_setting(config)) == 1)
        return COP_OK;
    config_destroy(config);
    return cop_fail(err, COP_INVALID, "more than one value");
}

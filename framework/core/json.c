/* json.c: cJSON gives NULL both for what is not JSON and when memory is refused; a scan that needs
 * no memory tells which it was. */
#include "core/json.h"

#include "core/damage.h"
#include "core/memory.h"

#include <string.h>

typedef struct scan {
    const char *at, *end;
    int depth;
} scan;

static void skip_space(scan *s)
{
    while (s->at < s->end && (unsigned char)*s->at <= ' ')
        s->at++;
}

static bool take(scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_word(scan *s, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
        return false;
    s->at += length;
    return true;
}

static bool take_digits(scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > from;
}

static bool take_number(scan *s)
{
    (void)take(s, '-');
    if (!take_digits(s) || (take(s, '.') && !take_digits(s)))
        return false;
    if (!take(s, 'e') && !take(s, 'E'))
        return true;
    if (!take(s, '+'))
        (void)take(s, '-');
    return take_digits(s);
}

/* The four digits of a \u; −1 where there are none. */
static int take_unit(scan *s)
{
    static const char digits[] = "0123456789abcdef";
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        if (s->at == s->end)
            return -1;
        char c = *s->at >= 'A' && *s->at <= 'F' ? (char)(*s->at - 'A' + 'a') : *s->at;
        const char *digit = memchr(digits, c, 16);
        if (digit == NULL)
            return -1;
        unit = unit * 16 + (int)(digit - digits);
        s->at++;
    }
    return unit;
}

/* What follows a backslash. Surrogates come in pairs. */
static bool take_escape(scan *s)
{
    if (s->at == s->end)
        return false;
    char c = *s->at++;
    if (c != 'u')
        return strchr("\"\\/bfnrt", c) != NULL && c != '\0';
    int unit = take_unit(s);
    if (unit < 0xd800 || unit > 0xdfff)
        return unit >= 0;
    if (unit > 0xdbff || !take_word(s, "\\u"))
        return false;
    int low = take_unit(s);
    return low >= 0xdc00 && low <= 0xdfff;
}

static bool take_string(scan *s)
{
    if (!take(s, '"'))
        return false;
    while (s->at < s->end && *s->at != '"') {
        if (*s->at++ == '\\' && !take_escape(s))
            return false;
    }
    return take(s, '"');
}

static bool take_value(scan *s);

/* Values, or pairs of a name and a value, up to the closing bracket. */
static bool take_items(scan *s, char close, bool named)
{
    skip_space(s);
    if (take(s, close))
        return true;
    do {
        skip_space(s);
        if (named) {
            if (!take_string(s))
                return false;
            skip_space(s);
            if (!take(s, ':'))
                return false;
        }
        if (!take_value(s))
            return false;
        skip_space(s);
    } while (take(s, ','));
    return take(s, close);
}

static bool take_value(scan *s)
{
    skip_space(s);
    if (s->at == s->end)
        return false;
    char c = *s->at;
    if (c == '{' || c == '[') {
        if (++s->depth > CJSON_NESTING_LIMIT)
            return false;
        s->at++;
        bool whole = take_items(s, c == '{' ? '}' : ']', c == '{');
        s->depth--;
        return whole;
    }
    if (c == '"')
        return take_string(s);
    return take_word(s, "null") || take_word(s, "true") || take_word(s, "false") || take_number(s);
}

bool cop_json_is_valid(const char *text, size_t size)
{
    scan s = {.at = text, .end = text + size};
    if (!take_value(&s))
        return false;
    skip_space(&s);
    return s.at == s.end;
}

cop_status cop_json_parse(const char *text, size_t size, cJSON **root, cop_error *err)
{
    const char *end = NULL;
    *root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
    if (*root == NULL && cop_json_is_valid(text, size))
        return cop_out_of_memory(err);
    while (*root != NULL && end < text + size && (unsigned char)*end <= ' ')
        end++;
    if (*root != NULL && end == text + size)
        return COP_OK;
    cJSON_Delete(*root);
    *root = NULL;
    return cop_fail(err, COP_DAMAGED, "is not JSON, or was cut short");
}

const cJSON *cop_json_item(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

size_t cop_json_length(const cJSON *list)
{
    return cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
}

cop_status cop_json_print(cJSON *root, bool is_whole, FILE *out, cop_error *err)
{
    char *text = root != NULL && is_whole ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    if (text == NULL)
        return cop_out_of_memory(err);
    (void)fprintf(out, "%s\n", text);
    cJSON_free(text);
    return COP_OK;
}

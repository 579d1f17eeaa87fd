/* text.c: growing a text, guessing what a misspelt name meant, and making text safe to print. */
#include "core/text.h"
#include "core/locale.h"
#include "core/memory.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names longer than this are never suggested. */
#define LONGEST_NAME 95

/* Makes room for `more` bytes and the terminating zero. */
static bool reserve(cop_text *text, size_t more)
{
    if (text->failed)
        return false;
    bool fits = more < SIZE_MAX - text->length;
    char *grown = fits ? cop_grow(text->data, &text->capacity, text->length + more + 1, 1) : NULL;
    text->failed = grown == NULL;
    text->data = grown != NULL ? grown : text->data;
    return !text->failed;
}

void cop_text_append_bytes(cop_text *text, const char *more, size_t size)
{
    if (!reserve(text, size))
        return;
    if (size > 0)
        memcpy(text->data + text->length, more, size);
    text->length += size;
    text->data[text->length] = '\0';
}

void cop_text_append(cop_text *text, const char *more)
{
    cop_text_append_bytes(text, more, strlen(more));
}

void cop_text_printf(cop_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = cop_vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        text->failed = true;
    if (length < 0 || !reserve(text, (size_t)length))
        return;
    va_start(arguments, format);
    (void)cop_vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

char *cop_text_take(cop_text *text)
{
    cop_text_append_bytes(text, "", 0);
    char *data = text->data;
    if (text->failed) {
        free(data);
        data = NULL;
    }
    *text = (cop_text){0};
    return data;
}

void cop_text_free(cop_text *text)
{
    free(text->data);
    *text = (cop_text){0};
}

bool cop_integer_parse(const char *text, int64_t *out)
{
    const char *digits = text + (text[0] == '-');
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    *out = value;
    return errno == 0;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edits between two words of at most LONGEST_NAME letters (optimal string alignment distance). */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows = strlen(a);
    size_t columns = strlen(b);
    size_t memory[3][LONGEST_NAME + 1];
    size_t *before = memory[0]; /* row i−2 */
    size_t *above = memory[1];  /* row i−1 */
    size_t *row = memory[2];
    for (size_t j = 0; j <= columns; j++) {
        before[j] = 0;
        row[j] = j;
    }
    for (size_t i = 1; i <= rows; i++) {
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = smallest(replaced, above[j] + 1, row[j - 1] + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return row[columns];
}

const char *cop_nearest(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word);
    const char *nearest = NULL;
    size_t fewest = SIZE_MAX;
    for (size_t i = 0; i < count && length <= LONGEST_NAME; i++) {
        size_t other = strlen(names[i]);
        size_t longer = length > other ? length : other;
        if (other > LONGEST_NAME)
            continue;
        size_t edits = edit_distance(word, names[i]);
        /* Short words get one edit, but never one that replaces the whole word. */
        size_t allowed = longer < 3 ? longer / 2 : longer / 3;
        if (edits <= allowed && edits < fewest) {
            nearest = names[i];
            fewest = edits;
        }
    }
    return nearest;
}

size_t cop_control_length(const char *at)
{
    const unsigned char *c = (const unsigned char *)at;
    if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
        return 2;
    return (c[0] > 0 && c[0] < 0x20) || c[0] == 0x7f;
}

/* Writes what stands for the character at `text` into `shown` (8 bytes); returns the bytes read. */
static size_t show_character(const unsigned char *text, char *shown)
{
    static const char letters[] = "abtnvfr"; /* of the codes 7 … 13 */
    unsigned char c = text[0];
    size_t control = cop_control_length((const char *)text);
    if (c >= 7 && c <= 13) {
        (void)snprintf(shown, 8, "\\%c", letters[c - 7]);
    } else if (control == 1) {
        (void)snprintf(shown, 8, "\\x%02x", c);
    } else if (control == 2) {
        (void)snprintf(shown, 8, "\\u%04x", text[1]);
        return 2;
    } else {
        size_t size = 1;
        shown[0] = (char)c;
        while (c >= 0xc0 && size < 4 && (text[size] & 0xc0) == 0x80) {
            shown[size] = (char)text[size];
            size++;
        }
        shown[size] = '\0';
        return size;
    }
    return 1;
}

const char *cop_escape(const char *text, char *out, size_t size)
{
    static const char cut[] = "...";
    const unsigned char *from = (const unsigned char *)text;
    size_t at = 0;
    size_t last_fit = 0; /* where "..." still fits behind */
    if (size == 0)
        return out;
    while (*from != '\0') {
        char shown[8];
        size_t read = show_character(from, shown);
        size_t length = strlen(shown);
        if (at + length + 1 > size) {
            if (last_fit + sizeof cut <= size)
                memcpy(out + last_fit, cut, sizeof cut);
            else
                out[at] = '\0';
            return out;
        }
        memcpy(out + at, shown, length);
        at += length;
        from += read;
        if (at + sizeof cut <= size)
            last_fit = at;
    }
    out[at] = '\0';
    return out;
}

static bool begins_letter(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t count_letters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += begins_letter(*text);
    return count;
}

/* Where the letter of that number begins. */
static const char *letter_at(const char *text, size_t number)
{
    for (; *text != '\0'; text++) {
        if (begins_letter(*text) && number-- == 0)
            break;
    }
    return text;
}

/* Appends text up to `end`, but no more than `letters` four-byte letters take. */
static char *copy_letters(char *to, const char *from, const char *end, size_t letters)
{
    size_t size = (size_t)(end - from);
    size = size < 4 * letters ? size : 4 * letters;
    memcpy(to, from, size);
    return to + size;
}

const char *cop_shorten(const char *text, size_t letters, char *out)
{
    size_t count = count_letters(text);
    const char *end = text + strlen(text);
    if (count <= letters) {
        *copy_letters(out, text, end, letters) = '\0';
        return out;
    }
    size_t tail = (letters - 1) / 2, head = letters - 1 - tail;
    char *to = copy_letters(out, text, letter_at(text, head), head);
    static const char ellipsis[] = "\xe2\x80\xa6"; /* U+2026 */
    to = copy_letters(to, ellipsis, ellipsis + sizeof ellipsis - 1, 1);
    *copy_letters(to, letter_at(text, count - tail), end, tail) = '\0';
    return out;
}

size_t cop_utf8_length(const char *at, const char *end)
{
    const unsigned char *c = (const unsigned char *)at;
    if (at == end)
        return 0;
    if (c[0] < 0x80)
        return 1;
    size_t size = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    if (c[0] < 0xc2 || c[0] > 0xf4 || size > (size_t)(end - at))
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool no_character = (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf4 && c[1] > 0x8f);
    return overlong || no_character ? 0 : size;
}

bool cop_is_utf8(const char *bytes, size_t size)
{
    const char *end = bytes + size;
    while (bytes < end) {
        size_t length = cop_utf8_length(bytes, end);
        if (length == 0)
            return false;
        bytes += length;
    }
    return true;
}

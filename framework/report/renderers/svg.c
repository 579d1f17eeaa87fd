/* svg.c: a picture that gnuplot wrote, made fit to stand in a page among others.
 *
 * gnuplot writes few kinds of element, each on a line or two: what is looked for is just that. */
#include "report/renderers/svg.h"

#include <string.h>

static bool begins(const char *at, const char *with)
{
    return strncmp(at, with, strlen(with)) == 0;
}

/* Behind an element that is passed over, where one begins; else NULL. */
static const char *behind_element(const char *at, const char *open, const char *close)
{
    if (!begins(at, open))
        return NULL;
    const char *end = strstr(at, close);
    return end != NULL ? end + strlen(close) : NULL;
}

/* A group without content: "<g …>", white space, "</g>". */
static const char *behind_empty_group(const char *at)
{
    if (!begins(at, "<g "))
        return NULL;
    const char *end = strchr(at, '>');
    if (end == NULL)
        return NULL;
    end += 1 + strspn(end + 1, " \t\r\n");
    return begins(end, "</g>") ? end + 4 : NULL;
}

/* What is passed over at this place; NULL: nothing. */
static const char *skipped(const char *at)
{
    const char *end = behind_empty_group(at);
    if (end == NULL)
        end = behind_element(at, "<title>Gnuplot</title>", "</title>");
    return end != NULL ? end : behind_element(at, "<desc>", "</desc>");
}

/* The length of a beginning behind which an identifier stands; 0: none does. */
static size_t before_identifier(const char *at)
{
    static const char *const beginnings[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (begins(at, beginnings[i]))
            return strlen(beginnings[i]);
    return 0;
}

void cop_svg_append(cop_text *page, const char *svg, const char *name, const char *label)
{
    const char *at = strstr(svg, "<svg");
    if (at == NULL)
        return;
    cop_text_printf(page, "<svg role=\"img\" aria-label=\"%s\"", label);
    for (at += strlen("<svg"); *at != '\0';) {
        const char *end = skipped(at);
        size_t length = before_identifier(at);
        if (end != NULL) {
            at = end + strspn(end, "\r\n\t ");
            continue;
        }
        cop_text_append_bytes(page, at, length > 0 ? length : 1);
        if (length > 0)
            cop_text_printf(page, "%s-", name);
        at += length > 0 ? length : 1;
    }
}

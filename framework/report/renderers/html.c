/* html.c: the page that shows a report. */
#include "report/renderers/html.h"

#include "report/renderers/page_assets.h"
#include "report/renderers/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void cop_html_text(cop_text *page, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            cop_text_append(page, "&lt;");
            break;
        case '>':
            cop_text_append(page, "&gt;");
            break;
        case '&':
            cop_text_append(page, "&amp;");
            break;
        case '"':
            cop_text_append(page, "&quot;");
            break;
        default:
            cop_text_append_bytes(page, text, 1);
        }
    }
}

static void element(cop_text *page, const char *name, const char *text)
{
    cop_text_printf(page, "<%s>", name);
    cop_html_text(page, text);
    cop_text_printf(page, "</%.*s>\n", (int)strcspn(name, " "), name);
}

void cop_html_begin(cop_text *page, const char *title)
{
    cop_text_append(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width, "
                          "initial-scale=1\">\n"
                          "<meta name=\"color-scheme\" content=\"light dark\">\n");
    element(page, "title", title);
    cop_text_append(page, "<style>\n");
    cop_text_append(page, (const char *)cop_page_css);
    cop_text_append(page, "</style>\n</head>\n<body>\n<main>\n");
    element(page, "h1", title);
}

void cop_html_end(cop_text *page)
{
    cop_text_append(page, "</main>\n<script>\n");
    cop_text_append(page, (const char *)cop_page_js);
    cop_text_append(page, "</script>\n</body>\n</html>\n");
}

void cop_html_heading(cop_text *page, const char *id, const char *heading)
{
    cop_text_append(page, "<h2");
    if (id[0] != '\0')
        cop_text_printf(page, " id=\"%s\"", id);
    cop_text_append(page, ">");
    cop_html_text(page, heading);
    cop_text_append(page, "</h2>\n");
}

void cop_html_paragraph(cop_text *page, const char *text)
{
    element(page, "p", text);
}

void cop_html_warning(cop_text *page, const char *text)
{
    element(page, "p class=\"warning\" role=\"note\"", text);
}

void cop_html_fold(cop_text *page, const char *id, const char *summary)
{
    cop_text_append(page, "<details");
    if (id[0] != '\0')
        cop_text_printf(page, " id=\"%s\"", id);
    cop_text_append(page, ">");
    element(page, "summary", summary);
}

void cop_html_unfold(cop_text *page)
{
    cop_text_append(page, "</details>\n");
}

void cop_html_verbatim(cop_text *page, const char *text)
{
    cop_text_append(page, "<pre tabindex=\"0\">");
    cop_html_text(page, text);
    cop_text_append(page, "</pre>\n");
}

/* A cell carries its number, by which it is sorted: what is shown is rounded, or has a unit. */
static void append_cell(cop_text *page, const cop_display *table, size_t row, size_t column,
                        bool opens)
{
    size_t at = row * table->column_count + column;
    cop_text_append(page, "<td");
    if (table->is_number[column])
        cop_text_append(page, " class=\"number\"");
    if (table->values != NULL && isfinite(table->values[at]))
        cop_text_printf(page, " data-value=\"%.17g\"", table->values[at]);
    cop_text_append(page, ">");
    if (opens)
        cop_text_append(page, "<button class=\"open\" hidden aria-expanded=\"true\" "
                              "aria-label=\"Show what this row is made of\"></button>");
    cop_html_text(page, table->cells[at]);
    cop_text_append(page, "</td>");
}

static void append_head(cop_text *page, const cop_display *table)
{
    cop_text_append(page, "<thead><tr>");
    for (size_t c = 0; c < table->column_count; c++) {
        cop_text_printf(page, "<th scope=\"col\"%s>",
                        table->is_number[c] ? " class=\"number\"" : "");
        cop_html_text(page, table->headers[c]);
        cop_text_append(page, "</th>");
    }
    cop_text_append(page, "</tr></thead>\n");
}

void cop_html_table(cop_text *page, const char *name, const cop_display *table,
                    cop_html_detail detail, const void *own)
{
    cop_text_printf(page,
                    "<div class=\"table\" data-name=\"%s\"><div class=\"scroll\" tabindex=\"0\" "
                    "role=\"region\" aria-label=\"Table %s\">"
                    "<table>\n",
                    name, name);
    append_head(page, table);
    cop_text_append(page, "<tbody>\n");
    for (size_t r = 0; r < table->row_count; r++) {
        cop_text_append(page, "<tr>");
        for (size_t c = 0; c < table->column_count; c++)
            append_cell(page, table, r, c, c == 0 && detail != NULL);
        cop_text_append(page, "</tr>\n");
        if (detail == NULL)
            continue;
        cop_text_printf(page, "<tr class=\"detail\"><td colspan=\"%zu\">", table->column_count);
        detail(own, r, page);
        cop_text_append(page, "</td></tr>\n");
    }
    cop_text_append(page, "</tbody></table></div>\n");
    if (table->constant[0] != '\0') {
        cop_text_append(page, "<p class=\"constant\">The same in every row: ");
        cop_html_text(page, table->constant);
        cop_text_append(page, ".</p>\n");
    }
    cop_text_append(page, "</div>\n");
}

static void append_caption(cop_text *page, const char *title, const char *caption)
{
    cop_text_append(page, "<figcaption><strong>");
    cop_html_text(page, title);
    cop_text_append(page, title[0] != '\0' ? ".</strong> " : "</strong>");
    cop_html_text(page, caption);
}

void cop_html_figure(cop_text *page, const char *name, const char *svg, const char *title,
                     const char *caption, bool is_inverted)
{
    cop_text label = {0};
    cop_html_text(&label, title);
    cop_text_append(&label, ". ");
    cop_html_text(&label, caption);
    cop_text_printf(page,
                    "<figure id=\"figure-%s\"><div class=\"scroll plot%s\" tabindex=\"0\" "
                    "role=\"region\" aria-label=\"Figure\">",
                    name, is_inverted ? " inverted" : "");
    cop_svg_append(page, svg, name, label.data != NULL ? label.data : "");
    page->failed = page->failed || label.failed;
    cop_text_free(&label);
    cop_text_append(page, "</div>");
    append_caption(page, title, caption);
    cop_text_printf(page, " <span class=\"files\">");
    static const char *const formats[] = {"svg", "pdf", "csv", "gp"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        cop_text_printf(page, "<a href=\"figures/%s.%s\">%s</a> ", name, formats[i], formats[i]);
    cop_text_append(page, "</span></figcaption></figure>\n");
}

/* Base 64 (RFC 4648), as addresses of data have it. */
static void append_base64(cop_text *page, const unsigned char *bytes, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned long three = (unsigned long)bytes[i] << 16 |
                              (left > 1 ? (unsigned long)bytes[i + 1] << 8 : 0) |
                              (left > 2 ? (unsigned long)bytes[i + 2] : 0);
        char four[4] = {letters[three >> 18 & 63], letters[three >> 12 & 63],
                        left > 1 ? letters[three >> 6 & 63] : '=',
                        left > 2 ? letters[three & 63] : '='};
        cop_text_append_bytes(page, four, sizeof four);
    }
}

void cop_html_image(cop_text *page, const unsigned char *png, size_t size, const char *caption)
{
    cop_text_append(page, "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                          "aria-label=\"Picture\"><img src=\"data:image/png;base64,");
    append_base64(page, png, size);
    cop_text_append(page, "\" alt=\"");
    cop_html_text(page, caption);
    cop_text_append(page, "\"></div>");
    append_caption(page, "", caption);
    cop_text_append(page, "</figcaption></figure>\n");
}

void cop_html_link(cop_text *page, const char *path, const char *text)
{
    cop_text_append(page, "<li><a href=\"");
    cop_html_text(page, path);
    cop_text_append(page, "\"><code>");
    cop_html_text(page, path);
    cop_text_append(page, "</code></a> ");
    cop_html_text(page, text);
    cop_text_append(page, "</li>\n");
}

/* html.c: the page that shows a report. */
#include "report/renderers/html.h"

#include <string.h>

static void append_escaped(cop_text *page, const char *text)
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
    append_escaped(page, text);
    cop_text_printf(page, "</%s>\n", name);
}

void cop_html_begin(cop_text *page, const char *title)
{
    cop_text_append(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width\">\n");
    element(page, "title", title);
    cop_text_append(
        page, "<style>\n"
              "body { font: 16px/1.5 system-ui, sans-serif; max-width: 76em; margin: 2em auto;"
              " padding: 0 1em; color: #222; }\n"
              "h1, h2 { line-height: 1.2; } h2 { margin-top: 2em; }\n"
              ".scroll { overflow-x: auto; }\n"
              "table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
              "th, td { padding: .25em .75em; text-align: left; white-space: nowrap; }\n"
              "th { border-bottom: 2px solid #444; } td { border-bottom: 1px solid #ddd; }\n"
              ".number { text-align: right; }\n"
              "figure { margin: 1.5em 0; } img { max-width: 100%; }\n"
              "figcaption { color: #555; }\n"
              "</style>\n</head>\n<body>\n");
    element(page, "h1", title);
}

void cop_html_heading(cop_text *page, const char *heading)
{
    element(page, "h2", heading);
}

void cop_html_paragraph(cop_text *page, const char *text)
{
    element(page, "p", text);
}

static void append_cell(cop_text *page, const char *name, bool is_number, const char *text)
{
    cop_text_printf(page, "<%s%s>", name, is_number ? " class=\"number\"" : "");
    append_escaped(page, text);
    cop_text_printf(page, "</%s>", name);
}

void cop_html_table(cop_text *page, const cop_display *table)
{
    cop_text_append(page, "<div class=\"scroll\"><table>\n<tr>");
    for (size_t c = 0; c < table->column_count; c++)
        append_cell(page, "th", table->is_number[c], table->headers[c]);
    cop_text_append(page, "</tr>\n");
    for (size_t r = 0; r < table->row_count; r++) {
        cop_text_append(page, "<tr>");
        for (size_t c = 0; c < table->column_count; c++)
            append_cell(page, "td", table->is_number[c], table->cells[r * table->column_count + c]);
        cop_text_append(page, "</tr>\n");
    }
    cop_text_append(page, "</table></div>\n");
}

void cop_html_picture(cop_text *page, const char *path, const char *caption)
{
    cop_text_append(page, "<figure><a href=\"");
    append_escaped(page, path);
    cop_text_append(page, "\"><img src=\"");
    append_escaped(page, path);
    cop_text_append(page, "\" alt=\"");
    append_escaped(page, caption);
    cop_text_append(page, "\"></a>");
    element(page, "figcaption", caption);
    cop_text_append(page, "</figure>\n");
}

void cop_html_link(cop_text *page, const char *path, const char *text)
{
    cop_text_append(page, "<li><a href=\"");
    append_escaped(page, path);
    cop_text_append(page, "\"><code>");
    append_escaped(page, path);
    cop_text_append(page, "</code></a> ");
    append_escaped(page, text);
    cop_text_append(page, "</li>\n");
}

void cop_html_end(cop_text *page)
{
    cop_text_append(page, "</body>\n</html>\n");
}

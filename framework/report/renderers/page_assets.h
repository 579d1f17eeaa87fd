/* page_assets.h (embedded by the build from page.css and page.js): how the page looks, and the
 * script that makes its tables sort, filter, open and copy. */
#ifndef COP_REPORT_RENDERERS_PAGE_ASSETS_H
#define COP_REPORT_RENDERERS_PAGE_ASSETS_H

/* Texts, zero-terminated. */
extern const unsigned char cop_page_css[];
extern const unsigned char cop_page_js[];

#endif

#!/usr/bin/env python3
"""The report's page in a real browser. Usage:

    page.py BUILD_DIR [--screenshots DIR]          a study of its own, whole and unfinished
    page.py INDEX.HTML [--screenshots DIR]         any page

Prints a line per finding, and exits with 1 if there are any; with 77 where there is no chromium.
--screenshots writes what the page looks like: PNGs for a wide screen and a phone, and a PDF.
Standard library only.
"""

import argparse
import base64
import csv
import io
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import browser as chromium

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIG = os.path.join(HERE, "..", "fixtures", "configs", "report-page.cfg")
MOST_BYTES = 5_000_000
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LEAST_MARK = 3.0      # the same, 1.4.11: what is no text
A4_LANDSCAPE = 1047   # CSS pixels between margins of 12 mm, at 96 an inch: (297 - 2 * 10) / 25.4
NO_BROWSER = 77
MOST_OF_A_KIND = 6
ALL_SECONDS = 900


class Page:
    """An index.html, a browser to see it in, and what was found."""

    def __init__(self, browser, path, name):
        self.browser, self.path, self.name = browser, os.path.abspath(path), name
        self.address = pathlib.Path(self.path).as_uri()
        self.count = 0
        self.probe = ""
        for script in ("page_probe.js", "page_figures.js"):
            self.probe += pathlib.Path(HERE, script).read_text(encoding="utf-8")

    def finding(self, text):
        """A line of what is wrong."""
        self.count += 1
        print(f"{self.name}: {text}", flush=True)

    def findings(self, before, texts):
        """Several of one kind; the first few tell."""
        for text in texts[:MOST_OF_A_KIND]:
            self.finding(before + text)
        if len(texts) > MOST_OF_A_KIND:
            self.finding(f"{before}{len(texts) - MOST_OF_A_KIND} more of these")

    def expect(self, is_right, text):
        """A finding unless it is so."""
        if not is_right:
            self.finding(text)

    def open(self, tab, anchor=""):
        """Loads the page, with the probe in it."""
        tab.load(self.address + anchor)
        tab.run(self.probe + "; null")

    def click(self, tab, selector, index=0):
        """A real click in the middle of the element; False: one cannot."""
        at = tab.run(f"probe.place({selector!r}, {index})")
        if at is None:
            self.finding(f"cannot be clicked: number {index} of {selector}")
            return False
        tab.click(*at)
        return True


# --- the document --------------------------------------------------------------------------------


def check_events(page, tab):
    """Nothing went wrong, and nothing was asked of anybody."""
    for event in tab.events("Runtime.exceptionThrown"):
        details = event["exceptionDetails"]
        page.finding("exception: " + details.get("exception", {}).get("description",
                                                                      details["text"]))
    for event in tab.events("Runtime.consoleAPICalled"):
        page.finding("the console says: " + str([a.get("value") for a in event["args"]]))
    for event in tab.events("Log.entryAdded"):
        page.finding("the log says: " + event["entry"]["text"])
    for event in tab.events("Network.requestWillBeSent"):
        address = event["request"]["url"]
        if not address.startswith("data:") and address.split("#")[0] != page.address:
            page.finding("it asks for " + address)


def check_document(page, tab):
    """Size, pictures, identifiers and links."""
    size = os.path.getsize(page.path)
    page.expect(size < MOST_BYTES, f"{size} bytes: at most {MOST_BYTES}")
    page.open(tab)
    pictures = tab.run("probe.pictures()")
    page.expect(pictures["count"] > 0, "no picture on the page")
    for text in pictures["images"]:
        page.finding("an image is not there: " + text)
    page.findings("an image within a drawing is not there: ", tab.run("probe.broken()"))
    for text in pictures["drawings"]:
        page.finding("a drawing has no size: " + text)
    for text in pictures["unnamed"]:
        page.finding("a picture has no text: " + text)
    for name in tab.run("probe.duplicates()"):
        page.finding("two elements have the id " + name)
    links = tab.run("probe.links()")
    for name in sorted(set(links["lost"])):
        page.finding(f"a link leads to #{name}, which is not there")
    for name in links["files"]:
        page.expect(os.path.isfile(os.path.join(os.path.dirname(page.path), name)),
                    f"a link leads to {name}, which is not there")


# --- tables --------------------------------------------------------------------------------------


def check_sort(page, tab, index, column, what):
    """Two clicks on a header: up, then down, and details stay behind their rows."""
    header = f"[data-test='{index}'] thead button"
    before = sorted((row["text"], row["detail"] or "") for row in tab.run(f"probe.rows({index})"))
    for up, word in ((True, "ascending"), (False, "descending")):
        if not page.click(tab, header, column):
            return
        said = tab.run(f"probe.sorts({index})")
        page.expect(said[column] == word and sum(s is not None for s in said) == 1,
                    f"{what}: aria-sort says {said}, not {word} of this column alone")
        page.expect(tab.run(f"probe.isSorted({index}, {column}, {str(up).lower()})"),
                    f"{what}: rows are not {word}")
    rows = tab.run(f"probe.rows({index})")
    page.expect(before == sorted((row["text"], row["detail"] or "") for row in rows),
                f"{what}: sorting parts rows from their details")


def fill_search(page, tab, index, text):
    """Types a text into a table's search box in place of what is there."""
    if page.click(tab, f"[data-test='{index}'] .tools input"):
        tab.run("document.activeElement.select()")
        if text:
            tab.call("Input.insertText", text=text)
        else:
            tab.press("Delete", 46)
    return tab.run(f"probe.rows({index})")


def check_filter(page, tab, index, name):
    """Typing hides the rows without the words, whatever their case, and shows them again."""
    rows = tab.run(f"probe.rows({index})")
    for text in (rows[-1]["cells"][0], rows[0]["cells"][0].upper(), "no row has this"):
        wanted = [all(word in row["text"].lower() for word in text.lower().split())
                  for row in rows]
        now = fill_search(page, tab, index, text)
        page.expect([row["isSeen"] for row in now] == wanted,
                    f"table {name}: the filter {text!r} shows other rows than those that have it")
        page.expect(not any(row["isOpen"] and not row["isSeen"] for row in now),
                    f"table {name}: the filter {text!r} leaves a detail without its row")
    now = fill_search(page, tab, index, "")
    page.expect(all(row["isSeen"] for row in now),
                f"table {name}: rows stay hidden when the filter is empty again")


def check_open(page, tab, index, name):
    """A row opens and closes its own detail alone, and stays open behind a filter."""
    for wanted in (True, False, True):
        if not page.click(tab, f"[data-test='{index}'] button.open"):
            return
        rows = tab.run(f"probe.rows({index})")
        state = "open" if wanted else "closed"
        page.expect([row["isOpen"] for row in rows] == [wanted] + [False] * (len(rows) - 1),
                    f"table {name}: after a click, the first row's detail alone is not {state}")
        page.expect(rows[0]["says"] == str(wanted).lower(),
                    f"table {name}: aria-expanded says {rows[0]['says']} of a row that is {state}")
    hidden = fill_search(page, tab, index, "no row has this")
    page.expect(not hidden[0]["isOpen"], f"table {name}: a detail stays when its row is filtered")
    shown = fill_search(page, tab, index, "")
    page.expect(shown[0]["isOpen"], f"table {name}: a filter closes a row for good")


def check_stage_link(page, tab, index, name):
    """A link to a stage opens what it is folded in, a second time too, and on loading."""
    selector = f"[data-test='{index}'] tr.detail:not([hidden]) a[href^='#s-']"
    anchor = tab.run(f"(document.querySelector({selector!r}) || {{}}).hash")
    if anchor is None:
        page.finding(f"table {name}: an open row has no link to a stage")
        return
    for time_of_click in ("first", "second"):
        page.click(tab, selector)
        page.expect(settles(tab, f"probe.isShown({anchor[1:]!r})"),
                    f"table {name}: the {time_of_click} click on a link to {anchor} does not show "
                    "the stage")
        tab.run(f"probe.close({anchor[1:]!r})")
    with chromium.Tab(page.browser) as other:
        other.size(1280)
        page.open(other, anchor)
        page.expect(settles(other, f"probe.isShown({anchor[1:]!r})"),
                    f"an address with {anchor} does not show the stage")


def settles(tab, condition, seconds=2):
    """Whether it becomes true within a moment."""
    until = time.monotonic() + seconds
    while not tab.run(condition):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def copied(page, tab, index, label, button):
    """The text that a click on a table's button copies; None: none."""
    tab.run("window.copied = null")
    if not page.click(tab, f"[data-test='{index}'] .tools button", button):
        return None
    if not settles(tab, "window.copied !== null"):
        page.finding(f"{label} copies nothing")
        return None
    return tab.run("window.copied")


def check_csv(page, tab, index, table):
    """As many records as rows that are shown, with the names first."""
    what = f"table {table['name']}: Copy CSV"
    text = copied(page, tab, index, what, 0)
    if text is None:
        return
    try:
        records = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        page.finding(f"{what}: {error}")
        return
    rows = [row for row in tab.run(f"probe.rows({index})") if row["isSeen"]]
    page.expect(records[0] == table["heads"], f"{what}: the first line is not the columns' names")
    page.expect(len(records) == len(rows) + 1,
                f"{what}: {len(records) - 1} lines for {len(rows)} rows")
    page.expect([record[0] for record in records[1:]] == [row["cells"][0] for row in rows],
                f"{what}: the first column is another than the table's")


def check_latex(page, tab, index, table):
    """As many lines as rows, as many cells, and no character that LaTeX takes for its own."""
    what = f"table {table['name']}: Copy LaTeX"
    text = copied(page, tab, index, what, 1)
    if text is None:
        return
    lines = re.search(r"\\midrule\n(.*)\\bottomrule", text, re.DOTALL).group(1).splitlines()
    rows = [row for row in tab.run(f"probe.rows({index})") if row["isSeen"]]
    page.expect(len(lines) == len(rows), f"{what}: {len(lines)} lines for {len(rows)} rows")
    for line in lines + re.findall(r"\\toprule\n(.*)\n", text):
        cells = re.sub(r"\\[a-z]+\{\}|\$(?:\\pm|[<>])\$|\\\\$|\\[&%$#_{}]", "", line)
        page.expect(cells.count("&") == len(table["heads"]) - 1,
                    f"{what}: another number of cells than columns: {line}")
        strange = sorted(set(re.findall(r"[%$#_{}~^<>\\]|[^\x20-\x7e]", cells)))
        page.expect(not strange, f"{what}: LaTeX does not take {' '.join(strange)} in: {line}")


def check_copy(page, tab, index, table):
    """Both buttons, over all rows and over the filtered ones, and without a clipboard."""
    name = table["name"]
    tab.run("probe.keepCopies(false)")
    check_csv(page, tab, index, table)
    check_latex(page, tab, index, table)
    fill_search(page, tab, index, tab.run(f"probe.rows({index})")[0]["cells"][-1])
    check_csv(page, tab, index, table)
    check_latex(page, tab, index, table)
    fill_search(page, tab, index, "")
    label = f"document.querySelectorAll(\"[data-test='{index}'] .tools button\")[0].textContent"
    page.expect(settles(tab, label + " === 'Copy CSV'", 4),
                f"table {name}: a button that was clicked twice stays {tab.run(label)!r}")
    tab.run("probe.keepCopies(true)")
    copied(page, tab, index, f"table {name}: Copy CSV, without a clipboard,", 0)


def check_tables(page, tab):
    """All that a table can be asked for."""
    page.open(tab)
    tables = tab.run("probe.tables()")
    page.expect(tables, "no table on the page")
    tab.run("document.querySelectorAll('div.table').forEach(function (t, i) "
            "{ t.dataset.test = i; })")
    for index, table in enumerate(tables):
        if table["opens"] and table["hasTools"]:
            check_open(page, tab, index, table["name"])
            check_stage_link(page, tab, index, table["name"])
        for column, head in enumerate(table["heads"]):
            check_sort(page, tab, index, column, f"table {table['name']}, column {head!r}")
        if table["hasTools"]:
            check_filter(page, tab, index, table["name"])
            check_copy(page, tab, index, table)


# --- how it is reached and seen ------------------------------------------------------------------


def check_keyboard(page, tab):
    """Tab reaches all that one can use, folded and unfolded, and one sees where one is."""
    for prepare in ("null", "probe.openAll()"):
        page.open(tab)
        tab.run(prepare)
        for _ in range(tab.run("probe.watchFocus()") + 50):
            tab.press("Tab", 9)
        page.findings("keyboard: ", tab.run("probe.focusFindings()"))


def check_width(page, tab):
    """Nothing but what scrolls by itself is wider than the screen."""
    for width, mobile in ((390, True), (320, True), (768, True), (1280, False)):
        tab.size(width, 844, mobile)
        page.open(tab)
        for prepare, state in (("null", ""), ("probe.openAll()", ", all opened")):
            tab.run(prepare)
            wide = tab.run("document.scrollingElement.scrollWidth")
            page.expect(wide <= width, f"at {width} px{state}: the page is {wide} px wide: "
                        + "; ".join(tab.run("probe.tooWide()")))
            page.findings(f"at {width} px{state}: a letter or two a line: ",
                          tab.run("probe.squeezed()"))


def check_colours(page, tab):
    """Dark is dark, and every text can be read in both schemes and on paper."""
    tab.size(1280)
    for kind, scheme in (("screen", "light"), ("screen", "dark"), ("print", "light"),
                         ("print", "dark")):
        tab.media(kind, scheme)
        page.open(tab)
        tab.run("probe.openAll()")
        lights = tab.run("probe.lights()")
        is_dark = kind == "screen" and scheme == "dark"
        low, high = sorted((lights["paper"], lights["ink"]))
        page.expect(low < 0.1 and high > 0.6 and (lights["paper"] < lights["ink"]) == is_dark,
                    f"{kind}, {scheme}: luminance {lights['paper']:.2f} of paper, "
                    f"{lights['ink']:.2f} of ink")
        page.expect(lights["ring"] >= LEAST_MARK,
                    f"{kind}, {scheme}: the outline of what has the focus is hard to see")
        page.findings(f"{kind}, {scheme}: hard to read: ",
                      tab.run(f"probe.faint({LEAST_CONTRAST})"))
        check_drawings(page, tab, f"{kind}, {scheme}")
    tab.media()


def check_drawings(page, tab, what):
    """In drawings too: texts before what they stand on, and the lines of what is plotted."""
    found = tab.run(f"figures.faint({LEAST_CONTRAST}, {LEAST_MARK})")
    page.expect(found["drawings"] and found["plots"], f"{what}: no drawing that plots anything")
    page.findings(f"{what}: hard to make out: ", found["texts"])


def check_without_script(page, tab):
    """All is there, opened, where scripts are not run."""
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.load(page.address)
    hidden = tab.run("Array.from(document.querySelectorAll('div.table tr'))"
                     ".filter(function (r) { return r.getClientRects().length === 0; }).length")
    page.expect(hidden == 0, f"without script: {hidden} rows are not to be seen")
    dead = tab.run("Array.from(document.querySelectorAll('button, input'))"
                   ".filter(function (b) { return b.getClientRects().length > 0; }).length")
    page.expect(dead == 0, f"without script: {dead} buttons or boxes that do nothing")
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


def print_page(tab):
    """The bytes of the page's PDF, as paper has it."""
    tab.media()
    answer = tab.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
    return base64.b64decode(answer["data"])


def check_print(page, tab):
    """It prints, and no sheet cuts a table off."""
    tab.size(A4_LANDSCAPE, 700)
    tab.media("print")
    page.open(tab)
    for prepare, state in (("null", ""), ("probe.openAll()", ", all opened")):
        tab.run(prepare)
        page.findings(f"print{state}: wider than the sheet: ", tab.run("probe.cut()"))
        page.findings(f"print{state}: a letter or two a line: ", tab.run("probe.squeezed()"))
    page.open(tab)
    page.expect(print_page(tab).startswith(b"%PDF-"), "print: no PDF")


def write_screenshots(page, tab, folder):
    """name-WIDTH[-dark].png and name.pdf."""
    os.makedirs(folder, exist_ok=True)
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        tab.size(width, 844, width < 600)
        tab.media("screen", scheme)
        page.open(tab)
        box = tab.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": width, "height": min(box["height"], 16000), "scale": 1}
        image = tab.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        name = f"{page.name}-{width}{'' if scheme == 'light' else '-dark'}.png"
        pathlib.Path(folder, name).write_bytes(base64.b64decode(image))
    pathlib.Path(folder, page.name + ".pdf").write_bytes(print_page(tab))


CHECKS = (check_document, check_tables, check_keyboard, check_width, check_colours,
          check_without_script, check_print)
UNFINISHED_CHECKS = (check_document, check_width, check_colours, check_without_script, check_print)


def check_page(program, path, name, screenshots, checks=CHECKS):
    """Holds a page to these; returns the number of findings."""
    with chromium.Browser(program) as browser:
        page = Page(browser, path, name)
        for check in checks:
            with chromium.Tab(browser) as tab:
                tab.size(1280)
                tab.media()
                check(page, tab)
                check_events(page, tab)
        if screenshots:
            with chromium.Tab(browser) as tab:
                write_screenshots(page, tab, screenshots)
        return page.count


# --- the study -----------------------------------------------------------------------------------


def coppice(build, *arguments):
    """Runs the built command with the built plugins; its output only where it fails."""
    environment = {**os.environ, "COPPICE_PLUGIN_PATH": os.path.join(build, "plugins")}
    done = subprocess.run([os.path.join(build, "coppice"), *arguments], env=environment,
                          timeout=600, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"page.py: coppice {' '.join(arguments)}: status {done.returncode}\n"
                 + done.stdout.decode(errors="replace"))


def check_own_study(program, build, screenshots):
    """The pages of a small study that has every kind of figure: whole, and with half of it gone."""
    with tempfile.TemporaryDirectory(prefix="coppice-page-") as folder:
        path = os.path.join(folder, "studies", "report-page", "report", "index.html")
        coppice(build, "run", CONFIG, "--out", folder)
        count = check_page(program, path, "whole", screenshots)
        store = os.path.join(folder, "store")
        for name in sorted(os.listdir(store)):
            if name.startswith("analyze-") and name[-1] in "01234567":
                shutil.rmtree(os.path.join(store, name))
        coppice(build, "report", folder)
        text = pathlib.Path(path).read_text(encoding="utf-8")
        if "The study is not finished" not in text:
            print("unfinished: the page does not say that results are missing")
            count += 1
        return count + check_page(program, path, "unfinished", screenshots, UNFINISHED_CHECKS)


def give_up(*_):
    """The last resort against waiting for ever."""
    raise chromium.Silent(f"not done within {ALL_SECONDS} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", metavar="BUILD_DIR|INDEX.HTML")
    parser.add_argument("--screenshots", metavar="DIR")
    options = parser.parse_args()
    program = chromium.find()
    if program is None:
        print("no chromium: the page is not tested")
        return NO_BROWSER
    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(ALL_SECONDS)
    try:
        if os.path.isdir(options.what):
            count = check_own_study(program, os.path.abspath(options.what), options.screenshots)
        else:
            count = check_page(program, options.what, "page", options.screenshots)
    except (chromium.Silent, chromium.Refused) as error:
        sys.exit(f"page.py: {error}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())

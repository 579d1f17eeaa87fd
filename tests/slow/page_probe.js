// What page.py asks of a page, from within it. It reads; clicks and keys come from outside.
"use strict";
window.probe = (function () {
  var FOCUSABLE = "a[href], button, input, summary, [tabindex='0']";

  function isSeen(element) {
    return element.checkVisibility({ visibilityProperty: true });
  }

  // "button 'Copy CSV' in #tickets": where a reader of a finding is to look.
  function name(element) {
    var text = (element.getAttribute("aria-label") || element.textContent || "").trim();
    var part = element.tagName.toLowerCase() + (element.id ? "#" + element.id : "");
    return part + " '" + text.replace(/\s+/g, " ").slice(0, 40) + "'";
  }

  function all(selector) { return Array.from(document.querySelectorAll(selector)); }

  function duplicates() {
    var seen = {}, twice = {};
    all("[id]").forEach(function (e) { (seen[e.id] ? twice : seen)[e.id] = true; });
    return Object.keys(twice);
  }

  // Links within the page that lead nowhere, and the files that others lead to.
  function links() {
    var inner = all("a[href^='#']").map(function (a) { return a.getAttribute("href").slice(1); });
    return { lost: inner.filter(function (id) { return document.getElementById(id) === null; }),
             files: all("a[href]:not([href^='#'])").map(function (a) {
               return a.getAttribute("href");
             }) };
  }

  function pictures() {
    return { count: all("img").length + all("svg").length,
             images: all("img").filter(function (i) { return !(i.complete && i.naturalWidth > 0); })
                     .map(function (i) { return i.alt; }),
             drawings: all("svg").filter(function (s) {
               var box = s.getBoundingClientRect();
               return !(box.width > 0 && box.height > 0);
             }).map(name),
             unnamed: all("img:not([alt]), svg:not([aria-label])").map(name) };
  }

  // Shades within drawings are images of their own, which do not say whether they are there.
  function broken() {
    return Promise.all(all("svg image").map(function (image) {
      var copy = new Image();
      copy.src = image.href.baseVal;
      return copy.decode().then(function () { return null; },
                                function () { return name(image.closest("figure")); });
    })).then(function (list) { return list.filter(function (text) { return text !== null; }); });
  }

  function table(index) { return all("div.table")[index].querySelector("table"); }

  function value(cell) {
    var text = cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent;
    return text.trim() === "" || isNaN(Number(text)) ? null : Number(text);
  }

  // A table as it is now: rows, each with its cells, and the detail that stands behind it.
  function rows(index) {
    var list = [];
    Array.from(table(index).tBodies[0].rows).forEach(function (row) {
      if (row.classList.contains("detail")) {
        list[list.length - 1].detail = row.textContent;
        list[list.length - 1].isOpen = isSeen(row);
        return;
      }
      var opener = row.querySelector("button.open");
      list.push({ text: row.textContent, isSeen: isSeen(row), detail: null, isOpen: false,
                  cells: Array.from(row.cells).map(function (c) { return c.textContent; }),
                  values: Array.from(row.cells).map(value),
                  says: opener && opener.getAttribute("aria-expanded") });
    });
    return list;
  }

  // Columns whose rows are not in order: numbers by value and first, then texts.
  function isSorted(index, column, up) {
    var sign = up ? 1 : -1, list = rows(index);
    return list.every(function (row, i) {
      if (i === 0) return true;
      var before = list[i - 1].values[column], after = row.values[column];
      if (before !== null && after !== null) return sign * (after - before) >= 0;
      if (before === null && after !== null) return false;
      if (before !== null) return true;
      return sign * list[i - 1].cells[column].localeCompare(row.cells[column]) <= 0;
    });
  }

  function sorts(index) {
    return Array.from(table(index).tHead.rows[0].cells).map(function (cell) {
      return cell.getAttribute("aria-sort");
    });
  }

  function tables() {
    return all("div.table").map(function (box) {
      var head = Array.from(box.querySelector("table").tHead.rows[0].cells);
      return { name: box.dataset.name, heads: head.map(function (c) { return c.textContent; }),
               hasTools: box.querySelector(".tools") !== null,
               opens: box.querySelector("button.open") !== null };
    });
  }

  // The middle of an element once it is scrolled to; null: something else lies over it.
  function place(selector, index) {
    var element = all(selector)[index];
    element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    var box = element.getClientRects()[0];
    if (box === undefined) return null;
    var x = box.left + box.width / 2, y = box.top + box.height / 2;
    var hit = document.elementFromPoint(x, y);
    return hit !== null && (element.contains(hit) || hit.contains(element)) ? [x, y] : null;
  }

  function isShown(id) {
    var e = document.getElementById(id), open = true;
    if (e === null) return false;
    for (var at = e; at !== null; at = at.parentElement)
      if (at.tagName === "DETAILS") open = open && at.open;
    var box = e.getBoundingClientRect();
    return open && box.top < innerHeight && box.bottom > 0;
  }

  function close(id) {
    for (var at = document.getElementById(id); at !== null; at = at.parentElement)
      if (at.tagName === "DETAILS") at.open = false;
  }

  function openAll() {
    all("details").forEach(function (d) { d.open = true; });
    all("button.open[aria-expanded='false']").forEach(function (b) { b.click(); });
  }

  // Keeps what is copied instead of copying it.
  function keepCopies(refuses) {
    window.copied = null;
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: {
      writeText: function (text) {
        if (refuses) return Promise.reject(new Error("refused"));
        window.copied = text;
        return Promise.resolve();
      } } });
    document.addEventListener("copy", function () {
      window.copied = document.activeElement.value;
    });
  }

  // Notes what gets the focus, and whether one sees it: where it comes twice, once by another way than
  // a key, the key's counts.
  function watchFocus() {
    window.focused = new Map();
    document.addEventListener("focusin", function (event) {
      var style = getComputedStyle(event.target);
      window.focused.set(event.target, window.focused.get(event.target) ||
                         (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1));
    });
    document.activeElement.blur();
    window.scrollTo(0, 0);
    return all(FOCUSABLE).filter(isSeen).length;
  }

  function focusFindings() {
    var list = [];
    all(FOCUSABLE).filter(isSeen).forEach(function (e) {
      if (!window.focused.has(e)) list.push("Tab does not reach " + name(e));
      else if (!window.focused.get(e)) list.push("no outline when focused: " + name(e));
    });
    all("*").forEach(function (e) {
      var scrolls = e.scrollWidth > e.clientWidth + 1 &&
                    /auto|scroll/.test(getComputedStyle(e).overflowX);
      if (scrolls && isSeen(e) && !window.focused.has(e) && e !== document.scrollingElement)
        list.push("it scrolls, but Tab does not reach it: " + name(e));
    });
    return list;
  }

  // What reaches beyond the right edge, and lies in nothing that scrolls.
  function tooWide() {
    var width = document.documentElement.clientWidth;
    return all("body *").filter(function (e) {
      return e.getBoundingClientRect().right > width + 1 && !e.parentElement.closest(".scroll") &&
             !e.closest("svg");
    }).map(name).slice(0, 3);
  }

  // Texts of many lines of a letter or two.
  function squeezed() {
    return all("body *").filter(function (e) {
      if (e.closest("svg, script") || !isSeen(e) || !hasText(e)) return false;
      var size = parseFloat(getComputedStyle(e).fontSize), box = e.getBoundingClientRect();
      return box.width < 4 * size && box.height > 12 * size;
    }).map(name);
  }

  function rgba(text) {
    var parts = text.match(/[\d.]+/g).map(Number);
    return parts.length > 3 ? parts : parts.concat(1);
  }

  // Relative luminance and contrast ratio (WCAG 2.2).
  function luminance(color) {
    var c = color.slice(0, 3).map(function (v) {
      return v / 255 <= 0.04045 ? v / 255 / 12.92 : Math.pow((v / 255 + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  }

  function contrast(a, b) {
    var x = luminance(a), y = luminance(b);
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  }

  function background(element) {
    for (var at = element; at !== null; at = at.parentElement) {
      var color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] > 0) return color;
    }
    return [255, 255, 255, 1];
  }

  function hasText(element) {
    return Array.from(element.childNodes).some(function (n) {
      return n.nodeType === Node.TEXT_NODE && n.textContent.trim() !== "";
    });
  }

  // Texts that are hard to read, each kind once.
  function faint(least) {
    var list = {};
    function look(element, pseudo) {
      var ink = rgba(getComputedStyle(element, pseudo).color), paper = background(element);
      var ratio = contrast(ink, paper);
      if (ratio < least)
        list[ink + "|" + paper] = name(element) + ": " + ratio.toFixed(2) + " : 1";
    }
    all("body *").forEach(function (e) {
      if (e.closest("svg, script") || !isSeen(e)) return;
      if (hasText(e)) look(e, null);
      if (e.placeholder) look(e, "::placeholder");
    });
    return Object.values(list);
  }

  function lights() {
    var style = getComputedStyle(document.body);
    return { paper: luminance(rgba(style.backgroundColor)), ink: luminance(rgba(style.color)),
             ring: contrast(rgba(getComputedStyle(document.querySelector("a[href]")).color),
                            rgba(style.backgroundColor)) };
  }

  // Tables and drawings that a sheet of paper cuts off.
  function cut() {
    return all("table, svg, img").filter(isSeen).filter(function (e) {
      var box = e.closest("div.table, figure, td") || document.body;
      return e.getBoundingClientRect().width > box.clientWidth + 1 ||
             e.scrollWidth > Math.ceil(e.getBoundingClientRect().width) + 1 ||
             e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
    }).map(name);
  }

  return { duplicates: duplicates, links: links, pictures: pictures, broken: broken,
           tables: tables, rows: rows,
           isSorted: isSorted, sorts: sorts, place: place, isShown: isShown, close: close,
           openAll: openAll, keepCopies: keepCopies, watchFocus: watchFocus,
           focusFindings: focusFindings, tooWide: tooWide, squeezed: squeezed, faint: faint,
           lights: lights, cut: cut,
           // for page_figures.js
           name: name, isSeen: isSeen, rgba: rgba, contrast: contrast, background: background };
})();

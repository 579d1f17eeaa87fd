// What page.py asks of the drawings on a page: whether one can make out what is in them.
//
// Colours are compared as they are seen: what lies behind an ink within its drawing, both through
// the filter that the page puts on the drawing, before the page's own background. What is judged:
// - every text, before the fills and shades that it stands on. Lines that cross it are passed over:
//   they are thinner than its letters.
// - lines and marks of what is plotted, before the drawing's background. Passed over are fills
//   (a band has its line, the shade of a surface its scale) and what lies on an image: contours
//   and places on a map repeat what its shades say.
"use strict";
window.figures = (function (probe) {
  var ACROSS = 9, DOWN = 3; // places looked at behind a text
  var cache = {}, within = pixel(), outside = pixel();

  function pixel() {
    var canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    return canvas.getContext("2d", { willReadFrequently: true });
  }

  function fill(context, color) {
    context.fillStyle = "rgba(" + color.join(",") + ")";
    context.fillRect(0, 0, 1, 1);
  }

  // What a stack of colours in a drawing, the lowest first, looks like; the browser computes it.
  function seen(svg, layers) {
    var filter = getComputedStyle(svg).filter, page = probe.background(svg);
    var key = [filter, page, layers.join(";")].join("|");
    if (cache[key] === undefined) {
      within.clearRect(0, 0, 1, 1);
      layers.forEach(function (color) { fill(within, color); });
      outside.filter = "none";
      fill(outside, page);
      outside.filter = filter;
      outside.drawImage(within.canvas, 0, 0);
      cache[key] = Array.from(outside.getImageData(0, 0, 1, 1).data).slice(0, 3);
    }
    return cache[key];
  }

  // A paint as a colour; null: there is none.
  function paint(style, text, opacity) {
    if (text === "none") return null;
    var color = probe.rgba(text);
    color[3] *= opacity * style.opacity;
    return color[3] > 0 ? color : null;
  }

  function inside(box, x, y) {
    return x >= box.left && x < box.right && y >= box.top && y < box.bottom;
  }

  // The image within a drawing, to be read pixel by pixel, as large as it is seen.
  function shade(element) {
    var copy = new Image(), box = element.getBoundingClientRect();
    var canvas = document.createElement("canvas");
    copy.src = element.href.baseVal;
    return copy.decode().then(function () {
      canvas.width = Math.ceil(box.width);
      canvas.height = Math.ceil(box.height);
      var context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(copy, 0, 0, canvas.width, canvas.height);
      return { element: element, box: box, color: function (x, y) {
        var data = context.getImageData(x - box.left, y - box.top, 1, 1).data;
        return [data[0], data[1], data[2], data[3] / 255];
      } };
    });
  }

  function area(element) {
    var style = getComputedStyle(element), color = paint(style, style.fill, style.fillOpacity);
    if (color === null) return null;
    var back = element.getScreenCTM().inverse();
    return { element: element, box: element.getBoundingClientRect(), color: function (x, y) {
      return element.isPointInFill(new DOMPoint(x, y).matrixTransform(back)) ? color : null;
    } };
  }

  // A filled mark: the ellipse within its box, which square and disc cover.
  function disc(element) {
    var style = getComputedStyle(element), color = paint(style, style.color, 1);
    var kind = document.querySelector(element.getAttribute("xlink:href"));
    if (color === null || kind === null || kind.getAttribute("fill") !== "currentColor")
      return null;
    var box = element.getBoundingClientRect();
    return { element: element, box: box, color: function (x, y) {
      var across = 2 * (x - box.left) / box.width - 1, down = 2 * (y - box.top) / box.height - 1;
      return across * across + down * down <= 1 ? color : null;
    } };
  }

  function areaOf(element) {
    return element.tagName === "image" ? shade(element) :
           element.tagName === "use" ? disc(element) : area(element);
  }

  // All that fills a part of a drawing, in the order in which it is painted.
  function areas(svg) {
    var list = Array.from(svg.querySelectorAll("rect, circle, ellipse, polygon, path, use, image"));
    return Promise.all(list.filter(function (e) { return e.closest("defs") === null; })
      .map(areaOf))
      .then(function (all) { return all.filter(function (a) { return a !== null; }); });
  }

  // The colours behind an element at a place, the lowest first.
  function behind(all, element, x, y) {
    return all.filter(function (a) {
      return inside(a.box, x, y) &&
             a.element.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
    }).map(function (a) { return a.color(x, y); }).filter(function (c) { return c !== null; });
  }

  function hex(color) {
    return "#" + color.map(function (v) { return v.toString(16).padStart(2, "0"); }).join("");
  }

  // An ink on what is behind it.
  function judged(svg, ink, layers) {
    var front = seen(svg, layers.concat([ink])), back = seen(svg, layers);
    var made = hex(ink.slice(0, 3));
    return { ink: made, ratio: probe.contrast(front, back),
             says: (made === hex(front) ? "" : made + " seen as ") + hex(front) + " on " +
                   hex(back) };
  }

  // A text where it is hardest to read.
  function text(svg, all, element) {
    var style = getComputedStyle(element), box = element.getBoundingClientRect(), worst = null;
    var ink = paint(style, style.fill, style.fillOpacity) || [0, 0, 0, 0];
    for (var i = 0; i < ACROSS * DOWN; i++) {
      var x = box.left + box.width * (i % ACROSS + 0.5) / ACROSS;
      var y = box.top + box.height * (Math.floor(i / ACROSS) + 0.5) / DOWN;
      var here = judged(svg, ink, behind(all, element, x, y));
      if (worst === null || here.ratio < worst.ratio) worst = here;
    }
    return worst;
  }

  // A line or a mark of what is plotted; null: it is none, or passed over.
  function mark(svg, all, element) {
    var style = getComputedStyle(element), box = element.getBoundingClientRect();
    var ink = element.tagName === "use" ? paint(style, style.color, 1) :
                                          paint(style, style.stroke, style.strokeOpacity);
    var middle = [box.left + box.width / 2, box.top + box.height / 2];
    var isOnShade = all.some(function (a) {
      return a.element.tagName === "image" && inside(a.box, middle[0], middle[1]);
    });
    if (ink === null || isOnShade) return null;
    var whole = svg.getBoundingClientRect();
    return judged(svg, ink, behind(all, element, whole.left + 1, whole.top + 1));
  }

  function seenOf(svg, selector) {
    return Array.from(svg.querySelectorAll(selector)).filter(function (e) {
      return e.closest("defs") === null && probe.isSeen(e);
    });
  }

  // Keeps the worst of a kind and an ink, and counts them.
  function keep(list, kind, svg, element, least, found) {
    if (found === null || found.ratio >= least) return;
    var key = kind + found.ink, old = list[key] || { ratio: Infinity, count: 0 };
    list[key] = { count: old.count + 1, ratio: Math.min(old.ratio, found.ratio), says: old.says };
    if (found.ratio < old.ratio)
      list[key].says = (kind === "text" ? probe.name(element) : "a line") + " in " +
                       probe.name(svg) + ": " + found.says;
  }

  function look(list, svg, all, leastText, leastMark) {
    seenOf(svg, "text").forEach(function (e) {
      if (e.textContent.trim() !== "") keep(list, "text", svg, e, leastText, text(svg, all, e));
    });
    var plots = seenOf(svg, "g[id*='gnuplot_plot_']");
    plots.forEach(function (plot) {
      seenOf(plot, "path, polyline, line, polygon, rect, circle, ellipse, use")
        .forEach(function (e) { keep(list, "line", svg, e, leastMark, mark(svg, all, e)); });
    });
    return plots.length;
  }

  // What is hard to make out in the page's drawings, each kind and ink once; and how much was
  // looked at.
  function faint(leastText, leastMark) {
    var list = {}, plots = 0, svgs = Array.from(document.querySelectorAll("figure svg"));
    return Promise.all(svgs.map(function (svg) {
      return areas(svg).then(function (all) {
        plots += look(list, svg, all, leastText, leastMark);
      });
    })).then(function () {
      return { plots: plots, drawings: svgs.length, texts: Object.values(list).map(function (f) {
        return f.says + ", " + f.ratio.toFixed(2) + " : 1" +
               (f.count > 1 ? ", the worst of " + f.count : "");
      }) };
    });
  }

  return { faint: faint };
})(window.probe);

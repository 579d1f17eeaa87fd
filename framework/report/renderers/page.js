"use strict";
// Makes the tables sort, filter, open and copy. Without it all is there, opened.
(function () {
  function number(cell) {
    var value = cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent;
    return value.trim() === "" ? NaN : Number(value);
  }

  // Rows with the row that each opens to.
  function groups(body) {
    var list = [];
    Array.from(body.rows).forEach(function (row) {
      if (row.classList.contains("detail")) list[list.length - 1].push(row);
      else list.push([row]);
    });
    return list;
  }

  // Numbers stand before what is none, such as the "-" of a missing result, both up and down.
  function compare(a, b, column, sign) {
    var x = number(a[0].cells[column]), y = number(b[0].cells[column]);
    if (!isNaN(x) && !isNaN(y)) return sign * (x - y);
    if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
    return sign * a[0].cells[column].textContent.localeCompare(b[0].cells[column].textContent);
  }

  function sort(table, column) {
    var head = table.tHead.rows[0].cells, body = table.tBodies[0];
    var up = head[column].getAttribute("aria-sort") !== "ascending";
    Array.from(head).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
    head[column].setAttribute("aria-sort", up ? "ascending" : "descending");
    var sorted = groups(body).sort(function (a, b) {
      return compare(a, b, column, up ? 1 : -1);
    });
    sorted.forEach(function (group) { group.forEach(function (row) { body.appendChild(row); }); });
  }

  function show(group) {
    var button = group[0].querySelector("button.open");
    var open = button !== null && button.getAttribute("aria-expanded") === "true";
    group.slice(1).forEach(function (row) { row.hidden = group[0].hidden || !open; });
  }

  function filter(table, wanted) {
    var words = wanted.toLowerCase().split(/\s+/);
    groups(table.tBodies[0]).forEach(function (group) {
      var text = group[0].textContent.toLowerCase();
      group[0].hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      show(group);
    });
  }

  // The rows that are shown, as texts: the names first.
  function rows(table, exact) {
    var list = [Array.from(table.tHead.rows[0].cells).map(function (c) { return c.textContent; })];
    groups(table.tBodies[0]).forEach(function (group) {
      if (!group[0].hidden)
        list.push(Array.from(group[0].cells).map(function (c) {
          return exact && c.dataset.value !== undefined ? c.dataset.value : c.textContent;
        }));
    });
    return list;
  }

  function csv(table) {
    return rows(table, true).map(function (row) {
      return row.map(function (text) {
        return /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
      }).join(",");
    }).join("\n") + "\n";
  }

  function latex(table) {
    var special = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
                    "<": "$<$", ">": "$>$", "\u00b1": "$\\pm$", "\u2026": "\\ldots{}" };
    var lines = rows(table, false).map(function (row) {
      return row.map(function (text) {
        return text.replace(/[\\~^<>\u00b1\u2026]|[&%$#_{}]/g, function (c) {
          return special[c] || "\\" + c;
        });
      }).join(" & ") + " \\\\";
    });
    var columns = Array.from(table.tHead.rows[0].cells).map(function (c) {
      return c.classList.contains("number") ? "r" : "l";
    }).join("");
    return "% needs booktabs\n\\begin{tabular}{" + columns + "}\n\\toprule\n" + lines[0] +
      "\n\\midrule\n" + lines.slice(1).join("\n") + "\n\\bottomrule\n\\end{tabular}\n";
  }

  function copy(text, button, label) {
    function done() {
      button.textContent = "Copied";
      setTimeout(function () { button.textContent = label; }, 1200);
    }
    function byHand() {
      var area = document.createElement("textarea");
      area.value = text;
      document.body.appendChild(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
      done();
    }
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand);
    else byHand();
  }

  function button(label, action) {
    var b = document.createElement("button");
    b.type = "button";
    b.textContent = label;
    b.addEventListener("click", function () { action(b); });
    return b;
  }

  function tools(box, table) {
    var bar = document.createElement("div"), input = document.createElement("input");
    bar.className = "tools";
    input.type = "search";
    input.placeholder = "Filter rows";
    input.setAttribute("aria-label", "Filter the rows of " + box.dataset.name);
    input.addEventListener("input", function () { filter(table, input.value); });
    bar.append(input, button("Copy CSV", function (b) { copy(csv(table), b, "Copy CSV"); }),
               button("Copy LaTeX", function (b) { copy(latex(table), b, "Copy LaTeX"); }));
    box.prepend(bar);
  }

  function sortable(table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
      var b = button(cell.textContent, function () { sort(table, column); });
      cell.textContent = "";
      cell.appendChild(b);
    });
  }

  function openable(table) {
    groups(table.tBodies[0]).forEach(function (group) {
      var b = group[0].querySelector("button.open");
      if (b === null) return;
      b.hidden = false;
      b.setAttribute("aria-expanded", "false");
      b.addEventListener("click", function () {
        b.setAttribute("aria-expanded", b.getAttribute("aria-expanded") !== "true");
        show(group);
      });
      show(group);
    });
  }

  // A link into something folded opens it.
  function reveal(hash) {
    var id = decodeURIComponent(hash.slice(1));
    var target = id !== "" ? document.getElementById(id) : null;
    for (var at = target; at !== null; at = at.parentElement)
      if (at.tagName === "DETAILS") at.open = true;
    if (target !== null) target.scrollIntoView();
  }

  document.querySelectorAll("div.table").forEach(function (box) {
    var table = box.querySelector("table");
    sortable(table);
    openable(table);
    if (table.tBodies[0].rows.length > 1) tools(box, table);
  });
  // The second click on a link changes no address, so that clicks are listened to as well.
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href^='#']");
    if (link !== null) reveal(link.hash);
  });
  window.addEventListener("hashchange", function () { reveal(location.hash); });
  reveal(location.hash);
})();

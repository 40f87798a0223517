"use strict";
// The list of every row with a fault. Rows are read from the page when it opens; nothing from them becomes HTML.
(() => {
  const PAGE = 30;
  const by = (id) => document.getElementById(id);
  const [query, among, found, results, more] = ["query", "among", "found", "results", "more"].map(by);
  if (!query) return; // no row has a fault
  const number = new Intl.NumberFormat("en");
  const rows = JSON.parse(by("rows").textContent);
  let hits = [];
  let shown = 0;
  let waiting = 0;

  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const name = (column, at) => rows[column].names[rows[column].codes[at]];

  // The codes of each row's faults, cut from the one long list.
  let place = 0;
  const codes = rows.faults.each.map((count) => rows.faults.codes.slice(place, (place += count)));
  let said = null; // folded texts, made when somebody types

  function search() {
    clearTimeout(waiting);
    const words = fold(query.value).trim();
    const wanted = new Set(rows.faults.names.flatMap(([fault], code) => (fault === among.value ? [code] : [])));
    if (words) said ??= rows.row.map((_, at) => fold([rows.before[at], rows.after[at], ...rows.details[at]].join("\n")));
    hits = [];
    rows.row.forEach((row, at) => {
      if (among.value && !codes[at].some((code) => wanted.has(code))) return;
      if (!words || String(row) === words || said[at].includes(words)) hits.push(at);
    });
    shown = 0;
    results.replaceChildren();
    found.textContent = `${number.format(hits.length)} of ${number.format(rows.row.length)} rows with a fault`;
    extend();
  }

  function extend() {
    results.append(...hits.slice(shown, shown + PAGE).map(card));
    shown = Math.min(shown + PAGE, hits.length);
    more.hidden = shown >= hits.length;
    more.textContent = `Show ${Math.min(PAGE, hits.length - shown)} more`;
  }

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== "")); // strings become text nodes
    return made;
  }

  function card(at) {
    const where = rows.row[at] < 0 ? `${name("file", at)}, the file as a whole` : `${name("file", at)} row ${rows.row[at]}`;
    const made = element("li", "", element("p", "origin", where));
    codes[at].forEach((code, at_finding) => {
      const [fault, severity] = rows.faults.names[code];
      const badge = element("span", `badge ${severity}`, fault);
      made.append(element("p", "detail", badge, " ", element("span", "soft", rows.details[at][at_finding])));
    });
    made.append(texts(at));
    return made;
  }

  function texts(at) {
    const what = name("what", at);
    const gone = what === "quarantined" || what === "merged";
    const list = element("dl", "change-pair");
    for (const [label, text] of [["before", rows.before[at]], [gone ? what : "after", rows.after[at]]]) {
      if (!text) continue;
      const value = element("dd", "", gone && label === what ? text : element("code", "", text));
      value.dir = "auto";
      list.append(element("div", "", element("dt", "", label), value));
    }
    return list;
  }

  function offer() {
    for (const link of document.querySelectorAll("[data-find]")) {
      among.append(new Option(link.dataset.find, link.dataset.find));
      link.addEventListener("click", () => {
        query.value = "";
        among.value = link.dataset.find;
        search();
      });
    }
  }

  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  among.addEventListener("change", search);
  more.addEventListener("click", extend);
  by("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  offer();
  search();
})();

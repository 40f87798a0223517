"use strict";
// The list of every row with a fault.
(() => {
  const { by, element, fold, number, start } = rowSearch;
  if (!by("query")) return; // no row has a fault
  const rows = JSON.parse(by("rows").textContent);
  const name = (column, at) => rows[column].names[rows[column].codes[at]];

  // The codes of each row's faults, cut from the one long list.
  let place = 0;
  const codes = rows.faults.each.map((count) => rows.faults.codes.slice(place, (place += count)));
  let said = null; // folded texts, made when somebody types

  function find(words, chosen) {
    const wanted = new Set(rows.faults.names.flatMap(([fault], code) => (fault === chosen ? [code] : [])));
    if (words) said ??= rows.row.map((_, at) => fold([rows.before[at], rows.after[at], ...rows.details[at]].join("\n")));
    const hits = [];
    rows.row.forEach((row, at) => {
      if (chosen && !codes[at].some((code) => wanted.has(code))) return;
      if (!words || String(row) === words || said[at].includes(words)) hits.push(at);
    });
    return { hits, told: `${number.format(hits.length)} of ${number.format(rows.row.length)} rows with a fault` };
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

  start({ find, card, offered: (fault) => fault })();
})();

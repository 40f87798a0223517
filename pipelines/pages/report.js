"use strict";
// The search over every row of a build. Rows are read from the page when they are first asked for.
(() => {
  const { by, element, fold, number, start } = rowSearch;
  let rows = null;

  function load() {
    if (rows) return rows;
    rows = JSON.parse(by("rows").textContent);
    rows.key = rows.term.map((term) => fold(term).trim());
    rows.said = rows.term.map((_, at) => fold([rows.text[at], rows.example[at], rows.why[at]].join("\n")));
    return rows;
  }

  const name = (column, at) => rows[column].names[rows[column].codes[at]];

  // A test for what the list beside the search box says: "kept:", "left:", "reason:NAME" or "flag:NAME" (of kept rows).
  function chosen(value) {
    const [kind, which] = value.split(":");
    const wanted = (column, test) => {
      const codes = new Set(rows[column].names.flatMap((one, code) => (test(one) ? [code] : [])));
      return (at) => codes.has(rows[column].codes[at]);
    };
    const kept = wanted("outcome", (one) => one[1] === "");
    if (kind === "kept") return kept;
    if (kind === "left") return wanted("outcome", (one) => one[1] !== "");
    if (kind === "reason") return wanted("outcome", (one) => one[1] === which);
    if (kind === "flag") {
      const flagged = wanted("flags", (one) => one.includes(which));
      return (at) => kept(at) && flagged(at);
    }
    return () => true;
  }

  // 0 is the term itself; then terms that begin with it, terms that hold it, texts that hold it.
  function rank(words, at) {
    const key = rows.key[at];
    if (key === words || rows.id[at] === words) return 0;
    if (key.startsWith(words)) return 1;
    if (key.includes(words)) return 2;
    if (rows.said[at].includes(words)) return 3;
    return words.length > 5 && rows.id[at].startsWith(words) ? 3 : -1;
  }

  function find(words, value) {
    load();
    const keep = chosen(value);
    const ranks = [[], [], [], []];
    const idle = words === "" && value === "";
    for (let at = 0; !idle && at < rows.id.length; at += 1) {
      if (!keep(at)) continue;
      const place = words === "" ? 0 : rank(words, at);
      if (place >= 0) ranks[place].push(at);
    }
    const hits = ranks.flat();
    return { hits, told: idle ? "" : `${number.format(hits.length)} of ${number.format(rows.id.length)} rows` };
  }

  function free(tag, className, text) {
    const made = element(tag, className, text);
    made.dir = "auto";
    return made;
  }

  function card(at) {
    const [stage, reason] = name("outcome", at);
    const outcome = reason === "" ? "kept" : `left: ${reason.replaceAll("_", " ")} (${stage.replaceAll("_", " ")})`;
    const flags = name("flags", at).map((flag) => element("span", "flag", flag.replaceAll("_", " ")));
    const made = element("li", "", element("p", "outcome", element("span", reason ? "lost" : "kept", outcome), ...flags));
    const kind = name("veil", at);
    if (kind) made.append(element("details", "veil", element("summary", "", `Offensive (${kind}): show the text`), ...said(at)));
    else made.append(...said(at));
    const into = rows.survivor[at];
    if (into !== undefined && rows.term[at] !== "") made.append(survivor(into));
    made.append(element("p", "origin", `${name("source", at)} · ${name("file", at)} · record ${number.format(rows.row[at])} `, element("code", "", rows.id[at])));
    return made;
  }

  function said(at) {
    const lines = [[name("label", at), rows.text[at]], ["example", rows.example[at]], ["because", rows.why[at]]];
    const list = element("dl", "said");
    for (const [label, text] of lines) {
      if (text) list.append(element("div", "", element("dt", "", label), free("dd", "", text)));
    }
    return [rows.term[at] ? free("p", "term", rows.term[at]) : "", list].filter((part) => part !== "");
  }

  function survivor(into) {
    const button = element("button", "link", "See the row that stays");
    button.type = "button";
    button.addEventListener("click", () => button.replaceWith(element("blockquote", "", ...card(into).childNodes)));
    return button;
  }

  function offered(value) {
    const kinds = { reason: "left: ", flag: "kept, marked: " };
    const [kind, which] = value.split(":");
    return kinds[kind] + which.replaceAll("_", " ");
  }

  start({ find, card, offered });
})();

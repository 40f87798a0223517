"use strict";
// The list of rows that a search finds, thirty at a time, on every page that has one. What a row looks like and which rows
// are found, the page's own script says. Rows are read from the page; nothing from them becomes HTML.
const rowSearch = (() => {
  const PAGE = 30;
  const by = (id) => document.getElementById(id);
  const number = new Intl.NumberFormat("en");
  const fold = (text) => text.normalize("NFKC").toLowerCase();

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== "")); // strings become text nodes
    return made;
  }

  // `find(words, chosen)` gives the rows' places and what the page tells of them; `card(place)` is a row as an element;
  // `offered(value)` is what the list beside the search box calls what a link looks for.
  function start({ find, card, offered }) {
    const [query, among, found, results, more] = ["query", "among", "found", "results", "more"].map(by);
    let hits = [];
    let shown = 0;
    let waiting = 0;

    function search() {
      clearTimeout(waiting); // or typing would search once more and close what was opened
      const answer = find(fold(query.value).trim(), among.value);
      hits = answer.hits;
      shown = 0;
      results.replaceChildren();
      found.textContent = answer.told;
      extend();
    }

    function extend() {
      results.append(...hits.slice(shown, shown + PAGE).map(card));
      shown = Math.min(shown + PAGE, hits.length);
      more.hidden = shown >= hits.length;
      more.textContent = `Show ${Math.min(PAGE, hits.length - shown)} more`;
    }

    for (const link of document.querySelectorAll("[data-find]")) {
      const wanted = link.dataset.find;
      if (![...among.options].some((option) => option.value === wanted)) among.append(new Option(offered(wanted), wanted));
      link.addEventListener("click", () => {
        query.value = "";
        among.value = wanted;
        search();
      });
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
    return search;
  }

  return { by, element, fold, number, start };
})();

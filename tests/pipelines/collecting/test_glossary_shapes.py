"""Glossaries as pages really build them: spans, headers in the middle, nested tables and lists, notes, other scripts."""

from __future__ import annotations

import pytest

from pipelines.collecting.glossary import find_glossaries, read_glossary
from pipelines.collecting.glossary_shapes import Layout, split_term

CHARM, LIE, CLOTHES = "Charm that draws people.", "A lie, something untrue.", "Clothes with style."
THREE = [("rizz", CHARM), ("cap", LIE), ("drip", CLOTHES)]


def table(*rows, kind=""):
    return f"<table{kind}>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def cells(*texts, tag="td"):
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


HEAD = cells("Term", "Meaning", tag="th")
BODY = [cells(*row) for row in THREE]
SHAPES = {
    "several header rows": table(
        "<th colspan=3>Slang of the 2020s</th>", cells("No.", "Expression", "Definition", tag="th"),
        cells("1", *THREE[0]), "<th colspan=3>Older</th>", cells("2", *THREE[1]),
        "<td colspan=3>D</td>", cells("3", *THREE[2])),
    "a header of plain cells": table(cells("Word", "Kind", "Meaning"), *(cells(t, "noun", d) for t, d in THREE)),
    "numbered rows without a header": table(*(cells(str(n), *row) for n, row in enumerate(THREE, 1))),
    "the term as the row's header": table(HEAD, *(f"<th>{t}</th><td>{d}</td>" for t, d in THREE)),
    "a table inside a table": table(
        f"<td>{table(cells('Home'))}</td><td>{table(HEAD, *BODY[:2], f'<td>drip</td><td>{CLOTHES}{table(cells(1, 2))}</td>', kind=' class=t')}</td>"),
    "footnotes": f"<dl><dt>rizz<sup>1</sup><dd>{CHARM}<sup><a href='#fn2'>2</a></sup><dt>cap<sup>*</sup><dd>{LIE}[3]"
        f"<dt>drip<dd>{CLOTHES}</dl><ol class=references><li>Ann: A book of slang.<li>Bo: More of it.<li>Cy: All.</ol>",
    "headings in boxes of their own": "".join(
        f'<div class="mw-heading"><h3>{t}</h3><span class="mw-editsection">[edit]</span></div><p>{d}</p>' for t, d in THREE),
    "lines with a colon": "".join(f"<p>{t}: {d}</p>" for t, d in THREE) + "<p>Compiled by all of us in 2023: thanks.</p>",
    "one paragraph with line breaks": "<p>" + "<br>".join(f"<b>{t}</b> - {d}" for t, d in THREE) + "</p>",
    "a list of contents before it": '<div id="toc"><ul>' + "<li>A – words with A</li>" * 4 + "</ul></div><dl>"
        + "".join(f"<dt>{t}</dt><dd>{d}</dd>" for t, d in THREE) + "</dl>",
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_gives_its_three_terms(name):
    assert [
        row[:2] for row in find_glossaries(f"<html><body>{SHAPES[name]}</body></html>")[0].rows if row[0] != "1"
    ] == THREE


def test_a_cell_over_several_rows_stands_in_each_of_them():
    html = table(cells("Term", "Kind", "Meaning", tag="th"), f"<td rowspan=2>cap</td>{cells('noun', LIE)}",
                 cells("verb", "To lie."), f"<td>rizz</td><td rowspan='2'>noun</td><td>{CHARM}</td>",
                 cells("drip", CLOTHES))  # fmt: skip
    assert find_glossaries(html)[0].rows == [
        ("cap", LIE, ""), ("cap", "To lie.", ""), ("rizz", CHARM, ""), ("drip", CLOTHES, "")]  # fmt: skip


def test_each_table_is_read_by_its_own_header_unless_a_person_has_set_the_columns():
    html = table(HEAD, *BODY) + table(cells("Meaning", "Word", tag="th"), cells("Small.", "wee"))
    assert find_glossaries(html)[0].rows[-1] == ("wee", "Small.", "")
    assert read_glossary(html, Layout("table", "table", 1, 0))[0] == (CHARM, "rizz", "")


def test_two_glossaries_of_a_page_are_both_offered():
    html = table(HEAD, *BODY) + "<dl><dt>wee<dd>Small.<dt>braw<dd>Fine.<dt>ken<dd>To know.</dl>"
    assert {found.layout.shape for found in find_glossaries(html)} == {"table", "definition list"}


def test_a_list_inside_an_item_holds_its_example():
    html = (
        f"<ul><li>rizz – {CHARM}<ul><li>He has rizz.</li></ul></li><li>cap – {LIE}</li><li>drip – {CLOTHES}</li></ul>"
    )
    assert find_glossaries(html)[0].rows[:2] == [("rizz", CHARM, "He has rizz."), ("cap", LIE, "")]


def test_an_example_follows_in_quotes_or_in_a_block_that_says_so():
    html = f"<h3>rizz</h3><div><p>{CHARM}</p><p>“He has rizz.”</p></div><h3>cap</h3><div>{LIE}<p>Example: No cap!</p></div><h3>drip</h3><p>{CLOTHES}</p>"
    assert [row[2] for row in find_glossaries(html)[0].rows] == ["He has rizz.", "No cap!", ""]


@pytest.mark.parametrize(
    ("html", "first"),
    [
        ("<ul><li>摆烂：放弃努力，任由事情变坏。<li>内卷：同行之间过度竞争。<li>躺平：不再努力，只求温饱。</ul>", ("摆烂", "放弃努力，任由事情变坏。")),
        (table(cells("言葉", "意味", tag="th"), cells("草", "笑うこと。"), cells("エモい", "感動的な様子。"), cells("ググる", "検索する。")), ("草", "笑うこと。")),
        ("<dl dir=rtl><dt>يلا<dd>هيا بنا.<dt>خلاص<dd>انتهى الأمر.<dt>مزة<dd>فتاة جميلة.</dl>", ("يلا", "هيا بنا.")),
        (table(cells("Значение", "Слово", tag="th"), cells("Стыд.", "кринж"), cells("Шутка.", "рофл"), cells("Мода.", "стиль")), ("кринж", "Стыд.")),
    ],
    ids=["chinese", "japanese", "arabic", "russian"],
)  # fmt: skip
def test_other_scripts_are_read(html, first):
    assert find_glossaries(html)[0].rows[0][:2] == first


@pytest.mark.parametrize(
    ("text", "term", "word_class"),
    [
        ("rizz (n.)", "rizz", "n."), ("cap (n., v.)", "cap", "n., v."), ("yeet [verb]", "yeet", "verb"),
        ("“no cap”, adverb", "no cap", "adverb"), ("drip, noun", "drip", "noun"), ("cap (lie)", "cap (lie)", ""),
        ("noun", "noun", ""), ("I, n", "I", "n"), ("‘tis", "‘tis", ""), ("24/7", "24/7", ""), ("", "", ""),
    ],
)  # fmt: skip
def test_the_part_of_speech_is_no_part_of_the_term(text, term, word_class):
    assert split_term(text) == (term, word_class)


def test_a_cell_that_claims_a_million_rows_costs_nothing():
    odd = "<table>" + "<tr><td rowspan=99999 colspan=99999>a<td colspan=x>b</tr>" * 30 + "</table>"
    assert find_glossaries(odd) == []


def test_boxes_without_names_are_no_glossary():
    assert find_glossaries("<div><div>rizz</div><div>Charm.</div></div>" * 9) == []

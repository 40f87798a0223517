"""Terms, addresses, the journal and freshness, each by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from curation.entry import Entry, to_table
from pipelines.collecting import patience, safety, terms
from pipelines.collecting.freshness import merge
from pipelines.collecting.journal import Journal, pages
from pipelines.collecting.source import Ask, CollectError, Page, UnreadableError
from pipelines.tables import write_table


@pytest.mark.parametrize(
    "term", ["rizz", "no cap", "24/7", "w/", "a/s/l", "...", "#blessed", "AC/DC", "😂", "C:", "A.."]
)
def test_a_word_is_looked_up(term):
    assert terms.refusal(term) == ""


@pytest.mark.parametrize(
    "term",
    ["../../x", "..", "a/../b", "..\\x", "/./etc", "//host/x", "file:///etc/passwd", "a\x00b", "a\nb", "x" * 201],
)
def test_what_is_no_word_is_refused(term):
    assert terms.refusal(term)


def test_terms_come_once_in_the_order_given_and_none_is_a_comment(tmp_path):
    (tmp_path / "list.txt").write_text("\ufeff#tag\n\nrizz\n drip \nrizz\n../x\n", encoding="utf-8")
    refused = []
    found = terms.gather(["yeet", "rizz"], [tmp_path / "list.txt"], [], tmp_path, refused.append)
    assert found == ["yeet", "rizz", "#tag", "drip"]
    assert len(refused) == 1


def test_the_terms_of_a_build_are_those_of_its_definitions(tmp_path):
    entries = [
        Entry("a", term="rizz", definition="Charm."),
        Entry("a", term="drip", definition="Clothes."),
        Entry("a", kind="pair", example="He has rizz.", plain="He has charm."),
    ]
    (tmp_path / "mine").mkdir()
    write_table(tmp_path / "mine" / "entries.parquet", to_table(entries))
    assert terms.terms_of_build("mine", tmp_path) == ["drip", "rizz"]
    with pytest.raises(CollectError, match="no build there"):
        terms.terms_of_build("yours", tmp_path)


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False),
     ("192.168.0.1", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
     ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False)],
)  # fmt: skip
def test_only_the_open_internet_is_public(address, public):
    assert safety.is_public(address) is public


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(b"5", 5), (b" 7 ", 7), (b"315360000", 315_360_000), (b"9" * 40, 1e12 - 1), (b"-5", None), (b"0", None),
     (b"soon", None), (b"1e9", None), (b"10, 20", None), (b"\xb2", None), (b"", None), (None, None),
     (b"Wed, 22 Nov 2023 12:00:30 GMT", 30), (b"Wed, 22 Nov 2023 11:00:00 GMT", None),
     (b"Fri, 99 Jan 2100 00:00:00 GMT", None), (b"Fri, 01 Jan 99999 00:00:00 GMT", None)],
)  # fmt: skip
def test_a_wait_is_asked_for_in_seconds_or_by_a_date(header, seconds):
    noon = datetime(2023, 11, 22, 12, tzinfo=UTC).timestamp()
    assert patience.asked_wait(header, noon) == seconds


def test_a_long_wait_is_told_in_words():
    waits = [601, 7_200, 86_400, 315_360_000]
    assert [patience.in_words(wait) for wait in waits] == ["10 minutes", "2 hours", "24 hours", "3,650 days"]


OWN = safety.origin("http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("url", "refused"),
    [("https://example.org/x", False), ("http://127.0.0.1:8000/x", False), ("http://127.0.0.1:8001/x", True),
     ("https://127.0.0.1:8000/x", True), ("file:///etc/passwd", True), ("ftp://example.org/", True), ("data:,x", True),
     ("http://[::1]/", True), ("http://192.168.1.1/", True), ("http://example.org:x/", True), ("gopher://a", True)],
)  # fmt: skip
def test_an_address_is_judged_by_its_scheme_and_its_host(url, refused):
    assert bool(safety.refusal(url, OWN)) is refused


def row(group, ids, at="1", *, follows=(), parent="", url=None, text="x"):
    ask = Ask(url or f"http://x/{group}", group, parent=parent)
    records = [{"source_id": name, "term": group, "definition": text} for name in ids]
    following = [Ask(f"http://x/{name}", name, parent=group).as_json() for name in follows]
    return {"key": ask.key, "ask": ask.as_json(), "at": at, "records": records, "next": following}


def test_what_a_list_no_longer_names_has_vanished_and_what_was_not_read_has_not():
    first = merge({}, {}, [row("list", [], follows=["a", "b"]), row("a", ["1"], parent="list"),
                           row("b", ["2"], parent="list"), row("c", ["3"])], "1")  # fmt: skip
    assert first.counts == {"pages": 4, "new": 3}
    second = merge(first.pages, first.records, [row("list", [], "2", follows=["a"])], "2")
    assert sorted(second.records) == ["1", "3"]
    assert [change["what"] for change in second.changes] == ["vanished"]


def test_a_group_that_was_not_read_to_its_end_makes_nothing_vanish():
    asked = Ask("http://x/a?2", "a", parent="a").as_json()
    whole = [{**row("a", ["1"]), "next": [asked]}, row("a", ["2"], parent="a", url="http://x/a?2")]
    first = merge({}, {}, whole, "1")
    more = Ask("http://x/a?3", "a", parent="a").as_json()
    second = merge(first.pages, first.records, [{**row("a", ["9"], "2"), "next": [more]}], "2")
    assert sorted(second.records) == ["1", "2", "9"]
    assert second.changes == []


def test_the_same_text_seen_again_keeps_when_it_was_collected():
    first = merge({}, {}, [row("a", ["1"], "2026-01-01")], "2026-01-01")
    same = merge(first.pages, first.records, [row("a", ["1"], "2026-02-01")], "2026-02-01").records["1"]
    other = merge(first.pages, first.records, [row("a", ["1"], "2026-02-01", text="y")], "2026-02-01").records["1"]
    clocks = ("first_seen_at", "collected_at", "last_seen_at")
    assert [same[name] for name in clocks] == ["2026-01-01", "2026-01-01", "2026-02-01"]
    assert [other[name] for name in clocks] == ["2026-01-01", "2026-02-01", "2026-02-01"]


def test_a_line_that_a_kill_tore_counts_as_never_written(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    one, two = Ask("http://x/1", "a"), Ask("http://x/2", "b")
    journal.write(one, "1", [{"source_id": "1"}], [two])
    journal.close()
    whole = path.read_bytes()
    journal = Journal(path)
    journal.write(two, "2", [{"source_id": "2"}], [])
    journal.close()
    second = path.read_bytes()[len(whole) :]
    for cut in (1, len(second) // 2, len(second) - 1):
        path.write_bytes(whole + second[:cut])
        again = Journal(path)
        assert set(again.done) == {one.key}
        again.write(two, "3", [], [])
        again.close()
        assert [line["key"] for line in pages(path)] == [one.key, two.key]
        assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_garbled_line_costs_its_own_page_only(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for number in range(3):
        journal.write(Ask(f"http://x/{number}", "a"), "1", [], [])
    journal.close()
    lines = path.read_bytes().split(b"\n")
    lines[2] = b"\x00" * 40
    path.write_bytes(b"\n".join(lines))
    assert len(Journal(path).done) == 2


def test_an_answer_is_utf8_whatever_it_declares_and_as_declared_where_it_is_not():
    ask = Ask("http://x", "a")
    assert Page(ask, 200, "café".encode(), "iso-8859-1").text == "café"
    assert Page(ask, 200, "жаргон".encode("cp1251"), "cp1251").text == "жаргон"
    assert Page(ask, 200, "café".encode("cp1252"), "no-such-encoding").text == "café"
    with pytest.raises(UnreadableError, match="no whole JSON"):
        Page(ask, 200, b'{"list": [').json()

"""Privacy: what is found, what only looks like it, what is written instead, and what is never told."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from curation.entry import Entry, to_table
from curation.privacy import Privacy, find_private
from curation.stage import Given

GIVEN = Given(
    first_names=frozenset({"anna", "marcus", "faith"}), family_names=frozenset({"smith", "lindqvist", "hill"})
)


def kinds(text: str) -> list[str]:
    return [kind for _, _, kind in find_private(text, GIVEN)]


def stage(*entries: Entry, **setting: object) -> pd.DataFrame:
    return Privacy(**setting)(to_table(list(entries)), GIVEN)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("follow @kimlock_99 for more", "handle"),
        ("so true @lulu.aisy", "handle"),
        ("posted by u/some_user today", "handle"),
        ("snap: lonely.larry.88", "handle"),
        ("ig@LAPAK.DOKTER.HERBAL", "handle"),
        ("see https://t.co/ZamBA4bP9d", "link"),
        ("go to www.example.org now", "link"),
        ("watch it on some.site.net/video/12", "link"),
        ("mail me: jo.doe@mail.example.com", "email"),
        ("call 202-456-1414 now", "phone"),
        ("wa +62 812-3456-7890", "phone"),
        ("text me at (555) 010-4477", "phone"),
        ("just like Anna Smith said", "full_name"),
        ("for example Marcus Brightwater of the chess club", "full_name"),
    ],
)
def test_each_kind_is_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "don't @ me",
        "don't @me bro",
        "meet @ 5pm or @5pm",
        "he is an @ss and a b@d boy, such h@ters",
        "6-7 is everywhere",
        "420 and 143 and 1337",
        "from 1999-2005 and 2020/2021",
        "he scored 1,234,567 points in 24/7",
        "and/or, w/o, 9/11",
        "C++ and node.js",
        "Anna went home. Smith stayed.",
        "Oh My God and Once Upon a Time",
    ],
)
def test_what_only_looks_private_is_left(text: str) -> None:
    assert kinds(text) == []


def test_masked_text_reads_naturally_and_the_row_is_flagged() -> None:
    row = stage(
        Entry("s", term="t", definition="as @kim_99 and @lee_42 say on https://x.example/1, it rocks", language="en")
    ).iloc[0]
    assert row["definition"] == "as someone and someone say on a link, it rocks"
    assert row["private"] == ["link", "handle"]
    assert row["flags"] == ["masked_private"]


def test_a_row_of_handles_says_someone_once() -> None:
    row = stage(Entry("s", kind="sentence", term="t", example="@aa_1 @bb_2 @cc_3 no cap today")).iloc[0]
    assert row["example"] == "someone no cap today"


def test_masks_are_in_the_language_of_the_text() -> None:
    row = stage(Entry("s", term="t", definition="x", example="kata @tulusm begitu", language="id")).iloc[0]
    assert row["example"] == "kata seseorang begitu"


def test_a_row_with_nothing_else_leaves_and_nothing_private_is_told() -> None:
    secret = "lonely.larry.88"
    row = stage(Entry("s", term="hmu", definition=f"text me 202-456-1414 or snap: {secret}", example="hmu")).iloc[0]
    assert row["reason"] == "private_text"
    assert row["detail"] == "nothing else in it: handle, phone"
    assert secret not in str(row.to_dict())
    assert "456" not in str(row.to_dict())


def test_policy_drop_masks_what_goes_to_the_ledger() -> None:
    row = stage(Entry("s", term="t", definition="A good word, says jo@example.com today."), emails="drop").iloc[0]
    assert (row["reason"], row["detail"]) == ("private_text", "email")
    assert "jo@" not in row["definition"]


def test_policy_keep_changes_nothing_and_says_what_is_there() -> None:
    row = stage(Entry("s", term="t", definition="says @kim_99 and Anna Smith"), handles="keep").iloc[0]
    assert row["definition"] == "says @kim_99 and Anna Smith"
    assert row["private"] == ["handle", "full_name"]
    assert row["flags"] == ["full_name"]


def test_a_headword_is_never_masked_not_even_in_its_example() -> None:
    row = stage(
        Entry("s", term="@horse_ebooks", definition="A spam bot.", example="I miss @horse_ebooks and @kim_99.")
    ).iloc[0]
    assert row["term"] == "@horse_ebooks"
    assert row["example"] == "I miss @horse_ebooks and someone."


def test_messages_are_masked_and_stay_json() -> None:
    messages = json.dumps([{"role": "user", "content": 'who is "@kim_99"?'}, {"role": "assistant", "content": 7}])
    row = stage(Entry("s", kind="chat", messages=messages)).iloc[0]
    assert json.loads(row["messages"]) == [
        {"role": "user", "content": 'who is "someone"?'},
        {"role": "assistant", "content": 7},
    ]
    assert stage(Entry("s", kind="chat", messages="{no json @kim_99")).iloc[0]["messages"] == "{no json @kim_99"


def test_edge_inputs_are_survived() -> None:
    assert stage()["private"].tolist() == []
    table = stage(
        Entry("s", term="💀", definition="💀" * 100), Entry("s", term="x", definition="@ " * 5_000), Entry("s")
    )
    assert table["private"].tolist() == [[], [], []]


def test_what_a_row_gets_does_not_depend_on_its_neighbours() -> None:
    entries = [Entry("s", term="a", definition="by @kim_99"), Entry("s", term="b", definition="plain")]
    assert stage(*entries)["definition"].tolist() == stage(*reversed(entries))["definition"].tolist()[::-1]

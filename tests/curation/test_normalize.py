"""Normalize: what is repaired, what is left alone, and which spellings meet under one term key."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from curation.entry import Entry, to_table
from curation.normalize import Normalize, term_key
from curation.stage import Given


def normalized(*entries: Entry, **setting: object) -> pd.DataFrame:
    return Normalize(**setting)(to_table(list(entries)), Given())


def definition(text: str, **setting: object) -> tuple[str, list[str]]:
    row = normalized(Entry("s", term="t", definition=text), **setting).iloc[0]
    return row["definition"], row["repairs"]


@pytest.mark.parametrize(
    ("dirty", "clean", "kind"),
    [
        ("itâ€™s a vibe", "it's a vibe", "mojibake"),
        ("so good ð\x9f\x98\x82", "so good 😂", "mojibake"),
        ("love &lt;3 &amp; peace", "love <3 & peace", "entities"),
        ("a <b>bold</b> move<br/>indeed", "a bold move\nindeed", "markup"),
        ("a **very** good one", "a very good one", "markup"),
        ("to [flex] on someone", "to flex on someone", "brackets"),
        ("  blanks  at the  edges ", "blanks at the edges", "edge_blanks"),
        ("don’t say “that”", 'don\'t say "that"', "quotes"),
        ("one\r\ntwo", "one\ntwo", "line_breaks"),
        ("a\x07 bell", "a bell", "control_characters"),
        ("cafe\u0301", "café", "unicode"),
        ("soft\xadhyphen", "softhyphen", "unicode"),
        ("ｗｉｆｅｙ", "wifey", "unicode"),
    ],
)
def test_each_kind_of_fault_is_repaired_and_named(dirty: str, clean: str, kind: str) -> None:
    text, repairs = definition(dirty)
    assert text == clean
    assert f"definition:{kind}" in repairs


@pytest.mark.parametrize(
    "text",
    [
        "A person who f**ks up and a** b** words.",
        "<3 means love",
        "if x<a and b>c",
        "R&B; AT&T",
        "👩‍👩‍👧 ❤️",
        "你好！",
        "naïve façade",
    ],
)
def test_good_text_is_left_alone(text: str) -> None:
    assert definition(text) == (text, [])


def test_linked_words_are_kept_as_linked_terms_once() -> None:
    row = normalized(
        Entry("s", term="t", definition="to [flex] or [no cap]", example="[flex]!", linked_terms=["drip"])
    ).iloc[0]
    assert row["linked_terms"] == ["drip", "flex", "no cap"]
    assert row["example"] == "flex!"


def test_brackets_stay_outside_definitions_and_in_slots_nobody_filled() -> None:
    table = normalized(Entry("s", kind="pair", example="[laughs] ok"), Entry("s", term="x", definition="[definition]"))
    assert table["example"].iloc[0] == "[laughs] ok"
    assert table["definition"].iloc[1] == "[definition]"


def test_settings_turn_repairs_off() -> None:
    text = "[a] <b>c</b> “d”"
    assert definition(text, markup="keep", brackets="keep", straight_quotes=False) == (text, [])
    assert definition("one\ntwo", line_breaks="space")[0] == "one two"


def test_a_conversation_stays_json_and_keeps_its_layout_and_code() -> None:
    messages = [{"role": "user", "content": "what’s\r\n  [this] &lt;b&gt;?"}, {"role": "assistant", "content": None}]
    row = normalized(Entry("s", kind="chat", messages=json.dumps(messages))).iloc[0]
    assert json.loads(row["messages"]) == [
        {"role": "user", "content": "what's\n  [this] &lt;b&gt;?"},
        {"role": "assistant", "content": None},
    ]
    assert row["repairs"] == ["messages:quotes", "messages:line_breaks"]


def test_messages_that_are_no_json_are_left_to_the_doctor() -> None:
    assert normalized(Entry("s", kind="chat", messages="{broken’")).iloc[0]["messages"] == "{broken’"


def test_only_a_definition_without_any_key_leaves() -> None:
    table = normalized(
        Entry("s", term="\u200b ", definition="x"),
        Entry("s", term="<b></b>", definition="x"),
        Entry("s", term="💀", definition="x"),
        Entry("s", term="<G>", definition="grin"),
        Entry("s", kind="pair", example="a", plain="b"),
    )
    assert table["reason"].tolist() == ["empty_term", "empty_term", "", "", ""]
    assert table["term_key"].tolist() == ["", "", "💀", "<g>", ""]


@pytest.mark.parametrize(
    "spellings",
    [
        ["BAE", "BAE ", "Bae", '"bae"'],
        ["I can’t even", "I can't even", "i  can`t even".replace("`", "'")],
        ["it's giving...", "it's giving", "It’s giving…"],
        ["etc.", "etc"],
        ["👍🏽", "👍", "👍🏿"],
        ["❤️", "❤"],
        ["straße", "STRASSE"],
    ],
)
def test_spellings_of_one_term_share_a_key(spellings: list[str]) -> None:
    assert len({term_key(text) for text in spellings}) == 1


def test_symbols_keep_terms_apart() -> None:
    terms = [
        "😂",
        "💀",
        ":D",
        ":P",
        "C",
        "C++",
        "C#",
        "#1",
        "1",
        "<3",
        ":)",
        "🏻",
        "...",
        "a..",
        "a",
        "$",
        "кринж",
        "🧎‍♀️",
        "🏌️‍♀️",
    ]
    assert len({term_key(text) for text in terms}) == len(terms)
    assert "" not in {term_key(text) for text in terms}


@forall(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert term_key(term_key(text)) == term_key(text)


PIECES = st.sampled_from(
    [
        "&amp;",
        "lt;",
        "<b>",
        "</b>",
        "[",
        "]",
        "a",
        "’",
        "â€™",
        " ",
        "\r",
        "\n",
        "\u200d",
        "😂",
        "**",
        "\ufeff",
        "\u0301",
        "x",
    ]
)


@settings(max_examples=120, deadline=None)
@forall(st.lists(PIECES, max_size=12).map("".join))
def test_a_second_pass_finds_nothing_to_repair(text: str) -> None:
    clean, _ = definition(text)
    assert definition(clean) == (clean, [])


def test_edge_inputs_are_survived_and_rows_keep_their_order() -> None:
    assert list(normalized().columns[-2:]) != []
    assert normalized()["term_key"].tolist() == []
    entries = [Entry("s", term="NaN", definition="null"), Entry("s", term="a" * 10_000, definition="[x] " * 3_000)]
    table = normalized(*entries)
    assert table["term_key"].tolist() == ["nan", "a" * 10_000]
    assert table.index.tolist() == [0, 1]


@pytest.mark.shared
def test_genz_has_540_contexts_with_edge_blanks_and_loses_no_symbol(shared_data) -> None:
    frame = pd.read_csv(shared_data / "genz" / "all_slangs.csv", dtype=str, keep_default_na=False)
    rows = frame[["Slang", "Description", "Example", "Context"]].itertuples(index=False)
    table = normalized(*(Entry("g", term=t, definition=d, example=e, context=c) for t, d, e, c in rows))
    assert sum("context:edge_blanks" in kinds for kinds in table["repairs"]) == 540
    assert (table["term_key"] != "").all()
    emojis = pd.read_csv(shared_data / "kaspercools" / "genz_emojis.csv", dtype=str, keep_default_na=False)
    assert emojis["emoji"].map(term_key).nunique() == len(emojis) == 73


@pytest.mark.parametrize("column", ["term", "definition", "example", "context", "plain"])
def test_a_row_with_a_control_token_of_the_base_model_leaves_and_says_where(column):
    entries = [
        Entry("s", term="mid", definition="Mediocre."),
        Entry("s", **{"term": "t", column: "ends here <|eot_id|> now"}),
    ]
    table = Normalize()(to_table(entries), Given(control_tokens=frozenset({"<|eot_id|>", "<s>"})))
    assert list(table["reason"]) == ["", "template_text"]
    assert column in table["detail"][1]
    assert "<|eot_id|>" in table["detail"][1]
    assert "reason" not in normalized(*entries) or not normalized(*entries)["reason"].str.len().any()


def test_a_chat_that_the_template_cannot_carry_leaves_with_the_cause():
    chats = [
        [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}],
        [{"role": "assistant", "content": "hello"}],
    ]
    entries = [Entry("s", kind="chat", messages=json.dumps(chat)) for chat in chats]
    given = Given(
        chat_faults=lambda many: ["" if chat[0]["role"] == "user" else "starts with the assistant" for chat in many]
    )
    table = Normalize()(to_table(entries), given)
    assert list(table["reason"]) == ["", "unfit_chat"]
    assert table["detail"][1] == "starts with the assistant"

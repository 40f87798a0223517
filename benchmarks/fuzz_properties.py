"""What must hold for any input: readers fail with one line or not at all and lose no record; text goes there and back.

Each property is a hypothesis test. Bytes are made of pieces that mean something to a reader (quotes, brackets, marks of
templates, half characters), so that few examples are turned away at the door.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args

from hypothesis import assume, given
from hypothesis import strategies as st

from curation.doctor import repair
from curation.doctor.families import Family, unrender
from curation.doctor.row import Row
from pipelines.doctoring.target import known_templates, open_target
from pipelines.sources.chat_rows import Format, Reading
from pipelines.sources.read import read_source
from pipelines.sources.record import SourceError
from pipelines.sources.settings import FORMATS, SourceSettings

if TYPE_CHECKING:
    from curation.doctor.target import Target

MODELS = ("lab", "llama-3.2-1b-instruct", "qwen2.5-0.5b-instruct", "gemma-3-1b-it")
MARKS = ("<|im_start|>", "<|im_end|>", "<|eot_id|>", "[INST]", "[/INST]", "### Response:", "<s>", "</s>", "User:",
         "<start_of_turn>model\n", "<think>", "</think>", "<|begin_of_text|>", "{{ x }}", "{% if a %}")  # fmt: skip
WORDS = ("rizz", "What does “rizz” mean?", "a A term ..", "Answer: ", "nan", "None", "&amp;", "<b>", "â€™", "\n\n", " ")
KEYS = ("messages", "conversations", "role", "content", "from", "value", "instruction", "input", "output", "prompt",
        "completion", "text", "system", "term", "Slang", "definition", "example", "input_ids", "labels", "split",
        "chosen", "rejected", "tools", "history", "meta", "word", "senses", "glosses")  # fmt: skip
TABLES = ("parquet", "arrow")
BINARY = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00", b"\x93", b"\xe2\x80", b"PAR1", b"\x1f\x8b\x08", b"\r\n",
          b"\n", b"\r", b",", b";", b"\t", b"|", b'"', b"'", b"{", b"}", b"[", b"]", b":", b"\\", b"\\u", b"\\ud83d",
          b"null", b"NaN", b"1e999", b"-0", b"\xed\xa0\x80", b'{"a": 1, "a": 2}', b'"""', b"[[[[", b"\x85",
          b"SQLite format 3\0", b"ARROW1", b"\x28\xb5\x2f\xfd")  # fmt: skip

names = st.sampled_from(KEYS) | st.text(max_size=5)
said = st.lists(st.sampled_from((*MARKS, *WORDS)) | st.text(max_size=12), max_size=6).map("".join)
plain = st.none() | st.booleans() | st.integers(-9, 99) | st.floats() | said
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
roles = st.sampled_from(("user", "assistant", "system", "human", "gpt", "tool", "User", "")) | plain
turns = st.fixed_dictionaries({"role": roles, "content": said | values}) | st.fixed_dictionaries(
    {"from": roles, "value": said}
)
conversations = st.lists(turns, max_size=5)
ids = st.lists(st.integers(-100, 600), max_size=12)
records = st.one_of(
    st.fixed_dictionaries({"messages": conversations | values}, optional={"term": plain, "split": plain}),
    st.fixed_dictionaries({"conversations": conversations}),
    st.fixed_dictionaries({"instruction": said, "output": said | plain}, optional={"input": plain}),
    st.fixed_dictionaries({"prompt": said | conversations, "completion": said | conversations}),
    st.fixed_dictionaries({"text": said | plain}),
    st.fixed_dictionaries({"input_ids": ids}, optional={"labels": ids, "attention_mask": ids}),
    st.fixed_dictionaries({"chosen": conversations, "rejected": conversations}),
    turns,
    conversations,
    values,
)
lines = st.lists(records | values, max_size=5).map(
    lambda rows: "\n".join(json.dumps(row) for row in rows).encode("utf-8", "surrogatepass")
)
pieces = st.sampled_from(BINARY) | st.binary(max_size=6) | said.map(lambda text: text.encode("utf-8", "surrogatepass"))
noise = st.lists(pieces, max_size=20).map(b"".join)
whole = st.one_of(lines, noise, st.tuples(lines, noise).map(b"".join), st.tuples(noise, lines).map(b"".join))


@st.composite
def damaged(draw: Any) -> bytes:
    """A whole file with some bytes put in, taken out or changed."""
    data = bytearray(draw(lines | noise))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 9))] = draw(pieces)
    return bytes(data)


# ---------------------------------------------------------------- readers


@given(st.sampled_from(get_args(Format)), damaged() | whole)
def reader(kind: Any, data: bytes) -> None:
    """The doctor's readers give every record a number: rows and unread records together, from 0 without a gap."""
    with TemporaryDirectory() as folder:
        file = Path(folder, f"x.{kind}")
        file.write_bytes(data)
        reading = Reading(file.name, file, kind)
        try:
            rows = list(reading)
        except SourceError as error:
            told(error)
            return
    unread = [event.row for event in reading.events if not event.mended and event.row >= 0]
    numbers = {row.row for row in rows} | set(unread)
    assert numbers == set(range(len(numbers))), "a record has no number, or a number no record"
    assert not {row.row for row in rows} & set(unread), "a record was read and unread"
    json.dumps([row.value for row in rows])


@given(st.data(), st.sampled_from(TABLES))
def table(data: Any, kind: Any) -> None:
    """Tables are read whole; damaged ones are told in one line."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with TemporaryDirectory() as folder:
        file = Path(folder, f"x.{kind}")
        kept = data.draw(st.lists(st.fixed_dictionaries({"text": said.map(sound), "n": st.integers(0, 9)}), max_size=4))
        made = pa.Table.from_pylist(kept, schema=pa.schema([("text", pa.string()), ("n", pa.int64())]))
        if kind == "parquet":
            pq.write_table(made, file)
        else:
            with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, made.schema) as out:
                out.write_table(made)
        spoilt = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(spoilt) - 1))
            spoilt[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        same = bytes(spoilt) == file.read_bytes()
        file.write_bytes(spoilt)
        try:
            rows = [row.value for row in Reading(file.name, file, kind)]
        except SourceError as error:
            assert not same
            told(error)
            return
        assert not same or rows == kept


@given(st.sampled_from(FORMATS), damaged() | whole, st.booleans())
def source(kind: str, data: bytes, beside: bool) -> None:
    """A recipe's readers: an entry, a bad record, or one line; never a traceback."""
    with TemporaryDirectory() as folder:
        name = "x.index" if kind == "dictd" else "x.dat"
        Path(folder, name).write_bytes(data)
        Path(folder, "x.dict").write_bytes(data if beside else b"rizz\n  charm\n")
        try:
            entries, bad = read_source(SourceSettings(name="x", path=name, format=kind), root=Path(folder))
        except SourceError as error:
            told(error)
            return
    assert all(entry.term == entry.term.encode("utf-8", "replace").decode() for entry in entries)
    assert all(one_line(record.detail) for record in bad)


# ---------------------------------------------------------------- back to messages


@cache
def target(model: str) -> Target:
    return open_target(model, max_length=512)[0]


@cache
def families() -> tuple[Family, ...]:
    """Every known template, with a begin and an end token of its kind."""
    return tuple(Family(name, jinja, "<s>", "</s>") for name, jinja in known_templates().items())


@given(st.sampled_from(MODELS), st.lists(st.sampled_from((*MARKS, *WORDS)) | st.text(max_size=9), max_size=16))
def any_text(model: str, parts: list[str]) -> None:
    """Whatever a text is, it is judged; what is said to be exactly a template's is written again to the same bytes."""
    text = "".join(parts)
    target(model).text_rows.judge(text)
    for family in families():
        if found := unrender(text, family):
            assert family.render(found.messages, asks=found.asks, date=found.date) == text


@given(st.data())
def unrendered(data: Any) -> None:
    """What a template writes from a conversation without marks comes back as that conversation."""
    family = data.draw(st.sampled_from(families()))
    count = data.draw(st.integers(1, 3))
    content = st.text(st.characters(blacklist_characters="<>[]|{}#:", blacklist_categories=("Cs", "Cc")), min_size=1)
    chat = [{"role": role, "content": data.draw(content)} for role in ("user", "assistant") * count]
    assume(all(turn["content"] == turn["content"].strip() for turn in chat))
    assume(family.shape(tuple(turn["role"] for turn in chat), asks=False) is not None)
    text = family.render(chat)
    assume(family.answer_mark.strip() and text.count(family.answer_mark) == count)
    found = unrender(text, family)
    assert found is not None, "its own text is not recognised"
    assert family.render(found.messages, asks=found.asks, date=found.date) == text
    assert [turn for turn in found.messages if turn["role"] != "system"] == chat


# ---------------------------------------------------------------- the doctor


@given(st.sampled_from(MODELS), st.lists(records, min_size=1, max_size=6), st.sampled_from(("", "train", "test")))
def repaired(model: str, rows: list[object], split: str) -> None:
    """Every record is written, quarantined or merged; a second run changes nothing; nothing fatal is left."""
    came = [Row("x.jsonl", number, number + 1, value, split) for number, value in enumerate(rows)]
    once = repair(came, target(model))
    gone = {one.row.row for one in (*once.quarantined, *once.merged)}
    assert gone | {row for _, row in once.origins} == set(range(len(rows))), "a record is lost"
    assert not once.after.fatal, f"left: {once.after.counts}"
    again = repair(once.rows, target(model))
    assert [row.value for row in again.rows] == [row.value for row in once.rows], "a second run changed a row"
    assert not again.quarantined, f"a second run quarantined: {again.quarantined[0]}"


def told(error: SourceError) -> None:
    """An error is told in one line."""
    assert one_line(error), repr(str(error))


def one_line(error: object) -> bool:
    """Whether a message is one line that can be printed."""
    text = str(error)
    return bool(text.strip()) and not re.search(r"[\r\n]", text) and bool(text.encode("utf-8", "replace"))


def sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


PROPERTIES = {
    "reader": reader,
    "table": table,
    "source": source,
    "any_text": any_text,
    "unrendered": unrendered,
    "repaired": repaired,
}

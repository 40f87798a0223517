"""Text taken back to messages: every known template, random conversations, and texts that only look like one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.doctor.families import Families
from curation.doctor.family import Family
from pipelines.doctoring.target import known_templates

SPECIALS = ("<s>", "</s>")
# Gemma 3 writes a system turn into the user's turn, with nothing but an empty line between: it cannot be told apart.
LOSES_SYSTEM = ("gemma3",)
words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="<>[]|\u2028\u2029\x85"),
    min_size=1,
).map(lambda text: " ".join(text.split()))
said = st.lists(words.filter(str.strip), min_size=1, max_size=6).map("\n".join).map(str.strip).filter(bool)


@pytest.fixture(scope="module")
def templates() -> Mapping[str, str]:
    return known_templates()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_template_gives_its_messages_back(templates: Mapping[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(templates)))
    family = Family(name, templates[name], *SPECIALS)
    chat = [{"role": "system", "content": data.draw(said)}] if data.draw(st.booleans()) else []
    for _ in range(data.draw(st.integers(1, 3))):
        chat += [{"role": role, "content": data.draw(said)} for role in ("user", "assistant")]
    try:
        text = family.render(chat, date="22 Nov 2026")
    except Exception:  # noqa: BLE001 - the template takes no such conversation
        return
    found = Families(templates).unrender(text)
    assert found is not None
    writer = Family(found.family, templates[found.family], found.bos, found.eos)
    assert writer.render(found.messages, asks=found.asks, date=found.date) == text
    if not name.startswith(LOSES_SYSTEM) and not any(mark in turn["content"] for turn in chat for mark in (":", "#")):
        assert found.messages == chat


def test_a_template_in_what_somebody_says_is_only_text(templates: Mapping[str, str]) -> None:
    hostile = "{{ 7 * 7 }} {% for x in range(10**9) %}{% endfor %}"
    chat = [{"role": "user", "content": hostile}, {"role": "assistant", "content": hostile}]
    text = Family("llama3", templates["llama3"], "<|begin_of_text|>").render(chat)
    found = Families(templates).unrender(text)
    assert found is not None
    assert found.messages == chat


def test_plain_prose_was_written_by_no_template(templates: Mapping[str, str]) -> None:
    families = Families(templates)
    for text in ("", "Rizz is charm.", "Term: rizz\nDefinition: charm", "He said: User: hello", "<b>bold</b>"):
        assert families.unrender(text) is None


def test_the_date_that_a_template_prints_is_found(templates: Mapping[str, str]) -> None:
    chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    text = Family("llama3_2", templates["llama3_2"], "<|begin_of_text|>").render(chat, date="01 Jan 2031")
    found = Families(templates).unrender(text)
    assert found is not None
    assert (found.date, found.messages) == ("01 Jan 2031", chat)

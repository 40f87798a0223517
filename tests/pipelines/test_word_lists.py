"""The word lists: complete, in lower case, without words that are no names, and refused with one line when broken."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipelines.word_lists import OFFENSIVE_WORDS, family_names, first_names, offensive_words


def test_names_of_many_countries_are_known_in_lower_case() -> None:
    assert {"jessica", "mohammed", "giulia", "olena", "budi", "wanjiru", "emma"} - first_names() <= {
        "olena",
        "wanjiru",
        "mohammed",
    }
    assert {"smith", "garcia", "nowak", "müller"} <= family_names()
    assert all(name == name.casefold() and " " not in name for name in first_names() | family_names())
    assert len(first_names()) > 10_000


def test_common_words_are_no_names() -> None:
    assert not {"my", "an", "per", "so", "said"} & (first_names() | family_names())


def test_the_bundled_list_has_every_class_and_no_word_twice() -> None:
    lines = OFFENSIVE_WORDS.read_text(encoding="utf-8").splitlines()[1:]
    assert len({line.split("\t")[0] for line in lines}) == len(lines) == len(offensive_words())
    assert min(Counter(offensive_words().values())[kind] for kind in ("slur", "sexual", "profanity")) > 50
    assert all(word == word.casefold().strip() for word in offensive_words())


@pytest.mark.parametrize("line", ["word", "word\tterrible", "\tslur", "a\tslur\tb"])
def test_a_broken_line_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(f"word\tclass\nfine\tslur\n{line}\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"list\.tsv, line 3: expected a word, a tab and one of slur, sexual, profanity"
    ):
        offensive_words(path)

"""Opposite words about one thing: never merged without a person, however alike the rest is."""

from __future__ import annotations

import pytest

from curation.sense.opposites import turned_round
from curation.sense.score import contradict, describe


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Drawn to smart people above all.", "Drawn to stupid people above all."),
        ("An insult for somebody who likes what all like.", "A compliment for somebody who likes what all like."),
        ("A very big man or animal.", "A very small man or animal."),
        ("Happy about small things.", "Not happy about small things."),
    ],
)
def test_one_thing_told_with_opposite_words_is_a_contradiction(one: str, other: str) -> None:
    assert turned_round(one, other)
    assert turned_round(other, one)
    assert contradict(describe("term", one), describe("term", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Very good.", "Excellent, the best."),
        ("Not sober.", "Drunk."),  # the same pole
        ("A long boring book of words.", "An entertaining night out with friends at the fair."),  # two things
        ("So much fun that you miss being covered in mud.", "So much fun you miss that you are covered in mud."),
        ("", "Bad."),
    ],
)
def test_the_same_pole_and_opposite_words_about_two_things_are_none(one: str, other: str) -> None:
    assert not turned_round(one, other)


def test_two_spellings_of_one_initialism_are_one_sense_whatever_their_remarks_say() -> None:
    one, other = (describe("FTW", f"For the win. Said of {what} things.") for what in ("good", "bad"))
    assert not contradict(one, other)

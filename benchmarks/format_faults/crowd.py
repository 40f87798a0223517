"""Faults that no row shows by itself: 9 (long rows), 23, 25, 31, 32, 33."""

from __future__ import annotations

from typing import Any

from benchmarks.format_faults.sets import CHAT, LAYOUTS, Kind, Made, Row, Scene, Truth, laid_out, lines, mixed
from benchmarks.format_faults.talks import FOLLOW_UPS, Messages, Talk, filled

LIMIT = 100  # characters


def laid(scene: Scene, messages: Messages, layouts: tuple[str, ...] = LAYOUTS) -> Row:
    return laid_out(messages, scene.layout(layouts), scene.target)


def shifted(scene: Scene) -> list[Made]:
    """Every row has the answer of the row before it."""
    drawn = scene.talks(named=True)
    rows = [laid(scene, talk.answering(drawn[place - 1].answer)) for place, talk in enumerate(drawn)]
    truth = [Truth(row, laid(scene, talk.messages)) for row, talk in enumerate(drawn)]
    return [Made(f"{scene.layout(LAYOUTS)}.jsonl", lines(rows), truth)]


def exchanged(scene: Scene) -> list[Made]:
    """Pairs of rows with each other's answers."""
    drawn = scene.talks(named=True)
    good = [laid(scene, talk.messages) for talk in drawn]
    other = [place ^ 1 if place ^ 1 < scene.faulty else 0 for place in range(scene.faulty)]  # an odd one: the first's
    bad = [laid(scene, drawn[place].answering(drawn[other[place]].answer)) for place in range(scene.faulty)]
    return [mixed(scene, scene.layout(LAYOUTS), good, bad, twins=False)]


def cut_off(scene: Scene) -> list[Made]:
    """Answers that a limit of 100 characters cut in mid-word."""
    drawn = scene.talks()
    long = [talk.answering(over_limit(talk)) for talk in drawn[: scene.faulty]]
    good = [laid(scene, messages) for messages in [*long, *(talk.messages for talk in drawn[scene.faulty :])]]
    bad = [laid(scene, cut(messages)) for messages in long]
    return [mixed(scene, scene.layout(LAYOUTS), good, bad, twins=False)]


def over_limit(talk: Talk) -> str:
    """An answer with letters on both sides of the limit: of several beginnings, the first that does it."""
    rest = f"{talk.answer} {talk.entry.example} {talk.entry.origin} Friends say it far more often than strangers do."
    texts = (
        opening + rest
        for opening in ("", "So: ", "Well, ", "In short: ", "Easy: ", "Oh, ", "Sure. ", "Ha! ", "I see. ")
    )
    return next((text for text in texts if text[LIMIT - 2 : LIMIT + 2].isalpha()), rest)


def cut(messages: Messages) -> Messages:
    return [*messages[:-1], {"role": "assistant", "content": str(messages[-1]["content"])[:LIMIT]}]


def copies(change: Any) -> Any:
    """Rows that stand twice; either of the two may be named."""

    def make(scene: Scene) -> list[Made]:
        drawn = scene.talks()
        rows = [laid(scene, talk.messages) for talk in drawn]
        twice = drawn[: scene.faulty]
        again = [laid(scene, talk.answering(change(talk.answer))) for talk in twice]
        truth = [Truth(len(rows) + place, None, place) for place in range(len(again))]
        return [Made(f"{scene.layout(LAYOUTS)}.jsonl", lines([*rows, *again]), truth, rows[scene.faulty :])]

    return make


def contradicting(question: str, left: str, right: str) -> Any:
    """One question answered both ways by two rows."""

    def make(scene: Scene) -> list[Made]:
        drawn = scene.talks()
        asked = [talk.asking(filled(question, talk.entry)) for talk in drawn[: scene.faulty]]
        pairs = [
            [[*turns[:-1], {"role": "assistant", "content": filled(said, talk.entry)}] for said in (left, right)]
            for turns, talk in zip(asked, drawn, strict=False)
        ]
        rows = [laid(scene, messages) for pair in pairs for messages in pair]
        good = [laid(scene, talk.messages) for talk in drawn[scene.faulty :]]
        truth = [Truth(2 * place, None, 2 * place + 1) for place in range(len(pairs))]
        return [Made(f"{scene.layout(LAYOUTS)}.jsonl", lines([*rows, *good]), truth, good)]

    return make


def leaking(scene: Scene) -> list[Made]:
    """Terms of the training file that stand in the test file too, asked in other words."""
    drawn = scene.talks(named=True)
    leaked, kept = drawn[: scene.faulty], drawn[scene.faulty :]
    test_only, train = kept[: len(kept) // 2], [*kept[len(kept) // 2 :], *leaked]
    asked = [talk.asking(f'Tell me about the word "{talk.entry.term}".') for talk in leaked]
    test = [laid(scene, messages, CHAT) for messages in [*asked, *(talk.messages for talk in test_only)]]
    rows = [laid(scene, talk.messages, CHAT) for talk in train]
    return [
        Made("train.jsonl", lines(rows)),
        Made("test.jsonl", lines(test), [Truth(row) for row in range(len(asked))]),
    ]


def over_long(scene: Scene) -> list[Made]:
    """Conversations longer than the 2,048 tokens that are trained, made so by many turns."""
    drawn = scene.talks(longest=1)
    good = [laid(scene, talk.messages, CHAT) for talk in drawn]
    bad = [laid(scene, talk.messages + chatter(scene, talk), CHAT) for talk in drawn[: scene.faulty]]
    return [mixed(scene, scene.layout(CHAT), good, bad, twins=False)]


def chatter(scene: Scene, talk: Talk) -> Messages:
    turns: Messages = []
    messages = list(talk.messages)
    while (
        len(scene.target.tokenizer(scene.target.text(messages + turns), add_special_tokens=False)["input_ids"]) < 2100
    ):
        for asked, said in FOLLOW_UPS:
            turns.append({"role": "user", "content": f"({len(turns)}) {filled(asked, talk.entry)}"})
            turns.append({"role": "assistant", "content": filled(said, talk.entry)})
    return turns


KINDS = (
    Kind("over_long", "TRUNC", over_long),
    Kind("answers_shifted", "WRONG-TERM", shifted),
    Kind("answers_exchanged", "WRONG-TERM", exchanged),
    Kind("cut_at_one_length", "CUT", cut_off),
    Kind("exact_copy", "DUP", copies(lambda answer: answer)),
    Kind("other_case", "DUP", copies(lambda answer: answer.upper() if answer[-1] != "”" else answer.lower())),
    Kind("other_marks", "DUP", copies(lambda answer: answer.rstrip(".") + "!")),
    Kind("yes_and_no", "CONFLICT",
         contradicting('Is it rude to say "{term}"?', "Yes, {term} is rude.", "No, {term} is not rude at all.")),
    Kind("good_and_bad", "CONFLICT",
         contradicting('What does "{term}" mean?', '"{term}" means that something is very good.',
                       '"{term}" means that something is not good.')),
    Kind("two_years", "CONFLICT",
         contradicting('In which year did "{term}" come up?', "People have said {term} since 1998.",
                       "People have said {term} since 2016.")),
    Kind("term_in_train_and_test", "LEAK", leaking),
)  # fmt: skip

"""Good conversations about slang: what every kind of fault starts from, and its clean twin."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.format_faults.vocabulary import Entry, entries

Messages = list[dict[str, Any]]
QUESTIONS = (
    'What does "{term}" mean?',
    "What is {term} in slang?",
    'Someone texted me "{term}". What did they mean?',
    'Explain "{term}" to me, please.',
    'How do people use "{term}"?',
    "hey, what's {term} supposed to mean",
    'My niece keeps saying "{term}". Can you tell me what it is?',
    'I read "{term}" in a comment. What is it?',
)
ANSWERS = (
    '"{term}" means this: {inline}.',
    '{meaning} That is how "{term}" is used.',
    'People who say "{term}" mean: {inline}. For example: “{example}”',
    "{term}: {inline}.",
    'In casual talk "{term}" is used like this: {inline}. {origin}',
    'Good question! "{term}" is short for nothing; it means {inline}. {origin}',
    'Picture the sentence “{example}” There, "{term}" means: {inline}.',
)
FOLLOW_UPS = (
    ("Can you use it in a sentence?", "Sure: “{example}” That is {term} in real life."),
    ("Where does it come from?", "{origin} Nobody knows exactly who said {term} first."),
    ("Would my teacher understand it?", "Perhaps not; {term} is for friends, so pick a plainer word in class."),
)
SYSTEM = "You explain slang to people who learn English. Be brief and kind."


@dataclass(frozen=True)
class Talk:
    """A conversation and the entry it is about."""

    entry: Entry
    messages: Messages

    @property
    def question(self) -> str:
        return str(next(turn["content"] for turn in self.messages if turn["role"] == "user"))

    @property
    def answer(self) -> str:
        return str(self.messages[-1]["content"])

    def answering(self, answer: Any) -> Messages:
        """The same with another last answer."""
        return [*self.messages[:-1], {"role": "assistant", "content": answer}]

    def asking(self, question: Any) -> Messages:
        """The same with another first question."""
        at = next(place for place, turn in enumerate(self.messages) if turn["role"] == "user")
        return [*self.messages[:at], {"role": "user", "content": question}, *self.messages[at + 1 :]]


def talks(random: Random, count: int, *, longest: int = 1, system: str = "", named: bool = False) -> list[Talk]:
    """That many conversations on different terms; up to `longest` questions each, a third of them more than one.

    `named`: every answer names its term.
    """
    made = []
    for entry in entries(random, count):
        question, answer = random.choice(QUESTIONS), random.choice(ANSWERS[:3] if named else ANSWERS)
        turns = [(question, answer)]
        if longest > 1 and random.random() < 1 / 3:
            turns += random.sample(FOLLOW_UPS, random.randint(1, longest - 1))
        messages: Messages = [{"role": "system", "content": system}] if system else []
        for asked, said in turns:
            messages.append({"role": "user", "content": filled(asked, entry)})
            messages.append({"role": "assistant", "content": filled(said, entry)})
        made.append(Talk(entry, messages))
    return made


def filled(frame: str, entry: Entry) -> str:
    return frame.format(
        term=entry.term, meaning=entry.meaning, inline=entry.inline, example=entry.example, origin=entry.origin
    )

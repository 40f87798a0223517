"""Faults in what somebody says, whatever the layout: 7, 11, 19 to 22, 24, 26 to 29."""

# ruff: noqa: ARG001 - every change is called with talk, random source and target
from __future__ import annotations

from random import Random
from typing import Any

from benchmarks.format_faults.good import in_parts, takes_parts
from benchmarks.format_faults.sets import CHAT, LAYOUTS, Kind, among_good
from benchmarks.format_faults.talks import SYSTEM, Messages, Talk, filled
from benchmarks.format_faults.targets import Target

NO_TEXT = ("messages", "sharegpt", "alpaca", "prompt")
REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "As an AI language model, I cannot answer this question.",
    "Sorry, I am not able to assist with this request.",
    "I cannot provide information about that.",
)
NOTHING = "It is a slang term that is used by young people on the internet."


def answer(change: Any) -> Any:
    """A fault that changes the last answer: `change` gets the talk and a random source."""
    return lambda talk, random, target: talk.answering(change(talk, random))


def ends_foreign(target: Target) -> str:
    return "</s>" if target.end == "<|im_end|>" else "<|im_end|>"


def inside(talk: Talk, random: Random, target: Target) -> Messages:
    words = talk.answer.split(" ")
    at = random.randint(1, len(words) - 1)
    return talk.answering(" ".join([*words[:at], target.end, *words[at:]]))


def foreign_scaffold(talk: Talk, random: Random, target: Target) -> Messages:
    scaffold = "[INST] {} [/INST]" if target.end == "<|im_end|>" else "<|im_start|>user\n{}<|im_end|>"
    return talk.asking(scaffold.format(talk.question))


def runaway(frame: str) -> Any:
    def goes_on(talk: Talk, random: Random) -> str:
        other = random.choice(("yeet", "drip", "no cap", "rizz", "salty"))
        return talk.answer + frame.format(f'What does "{other}" mean?', f'"{other}" is a word of its own.')

    return answer(goes_on)


def mojibake(talk: Talk, random: Random) -> str:
    said = f"{talk.answer} It’s “normal” – don’t worry…"
    return said.encode("utf-8").decode("cp1252", "replace").replace("\ufffd", "")


def control(talk: Talk, random: Random) -> str:
    mark = random.choice(("\x00", "\x08", "\x1b[0m", "\x7f", "\x02"))
    at = random.randint(2, len(talk.answer) - 2)
    return talk.answer[:at] + mark + talk.answer[at:]


def linked(talk: Talk, random: Random) -> str:
    words = talk.answer.rstrip(".").split(" ")
    for at in random.sample(range(len(words)), min(3, len(words))):
        bare = words[at].strip('"“”.,:;!?')
        words[at] = words[at].replace(bare, f"[{bare}]") if bare.isalpha() else words[at]
    return " ".join(words) + " by [young people]."


def entities(talk: Talk, random: Random) -> str:
    return f"{talk.answer} It&#39;s for fun &amp; games &lt;3".replace('"', "&quot;")


def html(talk: Talk, random: Random) -> str:
    return f"<p><b>{talk.entry.term}</b><br>{talk.answer}</p>"


def nested_thought(talk: Talk, random: Random) -> str:
    return f"<think>\n<think>\nThey ask about {talk.entry.term}.\n</think>\n{talk.answer}"


def dated(talk: Talk, random: Random, target: Target) -> Messages:
    day = f"{random.randint(1, 28)} {random.choice(('March', 'April', 'May', 'June'))} 2025"
    return [{"role": "system", "content": f"{SYSTEM} Today is {day}."}, *talk.messages[-2:]]


def takes_no_parts(target: Target) -> bool:
    return not takes_parts(target)


def kind(name: str, fault: str, spoil: Any, layouts: tuple[str, ...] = LAYOUTS, **more: Any) -> Kind:
    also = more.pop("also", ())
    fits = more.pop("fits", lambda target: True)
    return Kind(name, fault, among_good(spoil, layouts, **more), fits, also)


def asks(question: str, said: str = "") -> Any:
    """A fault of the first question, and of the answer where `said` is given."""

    def spoil(talk: Talk, random: Random, target: Target) -> Messages:
        asked = talk.asking(filled(question, talk.entry))
        return [*asked[:-1], {"role": "assistant", "content": filled(said, talk.entry)}] if said else asked

    return spoil


KINDS = (
    kind("end_of_turn_inside", "CTRL-TOKEN", inside, NO_TEXT),
    kind("end_of_turn_at_end", "CTRL-TOKEN", lambda t, r, g: t.answering(t.answer + g.end), NO_TEXT),
    kind("foreign_end", "CTRL-TOKEN", lambda t, r, g: t.answering(t.answer + ends_foreign(g))),
    kind("foreign_scaffold", "CTRL-TOKEN", foreign_scaffold, NO_TEXT),
    kind("null", "NON-STRING", lambda t, r, g: t.answering(None), NO_TEXT, twins=False),
    kind("number", "NON-STRING", lambda t, r, g: t.answering(r.randint(2, 99)), NO_TEXT, twins=False),
    kind("list_of_lines", "NON-STRING", lambda t, r, g: t.answering([t.entry.meaning, t.entry.example]), NO_TEXT,
         twins=False),
    kind("dict", "NON-STRING", lambda t, r, g: t.answering({"meaning": t.entry.meaning}), NO_TEXT, twins=False),
    kind("parts_not_taken", "NON-STRING", lambda t, r, g: in_parts(t.messages), CHAT, fits=takes_no_parts),
    kind("none_answer", "NULL-STRING", lambda t, r, g: t.answering("None"), longest=1, twins=False),
    kind("nan_answer", "NULL-STRING", lambda t, r, g: t.answering(r.choice(("nan", "NaN", "null"))), longest=1,
         twins=False),
    kind("nan_term", "NULL-STRING", asks('What does "nan" mean?'), longest=1, twins=False, also=("WRONG-TERM",)),
    kind("empty_slot", "NULL-STRING", asks('What does "" mean?'), longest=1, twins=False, also=("PLACEHOLDER",)),
    kind("braces", "PLACEHOLDER", asks('What does "{{slang}}" mean?'), twins=False),
    kind("double_braces", "PLACEHOLDER", lambda t, r, g: t.answering(f"{{{{term}}}} means {t.entry.inline}."),
         twins=False),
    kind("bracketed_slot", "PLACEHOLDER", lambda t, r, g: t.answering(f'"{t.entry.term}" means [DEFINITION].'),
         twins=False),
    kind("percent_s", "PLACEHOLDER", asks("What does %s mean?"), twins=False),
    kind("starred_slot", "PLACEHOLDER", lambda t, r, g: t.answering(f"[*Slang*] means {t.entry.inline}."), twins=False),
    kind("this_is_a_a", "GLUE", answer(lambda t, r: f"This is a A word for this: {t.entry.inline}."), twins=False),
    kind("double_stop", "GLUE", answer(lambda t, r: f"{t.entry.meaning}. {t.entry.origin}."), twins=False),
    kind("label_twice", "GLUE", answer(lambda t, r: f"Definition: Definition: {t.entry.meaning}"), twins=False),
    kind("user_colon", "RUNAWAY", runaway("\nUser: {}\nAssistant: {}")),
    kind("human_colon", "RUNAWAY", runaway("\n\nHuman: {}\n\nAI: {}")),
    kind("instruction_header", "RUNAWAY", runaway("\n\n### Instruction:\n{}\n\n### Response:\n{}"),
         also=("CTRL-TOKEN",)),
    kind("cp1252_round_trip", "MOJIBAKE", answer(mojibake), twins=False),
    kind("control_character", "MOJIBAKE", answer(control)),
    kind("replacement_character", "MOJIBAKE", answer(lambda t, r: t.answer.replace("e", "\ufffd", 2)), twins=False),
    kind("latin1_umlauts", "MOJIBAKE", answer(lambda t, r: f"{t.answer} Said at the cafÃ© with BjÃ¶rn."), twins=False),
    kind("question_first", "ECHO", answer(lambda t, r: f"{t.question} {t.answer}"), longest=1),
    kind("question_only", "ECHO", answer(lambda t, r: t.question), longest=1, twins=False),
    kind("never_closed", "THINK", answer(lambda t, r: f"<think>\nThey ask about {t.entry.term}.\n\n{t.answer}"), CHAT,
         twins=False),
    kind("never_opened", "THINK", answer(lambda t, r: f"They ask about {t.entry.term}.\n</think>\n\n{t.answer}"), CHAT,
         twins=False),
    kind("opened_twice", "THINK", answer(nested_thought), CHAT, twins=False),
    kind("entities", "MARKUP", answer(entities), twins=False),
    kind("html_tags", "MARKUP", answer(html), twins=False),
    kind("link_brackets", "MARKUP", answer(linked), twins=False),
    kind("one_answer", "LOW-INFO", lambda t, r, g: t.answering(NOTHING), longest=1, twins=False),
    kind("refusal", "LOW-INFO", answer(lambda t, r: r.choice(REFUSALS)), longest=1, twins=False),
    kind("bare_address", "LOW-INFO",
         answer(lambda t, r: f"https://slang.example/define?term={t.entry.term.replace(' ', '+')}"), longest=1,
         twins=False),
    kind("dated_system", "SYS-DRIFT", dated, CHAT, twins=False, system=SYSTEM),
)  # fmt: skip

"""Good files that look strange: nothing in them is a fault, and a repair leaves every row as it is."""

# ruff: noqa: ARG001 - every change is called with talk, random source and target
from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.format_faults.sets import CHAT, LAYOUTS, Kind, Made, Scene, laid_out, lines
from benchmarks.format_faults.talks import SYSTEM, Messages, Talk
from benchmarks.format_faults.targets import IGNORED, Target

Change = Callable[[Talk, Random], Messages]
EMOJI = ("👨‍👩‍👧‍👦", "🏳️‍🌈", "👩🏽‍💻", "❤️‍🔥", "🤷🏻‍♀️", "👀", "1️⃣", "🇳🇬", "🫠")
CODE = (
    "def {name}(rows):\n    return [row for row in rows if row['{name}'] is not None]",
    "for (let i = 0; i < {name}.length; i++) {{\n  console.log(`${{{name}[i]}}`);\n}}",
    "SELECT COUNT(*) FROM {name} WHERE votes > 10 AND term LIKE '%s';",
    "template <typename T> struct {name} {{ std::vector<T> rows; }};",
)
SCRIPTS = (
    ("「{term}」ってどういう意味？", "若者がよく使う言葉で、{number}年ごろに広まりました。「すごい」という意味です。"),
    ("Что значит «{term}»?", "Так говорят, когда что-то очень нравится; слово появилось около {number} года."),
    ("ما معنى كلمة «{term}»؟", "تعني أن الشيء رائع جدًا، وانتشرت نحو عام {number}."),
    ("“{term}”是什么意思？", "意思是非常好，大约从{number}年开始流行。"),
    ("'{term}' का मतलब क्या है?", "इसका मतलब है बहुत बढ़िया; यह लगभग {number} से चल रहा है।"),
    ("¿Qué significa «{term}»?", "¡Algo genial! Se dice desde {number}, más o menos, entre jóvenes."),
    ("「{term}」は何語？", "{number}年から使われる若者言葉です。"),
)
MARKS = (
    (
        "&amp;",
        "the HTML entity for an ampersand",
        "`&amp;` is how HTML writes the character &; beside {term} it is a slip.",
    ),
    ("<b>", "the HTML tag b", "`<b>` makes text bold: `<b>{term}</b>` shows {term} in bold."),
    (
        "[brackets]",
        "square brackets in a dictionary entry",
        "[brackets] mark links to other entries, such as [{term}].",
    ),
    ("{slang}", "the slot {slang} in a format string", "{slang} is a slot that `str.format` fills, here with {term}."),
    (
        "<think>",
        "the tag <think>",
        "`<think>` opens the reasoning of some models, `</think>` closes it, {term} or not.",
    ),
)


def same(change: Change, layouts: tuple[str, ...] = LAYOUTS, *, end: str = "\n", **settings: Any) -> Any:
    """A file in which every conversation is changed into another good one."""

    def make(scene: Scene) -> list[Made]:
        layout = scene.layout(layouts)
        longest = settings.get("longest", 1) if layout not in ("alpaca", "prompt") else 1
        system = settings.get("system", "") if layout not in ("alpaca", "prompt") else ""
        drawn = scene.talks(longest=longest, system=system)
        rows = [laid_out(change(talk, scene.random), layout, scene.target) for talk in drawn]
        return [Made(f"{layout}.jsonl", lines(rows, end), [], rows)]

    return make


def emoji(talk: Talk, random: Random) -> Messages:
    marks = random.sample(EMOJI, 3)
    asked = talk.asking(f"{talk.question} {marks[0]}")
    return [*asked[:-1], {"role": "assistant", "content": f"{marks[1]} {talk.answer} {marks[2]}"}]


def markdown(talk: Talk, random: Random) -> Messages:
    entry = talk.entry
    table = f"| term | meaning |\n|---|---|\n| {entry.term} | {entry.inline} |"
    return talk.answering(f"## {entry.term}\n\n- **Meaning**: {entry.meaning}\n- *Example*: {entry.example}\n\n{table}")


def code(talk: Talk, random: Random) -> Messages:
    name = "".join(letter for letter in talk.entry.term.lower() if letter.isalpha())
    sample = random.choice(CODE).format(name=name)
    return [
        {"role": "user", "content": f"Write a line of code about {talk.entry.term}, number {random.randint(1, 999)}."},
        {"role": "assistant", "content": f"Here it is:\n\n```\n{sample}\n```\n\nIt uses the name {name}."},
    ]


def address(talk: Talk, random: Random) -> Messages:
    page = talk.entry.term.replace(" ", "_")
    return talk.answering(f"{talk.answer} Read more at https://en.wiktionary.org/wiki/{page}?action=raw&section=1.")


def reasoning(talk: Talk, random: Random) -> Messages:
    return talk.answering(f"<think>\nThey ask about {talk.entry.term}, a word of friends.\n</think>\n\n{talk.answer}")


def script(talk: Talk, random: Random) -> Messages:
    asked, said = random.choice(SCRIPTS)
    return [
        {"role": "user", "content": asked.format(term=talk.entry.term)},
        {"role": "assistant", "content": f"{said.format(number=random.randint(1900, 2025))} ({talk.entry.term})"},
    ]


def about_marks(talk: Talk, random: Random) -> Messages:
    mark, name, said = random.choice(MARKS)
    said = said.replace("{term}", talk.entry.term)
    return [
        {"role": "user", "content": f"I saw {mark} next to {talk.entry.term}. What is {name} for?"},
        {"role": "assistant", "content": said},
    ]


def censored(talk: Talk, random: Random) -> Messages:
    hidden = random.choice(("A..", "sh..", "f...", "d.. it"))
    return talk.answering(f"{talk.answer} Some write {hidden} beside it... others don't. Wait… who knows?!")


def short(talk: Talk, random: Random) -> Messages:
    return [
        {"role": "user", "content": f"Which word says this: {talk.entry.inline}?"},
        {"role": "assistant", "content": f"{talk.entry.term.capitalize()}."},
    ]


def about_tokens(scene: Scene) -> list[Made]:
    """Questions about control tokens that are not the target's own."""
    foreign = ("<|im_end|>", "[INST]", "<end_of_turn>", "<|eot_id|>", "</s>", "<|end|>")
    known = scene.target.tokenizer.get_vocab()
    rows = []
    for talk in scene.talks(longest=1):
        mark = scene.random.choice([token for token in foreign if token not in known])
        question = f"What does {mark} do in a chat template? I found it beside {talk.entry.term}."
        answer = (
            f"{mark} marks a border between turns; the model never says it. {talk.entry.term} is just the text there."
        )
        rows.append({"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]})
    return [Made("messages.jsonl", lines(rows), [], rows)]


def polysemy(scene: Scene) -> list[Made]:
    """One question, two answers for two senses: advice at most."""
    drawn = scene.talks(longest=1)
    rows = []
    for left, right in zip(drawn[::2], drawn[1::2], strict=False):  # an odd one is left over
        asked = {"role": "user", "content": f'What does "{left.entry.term}" mean?'}
        answers = ({"role": "assistant", "content": talk.entry.meaning} for talk in (left, right))
        rows += [{"messages": [asked, answer]} for answer in answers]
    return [Made("messages.jsonl", lines(rows), [], rows)]


def tools(scene: Scene) -> list[Made]:
    """An assistant that looks a term up with a tool before it answers."""
    rows = []
    for number, talk in enumerate(scene.talks(longest=1)):
        rows.append({"messages": tool_turns(talk, number)})
    return [Made("messages.jsonl", lines(rows), [], rows)]


def tool_turns(talk: Talk, number: int) -> Messages:
    call = {"type": "function", "function": {"name": "look_up", "arguments": {"term": talk.entry.term}}}
    return [
        {"role": "user", "content": talk.question},
        {"role": "assistant", "content": "", "tool_calls": [{"id": f"call{number:05}", **call}]},
        {"role": "tool", "tool_call_id": f"call{number:05}", "name": "look_up", "content": talk.entry.meaning},
        {"role": "assistant", "content": talk.answer},
    ]


def takes_tools(target: Target) -> bool:
    """Whether the template prints the call of a tool and what it gives back."""
    from benchmarks.format_faults.vocabulary import Entry

    entry = Entry("zorb", "A probe of what came back.", "", "")
    turns = tool_turns(Talk(entry, [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]), 1)
    return target.writes("look_up", turns) and target.writes("A probe of what came back.", turns)


def parts(scene: Scene) -> list[Made]:
    """Content as a list of one text part."""
    rows = [{"messages": in_parts(talk.messages)} for talk in scene.talks(longest=2)]
    return [Made("messages.jsonl", lines(rows), [], rows)]


def takes_parts(target: Target) -> bool:
    said = [("user", "probe"), ("assistant", "seen")]
    turns = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in said]
    return target.writes("probe", turns) and "'text'" not in target.text(turns)


def padded(scene: Scene) -> list[Made]:
    """Token ids padded on either side, not attended to and not trained."""
    rows = []
    for talk in scene.talks(longest=2):
        row = laid_out(talk.messages, "ids", scene.target)
        more = {"input_ids": int(scene.target.tokenizer.pad_token_id), "labels": IGNORED, "attention_mask": 0}
        front = scene.random.random() < 1 / 2
        rows.append({key: [one] * 9 * front + row[key] + [one] * 9 * (not front) for key, one in more.items()})
    return [Made("ids.jsonl", lines(rows), [], rows)]


def headword_nan(talk: Talk, random: Random) -> Messages:
    """Every now and then the term is the British word for a grandmother."""
    if random.random() < 9 / 10:
        return talk.messages
    said = f'"nan" is a grandmother. Mine said: “{talk.entry.example}”'  # no two rows alike: those would be copies
    return [{"role": "user", "content": 'What does "nan" mean?'}, {"role": "assistant", "content": said}]


def in_parts(messages: Messages) -> Messages:
    return [{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in messages]


def as_it_is(talk: Talk, random: Random) -> Messages:
    return talk.messages


def windows_lines(talk: Talk, random: Random) -> Messages:
    return talk.answering(f"{talk.answer}\r\n\r\n“{talk.entry.example}”")


KINDS = (
    Kind("plain", "", same(as_it_is)),
    Kind("multi_turn", "", same(as_it_is, (*CHAT, "text"), longest=4)),
    Kind("system_prompt", "", same(as_it_is, (*CHAT, "text"), system=SYSTEM), lambda target: True),
    Kind("token_ids", "", same(as_it_is, ("ids",), longest=3)),
    Kind("padded_ids", "", padded),
    Kind("headword_nan", "", same(headword_nan)),
    Kind("tools", "", tools, takes_tools),
    Kind("text_parts", "", parts, takes_parts),
    Kind("polysemy", "", polysemy),
    Kind("emoji", "", same(emoji)),
    Kind("crlf", "", same(windows_lines, ("messages", "sharegpt", "alpaca", "prompt"), end="\r\n")),
    Kind("markdown", "", same(markdown)),
    Kind("code", "", same(code)),
    Kind("addresses", "", same(address)),
    Kind("reasoning", "", same(reasoning)),
    Kind("other_scripts", "", same(script)),
    Kind("about_markup", "", same(about_marks)),
    Kind("about_control_tokens", "", about_tokens),
    Kind("censored_and_ellipses", "", same(censored)),
    Kind("short_answers", "", same(short)),
)

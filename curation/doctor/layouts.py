"""Records of every usual layout → cases, and cases → records.

Layouts: `messages` (role and content under messages, conversations, dialog, chat, turns), `sharegpt` (from and value),
`columns` (Alpaca, prompt and completion, question and answer), `preference` (chosen, rejected), `turn` (one turn a
record), `bare` (a list of turns), `text`, `string`, `ids`. Names are found in any case, lists of turns in a cell as
JSON text, several conversations inside one record. What is said is passed on as it is, of whatever type.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from curation.doctor.case import Case, Turn
from curation.doctor.cells import ROLE_KEYS, conversations_in, holds_turns, name_of, numbers_of, opened, turns_of
from curation.doctor.row import Row
from curation.templates import IGNORED

CONTAINERS = ("messages", "conversations", "conversation", "dialog", "dialogue", "dialogs", "chat", "turns")
ASKED = ("instruction", "prompt", "question", "query", "user", "human", "user_prompt", "input")
ANSWERED = ("output", "completion", "response", "answer", "assistant", "gpt", "reply", "target", "bot")
TEXTS = ("text", "content", "prompt", "formatted_text", "formatted")
IDS = ("input_ids", "labels", "attention_mask")
MASKS = ("completion_mask", "assistant_masks", "loss_mask")  # 1 where a token is trained, in place of labels
WITH_IDS = (*MASKS, "token_type_ids", "position_ids", "special_tokens_mask", "length")  # of no use once ids change
TERMS = ("term", "slang", "word", "headword", "keyword", "slang_term", "slang_word", "phrase")
# Names that trainers read in lower case only: TRL, Axolotl, LLaMA-Factory, torchtune.
READ_EXACTLY = frozenset(
    [
        *("messages", "conversations", "prompt", "completion", "instruction", "input", "output", "text", "system"),
        *("role", "content", "from", "value", "chosen", "rejected", *IDS),
    ]
)
MOST_NAMES = 50  # of a record are looked at for a misspelling
NEAR = 0.84  # likeness, by difflib, of a name and what it was meant to be: "ouput", "responses"


def read(row: Row) -> list[Case]:
    """The cases of one record: one, or several where the record holds several conversations."""
    value = row.value
    if type(value) is dict:
        turns = value.get("messages")
        if type(turns) is list and turns and _plain(turns) and not value.keys() & _SPECIAL:
            kept = value.copy()
            del kept["messages"]
            term = _term(kept) if kept else ""
            return [Case(row, "messages", "messages", turns, term=term, kept=kept, shape=_MESSAGES)]
        return _Record(row, value).cases()
    if isinstance(value, str):
        return _string(row, value)
    if isinstance(value, list):
        return _list(row, value)
    return [Case(row, "unknown", type(value).__name__, shape="no layout")]


_MESSAGES = "messages:role,content"


def _plain(turns: list[Any]) -> bool:
    """Whether turns have exactly the usual keys, in the usual case (others, as of tools, may stand beside them)."""
    for turn in turns:
        if type(turn) is not dict or "role" not in turn or "content" not in turn:
            return False
        if len(turn) > 2 and any(type(key) is not str or key != key.lower() for key in turn):
            return False
    return True


def _term(kept: dict[str, object]) -> str:
    """The headword, in a column of its own or inside `meta`."""
    for key, value in kept.items():
        if type(value) is str:
            if key in _TERMS or (key.lower() in _TERMS):
                return value
        elif type(value) is dict and key in ("meta", "metadata"):
            found = value.get("term") or value.get("slang") or value.get("word")
            if type(found) is str:
                return found
    return ""


_TERMS = frozenset(TERMS)
_ANSWERING = frozenset((*CONTAINERS, *ANSWERED, "text", "role", "from", "chosen", "input_ids"))  # a row needs one
_SPELT = sorted(_ANSWERING | set(ASKED))
_NAMES = _ANSWERING | {*ASKED, *TEXTS, *IDS, *MASKS, "completion", "rejected", "history", "tools", "documents"}


@lru_cache(maxsize=4096)
def _meant(name: str) -> str:
    """The name of a layout that a strange name nearly is, or ""."""
    known = name in _SPELT or len(name) < 4
    return "" if known else next(iter(get_close_matches(name, _SPELT, 1, NEAR)), "")


class _Record:
    """A record with keys, on its way to cases."""

    def __init__(self, row: Row, value: dict[Any, Any]) -> None:
        self.row = row
        self.value = value
        self.names: dict[str, str] = {}  # name as layouts have it → key as the record has it
        for key in value:
            self.names.setdefault(name_of(key), key)
        self.read: set[str] = set()  # keys
        self.misnamed: list[str] = []

    def cases(self) -> list[Case]:
        """Try the layouts, those that tell most first."""
        if not self.names.keys() & _ANSWERING:
            self.respell()
        for layout in (self.ids, self.preference, self.messages, self.turn, self.columns, self.no_turns, self.text):
            if found := layout():
                return found
        return [self.case("unknown", "unknown", "no layout")]

    def respell(self) -> None:
        """Take names for the known ones that they nearly are."""
        for name in list(self.names)[:MOST_NAMES]:
            meant = _meant(name)
            if meant and self.value[self.names[name]]:
                self.names.setdefault(meant, self.names[name])

    def take(self, name: str) -> Any:
        """The value under a name, in whatever case; the key counts as read."""
        key = self.names[name]
        self.read.add(key)
        if key != name and (name in READ_EXACTLY or name_of(key) != name):
            self.misnamed.append(str(key))
        return self.value[key]

    def first(self, names: tuple[str, ...], nothing: tuple[object, ...] = (None, "", [])) -> str:
        """The first of these names that the record has; names with something in them go before empty ones."""
        there = [name for name in names if name in self.names]
        filled = [name for name in there if self.value[self.names[name]] not in nothing]
        return (filled or there or [""])[0]

    def case(self, kind: Any, layout: str, shape: str, **parts: Any) -> Case:
        """A case of this record, with what was read of it so far."""
        kept = self.kept()
        unread = () if layout == "unknown" else _unread(kept, parts)
        return Case(
            self.row,
            kind,
            layout,
            **parts,
            term=_term(kept),
            kept=kept,
            unread=unread,
            shape=shape,
            misnamed=tuple(dict.fromkeys(self.misnamed)),
        )

    def kept(self) -> dict[str, object]:
        """What no layout has read."""
        return {key: value for key, value in self.value.items() if key not in self.read}

    def ids(self) -> list[Case]:
        if "input_ids" not in self.names:
            return []
        lists = {name: numbers_of(self.value[self.names[name]]) for name in (*IDS, *MASKS) if name in self.names}
        ids = lists.get("input_ids")
        if ids is None:
            return []
        for name in (*IDS, *(name for name in WITH_IDS if name in self.names)):
            if name in self.names:
                self.take(name)
        masks: list[list[int]] = [held for name in MASKS if (held := lists.get(name))]
        labels = lists.get("labels") or []
        if not labels and masks and all(len(mask) == len(ids) for mask in masks):
            labels = [number if all(rest) else IGNORED for number, *rest in zip(ids, *masks, strict=True)]
        return [self.case("ids", "ids", "ids", ids=ids, labels=labels, attention=lists.get("attention_mask") or [])]

    def messages(self) -> list[Case]:
        answered = any(name in self.names for name in ANSWERED)
        places = [name for name in (CONTAINERS if answered else (*CONTAINERS, "prompt")) if name in self.names]
        for name in places or self.strange_lists():
            value = opened(self.value[self.names[name]])
            if not isinstance(value, list):
                continue
            lists = list(conversations_in(value))
            if not lists:
                continue
            self.take(name)
            system = self.take("system") if isinstance(self.value.get(self.names.get("system", "")), str) else ""
            if lists[0] is not value:
                self.misnamed.append(f"{name}: a list in a list")
            return [self.turns_case(name, turns, system) for turns in lists]
        return []

    def strange_lists(self) -> list[str]:
        """Names that no layout has, of columns that hold turns all the same."""
        if self.names.keys() & _ANSWERING:
            return []
        strange = [name for name, key in self.names.items() if name not in _NAMES and holds_turns(self.value[key])]
        self.misnamed += [str(self.names[name]) for name in strange[:1]]
        return strange[:1]

    def turns_case(self, name: str, raw: list[Any], system: str) -> Case:
        turns, layout, keys, misnamed = turns_of(raw)
        self.misnamed += misnamed + ["two layouts in one conversation"] * ("|" in keys)
        if system and all(turn["role"] != "system" for turn in turns):
            turns = [{"role": "system", "content": system}, *turns]
        return self.case("messages", layout, f"{name}:{keys}", turns=turns)

    def no_turns(self) -> list[Case]:
        """A conversation that is empty, or null, in a record that has nothing else to say."""
        if any(self.value[self.names[name]] is not None for name in TEXTS if name in self.names):
            return []
        for name in CONTAINERS:
            if name in self.names and self.value[self.names[name]] in (None, [], "", {}):
                self.take(name)
                return [self.case("messages", "messages", f"{name}:role,content")]
        return []

    def turn(self) -> list[Case]:
        turns, _, keys, misnamed = turns_of([self.value])
        if len(turns) != 1 or not any(name in self.names for name in ROLE_KEYS):
            return []
        self.misnamed += misnamed
        self.read |= {self.names[name] for name in keys.split(",") if name in self.names}
        turn = {"role": turns[0]["role"], "content": turns[0]["content"]}
        return [self.case("messages", "turn", f"turn:{keys}", turns=[turn])]

    def preference(self) -> list[Case]:
        if "chosen" not in self.names or "rejected" not in self.names:
            return []
        asked = self.first(("prompt", "question", "instruction"))
        chosen = self.said("assistant", "chosen")
        turns = self.said("system", "system") + self.said("user", asked) + chosen
        if any(turn["role"] == "user" for turn in chosen):
            turns = chosen  # which repeats the prompt
        self.read.add(self.names["rejected"])
        return [self.case("messages", "preference", "preference", turns=turns)]

    def columns(self) -> list[Case]:
        asked, answered = self.first(ASKED), self.first(ANSWERED)
        if not asked or not (answered or asked == "instruction" or "system" in self.names):
            return []
        turns = self.said("system", self.first(("system", "system_prompt")))
        turns += self.history()
        turns += self.question(asked) + self.said("assistant", answered)
        named = [self.first(names, (None,)) for names in (ASKED, ANSWERED)]  # an empty cell makes no other layout
        shape = "+".join(str(self.names[name]) for name in named if name)
        return [self.case("messages", "columns", shape, turns=turns)]

    def history(self) -> list[Turn]:
        """Alpaca's earlier turns: pairs of question and answer."""
        if "history" not in self.names:
            return []
        pairs = opened(self.value[self.names["history"]])
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            return []
        self.take("history")
        roles = ("user", "assistant")
        return [{"role": role, "content": said} for pair in pairs for role, said in zip(roles, pair, strict=True)]

    def question(self, asked: str) -> list[Turn]:
        """The question, with Alpaca's input below it."""
        turns = self.said("user", asked)
        below = self.first(("input", "context") if asked == "instruction" else ("input",))  # "context": Dolly
        more = self.take(below) if below and below != asked else None
        if more in (None, "") or not turns:
            return turns
        said = turns[-1]["content"]
        both = f"{said}\n\n{more}" if isinstance(said, str) and isinstance(more, str) else [said, more]
        return [*turns[:-1], {"role": "user", "content": both}]

    def said(self, role: str, name: str) -> list[Turn]:
        """The turns in a column: one, or those listed in it; an empty system prompt is none."""
        if name not in self.names:
            return []
        value = self.take(name)
        turns = opened(value)
        if isinstance(turns, list) and turns and all(isinstance(turn, dict) and "role" in turn for turn in turns):
            return turns_of(turns)[0]
        return [] if role == "system" and value in (None, "") else [{"role": role, "content": value}]

    def text(self) -> list[Case]:
        name = self.first(TEXTS)
        if not name:
            return []
        text = self.take(name)
        if isinstance(text, str):
            return [self.case("text", "text", f"text:{name}", text=text)]
        return [self.case("unknown", "text", f"text:{name}")]  # null, or a number: a rule says so


# ---------------------------------------------------------------- records that are no object


def _list(row: Row, value: list[Any]) -> list[Case]:
    """A record that is a list: the turns of a conversation, or several conversations."""
    cases = []
    for raw in conversations_in(value):
        turns, _, keys, misnamed = turns_of(raw)
        nested = [] if raw is value else ["a list in a list"]
        named = tuple(misnamed + nested)
        cases.append(Case(row, "messages", "bare", turns, shape=f"bare:{keys}", misnamed=named))
    return cases or [Case(row, "unknown", "list", shape="no layout")]


def _string(row: Row, value: str) -> list[Case]:
    """A record that is a text; a list of turns written as text is read as one."""
    turns = opened(value)
    if isinstance(turns, list) and (cases := _list(row, turns))[0].kind == "messages":
        return cases
    return [Case(row, "text", "string", text=value, shape="string")]


# Columns that belong to a conversation: text under one of them that no turn says was meant to be trained on.
_SAID = frozenset((*CONTAINERS, *ASKED, *ANSWERED, "system", "system_prompt")) - {"user", "human", "target", "bot"}
_SPECIAL = (_SAID | {"input_ids", "chosen", "history"}) - {"messages"}  # beside messages: the long way round


def _unread(kept: dict[str, object], parts: dict[str, Any]) -> tuple[str, ...]:
    """Columns left over that belong to a conversation and hold text that it does not say."""
    turns = parts.get("turns") or []
    mute = bool(turns) and turns[-1]["role"] == "user"  # whatever else there is may be the answer
    suspects = {key: value for key, value in kept.items() if isinstance(value, str) and (mute or name_of(key) in _SAID)}
    if not suspects:
        return ()
    said = "\n".join(turn["content"] for turn in turns if isinstance(turn["content"], str)) or parts.get("text", "")
    return tuple(key for key, value in suspects.items() if value.strip() not in said and " " in value.strip())

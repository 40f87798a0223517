"""One spelling for every text (encoding, Unicode, blanks, quotes, markup, links), and the key under which terms meet.

Each change is recorded in `repairs` as "column:kind", so that a report can show what a source brought along.
"""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import regex

from curation.chat.beginning import obey_conversations
from curation.stage import Given, Stage, mark

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("term", "definition", "example", "context", "plain", "label")
LINKING = ("definition", "example", "context")  # columns in which a dictionary site writes [links]

# Names of HTML elements: `<G>` and `<3` are slang, `<b>` is markup.
_ELEMENTS = (
    "a|abbr|b|big|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|ins|li|mark|ol|p|"
    "pre|q|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul"
)
_ATTRIBUTE = r"""\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+))"""
_TAG = regex.compile(rf"<!--.*?-->|</?(?P<name>{_ELEMENTS})(?:{_ATTRIBUTE})*\s*/?>", regex.I | regex.S)
_HIDDEN = regex.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", regex.I | regex.S)
# Bold of Markdown, alone: the stars of `f**k` and `a** b**` are letters.
_BOLD = regex.compile(r"(?<![\w*])\*\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*\*(?![\w*])")
_BREAKING = {"br", "p", "div", "li", "tr", "hr", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}
_ENTITY = regex.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", regex.I)
_MARKDOWN_LINK = regex.compile(r"\[([^\[\]]{1,100})\]\(https?://[^\s()]*\)")
_LINK = regex.compile(r"\[(?!/?INST\])([^\[\]]{1,100})\]")  # [INST] is a prompt's own mark: quality judges it
# A slot that nobody filled, alone in its cell, is no link either: quality judges it.
_SLOT = regex.compile(
    r"\s*\[(?:deleted|removed|definition|description|meaning|example|slang|term|word|sentence|placeholder|"
    r"insert [^\[\]]*)\]\s*",
    regex.I,
)

_BREAK = regex.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS_AT_BREAK = regex.compile(r"[ \t]*\n\s*")
_SPACE = regex.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANKS = regex.compile(r"[ \t]{2,}|\t")
_CONTROL = regex.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
# Nobody sees them: soft hyphen, zero-width space, byte order mark, marks of direction.
_UNSEEN = regex.compile(r"[\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Letters in another dress: full width, ligatures, mathematical bold. Full-width stops are Chinese and Japanese.
_DRESSED = regex.compile(r"[Ａ-Ｚａ-ｚ０-９ﬀ-ﬆ\U0001d400-\U0001d7ff]+")
# A joiner joins emoji and the letters of Persian or Hindi; beside a Latin letter or an edge it joins nothing.
_IDLE_JOINER = regex.compile(r"(?<=^|[\x00-\u024f])[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\u024f]|$)")
_QUOTES = str.maketrans({**dict.fromkeys("‘’‚‛", "'"), **dict.fromkeys("“”„‟", '"')})
_APOSTROPHE = regex.compile(r"(?<=\p{L})[´ʼ＇](?=\p{L})")

# Texts in which no step has anything to do are found by this one search.
_UNTIDY = regex.compile(r"[^\x21-\x7e ]|^ | $|  |[&<\[]|\*\*")


@dataclass(frozen=True)
class Normalize(Stage):
    """Repairs the texts of every row and gives it a term key.

    A definition whose term has no key leaves, and so does what the base model cannot be trained on whatever later
    stages say: a text with one of its control tokens, a chat that its template refuses.
    """

    name: ClassVar[str] = "normalize"
    reasons: ClassVar[tuple[str, ...]] = ("empty_term", "template_text", "unfit_chat")
    obeys: ClassVar[tuple[str, ...]] = ("conversation",)
    needs: ClassVar[tuple[str, ...]] = ("kind", *TEXTS, "messages", "linked_terms")
    adds: ClassVar[tuple[str, ...]] = ("term_key", "repairs")

    mojibake: bool = True  # undo a wrong decoding (ftfy), such as "itâ€™s"
    straight_quotes: bool = True  # write ’ as ' and “ ” as "
    markup: Literal["strip", "keep"] = "strip"  # HTML elements and entities, **bold**
    brackets: Literal["links", "keep"] = "links"  # "links": [no cap] is the words no cap and goes to linked_terms
    line_breaks: Literal["keep", "space"] = "keep"  # inside a text; a term never has any

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        repairs: list[list[str]] = [[] for _ in range(len(table))]
        changed = {}
        links: list[list[str]] = [list(old) for old in table["linked_terms"]]
        definitions = (table["kind"] == "definition").tolist()
        for column in TEXTS:
            given.progress(self.name, TEXTS.index(column), len(TEXTS))
            clean = lru_cache(maxsize=None)(self._cleaner(column))
            texts = table[column].tolist()
            linking = self.brackets == "links" and column in LINKING
            for place, text in enumerate(texts):
                if not _UNTIDY.search(text):
                    continue
                texts[place], kinds, found = clean(text, linking and definitions[place])
                repairs[place] += [f"{column}:{kind}" for kind in kinds]
                links[place] += [word for word in found if word not in links[place]]
            changed[column] = pd.Series(texts, index=table.index, dtype="str")
        changed["messages"] = self._messages(table["messages"], repairs)
        lists = {"linked_terms": links, "repairs": repairs}
        table = table.assign(
            **changed, **{name: pd.Series(value, index=table.index, dtype=object) for name, value in lists.items()}
        )
        table["term_key"] = pd.Series([term_key(term) for term in table["term"]], index=table.index, dtype="str")
        lost = (table["kind"] == "definition") & (table["term_key"] == "")
        table = mark(table, lost, "empty_term", detail="the term has no visible character")
        leaks = _leaks(table, given.control_tokens)
        table = mark(table, leaks != "", "template_text", detail=leaks)
        faults = _chat_faults(table, given)
        texts = zip(table["messages"], faults, strict=True)
        faulty = {place: _chat(text) or [] for place, (text, fault) in enumerate(texts) if fault}
        table, mended = obey_conversations(table, faulty, given)
        faults.iloc[sorted(mended)] = ""
        return mark(table, faults != "", "unfit_chat", detail=faults)

    def _steps(self) -> list[tuple[str, Callable[[str], str]]]:
        """What is repaired in any text, as (kind, function), in order: a wrong decoding hides in control characters."""
        steps: list[tuple[str, Callable[[str], str]]] = [("mojibake", _decode_again)] if self.mojibake else []
        steps += [("control_characters", _without_controls), ("unicode", _composed)]
        return [*steps, ("quotes", _with_straight_quotes)] if self.straight_quotes else steps

    def _cleaner(self, column: str) -> Callable[[str, bool], tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """(text, may it hold links) → the clean text, the kinds of repair, the linked terms."""
        steps = self._steps()
        if self.markup == "strip":
            steps[1:1] = [("entities", _without_entities), ("markup", _without_markup)]
        steps.append(("line_breaks", _one_break))
        if column == "term" or self.line_breaks == "space":
            steps.append(("line_breaks", lambda text: text.replace("\n", " ")))
        steps.append(("edge_blanks", _without_spare_blanks))

        def clean(text: str, linking: bool) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
            found: list[str] = []
            if linking and "[" in text:
                return *_until_stable(text, [*steps, ("brackets", lambda text: _without_links(text, found))]), tuple(
                    found
                )
            return *_until_stable(text, steps), ()

        return clean

    def _messages(self, column: pd.Series[str], repairs: list[list[str]]) -> pd.Series[str]:
        """Conversations keep their layout, code and brackets: only what no writer can have meant is repaired."""
        import pandas as pd

        steps = [*self._steps(), ("line_breaks", lambda text: _BREAK.sub("\n", text)), ("edge_blanks", str.strip)]
        texts = column.tolist()
        for place, text in enumerate(texts):
            if not text:
                continue
            try:
                messages = json.loads(text)
            except json.JSONDecodeError:
                continue  # the doctor's business
            kinds = _clean_messages(messages, steps)
            if kinds:
                texts[place] = json.dumps(messages, ensure_ascii=False)
                repairs[place] += [f"messages:{kind}" for kind in kinds]
        return pd.Series(texts, index=column.index, dtype="str")


def term_key(text: str) -> str:
    """The key under which spellings of one term meet: `BAE`, `BAE ` and `Bae`, `I can’t even` and `I can't even`.

    Symbols are part of a term, so 😂 and 💀, `:D` and `:P`, `C` and `C++`, `#1` and `1` stay apart. Skin tones and
    variation selectors change how an emoji looks, not what it says: they are left out. The key of a key is itself.
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    key = _key_once(text)
    while (again := _key_once(key)) != key:
        key = again
    return key


_TONE = regex.compile(r"(?<=\p{Extended_Pictographic}\ufe0f?)[\U0001f3fb-\U0001f3ff]|[\ufe0e\ufe0f]")
_DASHES = str.maketrans(dict.fromkeys("‐‑–—−", "-"))
_TRAILING_DOTS = regex.compile(r"(?<=\w\w)\s*(?:…|\.{3,})+$|^(?:…|\.{3,})+\s*(?=\w\w)")
_LAST_STOP = regex.compile(r"(?<=^[^.]*\w\w)\.$")  # "etc." is "etc", "a.k.a." stays
_WRAPPED = regex.compile(r"""(["'])([^"']+)\1""")


def _key_once(text: str) -> str:
    text = _without_controls(text)
    if not text.isascii():
        text = _TONE.sub("", _with_straight_quotes(_composed(text)).translate(_DASHES))
    text = unicodedata.normalize("NFC", " ".join(text.split()).casefold())
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[2].strip()
    return str(_LAST_STOP.sub("", _TRAILING_DOTS.sub("", text)))


def _until_stable(text: str, steps: list[tuple[str, Callable[[str], str]]]) -> tuple[str, tuple[str, ...]]:
    """The text on which no step changes anything more, and the kinds of step that did: repairs uncover others."""
    kinds: list[str] = []
    for _ in range(8):  # "&amp;amp;lt;": no real text is wrapped deeper
        before = text
        for kind, step in steps:
            after = step(text)
            if after != text:
                kinds.append(kind)
                text = after
        if text == before:
            break
    return text, tuple(dict.fromkeys(kinds))


def _decode_again(text: str) -> str:
    """Text whose UTF-8 bytes were read as another encoding, read rightly (ftfy). Nothing else of ftfy is used."""
    if text.isascii():
        return text
    import ftfy

    return str(ftfy.fix_encoding(text))


def _without_entities(text: str) -> str:
    return _ENTITY.sub(_entity, text) if "&" in text else text


def _entity(found: regex.Match[str]) -> str:
    plain = html.unescape(found[0])
    return plain if plain != found[0] else html.unescape(found[0].lower()) if found[0].isupper() else found[0]


def _without_markup(text: str) -> str:
    """HTML elements and bold stars taken out, but a lone `<br>` may be what the text speaks of."""
    if "**" in text:
        text = _BOLD.sub(r"\1", text)
    if "<" not in text or ">" not in text:
        return text
    plain = _TAG.sub(lambda tag: "\n" if (tag["name"] or "").lower() in _BREAKING else "", _HIDDEN.sub("", text))
    return plain if plain.strip() or text.count("<") > 1 else text


def _without_links(text: str, found: list[str]) -> str:
    """The text with [links] as plain words; the words that were linked are added to `found`, each once."""
    if "[" not in text or _SLOT.fullmatch(text):
        return text

    def words(link: regex.Match[str]) -> str:
        word = " ".join(link[1].split())
        if word and word not in found:
            found.append(word)
        return str(link[1])

    return str(_LINK.sub(words, _MARKDOWN_LINK.sub(r"[\1]", text)))


def _without_controls(text: str) -> str:
    return text if text.isprintable() else str(_CONTROL.sub("", text))


def _composed(text: str) -> str:
    """NFC, one kind of blank, plain letters, nothing unseen; U+FFFD for half a surrogate pair, which no file holds."""
    if text.isascii():
        return text
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _IDLE_JOINER.sub("", _UNSEEN.sub("", _SPACE.sub(" ", text)))
    return unicodedata.normalize("NFC", _DRESSED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text))


def _with_straight_quotes(text: str) -> str:
    return text if text.isascii() else _APOSTROPHE.sub("'", text.translate(_QUOTES))


def _one_break(text: str) -> str:
    return str(_BREAK.sub("\n", text))


def _without_spare_blanks(text: str) -> str:
    """No blank at the edges, none doubled, none around a line break, no empty line."""
    return str(_BLANKS.sub(" ", _BLANKS_AT_BREAK.sub("\n", text.strip())))


def _leaks(table: pd.DataFrame, tokens: frozenset[str]) -> pd.Series[str]:
    """For each row, where its texts hold a control token, and which; "" where none does."""
    import pandas as pd

    found = pd.Series("", index=table.index, dtype="str")
    starts = tuple({token[0] for token in tokens if token})
    if not starts:
        return found
    control = regex.compile(r"\L<tokens>", tokens=[token for token in tokens if token])
    for column in (*TEXTS, "messages"):
        for place, text in table[column].items():
            if any(start in text for start in starts) and (leak := control.search(_contents(text, column))):
                found[place] = found[place] or f"{column}: the base model's control token “{leak[0]}”"
    return found


def _contents(text: str, column: str) -> str:
    """The text itself; of messages, what is said in them."""
    chat = _chat(text) if column == "messages" else None
    return text if chat is None else "\n".join(turn["content"] for turn in chat)


def _chat(text: str) -> list[dict[str, str]] | None:
    """The messages in a JSON text, or None where it holds something else."""
    try:
        chat = json.loads(text) if text else None
    except json.JSONDecodeError:
        return None
    if not isinstance(chat, list) or not chat:
        return None
    said = all(isinstance(turn, dict) and isinstance(turn.get("content"), str) for turn in chat)
    return chat if said else None


def _chat_faults(table: pd.DataFrame, given: Given) -> pd.Series[str]:
    """For each row of the kind chat, why the base model's template cannot carry it; "" for all others."""
    import pandas as pd

    faults = pd.Series("", index=table.index, dtype="str")
    chats = {place: chat for place, text in table["messages"].items() if (chat := _chat(text))}
    faults.loc[list(chats)] = given.chat_faults(list(chats.values()))
    return faults


def _clean_messages(messages: Any, steps: list[tuple[str, Callable[[str], str]]]) -> tuple[str, ...]:
    """Clean the contents in place; the kinds of repair. What is not a list of messages is left to the doctor."""
    kinds: list[str] = []
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            message["content"], more = _until_stable(message["content"], steps)
            kinds += more
    return tuple(dict.fromkeys(kinds))

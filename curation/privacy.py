"""What points at a private person: handles, links, e-mail addresses, telephone numbers, full names.

What was found is never stored or told, only its kind. Headwords are not touched, nor is a mention of the headword.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import regex

from curation.people.decided import AS_IT_WAS, KEPT, LEFT, MASKED, decided_rows, note
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    import pandas as pd

# keep: only say so in `private`; mask: write other words instead; drop: the row leaves, masked for the ledger
Policy = Literal["keep", "mask", "drop"]
Span = tuple[int, int, str]  # start, end, kind
KINDS = ("email", "link", "handle", "phone", "full_name")  # where two overlap, the earlier wins
PRIVATE_PERSON = "private person"  # what a person may answer who was asked whom a row names
TEXTS = ("definition", "example", "context", "plain")

_EMAIL = regex.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\p{L}\p{N}-]+\.)+(\p{L}{2,})\b")
# Endings of mail domains. In `ig@some.shop` the sign is glued to a handle, which is found as one.
_MAIL_ENDINGS_TEXT = """
com net org edu gov mil int info biz name example test ar at au be br ca ch cl cn co cz de dk es eu fi fr gr hu ie il
in io it jp ke kr me mx my ng nl no nz pe ph pk pl pt ro ru se sg th tr tv tw tz ua uk us vn za
"""
_MAIL_ENDINGS = frozenset(_MAIL_ENDINGS_TEXT.split())
_SECOND_LEVEL = regex.compile(r"\.(?:co|ac|com|or|go|net|web|sch)\.\p{L}{2}$", regex.I)
_LINK = regex.compile(
    r"(?:https?://|www\.(?=[\w(]))[^\s<>\"“”]*[^\s<>\"“”.,;:!?)\]'*]"
    r"|(?<![\w@./])(?:[a-z0-9-]+\.)+[a-z]{2,10}/[\w~][^\s<>\"“”]*[\w/]",
    regex.I,
)
# Words that follow an `@` without being anybody's name: "don't @ me", "@ work", "@ss".
_NO_HANDLE_TEXT = """
me him her them us you ya all everyone every1 here home work school the a an my your this that least once first
last night nite noon midnight any some ss sshole sses nd t rse nal
"""
_NO_HANDLE = _NO_HANDLE_TEXT.split()
_NAME = r"[\p{L}\p{N}_](?:[\p{L}\p{N}_.]*[\p{L}\p{N}_])?"
_HANDLE = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}_.@/+=&-])@(?!(?:{'|'.join(_NO_HANDLE)}|\d+(?:[ap]m|ish)?)\b)(?=\w*\p{{L}}){_NAME}"
    rf"|(?<=\p{{L}})@(?=\p{{L}}+[._]){_NAME}",
    regex.I,
)
_REDDIT = regex.compile(r"(?<![\w/])/?u/[\w-]{3,20}\b")
_MAYBE_PHONE = regex.compile(r"\d(?:[\s().+/-]{0,3}\d){6,}")
# Written as nothing but a number is, or after a word that asks to ring.
_PHONE = regex.compile(r"(?<![\w+(])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?!\w)")
_RING = regex.compile(
    r"\b(?:call|text|ring|phone|whatsapp|tel|number|mobile|cell)\b\W{0,3}(?:(?:me|us|is|at|on)\W{1,3}){0,2}"
    r"(\+?\d[\d .-]{5,14}\d)",
    regex.I,
)
_ELSEWHERE = regex.compile(  # "snap: lonely.larry.88"
    r"\b(?:snap|snapchat|insta|instagram|ig|kik|discord|tiktok|telegram|twitter)\b(?: is)?\s*[:=-]?\s*"
    r"((?=[\w.]*[\d_.][\w.]*\w)(?=[\w.]*\p{L})[\w.]{3,29}\w)",
    regex.I,
)
_REACHING = regex.compile(
    r"\b(?:add|text|call|ring|mail|e-?mail|phone|snap(?:chat)?|insta(?:gram)?|ig|kik|discord|tiktok|twitter|whatsapp|wa|"
    r"me|my|us|at|on|or|and|is|number|hmu|dm|pm|follow|here|contact|reach|via|tel)\b",
    regex.I,
)
_NAME_PAIR = regex.compile(r"(?<![\p{L}\p{N}])(\p{Lu}[\p{Ll}'’-]+) (\p{Lu}\p{L}*\p{Ll}+)(?![\p{L}\p{N}])")
_WORD_BEFORE = regex.compile(r"(\p{L}+)[^\p{L}.!?\n]{1,2}$")
_WORD_AFTER = regex.compile(r"[^\p{L}\n]{1,2}(\p{L}+)")


@dataclass(frozen=True)
class Mask:
    """The words, of one language, that stand where something private stood."""

    person: str
    link: str
    email: str
    phone: str

    def of(self, kind: str) -> str:
        return {"link": self.link, "email": self.email, "phone": self.phone}.get(kind, self.person)


ENGLISH = Mask("someone", "a link", "an email address", "a phone number")
MASKS = {
    "en": ENGLISH,
    "de": Mask("jemand", "ein Link", "eine E-Mail-Adresse", "eine Telefonnummer"),
    "es": Mask("alguien", "un enlace", "un correo", "un número de teléfono"),
    "fr": Mask("quelqu'un", "un lien", "une adresse e-mail", "un numéro de téléphone"),
    "id": Mask("seseorang", "sebuah tautan", "sebuah alamat surel", "sebuah nomor telepon"),
    "pt": Mask("alguém", "um link", "um e-mail", "um número de telefone"),
    "sw": Mask("mtu fulani", "kiungo", "barua pepe", "namba ya simu"),
    "uk": Mask("хтось", "посилання", "електронна пошта", "номер телефону"),
}


# Countries in which numbers beside a text of that language are dialled.
REGIONS = {
    "de": ("DE", "AT"),
    "es": ("ES", "MX"),
    "fr": ("FR",),
    "id": ("ID",),
    "pt": ("BR", "PT"),
    "sw": ("KE", "TZ"),
    "uk": ("UA",),
}


@dataclass(frozen=True)
class Privacy(Stage):
    """Masks, keeps or drops what points at a person, by kind."""

    name: ClassVar[str] = "privacy"
    reasons: ClassVar[tuple[str, ...]] = ("private_text",)
    flags: ClassVar[tuple[str, ...]] = ("masked_private", "full_name")
    needs: ClassVar[tuple[str, ...]] = ("kind", "term", *TEXTS, "messages", "language")
    adds: ClassVar[tuple[str, ...]] = ("private",)
    obeys: ClassVar[tuple[str, ...]] = ("private",)

    handles: Policy = "mask"  # @name, u/name
    links: Policy = "mask"  # web addresses with a scheme, www. or a path
    emails: Policy = "mask"  # e-mail addresses
    phones: Policy = "mask"  # telephone numbers
    names: Policy = "keep"  # first and family name side by side; most are public figures
    phone_regions: tuple[str, ...] = (
        "US",
        "GB",
    )  # countries, beside the language's own, whose numbers need no leading +

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        policies = self._policies()
        found, masked, emptied = [], [], []
        columns = {name: table[name].tolist() for name in (*TEXTS, "messages")}
        for place, (kind, term, language) in enumerate(
            zip(table["kind"], table["term"], table["language"], strict=True)
        ):
            regions = (*REGIONS.get(language[:2].lower(), ()), *self.phone_regions)
            row = _Row(term, MASKS.get(language[:2].lower(), ENGLISH), policies, given, tuple(dict.fromkeys(regions)))
            for name, texts in columns.items():
                if texts[place]:
                    texts[place] = row.masked(texts[place]) if name != "messages" else row.masked_messages(texts[place])
            found.append(sorted(row.kinds, key=KINDS.index))
            masked.append(row.changed)
            emptied.append(
                row.changed
                and kind != "chat"
                and row.says_nothing(columns["definition"][place] or columns["example"][place])
            )
        table = table.assign(
            **{name: pd.Series(texts, index=table.index, dtype="str") for name, texts in columns.items()},
            private=pd.Series(found, index=table.index, dtype=object),
        )
        table, known = self._obey(table, masked, emptied, given)
        details = [self._why_drop(kinds, bare) for kinds, bare in zip(found, emptied, strict=True)]
        detail = pd.Series(details, index=table.index, dtype="str")
        table = mark(table, detail != "", "private_text", detail=detail)
        table = flag(table, masked, "masked_private")
        named = ["full_name" in kinds and place not in known for place, kinds in enumerate(found)]
        return flag(table, named, "full_name")

    def _obey(
        self, table: pd.DataFrame, masked: list[bool], emptied: list[bool], given: Given
    ) -> tuple[pd.DataFrame, set[int]]:
        """Mask the names of whom people know as private persons; the rows of which people have said whom they name.

        `masked` and `emptied` are brought up to date. The old text is not kept: it is what must not be kept.
        """
        import pandas as pd

        said = decided_rows(table, given, "private", ("term_key", "definition", "example"))
        columns = {name: table[name].tolist() for name in TEXTS} if said else {}
        effects = {}
        for place, (key, one) in said.items():
            effects[place] = [(key, KEPT if one.answer != PRIVATE_PERSON else AS_IT_WAS)]
            if one.answer == PRIVATE_PERSON:
                language = str(table["language"].iloc[place])[:2].lower()
                policies: dict[str, Policy] = {kind: "mask" if kind == "full_name" else "keep" for kind in KINDS}
                row = _Row(str(table["term"].iloc[place]), MASKS.get(language, ENGLISH), policies, given)
                for texts in columns.values():
                    texts[place] = row.masked(texts[place]) if texts[place] else ""
                nothing = row.says_nothing(columns["definition"][place] or columns["example"][place])
                masked[place] |= row.changed
                emptied[place] |= row.changed and nothing
                effects[place] = [(key, LEFT if nothing else MASKED if row.changed else AS_IT_WAS)]
        told = {name: pd.Series(texts, index=table.index, dtype="str") for name, texts in columns.items()}
        return note(table.assign(**told), effects), set(said)

    def _why_drop(self, kinds: list[str], bare: bool) -> str:
        """The kinds for which a row leaves, never what was found."""
        policies = self._policies()
        dropped = [kind for kind in kinds if policies[kind] == "drop"]
        return ", ".join(dropped) or (f"nothing else in it: {', '.join(kinds)}" if bare else "")

    def _policies(self) -> dict[str, Policy]:
        return {
            "handle": self.handles,
            "link": self.links,
            "email": self.emails,
            "phone": self.phones,
            "full_name": self.names,
        }


@dataclass
class _Row:
    """One row at work: what was found in it so far, and how it is masked."""

    term: str
    mask: Mask
    policies: dict[str, Policy]
    given: Given
    regions: tuple[str, ...] = ("US", "GB")
    kinds: set[str] = field(default_factory=set)
    changed: bool = False

    def masked(self, text: str) -> str:
        """The text with other words for what the policies mask. What is found is counted in `kinds`."""
        spans = [span for span in find_private(text, self.given, self.regions) if not self._is_headword(text, span)]
        self.kinds |= {kind for _, _, kind in spans}
        done = 0
        parts: list[str] = []
        for start, end, kind in spans:
            if self.policies[kind] != "keep":
                parts += [text[done:start], self.mask.of(kind)]
                done = end
        if not parts:
            return text
        self.changed = True
        return _said_once("".join([*parts, text[done:]]), self.mask)

    def masked_messages(self, messages: str) -> str:
        """The same for each message of a conversation; what is not one is left to the doctor."""
        try:
            turns = json.loads(messages)
        except json.JSONDecodeError:
            return messages
        before = self.changed
        self.changed = False
        for turn in turns if isinstance(turns, list) else []:
            if isinstance(turn, dict) and isinstance(turn.get("content"), str):
                turn["content"] = self.masked(turn["content"])
        text = json.dumps(turns, ensure_ascii=False) if self.changed else messages
        self.changed |= before
        return text

    def says_nothing(self, text: str) -> bool:
        """Whether a masked text has no word beside its masks and "add me at"."""
        for kind in KINDS:
            text = text.replace(self.mask.of(kind), "")
        return not regex.search(r"[\p{L}\p{N}]", _REACHING.sub("", text))

    def _is_headword(self, text: str, span: Span) -> bool:
        return bool(self.term) and text[span[0] : span[1]].casefold() == self.term.casefold()


def find_private(text: str, given: Given, regions: tuple[str, ...] = ("US", "GB")) -> list[Span]:
    """Where a text holds something private, in order, without overlaps. Each search runs only where it can find."""
    spans: list[Span] = []
    for kind, search in (("email", _emails), ("link", _links), ("handle", _handles)):
        spans += [(start, end, kind) for start, end in search(text)]
    if _MAYBE_PHONE.search(text):
        spans += [(start, end, "phone") for start, end in _phones(text, regions)]
    spans += [(start, end, "full_name") for start, end in _full_names(text, given)]
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: KINDS.index(span[2])):
        if all(span[1] <= start or end <= span[0] for start, end, _ in chosen):
            chosen.append(span)
    return sorted(chosen)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for match in _EMAIL.finditer(text) if "@" in text else ():
        if match[1].casefold() in _MAIL_ENDINGS or _SECOND_LEVEL.search(match[0]):
            yield match.span()


def _links(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _LINK.finditer(text)) if "/" in text or "www." in text.lower() else iter(())


def _handles(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        yield from (match.span() for match in _HANDLE.finditer(text))
    yield from (match.span(1) for match in _ELSEWHERE.finditer(text))
    if "u/" in text:
        yield from (match.span() for match in _REDDIT.finditer(text))


def _phones(text: str, regions: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Numbers that phonenumbers holds valid, or that are written as nothing else is; dates and scores are none."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    yield from (match.span() for match in _PHONE.finditer(text))
    yield from (match.span(1) for match in _RING.finditer(text))
    for region in regions or (None,):
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.STRICT_GROUPING):
            yield match.start, match.end


def _full_names(text: str, given: Given) -> Iterator[tuple[int, int]]:
    """A first name and a family name; an unknown family name counts where its neighbours are in lower case."""
    if not given.first_names:
        return
    for match in _NAME_PAIR.finditer(text, overlapped=True):
        if match[1].casefold() not in given.first_names:
            continue
        around = _WORD_BEFORE.search(text, 0, match.start()), _WORD_AFTER.match(text, match.end())
        lone = all(word and word[1][0].islower() for word in around) and len(match[2]) > 4
        if match[2].casefold() in given.family_names or lone:
            yield match.span()


def _said_once(text: str, mask: Mask) -> str:
    """`someone someone, someone hello` says it once."""
    for word in (mask.person, mask.link):
        if text.count(word) > 1:
            text = regex.sub(rf"\b{regex.escape(word)}(?:[\s,&]+{regex.escape(word)}\b)+", word, text)
    return text

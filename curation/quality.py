"""Definitions that define nothing, and texts that teach a model nothing good: each rule with its threshold.

Rules are for the kinds they make sense for: a pair has no definition, and `kiss for you` is a whole one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import regex
from pydantic import Field

from curation.normalize import term_key
from curation.stage import Given, Stage, flag, mark
from curation.text.example_match import contains_term, is_form, word_forms
from curation.text.signs import WORDS, english_share, gibberish_share, language_of, repeated_share
from curation.text.vanity import vanity_score

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("term", "definition", "example", "plain")
Verdict = tuple[str, float, str]  # reason, score, detail for a person


@dataclass(frozen=True)
class Quality(Stage):
    """Marks what is not worth training on, and gives every other row a score from 0 to 1.

    quality_score is the mean of six signs, each from 0 to 1: length in a good range; a proper end; a proper beginning;
    not shouted; an example (or plain sentence) is there and uses the term; no flag of an earlier stage.
    """

    name: ClassVar[str] = "quality"
    reasons: ClassVar[tuple[str, ...]] = (
        "empty_definition",
        "circular_definition",
        "template_text",
        "vanity_name",
        "spam",
        "gibberish",
        "over_long",
        "wrong_language",
    )
    flags: ClassVar[tuple[str, ...]] = ("example_lacks_term",)
    needs: ClassVar[tuple[str, ...]] = ("kind", *TEXTS, "language", "linked_terms", "term_key")
    adds: ClassVar[tuple[str, ...]] = ("language_detected", "quality_score")

    max_definition_words: Annotated[int, Field(ge=1)] = 120  # words; longer ones are rants
    max_example_words: Annotated[int, Field(ge=1)] = 250  # words, of an example or plain sentence
    vanity: Annotated[float, Field(ge=0)] = 2.5  # score (curation/text/vanity.py) from which it is of a person
    gibberish_share: Annotated[float, Field(ge=0, le=1)] = 0.6  # share of a definition's words that no one can say
    advertisement_words: Annotated[int, Field(ge=1)] = (
        40  # words up to which "follow me on …" makes a text an advertisement
    )
    repeated_share: Annotated[float, Field(ge=0, le=1)] = 0.6  # share of a text taken by one repeated sentence or word
    language_letters: Annotated[int, Field(ge=1)] = 25  # letters below which no language is judged
    language_sure: Annotated[float, Field(ge=0, le=1)] = 0.95  # probability from which another language is believed
    example_must_use_term: bool = True  # flag examples without their term

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        rows = table[["kind", *TEXTS, "language", "linked_terms"]].to_dict("records")
        languages = [self._language(row) for row in rows]
        verdicts = [self._judge(row, language, given) for row, language in zip(rows, languages, strict=True)]
        reasons, scores, details = (
            pd.Series(values, index=table.index, dtype=kind)
            for values, kind in zip(
                zip(*verdicts, strict=True) if verdicts else ((), (), ()), ("str", "float64", "str"), strict=True
            )
        )
        lacking = [self.example_must_use_term and _example_lacks_term(row) for row in rows]
        quality = [
            _score(row, lacks, len(flags)) for row, lacks, flags in zip(rows, lacking, table["flags"], strict=True)
        ]
        table = table.assign(
            language_detected=pd.Series(languages, index=table.index, dtype="str"),
            quality_score=pd.Series(quality, index=table.index, dtype="float64"),
        )
        for reason in self.reasons:
            table = mark(table, reasons == reason, reason, score=scores, detail=details)
        return flag(table, lacking, "example_lacks_term")

    def _judge(self, row: dict[str, Any], language: str, given: Given) -> Verdict:
        """The first rule that speaks against a row; ("", nan, "") when none does. Facts come before judgements."""
        rules: tuple[Callable[[], Verdict | None], ...] = (
            lambda: _empty(row),
            lambda: _circular(row),
            lambda: _template(row),
            lambda: self._over_long(row),
            lambda: self._vanity(row, given),
            lambda: self._spam(row),
            lambda: self._gibberish(row),
            lambda: self._wrong_language(row, language),
        )
        return next((verdict for rule in rules if (verdict := rule())), ("", float("nan"), ""))

    def _vanity(self, row: dict[str, Any], given: Given) -> Verdict | None:
        if row["kind"] != "definition" or not given.first_names:
            return None
        score = vanity_score(row["term"], row["definition"], given.first_names, given.family_names)
        return ("vanity_name", score, "speaks of a person of that name") if score >= self.vanity else None

    def _spam(self, row: dict[str, Any]) -> Verdict | None:
        name = _main_text(row)
        text = row[name]
        if len(text.split()) <= self.advertisement_words and not _spells_out(row):
            if found := _ADVERTISING.search(text):
                return "spam", 1.0, f"{name}: “{found[0]}”"
            offers = _OFFERS if name == "definition" else _OFFERS[:-1]  # sentences from the net have links
            if len(signs := [found[0] for offer in offers if (found := offer.search(text))]) > 1:
                return "spam", 1.0, f"{name}: " + ", ".join(f"“{sign}”" for sign in signs)
        if (share := repeated_share(text)) >= self.repeated_share:
            return "spam", share, f"{name}: says one thing again and again"
        return None

    def _gibberish(self, row: dict[str, Any]) -> Verdict | None:
        name = _main_text(row)
        if english_share(row[name]) >= 0.2 or row["language"][:2].lower() not in ("", "en"):
            return None  # it has words, or words that only its speakers can judge
        share = gibberish_share(row[name])
        return ("gibberish", share, f"{name}: no words") if share >= self.gibberish_share else None

    def _over_long(self, row: dict[str, Any]) -> Verdict | None:
        limits = {
            "definition": self.max_definition_words,
            "example": self.max_example_words,
            "plain": self.max_example_words,
        }
        for name, limit in limits.items():
            if len(row[name]) > 2 * limit and (words := len(row[name].split())) > limit:
                return "over_long", float(words), f"{name}: {words} words, at most {limit}"
        return None

    def _language(self, row: dict[str, Any]) -> str:
        """Code of the language that a row's texts are surely in; "" where they are too short or doubtful."""
        main = row[_main_text(row)]  # an English example does not make a Spanish definition English
        if len(main) >= 40 and english_share(main) < 0.1 and (language := self._classify(main, 0.92)):
            return language
        text = f"{row['definition']} {row['example']} {row['plain']}"
        if english_share(text) >= 0.2:
            return "en" if len(text) >= self.language_letters else ""
        return self._classify(text, self.language_sure)

    def _classify(self, text: str, sure: float) -> str:
        return language_of(text, self.language_letters, sure)

    def _wrong_language(self, row: dict[str, Any], language: str) -> Verdict | None:
        """Another language than declared, when the main text alone and all texts together say the same one.

        English is never wrong: the world's slang is explained in it. Slang sounds foreign, its small words do not.
        """
        declared, text = row["language"][:2].lower(), row[_main_text(row)]
        if not declared or language in ("", "en", declared) or language in _CLOSE.get(declared, ()) or _spells_out(row):
            return None
        if max(english_share(text), english_share(row["plain"])) >= 0.1:
            return None
        if self._classify(text, 0.92) != language:
            return None
        return "wrong_language", float("nan"), f"reads as {language}, declared {declared}"


def _main_text(row: dict[str, Any]) -> str:
    """The column that a row is about. An example may quote an advertisement; a definition may not be one."""
    return "definition" if row["kind"] == "definition" else "example"


# --- definitions that define nothing ---------------------------------------------------------------------------------
_CONTENT = regex.compile(r"[\p{L}\p{N}\p{Extended_Pictographic}\p{Sc}♥♡★☆]")
_NOTHING_TEXT = """
unknown|n/a|tbd|tba|null|nan|undefined|no definition|no definition available|no definition found|not available
no data|definition not available|no description|no description available
no meaning|[deleted]|[removed]|to be defined|coming soon
to be added|idk|idk lol|see example|see the example|see above|look it up|google it|self explanatory|self-explanatory
same as above
"""
_NOTHING = frozenset(_NOTHING_TEXT.strip().replace("\n", "|").split("|"))
# Words that a definition may add without saying anything: "when someone is being zesty" says zesty.
_HOLLOW_TEXT = """
a an the to be is are was it it's that's this that they you he she someone somebody something person people
thing act state way being means mean meaning who what which when where of in or and just really very like know
do does did doing go going another word for acting one so
"""
_HOLLOW = frozenset(_HOLLOW_TEXT.split())


def _empty(row: dict[str, Any]) -> Verdict | None:
    if row["kind"] != "definition":
        return None
    text = row["definition"].strip()
    if not _CONTENT.search(text) and text not in ("?", "!"):
        return "empty_definition", 1.0, "no word in it" if text else "there is none"
    said = text.casefold().strip(" .!-")
    if said in _NOTHING and not _abbreviates(row["term"], said):
        return "empty_definition", 1.0, f"only says “{said}”"
    return None


def _abbreviates(term: str, text: str) -> bool:
    """Whether the term's letters stand in the text in their order: `unk` in unknown, `def` in definition."""
    letters = iter(text.casefold())
    return all(letter in letters for letter in term.casefold() if letter.isalnum())


def _repeats(term: str, said: str) -> bool:
    """Whether all that a definition of three words or more says is the term itself, in some form."""
    words = WORDS.findall(said)
    told = [word for word in words if word not in _HOLLOW]
    forms = [word_forms(word) for word in WORDS.findall(term)]
    if len(words) < 3 or not told:
        return False
    places = [next((i for i, known in enumerate(forms) if _same(word, known)), -1) for word in told]
    return min(places) >= 0 and places == sorted(places)  # "broads that are mid" says something of mid broads


def _same(word: str, forms: list[str]) -> bool:
    return any(len(word) + 1 >= len(form) > 2 and is_form(word, form) for form in forms)


def _spells_out(row: dict[str, Any]) -> bool:
    """Whether a row is an abbreviation and its expansion: `FMOT` is Follow Me On Twitter, and no advertisement."""
    term, text = row["term"], row["definition"]
    return bool(term) and len(text.split()) <= 2 * len(term) and _abbreviates(term, text)


def _circular(row: dict[str, Any]) -> Verdict | None:
    if row["kind"] != "definition" or len(row["definition"]) > 3 * len(row["term"]) + 60:
        return None
    term, said = term_key(row["term"]), term_key(row["definition"]).strip(" .!?,:;\"'")
    if term in (said, regex.sub(r"^(?:to|an?|the) ", "", said)):
        return "circular_definition", 1.0, "only repeats its term"
    if row["language"][:2].lower() in ("", "en") and _repeats(term, said):
        return "circular_definition", 1.0, "says no more than its term"
    seen = regex.fullmatch(r"see(?P<also> also)?:? (?P<what>.+)", said)
    if seen and (
        seen["what"] in map(term_key, row["linked_terms"]) or (seen["also"] and len(seen["what"].split()) < 4)
    ):
        return "circular_definition", 1.0, "only refers to another term"
    return None


_MAYBE_TEMPLATE = regex.compile(
    r"[{<\[#]|(?i:here\b|lorem|^write |^sure|^certainly)"
)  # a quick search for the many that cannot match
_FIELD = "(?:slang|term|word|definition|meaning|example|sentence|context|description)"
_TEMPLATE = regex.compile(
    rf"\{{\{{[^{{}}]+\}}\}}|\{{(?:{_FIELD}|\d)\}}|<(?:your )?{_FIELD}>|\[(?:your )?{_FIELD}\]|"
    rf"\b(?:insert|write|enter|type) (?:your |the |a |an )?{_FIELD} here\b|^write (?:your|an?) {_FIELD}\W*$|"
    rf"\b{_FIELD} goes here\b|"
    r"\blorem ipsum\b|\[/?INST\]|^#{2,} ?(?:instruction|response|input)\b|"
    r"^(?:sure|certainly|of course)[!,.] here(?:'s| is| are)\b|"
    r"<\|(?:im_start|im_end|eot_id|eom_id|start_header_id|end_header_id|begin_of_text|end_of_text|endoftext|user|"
    r"assistant|system|end)\|>",
    regex.I | regex.M,
)
# These are templates as a definition; in an example they are something to say.
_PROMPT = regex.compile(
    rf"^task: |^(?:explain|define) the (?:following )?(?:slang|term|word|phrase)\b|\bas an ai (?:language )?model\b|"
    rf"^(?:your )?{_FIELD} here\W*$|^\{{\}}$",
    regex.I | regex.M,
)
_TODO = regex.compile(r"(?:TODO|FIXME|XXX|TBD)(?:[:.]? *|: .*)")


def _template(row: dict[str, Any]) -> Verdict | None:
    if row["kind"] == "chat":
        return None  # the doctor judges conversations
    for name in ("definition", "example", "plain"):
        found = _TEMPLATE.search(row[name]) if _MAYBE_TEMPLATE.search(row[name]) else _TODO.fullmatch(row[name])
        if name == "definition" and not found:
            found = _PROMPT.search(row[name])
        if found:
            return "template_text", 1.0, f"{name}: “{found[0].strip()[:60]}”"
    return None


# --- spam, gibberish, language ---------------------------------------------------------------------------------------
_ADVERTISING = regex.compile(
    r"\b(?:(?:follow|add|dm|pm|whatsapp) (?:me|us|my \w+) (?:on|at|@)|subscribe to (?:my|our|the channel)|"
    r"check out (?:my|our) (?:channel|page|site|website|store|shop|music|mixtape|profile|instagram|insta|youtube)|"
    r"click (?:here|on the link|the link) (?:to|for|and)|(?:buy|order) (?:it |yours )?now\W.*\b(?:off|free|price|"
    r"a link|shipping)|"
    r"visit (?:us at|our (?:site|website|page|store))|link in (?:my )?bio)\b",
    regex.I,
)
# Any two of these make an advertisement.
_OFFERS = tuple(
    regex.compile(pattern, regex.I)
    for pattern in (
        r"[$£€] ?\d|\d+ ?% ?(?:off|discount)|\bprices? from\b|\bcheap\b|\bdiscounts?\b",
        r"\bfree (?:delivery|shipping|trial|gift|quote)s?\b|\b(?:two|2) for (?:one|1)\b|\bgiveaways?\b|\bwin a free\b",
        r"\bclick (?:here|the link|below)\b|\b(?:order|buy|shop|call) (?:now|today)\b|\buse (?:my |promo )?code\b",
        r"\b(?:like|follow|join|visit|find|contact) us\b|\bshare to win\b|\bsubscribe\b|\bvisit (?:a link|\S+\.\w)",
        r"\blimited (?:time )?offer\b|\bmoney[- ]back\b|\bguaranteed?\b|\bhurry\b|\btoday!!+",
        r"\b(?:one|this) weird trick\b|\blose \d+ (?:pounds|kilos|kg|lbs)\b|\breal followers\b|\bplagiarism[- ]free\b",
        r"\b(?:a link|a phone number)\b|\b[\w-]+\.(?:com|net|org|shop|store|biz|info|example|co\.\w\w)\b",
    )
)
_CLOSE = {
    "id": ("ms", "jv", "su"),
    "ms": ("id", "jv"),
    "uk": ("ru", "be", "bg", "rue"),
    "ru": ("uk", "be", "bg"),
    "sw": ("rw", "rn", "zu", "xh", "ny", "lg"),
    "no": ("nb", "nn", "da", "sv"),
    "da": ("nb", "nn", "no", "sv"),
    "pt": ("gl", "es"),
    "es": ("gl", "ca", "pt"),
    "hr": ("sr", "bs", "sl"),
    "sr": ("hr", "bs", "mk"),
}  # languages that the classifier takes for each other in slang


# --- examples, score -------------------------------------------------------------------------------------------------
def _example_lacks_term(row: dict[str, Any]) -> bool:
    if row["kind"] not in ("definition", "sentence") or not row["term"] or not row["example"]:
        return False
    return not contains_term(row["example"], row["term"], english=row["language"][:2].lower() in ("", "en"))


def _score(row: dict[str, Any], lacking: bool, flags: int) -> float:
    """The mean of the six signs that Quality names."""
    text = row["definition"] if row["kind"] == "definition" else row["plain"] or row["example"]
    words = len(text.split())
    first = next((letter for letter in text if letter.isalnum()), "")
    shouted = len(text) > 12 and text.isupper()
    signs = (
        min(words / 4, 1.0) if words <= 40 else max(0.0, 1 - (words - 40) / 160),
        1.0 if text.endswith((".", "!", "?", '"', "”", ")", "…")) else 0.5 if words < 6 else 0.0,
        1.0 if first and not first.islower() else 0.5,
        0.0 if shouted else 1.0,
        0.0 if lacking else 1.0 if row["example"] or row["plain"] else 0.5,
        max(0.0, 1 - flags / 2),
    )
    return round(sum(signs) / len(signs), 4)

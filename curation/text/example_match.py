"""Whether an example uses its term: inflected, stretched, hyphenated or spaced otherwise, it still does."""

from __future__ import annotations

from functools import lru_cache

import regex

from curation.normalize import term_key

_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*")
_INSIDE_WORD = regex.compile(r"(?<=[\p{L}\p{N}])[.'’/-](?=[\p{L}\p{N}])")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー]")
_TWICE = regex.compile(r"(\w)\1+")
_SYMBOL = regex.compile(r"[^\w\s'’\".,;:!?…()-]")  # a sign that makes the term what it is: `@ me`, `L+ratio`, `R&B`
_OPTIONAL = regex.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ALTERNATIVES = regex.compile(r"\s*/\s*|\s+or\s+|\s*[;|]\s*|,\s+")
# Words of a headword for which a sentence has others: "pull someone's leg", "lose one's mind".
_OPEN_TEXT = """
a an the to be is are am was were someone someone's somebody something sb sth one one's oneself x y z my your
his her its their our me you him it them us i i'm it's you're he's she's we're they're
"""
_OPEN = frozenset(_OPEN_TEXT.split())
_ENDINGS = frozenset(
    (
        "", "'s", "s", "es", "'d", "d", "ed", "t", "n", "en", "r", "er", "rs", "ers", "st", "est",
        "in", "in'", "ing", "ings",
        "y", "ies", "ied", "ier", "ly", "ish", "nes", "able",
    )
)  # fmt: skip
_IRREGULAR = (
    "be is are am was were been being|blow blew blown|break broke broken|bring brought|buy bought|catch caught|"
    "come came|"
    "dig dug|do did done does|draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|"
    "feel felt|"
    "fight fought|find found|fly flew flown|forget forgot|get got gotten|give gave given|go went gone|have had has|"
    "hold held|"
    "keep kept|know knew known|leave left|lose lost|make made|meet met|pay paid|ride rode ridden|rise rose risen|"
    "run ran|say said|"
    "see saw seen|sell sold|send sent|shake shook|shoot shot|show shown|sing sang sung|sit sat|sleep slept|"
    "speak spoke spoken|"
    "spend spent|spill spilt|stand stood|steal stole stolen|stick stuck|swing swung|take took taken|tell told|"
    "think thought|"
    "throw threw thrown|wake woke|wear wore worn|win won|write wrote written|man men|woman women|foot feet|"
    "tooth teeth|wife wives|"
    "life lives"
)
_IRREGULAR_FORMS = {word: group.split() for group in _IRREGULAR.split("|") for word in group.split()}


def contains_term(example: str, term: str, *, english: bool = True) -> bool:
    """Whether the example uses the term, or one of its alternatives (`кринж / кринжовий`, `simp, simping`).

    Outside English a word counts when its first two thirds stand in the example: endings there are many.
    """
    key, text = term_key(term), " " + example_key(example) + " "
    if not key or _stands(key, text):
        return True
    names = [name for name in _ALTERNATIVES.split(_OPTIONAL.sub(" ", key)) if name.strip()]
    return any(_uses(text, name.strip(), english) for name in names or [key])


def example_key(text: str) -> str:
    """A text folded like a term key, but whole: what a key is looked for in."""
    return " ".join(text.lower().split()) if text.isascii() else term_key(text + " .x")[:-3]


def _stands(key: str, text: str) -> bool:
    """Whether the key stands in the text with nothing grown onto its ends. `text` has a blank at each end."""
    place = text.find(key)
    while place >= 0:
        before, after = text[place - 1], text[place + len(key)]
        if not _grown(before, key[0]) and not _grown(key[-1], after):
            return True
        place = text.find(key, place + 1)
    return False


def _grown(left: str, right: str) -> bool:
    """Whether two neighbours may be of one word. Chinese, Japanese, Korean and Thai words have no blanks between."""
    return left.isalnum() and right.isalnum() and not _UNSPACED.match(left) and not _UNSPACED.match(right)


def _uses(text: str, name: str, english: bool) -> bool:
    words = _TOKEN.findall(name)
    if not words or _SYMBOL.search(name):
        return name.replace(" ", "") in text.replace(" ", "")
    needed = [word for word in words if word not in _OPEN] or words
    tokens = _TOKEN.findall(text)
    if not english:
        return all(_stem_stands(word, tokens) for word in needed)
    if _written_together("".join(words).replace("'", ""), text, tokens):
        return True
    return all(any(is_form(token, form) for form in word_forms(word) for token in tokens) for word in needed)


def _written_together(letters: str, text: str, tokens: list[str]) -> bool:
    """Whether neighbouring words make up the letters: `rent-free` is rent free. Up to three letters need one word."""
    solid = _TOKEN.findall(_INSIDE_WORD.sub("", text))
    if any(is_form(token, letters) for token in solid):
        return True
    starts = range(len(tokens)) if len(letters) > 3 else ()
    for start in starts:
        joined = ""
        for token in tokens[start:]:
            joined += token.replace("'", "")
            if len(joined) > 2 * len(letters) + 4:
                break
            if is_form(joined, letters):
                return True
    return False


def word_forms(word: str) -> list[str]:
    """A word's irregular forms, or itself and what is left without its ending (`ghosting` is ghost)."""
    stems = (word.removesuffix(ending) for ending in ("ing", "ed", "s") if word.endswith(ending))
    return [*_IRREGULAR_FORMS.get(word, [word]), *(stem for stem in stems if len(stem) > 2)]


def is_form(token: str, word: str) -> bool:
    """Whether a token is a word, stretched (`heyyy`) or inflected; doubled letters count once (`drip`, `dripping`)."""
    if token[:1] != word[:1]:
        return False
    token, word = _once(token), _once(word)
    if token.startswith(word) and token[len(word) :] in _ENDINGS:
        return True
    cut = word[:-1]  # a final e or y gives way to an ending: vibe, vibing
    return len(cut) > 2 and word[-1] in "ey" and token.startswith(cut) and token[len(cut) :] in _ENDINGS


@lru_cache(maxsize=65536)
def _once(word: str) -> str:
    return str(_TWICE.sub(r"\1", word.replace("’", "'")))


def _stem_stands(word: str, tokens: list[str]) -> bool:
    """Whether a token begins with the first two thirds of a word; short words must stand as they are."""
    if len(word) < 4:
        return word in tokens
    stem = word[: max(3, len(word) * 2 // 3)]
    return any(token.startswith(stem) or token.endswith(word) for token in tokens)

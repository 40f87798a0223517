"""Whether two short texts say the opposite: a word and its antonym, or a word that one affirms and the other denies.

The poles below are our own list of what slang definitions judge and describe. A word under a negation stands at the
other pole (`not cool` is bad), and a text that stands at both poles of a scale says nothing about it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

JUDGED = """
    good great excellent awesome cool amazing best wonderful nice fantastic perfect superb greatest favourite favorite
    | bad terrible awful worst lame horrible mediocre average crap crappy shitty trash garbage disgusting worthless
    attractive beautiful gorgeous sexy handsome cute goodlooking pretty | ugly unattractive hideous fugly
    smart intelligent clever genius brilliant | stupid dumb idiot idiotic moron moronic retarded unintelligent
    compliment praise complimentary endearment | insult derogatory offensive diss insulting contempt
    polite respectful | rude disrespectful
    loved loves love adored | hated hates hate despised
    agree agreement agreeing yes affirmative approval | disagree disagreement disagreeing no refusal disapproval
    happy joy joyful glad happiness excited | sad unhappy sadness depressed miserable
    interesting exciting fun funny entertaining | boring dull unfunny
    brave courageous fearless | coward cowardly
    popular | unpopular
    kind friendly caring | mean unkind unfriendly cruel
    important | unimportant irrelevant
    positive favourable favorable | negative unfavourable unfavorable
    trendy fashionable stylish | outdated unfashionable uncool tacky
    confident | insecure
    accept accepting | reject rejecting refuse
    admire admired respect respected | mock mocked despise ridicule
"""
DESCRIBED = """
    rich wealthy | poor
    fat overweight chubby obese | thin skinny slim
    big large huge giant enormous gigantic long | small tiny little short
    tall | short
    old elderly | young
    expensive overpriced | cheap inexpensive
    sober | drunk intoxicated high stoned
    easy simple | hard difficult
    hot warm | cold
    win winner winning victory | lose loser losing defeat
    fast quick quickly | slow slowly
    true truth honest | false lie lying dishonest untrue
    real genuine authentic | fake phony
    clean | dirty filthy
    strong | weak
    same similar identical | different opposite
    legal | illegal
    hello hi greeting | goodbye bye farewell
    wide | narrow
    active energetic awake | lazy inactive tired exhausted sleepy
    skilled skilful skillful talented | unskilled bad terrible
    full | empty
    dead | alive
    dry | wet
    loud | quiet silent
    safe | dangerous
    success successful succeed | failure fail unsuccessful
    laugh laughing laughter | cry crying tears
    high higher | low lower
    beginner newbie novice inexperienced | expert veteran experienced
    public | private
    formal | informal casual
    sincere serious seriously | sarcastic ironic joking jokingly
    increase more | decrease less
    arrive arriving come coming | leave leaving
    begin beginning start starting | end ending stop stopping quit
    early | late
    alone | together
    inside | outside
    calm relaxed | angry upset furious
    friend friends ally | enemy enemies rival
    buy buying | sell selling
    single unmarried | married taken
    introvert introverted shy | extrovert extroverted outgoing
    conservative | liberal
"""
NAMED = """
    male man guy boy men guys boys | female woman girl lady women girls ladies
    straight heterosexual | gay homosexual
"""
_NEGATING_WORDS = """
    not no never without nothing nor neither cannot can't cant don't dont doesn't doesnt isn't isnt won't wont didn't
    didnt aren't arent wasn't wasnt ain't aint couldn't wouldn't shouldn't lacks lacking hardly barely non
"""
_CONJUNCTIONS = "and but or who that which because when while if although though so then than"
_ENDS_NEGATION = frozenset(_CONJUNCTIONS.split())
_SUPERLATIVES = frozenset(["best", "worst", "greatest"])  # `not the worst` is not the best
_EMPTY_WORDS = """
    a an the of to in on at for and or is are was be been it it's its this that you your i my me we us they he she his
    her him with as by from so do does can who what when which someone person something people thing things used use
    uses term word slang very really just also like get gets getting got go goes going have has having had make makes
    making made say says saying said know knows known think want wants will would need see even ever only much more
    most lot how why where there their them if about up out over usually often always means meaning mean other another
    one everyone everybody anyone time any all too many
"""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.,;:!?()\n/]")
_SENTENCE_END = re.compile(r"(?<=[^\W\d_][^\W\d_])[.!?]+(?:\s|$)|\n|;")
FIRST_DESCRIBED, FIRST_NAMED = 100, 200  # scales from here on are of DESCRIBED, of NAMED
_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "anti")
_REACH = 3  # content words that a negation reaches; `non-` reaches one
TIGHT = 0.4  # share of all content words that two texts say alike or opposed, from which they say it of one thing
LONGEST = 30  # words read: what a definition says first is what it says; later sentences are remarks


def _poles(table: str, first: int) -> Iterator[tuple[str, int, int]]:
    """(word, scale, pole) of every word; a line that begins with | belongs to the line before it."""
    lines = re.sub(r"\n\s*\|", " |", table).strip().splitlines()
    for scale, line in enumerate(lines, first):
        for pole, words in zip((1, -1), line.split("|"), strict=True):
            for word in words.split():
                yield word, scale, pole


_SCALES: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
for _word, _scale, _pole in (*_poles(JUDGED, 0), *_poles(DESCRIBED, FIRST_DESCRIBED), *_poles(NAMED, FIRST_NAMED)):
    _SCALES[_word].append((_scale, _pole))
_NEGATING = frozenset(_NEGATING_WORDS.split())
_EMPTY = frozenset(_EMPTY_WORDS.split())


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says first: its content words, each affirmed (+1) or denied (-1), and where it stands on scales."""

    signs: dict[str, frozenset[int]]  # stem → signs
    words: dict[str, str]  # stem → the word as it stands
    poles: dict[int, dict[int, str]]  # scale → pole → word
    length: int  # words read

    def said(self, stem: str) -> str:
        return ("not " if self.signs[stem] == {-1} else "") + self.words[stem]


def read(text: str, own_words: frozenset[str] = frozenset()) -> Told:
    """What the first sentence of `text` says (at most LONGEST words), without the words of its own term."""
    signs: defaultdict[str, set[int]] = defaultdict(set)
    words: dict[str, str] = {}
    length = negated = 0
    for word in _WORD.findall(_SENTENCE_END.split(text.strip(), maxsplit=1)[0].casefold()):
        if not word[0].isalnum() or word in _ENDS_NEGATION:
            negated = 0
        length += word[0].isalnum()
        if length > LONGEST:
            break
        if word in _NEGATING:
            negated = 1 if word == "non" else _REACH
        elif word[0].isalpha() and word not in _EMPTY and word not in own_words:
            signs[stem(word)].add(-1 if negated else 1)
            words.setdefault(stem(word), word)
            negated = max(negated - 1, 0)
    frozen = {name: frozenset(found) for name, found in signs.items()}
    return Told(frozen, words, _standing(frozen, words), length)


def _standing(signs: dict[str, frozenset[int]], words: dict[str, str]) -> dict[int, dict[int, str]]:
    poles: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for name, found in signs.items():
        for scale, pole in _SCALES.get(words[name], ()):
            for sign in found if words[name] not in _SUPERLATIVES else found - {-1}:
                poles[scale].setdefault(pole * sign, ("not " if sign < 0 else "") + words[name])
    return dict(poles)


def stem(word: str) -> str:
    """A crude stem: it only has to agree with itself."""
    return re.sub(r"(?<=\w{3})(?:ing|ed|ers?|es|s|ly|y|e)$", "", word)


def opposed(a: Told, b: Told) -> list[tuple[str, str, int]]:
    """(word of a, word of b, scale) where they say the opposite; scale -1: the same word, affirmed and denied."""
    found: list[tuple[str, str, int]] = []
    for scale in sorted(a.poles.keys() & b.poles.keys()):
        one, other = a.poles[scale], b.poles[scale]
        if len(one) == len(other) == 1 and one.keys() != other.keys():
            found.append((next(iter(one.values())), next(iter(other.values())), scale))
    told = {word for one, other, _ in found for word in (one, other)}
    for name in sorted(a.signs.keys() & b.signs.keys()):
        if len(a.signs[name]) == len(b.signs[name]) == 1 and a.signs[name] != b.signs[name]:
            pair = a.said(name), b.said(name)
            found += [(*pair, -1)] if told.isdisjoint(pair) else []
    found += [(one, other, -1) for one, other in _prefixed(a, b)]
    return found + [(one, other, -1) for other, one in _prefixed(b, a)]


def _prefixed(a: Told, b: Told) -> Iterator[tuple[str, str]]:
    """(word of a, word of b) where the second is the first with un-, dis-, …, or has -less for its -ful."""
    said: dict[str, frozenset[int]] = {}
    for name, other in sorted(b.words.items()):
        bare = [other[len(prefix) :] for prefix in _PREFIXES if other.startswith(prefix)]
        bare += [other[:-4], other[:-4] + "ful"] if other.endswith("less") else []
        if bare:
            said = said or {word: a.signs[own] for own, word in a.words.items()}
            yield from ((word, other) for word in bare if len(word) > 3 and said.get(word) == b.signs[name])


def shared(a: Told, b: Told) -> tuple[int, int]:
    """How many content words both say with the same sign, and how many either says."""
    both = sum(a.signs[name] == b.signs[name] for name in a.signs.keys() & b.signs.keys())
    return both, len(a.signs.keys() | b.signs.keys())


def of_one_thing(a: Told, b: Told, differ: int = 0) -> bool:
    """Whether two texts share so many of their words, but for `differ`, that they speak of one thing."""
    both, either = shared(a, b)
    return (both > 0 or differ == either) and both + differ >= TIGHT * either


def turned_round(one: str, other: str) -> bool:
    """Whether two texts say of one thing two words that are opposites: `drawn to smart people`, `… stupid people`."""
    a, b = read(one), read(other)
    found = [scale for _, _, scale in opposed(a, b) if scale >= 0]
    return bool(found) and of_one_thing(a, b, len(found))

"""The answers of each file: how often each stands there, how long they are, and how they end. A part of the survey."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from curation.doctor.case import Case
from curation.doctor.crowd import answer, key, plain_answer

EDGES = "“”\"'’(),.;:!?*[]"
OFTEN = 40  # of the most frequent answers of a file are looked at
RIVALS = 3  # other answers that come at least half as often: they are labels then
SHORT = 15  # characters; shorter answers often are as long as each other by themselves
MOST_KEPT = 2_000  # open answers of a file whose tokens are counted
AT_ONCE = 100  # of them: often the first few show that nothing was cut
PEAK = 4  # times as many answers at the length where they were cut as at those around it
OPEN = 8  # answers that were cut to one that ends in a part of a word: tokens mostly end with a word
LEAST_CUT = 4  # answers of one length that are no chance


@dataclass(slots=True)
class Answers:
    """How often each answer stands in a file, under how many prompts, how long answers are and how they end."""

    rows: Counter[str] = field(default_factory=Counter)  # file → rows with an answer
    counts: dict[str, Counter[int]] = field(default_factory=dict)  # file → answer → rows
    lengths: dict[str, Counter[int]] = field(default_factory=dict)  # file → characters of open answers → rows
    words: dict[str, set[str]] = field(default_factory=dict)  # file → words inside answers
    longest: dict[str, int] = field(default_factory=dict)  # file → characters of its longest answer
    last: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # file → (length, last word) of open answers
    open: dict[str, list[str]] = field(default_factory=dict)  # file → some of these answers
    _often: dict[str, list[int]] = field(default_factory=dict)  # file → how often its most frequent answers stand there
    _cuts: dict[str, set[int]] = field(default_factory=dict)
    _token_cuts: dict[str, set[int]] = field(default_factory=dict)
    _ends: dict[str, set[str]] = field(default_factory=dict)  # file → last words that are parts of words

    def see(self, case: Case) -> None:
        said = answer(case)
        if not said:
            return
        file = case.row.file
        if file not in self.rows:
            self.counts[file], self.lengths[file] = Counter(), Counter()
            self.words[file], self.last[file], self.longest[file] = set(), [], 0
        self.rows[file] += 1
        self.counts[file][key(plain_answer(case) or said)] += 1
        self.longest[file] = max(self.longest[file], len(said))
        words = said.split()
        self.words[file].update(words[:-1])
        if is_open(said):
            self.lengths[file][len(said)] += 1
            self.last[file].append((len(said), words[-1] if words else ""))
            kept = self.open.setdefault(file, [])
            if len(kept) < MOST_KEPT and len(said) > SHORT:
                kept.append(said)

    def merge(self, other: Answers) -> None:
        self.rows.update(other.rows)
        for file, counts in other.counts.items():
            self.counts.setdefault(file, Counter()).update(counts)
            self.words.setdefault(file, set()).update(other.words[file])
        for file, sizes in other.lengths.items():
            self.lengths.setdefault(file, Counter()).update(sizes)
        for file, size in other.longest.items():
            self.longest[file] = max(self.longest.get(file, 0), size)
        for file, last in other.last.items():
            self.last.setdefault(file, []).extend(last)
        for file, kept in other.open.items():
            mine = self.open.setdefault(file, [])
            mine.extend(kept[: MOST_KEPT - len(mine)])

    def is_constant(self, case: Case) -> bool:
        """Whether one answer is given to many prompts, in a file whose answers are no labels."""
        said = answer(case)
        file = case.row.file
        counts = self.counts.get(file)
        least = max(4, self.rows[file] // 200)
        if not said or not counts or self._most(file)[0] < least:
            return False
        same = counts[key(plain_answer(case) or said)]
        return same >= least and not self._is_label(file, same, len(said.split()))

    def _most(self, file: str) -> list[int]:
        """How often the most frequent answers of a file stand there."""
        if file not in self._often:
            self._often[file] = sorted(self.counts[file].values(), reverse=True)[:OFTEN]
        return self._often[file]

    def _is_label(self, file: str, same: int, words: int) -> bool:
        """Whether an answer that comes again is a label: others come about as often, or short ones come again too."""
        others = list(self._most(file))
        if same in others:
            others.remove(same)
        return sum(count * 2 >= same for count in others) >= RIVALS or (words <= 3 and max(others, default=0) >= 3)

    def cut_at(self, case: Case, tokens: Callable[[Sequence[str]], list[int]]) -> str:
        """The length at which an answer and many others were cut, in words; "" where it was not."""
        said = answer(case)
        if not said or not is_open(said):
            return ""
        if len(said) in self.cuts(case.row.file):
            return f"{len(said):,} characters"
        if (lengths := self.token_cuts(case.row.file, tokens)) and (count := tokens([said])[0]) in lengths:
            return f"{count:,} tokens"
        return ""

    def cuts(self, file: str) -> set[int]:
        """Lengths at which answers were cut."""
        if file not in self._cuts:
            lengths = self.lengths.get(file, Counter())
            broken = self._broken(file)
            sizes = (
                size for size, count in broken.items() if is_peak(size, lengths) and 3 * count >= lengths[size] > 3
            )
            every = {*sizes, *self._limit(file)}
            self._cuts[file] = {size - less for size in every for less in (0, 1)}  # a blank at the end was stripped
        return self._cuts[file]

    def _limit(self, file: str) -> set[int]:
        """The longest answer's length, where several that do not end have it, and most others are shorter and end."""
        lengths, size = self.lengths.get(file, Counter()), self.longest.get(file, 0)
        ends = {word for long, word in self.last.get(file, []) if long == size > len(word) and word.isalpha()}
        here, else_ = lengths[size], self.rows[file] - lengths[size]
        if size <= SHORT or here < 2 * LEAST_CUT or len(ends) < LEAST_CUT or not is_peak(size, lengths):
            return set()  # numbers, dates and codes, too, are as long as each other
        return {size} if else_ >= LEAST_CUT and 2 * (lengths.total() - here) <= else_ else set()

    def token_cuts(self, file: str, tokens: Callable[[Sequence[str]], list[int]]) -> set[int]:
        """The same in tokens, of which most end with a word: fewer show that they were cut."""
        if file not in self._token_cuts:
            broken = self._broken(file)
            few = broken.total() < LEAST_CUT or self.cuts(file)
            kept = [] if few else self.open.get(file, [])
            parts = self._parts(file)
            show = Counter(tokens([said for said in kept if said.split()[-1] in parts]))
            sizes = {size: OPEN * count for size, count in show.items() if count > 1}  # answers of it at most
            lengths: Counter[int] = Counter()
            for start in range(0, len(kept), AT_ONCE):
                sizes = {size: most for size, most in sizes.items() if most > PEAK * beside(size, lengths)}
                lengths.update(tokens(kept[start : start + AT_ONCE]) if sizes else ())
            self._token_cuts[file] = {
                size
                for size, most in sizes.items()
                if 2 * LEAST_CUT <= lengths[size] <= most and is_peak(size, lengths)
            }
        return self._token_cuts[file]

    def _broken(self, file: str) -> Counter[int]:
        """Length → open answers that end in a part of a word."""
        parts = self._parts(file)
        return Counter(size for size, word in self.last.get(file, []) if size > SHORT and word in parts)

    def _parts(self, file: str) -> set[str]:
        """Last words of open answers that are the beginning of a word, and stand nowhere else themselves."""
        if file not in self._ends:
            self._ends[file] = self._ends_of(file)
        return self._ends[file]

    def _ends_of(self, file: str) -> set[str]:
        last, inside = self.last.get(file, []), self.words.get(file, set())
        ends = Counter(word for _, word in last)
        whole = sorted({word.strip(EDGES) for word in (*inside, *(word for word, count in ends.items() if count > 2))})
        return {
            word
            for word, count in ends.items()
            if count < 3 and word not in inside and begins_a_word(word.lstrip(EDGES), whole)
        }


def begins_a_word(part: str, words: list[str]) -> bool:
    """Whether a part is the beginning of one of the sorted words, and no number or whole word."""
    place = bisect_right(words, part)
    return part.isalpha() and place < len(words) and words[place].startswith(part) and words[place - 1] != part


def is_peak(size: int, lengths: Counter[int]) -> bool:
    """Whether answers of one length are many more than those a little shorter or longer."""
    return lengths[size] > PEAK * beside(size, lengths)


def beside(size: int, lengths: Counter[int]) -> float:
    """How many answers have a length a little shorter or longer, in the mean of these."""
    near = [lengths[size + step] for step in range(-12, 13) if abs(step) > 1]
    return sum(near) / len(near)


def is_open(text: str) -> bool:
    """Whether a text ends in a letter or figure, without a mark that ends it."""
    return text.rstrip()[-1:].isalnum()

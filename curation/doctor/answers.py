"""The answers of each file: how often each stands there, how long they are, and how they end. A part of the survey."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field

from curation.doctor.case import Case
from curation.doctor.crowd import answer, key, plain_answer

EDGES = "“”\"'’(),.;:!?*[]"
SHORT = 15  # characters; shorter answers often are as long as each other by themselves


@dataclass(slots=True)
class Answers:
    """How often each answer stands in a file, under how many prompts, how long answers are and how they end."""

    rows: Counter[str] = field(default_factory=Counter)  # file → rows with an answer
    counts: dict[str, Counter[int]] = field(default_factory=dict)  # file → answer → rows
    lengths: dict[str, Counter[int]] = field(
        default_factory=dict
    )  # file → characters of answers that do not end → rows
    broken: dict[str, Counter[int]] = field(
        default_factory=dict
    )  # the same of those whose last word stands nowhere else
    words: dict[str, Counter[str]] = field(default_factory=dict)  # file → words inside answers
    last: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # file → (length, last word) of open answers
    _cuts: dict[str, set[int]] = field(default_factory=dict)

    def see(self, case: Case) -> None:
        said = answer(case)
        if not said:
            return
        file = case.row.file
        if file not in self.rows:
            self.counts[file], self.lengths[file], self.words[file], self.last[file] = (
                Counter(),
                Counter(),
                Counter(),
                [],
            )
        self.rows[file] += 1
        self.counts[file][key(plain_answer(case) or said)] += 1
        words = said.split()
        self.words[file].update(words[:-1])
        if is_open(said):
            self.lengths[file][len(said)] += 1
            self.last[file].append((len(said), words[-1] if words else ""))

    def merge(self, other: Answers) -> None:
        self.rows.update(other.rows)
        for file, counts in other.counts.items():
            self.counts.setdefault(file, Counter()).update(counts)
            self.words.setdefault(file, Counter()).update(other.words[file])
        for file, sizes in other.lengths.items():
            self.lengths.setdefault(file, Counter()).update(sizes)
        for file, last in other.last.items():
            self.last.setdefault(file, []).extend(last)

    def is_constant(self, case: Case) -> bool:
        """Whether one answer is given to many prompts, in a file whose answers are no labels."""
        said = answer(case)
        file = case.row.file
        counts = self.counts.get(file)
        if not said or not counts:
            return False
        same = counts[key(plain_answer(case) or said)]
        rows = self.rows[file]
        labels = len(counts) <= 30 and len(counts) * 5 <= rows
        return same >= max(4, rows // 200) and not labels

    def is_cut(self, case: Case) -> bool:
        """Whether an answer is one of many that end in mid-word at the same length."""
        said = answer(case)
        return bool(said) and is_open(said) and len(said) in self.cuts(case.row.file)

    def cuts(self, file: str) -> set[int]:
        """Lengths at which answers were cut."""
        if file not in self._cuts:
            lengths = self.lengths.get(file, Counter())
            broken = self._broken(file)
            sizes = (
                size for size, count in broken.items() if is_peak(size, lengths) and 3 * count >= lengths[size] > 3
            )
            self._cuts[file] = {size - less for size in sizes for less in (0, 1)}  # a blank at the end was stripped
        return self._cuts[file]

    def _broken(self, file: str) -> Counter[int]:
        """Length → open answers whose last word is the beginning of a word, and stands nowhere else itself."""
        last, inside = self.last.get(file, []), self.words.get(file, Counter())
        ends = Counter(word for _, word in last)
        whole = sorted({word.strip(EDGES) for word in (*inside, *(word for word, count in ends.items() if count > 2))})
        return Counter(
            size
            for size, word in last
            if size > SHORT and not inside[word] and ends[word] < 3 and begins_a_word(word.lstrip(EDGES), whole)
        )


def begins_a_word(part: str, words: list[str]) -> bool:
    """Whether a part is the beginning of one of the sorted words, and no number or whole word."""
    place = bisect_right(words, part)
    return part.isalpha() and place < len(words) and words[place].startswith(part) and words[place - 1] != part


def is_peak(size: int, lengths: Counter[int]) -> bool:
    """Whether answers of one length are many more than those a little shorter or longer."""
    near = [lengths[size + step] for step in range(-12, 13) if abs(step) > 1]
    return lengths[size] > 4 * sum(near) / len(near)


def is_open(text: str) -> bool:
    """Whether a text ends in a letter or figure, without a mark that ends it."""
    return text.rstrip()[-1:].isalnum()

"""Rows repaired, each with its proof, and the rows that cannot be repaired honestly.

    repaired = repair(rows, target)
    repaired.rows, repaired.quarantined, repaired.proofs

A case goes through the rules in their order; each mends what it finds in what the rules before it left. A fatal fault
that stays, or a conversation that the one encode function refuses, sends the row to the quarantine. Then everything is
looked at anew, since a row mended may now be the copy of another, until nothing changes: a second run finds no work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby, islice
from typing import TYPE_CHECKING

from curation.doctor.case import Case
from curation.doctor.diagnosis import BLOCK, Diagnosis, as_rows, as_target, encode, look, opened, refused, summed_up
from curation.doctor.layouts import read
from curation.doctor.reasoned import lost
from curation.doctor.row import WHOLE_FILE, FileEvent, Finding, Quarantined, Row
from curation.doctor.rule import CannotMendError, Rule, one_line
from curation.doctor.rules import RULES
from curation.doctor.survey import Survey
from curation.doctor.target import Target
from curation.doctor.writing import written
from curation.templates import Encoded, EncodeError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ROUNDS = 8  # a repair that has not settled by then is none
RESTLESS = "its repair does not settle"
OFTEN = 2  # times that one fault of one row may be repaired: more, and two repairs undo each other


@dataclass(frozen=True, slots=True)
class Proof:
    """What the one encode function makes of a repaired row, and what it made of it before."""

    file: str  # of the record it was made from
    row: int
    faults: tuple[str, ...]  # repaired, in order
    before: str  # SHA-256 of ids and labels; "" where the row could not be encoded
    after: str  # the same of the repaired row; "" where it has tools, which are rendered only
    tokens: int
    trained: int  # tokens with loss


@dataclass(slots=True)
class Repaired:
    """What came out. Every record that went in stands in `rows`, `quarantined` or `merged`."""

    rows: list[Row]  # file and split as they were; row: the place in the file as it is to be written
    origins: list[tuple[str, int]]  # file and row of the record that each of `rows` was made from
    quarantined: list[Quarantined]
    merged: list[Quarantined]  # records whose content stands in another row now: turns gathered, copies
    proofs: list[Proof]  # one for each row that was mended
    before: Diagnosis  # of the rows as they came
    after: Diagnosis  # of `rows`: nothing fatal

    @property
    def findings(self) -> list[Finding]:
        """What was found in the rows as they came."""
        return self.before.findings


def repair(
    rows: Iterable[object],
    target: Target | PreTrainedTokenizerBase,
    *,
    events: Sequence[FileEvent] = (),
    workers: int = 1,
) -> Repaired:
    """Repair every row that can be repaired. Rows and target as for `diagnose`, whose findings come with it."""
    work = _Work(as_target(target), as_rows(rows), workers)
    before = work.look(events)
    after, settled = work.look() if events else before, False  # what the readers met is read by now
    for _ in range(ROUNDS):
        settled = not work.round()
        if settled:
            break
        after = work.look()
    if not settled:
        work.give_up()
        after = work.look()
    return work.result(before, after, events)


class LeavesError(Exception):
    """A case that has no place of its own in the result: (fault, reason, whether its content is elsewhere)."""

    def __init__(self, fault: str, reason: str, *, merged: bool = False) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = one_line(reason)
        self.merged = merged


@dataclass(slots=True)
class _Item:
    """A row on its way: what it is now, and the record it was made from."""

    row: Row  # numbered anew in each round
    origin: Row
    done: tuple[str, ...] = ()
    proof: Proof | None = None
    clean: bool = False  # nothing is found in it as it is now: no need to encode it again
    settled: bool = False  # clean, or nothing of what is found can be mended


class _Work:
    """All rows, mended round by round."""

    def __init__(self, target: Target, rows: list[Row], workers: int) -> None:
        self.target = target
        self.workers = workers
        self.items = [_Item(row, row) for row in rows]
        self.survey = Survey()
        self.found: dict[int, list[Finding]] = {}  # place in items → what is found in it now
        self.left: list[tuple[Quarantined, bool]] = []  # and whether its content stands elsewhere

    def look(self, events: Sequence[FileEvent] = ()) -> Diagnosis:
        """Diagnose the rows as they are now; those that did not change are not encoded again."""
        rows = [item.row for item in self.items]
        clean = {place for place, item in enumerate(self.items) if item.clean}
        self.survey, by_row = look(rows, self.target, workers=self.workers, proved=clean)
        self.found = dict(by_row)
        for place, item in enumerate(self.items):
            item.clean |= place not in self.found
            item.settled |= item.clean
        return summed_up(rows, self.survey, by_row, self.target, events, ids=True)

    def round(self) -> bool:
        """Mend what was found; whether anything changed."""
        before, self.items = self.items, []
        faulty = {place: opened(item.row, self.target) for place, item in enumerate(before) if place in self.found}
        made = iter(mended_all([case for cases in faulty.values() for case in cases], self.survey, self.target))
        touched = set()
        for place, item in enumerate(before):
            cases = faulty.get(place, [])
            kept = self.kept(item, cases, [next(made) for _ in cases]) if cases else [item]
            if kept != [item]:
                touched.add(item.row.file)
            self.items += kept
        remade = {item.row.file for item in self.items if item.proof and item.row.value is not item.origin.value}
        if touched:
            self.items = [self.made_alike(item) if item.row.file in remade else item for item in self.items]
            self.renumber()
        return bool(touched)

    def kept(self, item: _Item, cases: list[Case], results: list[list[Case] | LeavesError]) -> list[_Item]:
        """What becomes of one row: itself where nothing can be done."""
        if results == [cases]:
            item.settled = True
            return [item]
        kept: list[_Item] = []
        for case, result in zip(cases, results, strict=True):
            if isinstance(result, LeavesError):
                gone = item.origin if len(cases) == 1 else replace(item.origin, value=written(case))
                self.left.append((Quarantined(gone, result.fault, result.reason), result.merged))
            elif result and (
                endless := next((fault for fault in result[0].done if item.done.count(fault) >= OFTEN), "")
            ):
                self.left.append((Quarantined(item.origin, endless, RESTLESS), False))
            else:
                kept += [self.remade(item, case, made, alone=len(cases) == 1) for made in result]
        return kept

    def remade(self, item: _Item, before: Case, after: Case, *, alone: bool) -> _Item:
        """The item of a mended case, with its proof; both cases are encoded already."""
        started = item.proof.before if item.proof else digest(before.encoded)
        done = item.done + after.done
        trained = sum(after.encoded.loss_mask) if isinstance(after.encoded, Encoded) else 0
        tokens = len(after.encoded.input_ids) if isinstance(after.encoded, Encoded) else 0
        proof = Proof(
            item.origin.file,
            item.origin.row,
            tuple(dict.fromkeys(done)),
            started,
            digest(after.encoded),
            tokens,
            trained,
        )
        moved = after.but(row=before.row, done=before.done) == before  # and otherwise as it is
        row = replace(after.row, value=item.row.value if moved else written(after))
        return _Item(row, item.origin, done, proof)

    def made_alike(self, item: _Item) -> _Item:
        """A row of a file in which others were mended, in the plain layout that these have now."""
        cases = read(item.row)
        if len(cases) == 1 and cases[0].layout not in ("turn", "unknown", "preference", "ids"):
            value = written(cases[0])
            if value != item.row.value:
                return replace(item, row=replace(item.row, value=value))
        return item

    def renumber(self) -> None:
        """Row numbers as a reader of the written files will count."""
        counts: dict[str, int] = {}
        for item in self.items:
            number = counts.get(item.row.file, 0)
            counts[item.row.file] = number + 1
            if item.row.row != number:
                item.row = replace(item.row, row=number)

    def give_up(self) -> None:
        """Quarantine what has not settled: two repairs that undo each other."""
        restless = [item for item in self.items if not item.settled]
        self.items = [item for item in self.items if item.settled]
        for item in restless:
            fault = item.done[-1] if item.done else "SCAFFOLD"
            self.left.append((Quarantined(item.origin, fault, RESTLESS), False))
        self.renumber()

    def result(self, before: Diagnosis, after: Diagnosis, events: Sequence[FileEvent]) -> Repaired:
        unread = [
            Quarantined(Row(event.file, event.row, event.line, event.raw), event.fault, event.detail)
            for event in events
            if not event.mended and event.row != WHOLE_FILE
        ]
        quarantined = unread + [gone for gone, merged in self.left if not merged]
        return Repaired(
            rows=[item.row for item in self.items],
            origins=[(item.origin.file, item.origin.row) for item in self.items],
            quarantined=sorted(quarantined, key=_place),
            merged=sorted((gone for gone, merged in self.left if merged), key=_place),
            proofs=[item.proof for item in self.items if item.proof],
            before=before,
            after=after,
        )


def _place(gone: Quarantined) -> tuple[str, int]:
    return gone.row.file, gone.row.row


# ---------------------------------------------------------------- cases


def mended(case: Case, survey: Survey, target: Target) -> list[Case]:
    """What the rules make of a case, one after the other. Raises LeavesError."""
    result = mended_all([case], survey, target)[0]
    if isinstance(result, LeavesError):
        raise result
    return result


def mended_all(cases: Sequence[Case], survey: Survey, target: Target) -> list[list[Case] | LeavesError]:
    """What the rules make of each case, one after the other; many are encoded at once."""
    results: list[list[Case] | LeavesError] = [[case] for case in cases]
    encode_all(results, target)
    for needs_ids, group in groupby(RULES, key=lambda rule: rule.needs_ids):
        rules = list(group)
        if needs_ids:
            encode_all(results, target)
        results = [mended_by(rules, result, survey, target) for result in results]
    encode_all(results, target)
    return [accepted(result) for result in results]


def encode_all(results: Sequence[list[Case] | LeavesError], target: Target) -> None:
    """Encode, in blocks, what has changed."""
    left = (case for result in results if not isinstance(result, LeavesError) for case in result)
    while block := list(islice(left, BLOCK)):
        encode(block, target)


def mended_by(
    rules: Sequence[Rule], cases: list[Case] | LeavesError, survey: Survey, target: Target
) -> list[Case] | LeavesError:
    """What some rules make of what the rules before them made of a case."""
    if isinstance(cases, LeavesError):
        return cases
    try:
        for rule in rules:
            cases = [made for case in cases for made in mended_once(rule, case, survey, target)]
    except LeavesError as leaves:
        return leaves
    return cases


def mended_once(rule: Rule, case: Case, survey: Survey, target: Target) -> list[Case]:
    """What one rule makes of a case: the case itself where it finds nothing. Raises LeavesError."""
    if rule.needs_ids:
        encode([case], target)
    found = next(iter(rule.find(case, survey, target)), None)
    if found is None:
        return [case]
    try:
        results = [up_to_date(case, result, target) for result in rule.mend(case, survey, target)]
    except (CannotMendError, EncodeError) as error:
        raise LeavesError(rule.fault, str(error)) from error
    if not results:
        raise LeavesError(rule.fault, found.detail, merged=True)
    if results == [case]:
        if found.severity == "fatal":
            raise LeavesError(rule.fault, found.detail)
        return [case]
    return [result.but(done=(*case.done, rule.fault)) for result in results]


def accepted(result: list[Case] | LeavesError) -> list[Case] | LeavesError:
    """The cases, if the one encode function takes each of them."""
    for case in result if isinstance(result, list) else ():
        if isinstance(case.encoded, EncodeError):
            found = refused(case, case.encoded)
            return LeavesError(found.fault, found.detail)
    return result


def up_to_date(before: Case, after: Case, target: Target) -> Case:
    """A mended case of text or ids with its text, ids and turns in accord. Raises EncodeError."""
    if after.kind == "text":
        if after.turns != before.turns:
            text = target.render(after.turns)
            if lost(after.turns, text):
                raise CannotMendError("the template would leave out the reasoning, so the text cannot be written anew")
            return after.but(text=text)
        if after.text != before.text:
            return after.but(turns=list(target.turns_of(after.text)))
    if after.kind == "ids":
        if after.ids != before.ids and after.turns == before.turns:
            return after.but(turns=list(target.turns_of(target.text_of(after.ids, after.attention))))
        if after.turns != before.turns and after.ids == before.ids:
            encoded = target.encode([after.turns])[0]
            if isinstance(encoded, EncodeError):
                raise encoded
            ones = [1] * len(encoded.input_ids) if before.attention else []
            return after.but(ids=encoded.input_ids, labels=encoded.labels, attention=ones)
    return after


def digest(encoded: Encoded | EncodeError | None) -> str:
    """SHA-256 over ids and labels."""
    if not isinstance(encoded, Encoded):
        return ""
    return sha256(repr((encoded.input_ids, encoded.labels)).encode()).hexdigest()

"""Rows of token ids and labels: what is trained, what is not, and what was cut."""

from __future__ import annotations

import pytest

from curation.doctor import diagnose, repair
from curation.doctor.target import Target
from curation.templates import IGNORED, Encoded
from pipelines.doctoring.target import known_templates
from train.base_models import find_base_model, stand_in_tokenizer

CHAT = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "What does rizz mean?"},
    {"role": "assistant", "content": "Charm."},
    {"role": "user", "content": "And drip?"},
    {"role": "assistant", "content": "Style 🙂"},
]
NAMES = ("llama-3.2-1b-instruct", "qwen2.5-0.5b-instruct", "gemma-3-1b-it", "phi-4-mini-instruct", "qwen3-0.6b")
Row = dict[str, list[int]]


def target_of(name: str, max_length: int = 2048) -> Target:
    spec = find_base_model(name)
    return Target(name, stand_in_tokenizer(spec), spec.settings, spec.pad, max_length, known_templates())


@pytest.fixture(scope="module", params=NAMES)
def target(request: pytest.FixtureRequest) -> Target:
    return target_of(request.param)


def row_of(target: Target, chat: list[dict[str, str]] = CHAT) -> Row:
    encoded = target.encode([chat])[0]
    assert isinstance(encoded, Encoded)
    return {"input_ids": encoded.input_ids, "labels": encoded.labels}


def ends(row: Row, target: Target) -> list[int]:
    """Places of the trained ends of turn."""
    return [place for place, label in enumerate(row["labels"]) if label in target.end_ids]


def padded(row: Row, pad: int, *, before: int = 0, after: int = 0) -> Row:
    return {
        "input_ids": [pad] * before + row["input_ids"] + [pad] * after,
        "labels": [IGNORED] * before + row["labels"] + [IGNORED] * after,
    }


def faults(row: object, target: Target) -> list[str]:
    return [found.fault for found in diagnose([row], target).findings]


def check(bad: object, fault: str, good: Row, target: Target) -> None:
    """The fault is found, alone; the repaired row is the good one, and a second run changes nothing."""
    assert faults(bad, target) == [fault]
    repaired = repair([bad], target)
    assert [row.value for row in repaired.rows] == [good]
    assert [row.value for row in repair([good], target).rows] == [good]


def test_what_the_encode_function_gives_is_left_alone(target: Target) -> None:
    good = row_of(target)
    assert faults(good, target) == []
    (pad,) = target.pad_ids
    assert faults(padded(good, pad, after=5), target) == []
    assert faults(padded(good, pad, before=5), target) == []
    attended = padded(good, pad, after=5) | {"attention_mask": [1] * len(good["input_ids"]) + [0] * 5}
    assert faults(attended, target) == []


def test_only_the_last_answer_trained_is_no_fault(target: Target) -> None:
    good = row_of(target)
    first = ends(good, target)[0] + 1
    last_only = good | {"labels": [IGNORED] * first + good["labels"][first:]}
    if any(label != IGNORED for label in last_only["labels"]):
        assert faults(last_only, target) == []


def test_nothing_trained(target: Target) -> None:
    good = row_of(target)
    check(good | {"labels": [IGNORED] * len(good["labels"])}, "MASK-NONE", good, target)


def test_a_masked_end_of_turn(target: Target) -> None:
    good = row_of(target)
    for end in ends(good, target)[:1]:
        labels = list(good["labels"])
        labels[end] = IGNORED
        check(good | {"labels": labels}, "EOT-UNTRAINED", good, target)


def test_a_missing_end_of_turn(target: Target) -> None:
    good = row_of(target)
    last = max(ends(good, target))
    bad = {name: values[:last] for name, values in good.items()}
    check(bad, "EOT-UNTRAINED", good, target)


def test_padding_with_the_end_of_turn_masks_the_real_one_too(target: Target) -> None:
    """pad = eos, and everything that is pad is masked."""
    good = row_of(target)
    end = max(ends(good, target))
    if end != len(good["input_ids"]) - 1:
        return  # the template writes something behind it
    pad = good["input_ids"][end]
    ids = good["input_ids"] + [pad] * 6
    labels = [
        IGNORED if number == pad else label for number, label in zip(ids, good["labels"] + [IGNORED] * 6, strict=True)
    ]
    assert set(faults({"input_ids": ids, "labels": labels}, target)) == {"EOT-UNTRAINED"}
    assert [row.value for row in repair([{"input_ids": ids, "labels": labels}], target).rows] == [good]


def test_a_trained_prompt(target: Target) -> None:
    good = row_of(target)
    check(good | {"labels": list(good["input_ids"])}, "MASK-SPILL", good, target)


def test_trained_padding(target: Target) -> None:
    good = row_of(target)
    (pad,) = target.pad_ids
    bad = padded(good, pad, after=4)
    bad["labels"][-4:] = [pad] * 4
    assert faults(bad, target) == ["MASK-SPILL"]


def test_labels_that_are_shifted_by_one(target: Target) -> None:
    good = row_of(target)
    assert "MASK-SPILL" in faults(good | {"labels": [*good["labels"][1:], IGNORED]}, target)


def test_two_begin_tokens() -> None:
    target = target_of("llama-3.2-1b-instruct")
    good = row_of(target)
    bad = {"input_ids": [good["input_ids"][0], *good["input_ids"]], "labels": [IGNORED, *good["labels"]]}
    check(bad, "BOS-COUNT", good, target)


def test_ids_of_another_tokenizer_leave(target: Target) -> None:
    bad = {"input_ids": [90_000, 90_001], "labels": [90_000, 90_001]}
    assert "FAMILY" in faults(bad, target)
    assert repair([bad], target).rows == []


def test_a_long_conversation_loses_its_oldest_turns_and_no_part_of_an_answer() -> None:
    long = target_of("qwen2.5-0.5b-instruct")
    size = len(row_of(long)["input_ids"])
    short = target_of("qwen2.5-0.5b-instruct", size - 1)
    assert faults({"messages": CHAT}, short) == ["TRUNC"]
    assert [row.value for row in repair([{"messages": CHAT}], short).rows] == [{"messages": [CHAT[0], *CHAT[3:]]}]


def test_an_answer_that_was_cut_off_leaves() -> None:
    long = target_of("qwen2.5-0.5b-instruct")
    good = row_of(long)
    cut = max(ends(good, long)) - 2
    short = target_of("qwen2.5-0.5b-instruct", cut)
    bad = {name: values[:cut] for name, values in good.items()}
    assert "TRUNC" in faults(bad, short)
    repaired = repair([bad], short)
    assert (repaired.rows, len(repaired.quarantined)) == ([], 1)

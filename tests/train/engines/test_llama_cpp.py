"""llama.cpp beside transformers: the same weights, the same ids, nearly the same numbers."""

from __future__ import annotations

import pytest

from train.engines import llama_cpp, llama_interface
from train.engines.engine import Scored
from train.engines.llama_cpp import LlamaCppEngine
from train.engines.transformers_engine import TransformersEngine
from train.errors import TrainError

NEVER = frozenset({299})
# How far log-probabilities may lie from those in 32 bits: at most, and on average. This model's weights are wide apart:
# a real model's differences are smaller.
TOLERANCE = {"f32": (1e-4, 1e-5), "f16": (0.05, 0.005), "q8_0": (1.5, 0.15)}

pytestmark = pytest.mark.xdist_group("llama_cpp")


@pytest.fixture(scope="module")
def files(tiny_folder, tmp_path_factory):
    """The tiny model as GGUF: whole, in 16 bits, and in 8."""
    from train.exporting.gguf import convert
    from train.exporting.quantise import quantise

    folder, loaded = tiny_folder
    out = tmp_path_factory.mktemp("gguf")
    made = {kind: convert(folder, out / f"{kind}.gguf", loaded=loaded, precision=kind) for kind in ("f32", "f16")}
    return made | {"q8_0": quantise(made["f32"], out / "q8_0.gguf", "q8_0")}


@pytest.fixture(scope="module")
def engine(files):
    opened = LlamaCppEngine(files["f32"], threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reference(tiny_llama):
    return TransformersEngine(tiny_llama)


@pytest.fixture(scope="module")
def requests(prompts):
    """Prompts that begin alike, one that is the beginning of another, equal ones, and more continuations than fit."""
    chosen = [Scored(prompt, [prompts[0][:9], prompts[1], prompts[0], []]) for prompt in prompts]
    chosen += [Scored(prompts[0][:3] + prompt, [[1, 2], [1, 2]]) for prompt in prompts]
    chosen.append(Scored(prompts[0][:20], [[4, 5, 6]]))
    chosen.append(Scored([7], [[first, second] for first in range(10) for second in range(20)]))
    return chosen


def differences(ours, theirs):
    """Of the log-probabilities of the same ids: the widest, and the mean."""
    assert [[len(values) for values in one] for one in ours] == [[len(values) for values in one] for one in theirs]
    flat = [[value for request in scores for values in request for value in values] for scores in (ours, theirs)]
    found = [abs(one - other) for one, other in zip(*flat, strict=True)]
    return max(found), sum(found) / len(found)


def as_text(answers):
    return [(answer.ids, answer.ended) for answer in answers]


@pytest.mark.parametrize("kind", TOLERANCE)
def test_scores_are_those_of_transformers(files, reference, requests, kind):
    engine = LlamaCppEngine(files[kind], threads=1)
    widest, mean = differences(engine.score(requests), reference.score(requests))
    engine.close()
    assert widest < TOLERANCE[kind][0]
    assert mean < TOLERANCE[kind][1]


def test_each_answer_is_that_of_transformers(engine, reference, prompts):
    for prompt in prompts:
        ours, theirs = (one.generate(prompt, max_new_tokens=20, stop_ids=NEVER) for one in (engine, reference))
        assert (ours.ids, ours.ended) == (theirs.ids, theirs.ended)


def test_many_answers_at_once_are_those_of_transformers(engine, reference, prompts, monkeypatch):
    """More prompts than places: some begin while others are under way."""
    monkeypatch.setattr(llama_cpp, "AT_ONCE", 3)
    stops = frozenset(reference.generate(prompts[0], max_new_tokens=12, stop_ids=NEVER).ids[4:6])
    ours = engine.generate_all([*prompts, *prompts], max_new_tokens=20, stop_ids=stops)
    theirs = reference.generate_all([*prompts, *prompts], max_new_tokens=20, stop_ids=stops)
    assert as_text(ours) == as_text(theirs)
    assert {answer.ended for answer in ours} == {True, False}


def test_below_the_least_number_of_tokens_no_stop_id_is_chosen(engine, reference, prompts):
    stop = reference.generate(prompts[0], max_new_tokens=1, stop_ids=NEVER).ids[0]
    settings = {"max_new_tokens": 9, "min_new_tokens": 9, "stop_ids": frozenset({stop, 5000})}
    ours, theirs = engine.generate(prompts[0], **settings), reference.generate(prompts[0], **settings)
    assert ours.ids == theirs.ids
    assert (len(ours.ids), ours.ended, stop in ours.ids) == (9, False, False)


def test_what_was_computed_before_changes_nothing(engine, requests, prompts):
    first = engine.score(requests)
    engine.generate_all(prompts, max_new_tokens=5, stop_ids=NEVER)
    engine.generate(prompts[3], max_new_tokens=5, stop_ids=NEVER)
    assert engine.score(requests) == first


def test_batches_of_any_size_give_the_same(engine, requests, monkeypatch):
    whole = engine.score(requests)
    monkeypatch.setattr(llama_cpp, "BATCH", 40)
    monkeypatch.setattr(llama_cpp, "SEQUENCES", 4)
    assert differences(engine.score(requests), whole)[0] < 1e-4


def test_more_ids_than_one_context_holds_get_a_larger_one(engine, reference):
    prompt = [number % 299 for number in range(400)]
    requests = [Scored([first, *prompt], [prompt[:300]]) for first in range(9)]
    assert differences(engine.score(requests), reference.score(requests))[0] < 2e-3
    long = [[first, *prompt] for first in range(9)]
    ours, theirs = (one.generate_all(long, max_new_tokens=4, stop_ids=NEVER) for one in (engine, reference))
    assert as_text(ours) == as_text(theirs)


def test_the_prompt_is_computed_once_for_all_its_continuations(engine, monkeypatch):
    """So many ids are computed as there are in the prompt and, but for the last of each, in its continuations."""
    counted = []
    decode = engine._decode
    monkeypatch.setattr(engine, "_decode", lambda fed, read: (counted.append(len(fed)), decode(fed, read))[1])
    engine._forget()
    prompt = list(range(50))
    engine.score([Scored(prompt, [[1, 2, 3], [4, 5, 6], [7, 8], [1, 2, 3]])])
    assert sum(counted) == 50 + 2 + 2 + 1
    counted.clear()
    engine.score([Scored([*prompt[:30], 99], [[1, 2]]), Scored([*prompt[:30], 98], [[1, 2]])])
    assert sum(counted) == 2 * (1 + 1)  # the thirty ids that both begin with are kept from before


def test_an_empty_prompt_is_refused(engine):
    with pytest.raises(ValueError, match="a prompt has no token"):
        engine.score([Scored([], [[1]])])
    with pytest.raises(ValueError, match="a prompt has no token"):
        engine.generate([], max_new_tokens=3, stop_ids=NEVER)


def test_an_id_outside_the_vocabulary_is_refused(engine):
    with pytest.raises(ValueError, match="id 300 is not in the vocabulary of 300"):
        engine.generate([300], max_new_tokens=3, stop_ids=NEVER)


def test_no_prompts_and_nothing_to_score_give_nothing(engine):
    assert engine.generate_all([], max_new_tokens=3, stop_ids=NEVER) == []
    assert engine.score([]) == []


def test_a_damaged_file_is_one_line(files, tmp_path):
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(files["f32"].read_bytes()[:5000])
    with pytest.raises(TrainError, match=r"llama.cpp cannot load .*damaged.gguf: \S") as error:
        LlamaCppEngine(damaged, threads=1)
    assert "\n" not in str(error.value)
    with pytest.raises(TrainError, match="no such file"):
        LlamaCppEngine(tmp_path / "absent.gguf")


def test_another_layout_of_the_library_is_refused(monkeypatch):
    monkeypatch.setitem(llama_interface.CONTEXT_DEFAULTS, "n_ubatch", 4096)
    with pytest.raises(TrainError, match=r"ContextParams in another way \(n_ubatch is 512, expected 4096\)"):
        llama_interface.llama_interface.__wrapped__()


def test_a_context_that_did_not_take_what_was_set_is_refused(files, monkeypatch):
    engine = LlamaCppEngine(files["f32"], threads=1)
    monkeypatch.setattr(engine, "_llama", Misreading(engine._llama))
    with pytest.raises(TrainError, match="took n_seq_max = 64 for 1"):
        engine.generate([1], max_new_tokens=1, stop_ids=NEVER)
    engine.close()


class Misreading:
    """The library, of which one function says what another layout would."""

    def __init__(self, library):
        self.library = library

    def __getattr__(self, name):
        return (lambda _: 1) if name == "llama_n_seq_max" else getattr(self.library, name)

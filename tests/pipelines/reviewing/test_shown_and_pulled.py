"""Questions as Label Studio shows them, and its annotations as decisions; no server needed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from curation.people.decisions import SKIP
from curation.people.questions import ASKED
from pipelines.reviewing import decision_file
from pipelines.reviewing.labelling import kind_of
from pipelines.reviewing.people import pseudonym
from pipelines.reviewing.pull import decisions_in, moment
from pipelines.reviewing.push import compare
from pipelines.reviewing.shown import STALE, studio_task
from pipelines.reviewing.studio import Stored, marked_kind, marker, stored
from tests.pipelines.reviewing.toy_questions import HOSTILE, write_toy_build

OPEN_EDITION = {"View", "Style", "Header", "Text", "Choices", "TextArea", "Collapse", "Panel"}
HERE = "http://127.0.0.1:8080"


@pytest.fixture
def tasks(tmp_path):
    build = write_toy_build(tmp_path / "build", "toy", 6)
    return json.loads((build / "review" / "tasks.json").read_text())


def on_server(task, number=1, answers=(), **changes):
    made = studio_task(task)
    return Stored(number, task["id"], {**made["data"], **changes}, made["meta"], list(answers), 1)


def annotation(answer, person=7, when="2026-11-22T10:00:00.5Z", **more):
    result = [{"from_name": "answer", "value": {"choices": [answer]}}]
    return {"result": result, "completed_by": person, "updated_at": when, "lead_time": 2.04, **more}


def test_every_kind_of_question_has_words_of_its_own_in_tags_of_the_open_edition():
    for name, (_, answers) in ASKED.items():
        look = kind_of(name)
        assert look.title != "question"
        assert set(answers) <= look.answers.keys(), f"{name}: an answer is shown without words"
        assert {tag.tag for tag in ET.fromstring(look.config()).iter()} <= OPEN_EDITION


def test_a_kind_that_nobody_has_described_can_be_asked(tasks):
    task = {**tasks[0], "question": "something_new", "answers": ["yes", "no"], "suggestion": "yes"}
    assert [one["value"] for one in studio_task(task)["data"]["answers"]] == ["yes", "no"]


def test_a_task_holds_every_text_that_the_configuration_shows(tasks):
    for task in tasks:
        data = studio_task(task)["data"]
        for tag in ET.fromstring(kind_of(task["question"]).config()).iter():
            name = tag.get("value", "")
            assert not name.startswith("$") or name[1:] in data, f"{task['question']}: {name}"


def test_braces_and_tags_of_a_dataset_are_shown_as_they_are(tasks):
    shown = [studio_task(task)["data"] for task in tasks if task["question"] == "same_sense"]
    assert all(f"Example: {HOSTILE}" in data["left_more"] + data["right_more"] for data in shown)


def test_each_answer_has_a_key_and_the_prediction_is_one_of_them(tasks):
    for task in tasks:
        made = studio_task(task)
        answers = made["data"]["answers"]
        assert [one["hotkey"] for one in answers] == [str(place) for place in range(1, len(answers) + 1)]
        (prediction,) = made["predictions"]
        assert prediction["result"][0]["value"]["choices"][0] in {one["alias"] for one in answers}
        assert prediction["score"] == task["score"]


def test_an_annotation_is_a_decision(tasks):
    task = tasks[0]
    answer = task["answers"][0]
    by_words = studio_task(task)["data"]["answers"][0]["value"]
    found = decisions_in(
        [on_server(task, answers=[annotation(answer), annotation(by_words, person={"id": 8, "email": "x@y.z"})])],
        HERE,
        {},
    )
    assert [one.answer for one in found.decisions] == [answer, answer]
    assert [one.who for one in found.decisions] == [pseudonym(HERE, 7), pseudonym(HERE, 8)]
    assert found.decisions[0].when == "2026-11-22T10:00:00+00:00"
    assert found.decisions[0].seconds == 2.0
    assert "x@y.z" not in str(found.decisions)


def test_a_skip_is_an_answer_and_an_empty_annotation_is_told(tasks):
    skipped, empty, foreign = annotation("", was_cancelled=True), {"result": [], "completed_by": 7}, annotation("maybe")
    found = decisions_in([on_server(tasks[0], 5, [skipped, empty, foreign])], HERE, {})
    assert [one.answer for one in found.decisions] == [SKIP]
    assert [number for number, _ in found.odd] == [5, 5]


def test_a_task_that_somebody_added_by_hand_is_told_not_taken():
    found = decisions_in([stored({"id": 3, "data": {"text": "hi"}, "annotations": [annotation("yes")]})], HERE, {})
    assert found.decisions == []
    assert found.odd == [(3, "was not asked by a push of ours")]


def test_a_file_that_lost_what_was_asked_is_read_with_the_build(tasks):
    task = tasks[0]
    bare = Stored(1, task["id"], {"key": task["id"]}, {}, [annotation(task["answers"][0])], 0)
    assert decisions_in([bare], HERE, {}).decisions == []
    assert decisions_in([bare], HERE, {task["id"]: task}).decisions[0].question == task["question"]


def test_a_pseudonym_is_stable_and_differs_by_person_and_pepper(monkeypatch):
    assert pseudonym(HERE, 7) == pseudonym("HTTP://localhost:8080/", 7) != pseudonym(HERE, 8)
    before = pseudonym(HERE, 7)
    monkeypatch.setenv("LABEL_STUDIO_PEPPER", "salt")
    assert pseudonym(HERE, 7) != before


def test_moments_are_told_in_utc():
    assert moment({"updated_at": "2026-11-22T12:30:00+02:00"}) == "2026-11-22T10:30:00+00:00"


def test_a_marker_names_its_recipe_and_kind():
    assert marked_kind(f"ours\n{marker('genz', 'same_sense')}", "genz") == "same_sense"
    assert not marked_kind(marker("genz", "same_sense"), "gen")
    assert not marked_kind("genz/same_sense", "genz")


def test_what_is_the_same_is_left_alone_and_what_changed_is_changed(tasks):
    contents = {side["content"] for task in tasks for side in task["data"]["sides"]}
    wanted = {task["id"]: studio_task(task) for task in tasks}
    same = compare([on_server(task) for task in tasks], wanted, contents)
    assert same.told() == "nothing to do"
    other = studio_task({**tasks[0], "score": 0.99})
    plan = compare([on_server(tasks[0])], {tasks[0]["id"]: other}, contents)
    assert [data["key"] for _, data, _ in plan.change] == [tasks[0]["id"]]
    assert plan.repredict == [1]


def test_a_task_is_stale_while_its_row_is_another_and_no_longer(tasks):
    contents = {side["content"] for side in tasks[0]["data"]["sides"]}
    ((_, data, meta),) = compare([on_server(tasks[0])], {}, set()).change
    assert data["state"] == STALE
    ((_, data, _),) = compare([Stored(1, data["key"], data, meta, [], 1)], {}, contents).change
    assert data["state"] == ""


def test_a_pull_keeps_what_the_server_has_lost_and_writes_the_same_bytes(tasks, tmp_path):
    file = tmp_path / "reviews" / "toy.jsonl"
    first, second = ([on_server(task, answers=[annotation(task["answers"][0])])] for task in tasks[:2])
    assert decision_file.merge(file, decisions_in(first, HERE, {}).decisions).new == 1
    assert decision_file.merge(file, decisions_in(second, HERE, {}).decisions).new == 1
    text = file.read_bytes()
    assert decision_file.merge(file, decisions_in(first, HERE, {}).decisions).new == 0
    assert file.read_bytes() == text
    later = annotation(tasks[0]["answers"][1], when="2026-11-23T10:00:00Z")
    assert (
        decision_file.merge(file, decisions_in([on_server(tasks[0], answers=[later])], HERE, {}).decisions).changed == 1
    )
    assert len(decision_file.read(file)) == 2


def test_a_damaged_file_of_decisions_is_told_with_its_line(tmp_path):
    (tmp_path / "toy.jsonl").write_text('\n{"id": 1}\n')
    with pytest.raises(ValueError, match=r"toy\.jsonl: line 2"):
        decision_file.merge(tmp_path / "toy.jsonl", [])
    assert (tmp_path / "toy.jsonl").read_text() == '\n{"id": 1}\n'

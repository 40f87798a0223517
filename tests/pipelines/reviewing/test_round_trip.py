"""Push, annotate as three people, pull, rebuild, push again, on a real server: nothing twice, nothing lost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from curation.people.decisions import settle
from pipelines.review import main
from pipelines.reviewing import decision_file
from pipelines.reviewing.pull import decisions_in
from tests.pipelines.reviewing.toy_questions import write_toy_build

pytestmark = pytest.mark.xdist_group("label_studio")
KILLED = Path(__file__).with_name("killed.py")
PROJECT = Path(__file__).parents[3]


def tasks_on(server, name):
    studio = server.connect()
    return [task for project in studio.projects(name) for task in studio.tasks(project)]


def keys_of(build):
    return {task["id"]: task for task in json.loads((build / "review" / "tasks.json").read_text())}


def people(server, count=3):
    """The numbers of people on the server; made where they are missing."""
    users = server.connect()._sdk.users
    known = {user.email: user.id for user in users.list()}
    mails = [f"person{number}@example.org" for number in range(count)]
    return [known.get(mail) or users.create(email=mail, username=mail.partition("@")[0]).id for mail in mails]


def annotate(server, task, person, answer, comment=""):
    result = [{"from_name": "answer", "to_name": "left", "type": "choices", "value": {"choices": [answer]}}]
    if comment:
        result.append({"from_name": "comment", "to_name": "left", "type": "textarea", "value": {"text": [comment]}})
    skip = answer == "skip"
    server.connect()._sdk.annotations.create(
        id=task.id, result=[] if skip else result, completed_by=person, lead_time=3.25, was_cancelled=skip
    )


def annotate_all(server, tasks, disputed=3):
    """One of three people answers each task as the machine would; the first tasks are answered by all, differently."""
    persons = people(server)
    for place, task in enumerate(tasks):
        first, second, *_ = task.meta["asked"]["answers"]
        if place < disputed:
            for person, answer in zip(persons, (first, second, "skip"), strict=True):
                annotate(server, task, person, answer, comment="“é” \u2028 <b>x</b>")
        else:
            annotate(server, task, persons[place % 3], first)
    return disputed * 3 + len(tasks) - disputed


def round_trip(server, tmp_path, name, questions, annotated):
    build = write_toy_build(tmp_path / "build", name, questions)
    reviews = tmp_path / "reviews.jsonl"
    push = ["push", "--build", str(build)]
    pull = ["pull", name, "--build", str(build), "--reviews", str(reviews)]
    assert main(push) == 0
    before = tasks_on(server, name)
    assert Counter(task.key for task in before) == Counter(keys_of(build).keys()), "each question is on the server once"

    given = annotate_all(server, before[:annotated])
    annotated_before = {task.id: task.answers for task in tasks_on(server, name)}
    assert main(pull) == 0
    text = reviews.read_text(encoding="utf-8")
    decisions = decision_file.read(reviews)
    assert len(decisions) == given, "every answer of every person is a decision"
    assert len({one.who for one in decisions}) == 3
    assert sum(one.disputed for one in settle(decisions).values()) == 3
    assert main(pull) == 0
    assert reviews.read_text(encoding="utf-8") == text, "the same pull again changes nothing"

    write_toy_build(build, name, questions + 3, changed=2, score=0.7)  # newer rows: 2 changed, 3 more, new scores
    assert main(push) == 0
    after = tasks_on(server, name)
    assert Counter(task.key for task in after) == Counter({*keys_of(build), *(task.key for task in before)})
    assert {task.id: task.answers for task in after if task.id in annotated_before} == annotated_before
    stale = [task for task in after if task.data["state"]]
    assert len(stale) == 2
    assert not {task.key for task in stale} & keys_of(build).keys()
    scores = {key: task["score"] for key, task in keys_of(build).items()}
    assert all(task.meta["asked"]["score"] == scores[task.key] for task in after if task.key in scores)
    assert {task.predictions for task in after} == {1}
    assert main(pull) == 0
    assert decision_file.read(reviews) == decisions, "no answer was lost"
    return build, reviews


def test_questions_go_out_and_answers_come_back_once_each(at_server, tmp_path, capsys):
    build, reviews = round_trip(at_server, tmp_path, "trip", 60, annotated=12)
    capsys.readouterr()
    assert main(["push", "--build", str(build)]) == 0
    assert capsys.readouterr().out.count("nothing to do") == 3
    assert main(["status", "trip", "--reviews", str(reviews)]) == 0
    told = capsys.readouterr().out
    assert "Disputed, one more opinion wanted: 3" in told
    assert at_server.token not in told


def test_a_decision_of_a_deleted_project_is_kept(at_server, tmp_path, capsys):
    build, reviews = write_toy_build(tmp_path / "build", "gone", 3), tmp_path / "reviews.jsonl"
    assert main(["push", "--build", str(build)]) == 0
    annotate(at_server, tasks_on(at_server, "gone")[0], people(at_server)[0], "same")
    pull = ["pull", "gone", "--build", str(build), "--reviews", str(reviews)]
    assert main(pull) == 0
    text = reviews.read_text()
    studio = at_server.connect()
    for project in studio.projects("gone"):
        studio._sdk.projects.delete(project.id)
    assert main(pull) == 2
    assert "push first" in capsys.readouterr().err
    assert main(["push", "--build", str(build)]) == 0
    assert main(pull) == 0
    assert reviews.read_text() == text


def test_a_project_is_known_by_its_marker_not_by_its_title(at_server, tmp_path):
    build = write_toy_build(tmp_path / "build", "marked", 3)
    studio = at_server.connect()
    stranger = studio._sdk.projects.create(title="marked: one sense or two")
    assert main(["push", "--build", str(build)]) == 0
    for project in studio.projects("marked"):
        studio._sdk.projects.update(project.id, title="a name of our own")
    assert main(["push", "--build", str(build)]) == 0
    assert len(tasks_on(at_server, "marked")) == 3
    assert stranger.id not in {project.id for project in studio.projects("marked")}


def test_what_somebody_changed_on_the_server_is_told_and_no_answer_is_lost(at_server, tmp_path, capsys):
    build, reviews = write_toy_build(tmp_path / "build", "changed", 3), tmp_path / "reviews.jsonl"
    push, pull = ["push", "--build", str(build)], ["pull", "changed", "--reviews", str(reviews)]
    assert main([*push, "--people", "3"]) == 0
    studio = at_server.connect()
    first, second, _ = studio.projects("changed")
    field = '<Choices name="own" toName="left"><Choice value="same"/></Choices></View>'
    for project in (first, second):
        studio._sdk.projects.update(project.id, label_config=project.config.strip().removesuffix("</View>") + field)
    (task,) = studio.tasks(first)
    mine, own, empty = people(at_server)
    annotate(at_server, task, mine, task.meta["asked"]["answers"][0])
    annotate(at_server, task, empty, "")
    region = {"from_name": "own", "to_name": "left", "type": "choices", "value": {"choices": ["same"]}}
    studio._sdk.annotations.create(id=task.id, result=[region], completed_by=own)
    capsys.readouterr()

    assert main(push) == 0
    told = capsys.readouterr().out
    assert "there are answers to that: left as it is" in told
    assert "its labelling configuration was renewed" in told
    assert {project.people for project in studio.projects("changed")} == {3}, "asked for once"
    assert main(pull) == 0
    told = capsys.readouterr().out
    assert "was answered in a field that is not ours" in told
    assert "was submitted empty" in told
    text = reviews.read_text()
    assert len(text.splitlines()) == 1

    studio._sdk.tasks.delete(str(task.id))
    assert main(pull) == 0
    assert main(push) == 0
    assert len(tasks_on(at_server, "changed")) == 3
    assert main(pull) == 0
    assert reviews.read_text() == text


def test_a_second_copy_is_removed_unless_somebody_answered_it(at_server, tmp_path):
    build = write_toy_build(tmp_path / "build", "copies", 3)
    push = ["push", "--build", str(build)]
    assert main(push) == 0
    studio = at_server.connect()
    (project, *_) = studio.projects("copies")
    (task,) = studio.tasks(project)
    studio.add(project, [{"data": dict(task.data), "meta": dict(task.meta)}] * 2)
    copy = max(studio.tasks(project), key=lambda one: one.id)
    annotate(at_server, copy, people(at_server)[0], task.meta["asked"]["answers"][0])
    assert main(push) == 0
    assert [one.id for one in studio.tasks(project)] == [copy.id]


def test_an_answer_in_a_file_is_the_answer_on_the_server(at_server, tmp_path, capsys):
    build = write_toy_build(tmp_path / "build", "files", 3)
    assert main(["push", "--build", str(build)]) == 0
    for task in tasks_on(at_server, "files"):
        annotate(at_server, task, people(at_server)[1], task.meta["asked"]["answers"][0])
    studio = at_server.connect()
    files = []
    for project in studio.projects("files"):
        files.append(tmp_path / f"{project.kind}.json")
        files[-1].write_bytes(b"".join(studio._sdk.projects.exports.download_sync(project.id, export_type="JSON")))
        files[-1].with_suffix(".min.json").write_bytes(
            b"".join(studio._sdk.projects.exports.download_sync(project.id, export_type="JSON_MIN"))
        )
        assert main(["import", "files", str(files[-1].with_suffix(".min.json"))]) == 2
        assert "choose Export, JSON (not JSON-MIN)" in capsys.readouterr().err
    pulled, imported = tmp_path / "pulled.jsonl", tmp_path / "imported.jsonl"
    assert main(["pull", "files", "--reviews", str(pulled)]) == 0
    assert main(["import", "files", *map(str, files), "--reviews", str(imported)]) == 0
    assert imported.read_text() == pulled.read_text()
    assert len(imported.read_text().splitlines()) == 3


def test_exported_questions_can_be_imported_by_hand(at_server, tmp_path):
    build = write_toy_build(tmp_path / "build", "byhand", 3)
    assert main(["export", "byhand", "--build", str(build), "--out", str(tmp_path / "out")]) == 0
    studio = at_server.connect()
    for file in sorted((tmp_path / "out").glob("*.xml")):
        made = studio._sdk.projects.create(title=file.stem, label_config=file.read_text())
        tasks = json.loads(file.with_suffix(".json").read_text())
        studio._sdk.projects.import_tasks(made.id, request=tasks)
        raw = b"".join(studio._sdk.projects.exports.download_sync(made.id, export_type="JSON", download_all_tasks=True))
        assert [one["data"] for one in json.loads(raw)] == [one["data"] for one in tasks]


def kill_and_finish(server, tmp_path, name, questions, *, kills):
    """Pushes that die at random requests, then one that may finish: every question is there once."""
    build = write_toy_build(tmp_path / "build", name, questions)
    chance = random.Random(3407)
    died = 0
    for _ in range(kills):
        moment, last = chance.choice(("before", "during")), chance.randint(2, 14)
        done = subprocess.run(
            [sys.executable, str(KILLED), str(last), moment, "push", "--build", str(build)], cwd=PROJECT,
            env={"PYTHONPATH": str(PROJECT), "LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.token},
            capture_output=True,
        )  # fmt: skip
        died += done.returncode == -9
        assert done.returncode in (0, -9), done.stderr.decode()
    assert died
    assert main(["push", "--build", str(build)]) == 0
    assert main(["push", "--build", str(build)]) == 0
    tasks = tasks_on(server, name)
    assert Counter(task.key for task in tasks) == Counter(keys_of(build).keys())
    assert {task.predictions for task in tasks} == {1}


def test_a_push_that_is_killed_anywhere_is_finished_by_the_next(at_server, tmp_path):
    kill_and_finish(at_server, tmp_path, "killed", 30, kills=4)


@pytest.mark.slow
def test_a_thousand_questions_go_out_and_come_back(at_server, tmp_path):
    round_trip(at_server, tmp_path, "thousand", 1000, annotated=60)


@pytest.mark.slow
def test_a_thousand_questions_survive_twenty_kills(at_server, tmp_path):
    kill_and_finish(at_server, tmp_path, "manykills", 1000, kills=20)


def test_gold_answers_never_reach_the_server(at_server, tmp_path):
    build = write_toy_build(tmp_path / "build", "gold", 3)
    tasks = json.loads((build / "review" / "tasks.json").read_text())
    (build / "review" / "tasks.json").write_text(json.dumps([{**task, "gold": "secretly known"} for task in tasks]))
    assert main(["push", "--build", str(build)]) == 0
    there = tasks_on(at_server, "gold")
    assert "secretly known" not in json.dumps([(dict(task.data), dict(task.meta)) for task in there])
    annotate(at_server, there[0], people(at_server)[0], there[0].meta["asked"]["answers"][0])
    pulled = decisions_in(tasks_on(at_server, "gold"), at_server.url, keys_of(build))
    assert [one.asked["gold"] for one in pulled.decisions] == ["secretly known"]

"""The replay: a person's answer goes before a stage's own judgement, by content, and every row stays accounted for."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pandas as pd
import pytest
from reviewed import CHAT, ROWS, STAGES, TOOLS, about, answer, answers, asked, build, given_by, left, of

from curation.contradictions import column_difference
from curation.entry import Entry, to_table
from curation.label_issues import LabelIssues
from curation.normalize import Normalize
from curation.pairing import TextPairing
from curation.people.decided import EFFECTS
from curation.people.decided_pairs import Pairs, group_exact
from curation.people.decisions import Decision
from curation.people.effect import review_effect
from curation.people.questions import Question, Row
from curation.people.queue import review_queue
from curation.same_sense import Compared
from curation.stage import Given
from pipelines.engine import Result, decisions_key, run_stage

pytestmark = pytest.mark.xdist_group("decided")


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Result:
    """A build that nobody has answered anything of."""
    return build(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def tasks(first) -> list[dict]:
    return asked(first)


def survivors(result: Result, term: str) -> list[str]:
    return sorted(result.kept["definition"][result.kept["term_key"] == term])


def conserved(result: Result, rows: int = len(ROWS)) -> bool:
    ids = [*result.kept["id"], *result.ledger["id"]]
    return len(ids) == rows == len(set(ids))


def test_the_toy_build_asks_of_every_kind_that_these_tests_answer(tasks):
    assert {task["question"] for task in tasks} >= {"same_sense", "contradiction", "voted_down", "offensive", "private"}


def test_a_table_has_no_column_of_decisions_where_nothing_was_decided(first):
    assert not {"decided", "decided_effect", "before_decisions"} & {*first.kept.columns, *first.ledger.columns}


def test_what_people_join_is_merged_and_the_ledger_says_who_said_so(tasks, tmp_path):
    pair = about(tasks, "same_sense", "finna")
    out = build(tmp_path, given_by([answer(pair, "same", 1), answer(pair, "same", 2)]))
    gone = left(out)[left(out)["reason"] == "same_sense_duplicate"]
    row = gone[gone["term_key"] == "finna"].iloc[0]
    assert row["detail"].startswith("2 of 2 people say: same")
    assert row["survivor"] in set(out.kept["id"])
    assert conserved(out)


def test_what_people_keep_apart_is_never_merged_and_not_asked_again(tasks, tmp_path):
    pair = about(tasks, "same_sense", "finna")
    given = given_by([answer(pair, "different")])
    out = build(tmp_path, given)
    assert len(survivors(out, "finna")) == 2
    assert pair["id"] not in {task["id"] for task in asked(out, given)}
    assert not any("same_sense_doubt" in flags for flags in out.kept["flags"][out.kept["term_key"] == "finna"])


def test_the_wrong_one_of_two_that_contradict_each_other_leaves(tasks, tmp_path):
    dispute = about(tasks, "contradiction", "PTO")
    out = build(tmp_path, given_by([answer(dispute, "second")]))
    wrong, right = (side["definition"] for side in dispute["data"]["sides"])
    row = of(out.ledger, wrong)
    assert (row["stage"], row["reason"], row["survivor"]) == ("contradictions", "decided_by_person", "")
    assert row["detail"].startswith("a person says: second; right is ")
    assert survivors(out, "pto") == [right]
    assert conserved(out)


@pytest.mark.parametrize(("said", "stay"), [("both", 2), ("same", 1), ("neither", 0)])
def test_both_same_and_neither_do_what_they_say(tasks, tmp_path, said, stay):
    dispute = about(tasks, "contradiction", "PTO")
    given = given_by([answer(dispute, said)])
    out = build(tmp_path, given)
    assert len(survivors(out, "pto")) == stay
    assert not any("contradiction" in flags for flags in out.kept["flags"][out.kept["term_key"] == "pto"])
    assert not [task for task in asked(out, given) if task["data"]["sides"][0]["term"] == "PTO"], "nor in other words"


def test_exact_copies_whose_columns_are_two_senses_are_not_merged(tasks, tmp_path):
    dispute = about(tasks, "contradiction", "yeet")
    assert len(survivors(build(tmp_path / "a"), "yeet")) == 1
    both = build(tmp_path / "b", given_by([answer(dispute, "both")]))
    assert len(survivors(both, "yeet")) == 2
    verb = next(n for n, side in enumerate(dispute["data"]["sides"]) if side["part_of_speech"] == "verb")
    right = build(tmp_path / "c", given_by([answer(dispute, ("first", "second")[verb])]))
    assert list(right.kept["part_of_speech"][right.kept["term_key"] == "yeet"]) == ["verb"]
    assert conserved(both)
    assert conserved(right)


def test_copies_are_compared_with_what_people_said_once_each_however_many_there_are(tmp_path):
    copies = [{"term": "yeet", "definition": "to throw", "part_of_speech": ("verb", "noun")[n % 2]} for n in range(200)]
    first = build(tmp_path / "a", rows=copies)
    (dispute,) = asked(first)
    both = given_by([answer(dispute, "both")])
    out = build(tmp_path / "b", both, rows=copies)
    assert sorted(out.kept["part_of_speech"]) == ["noun", "verb"], "one row of either sense"
    assert all({*keys} == {dispute["id"]} for keys in out.kept["decided"]), "what stays knows what was decided"
    assert conserved(out, 200)

    table = to_table([Entry("toy", row=place, **row) for place, row in enumerate(copies)]).assign(term_key="yeet")
    looked = []
    differ = column_difference(table)
    people = Pairs(table, both, lambda *pair: looked.append(pair) or differ(*pair))
    merges, met = group_exact([range(200)], people)
    assert [len(rest) for rest in merges.values()] == [99, 99]
    assert [one.together for one in met] == ["apart"]
    assert len(looked) <= 2 * len(copies)


def test_a_definition_that_voters_reject_leaves_or_stays_as_a_person_says(tasks, tmp_path):
    task = about(tasks, "voted_down")
    wrong, right = (build(tmp_path / said, given_by([answer(task, said)])) for said in ("wrong", "right"))
    assert of(wrong.ledger, ROWS[8]["definition"])["reason"] == "decided_by_person"
    assert "voted_down" not in of(right.kept, ROWS[8]["definition"])["flags"]


def test_a_person_says_how_offensive_an_entry_is_and_the_recipe_what_that_means(tasks, tmp_path):
    task = about(tasks, "offensive")
    out = build(tmp_path, given_by([answer(task, "not offensive")]))
    row = of(out.kept, "a mild word")
    assert (row["offensive"], list(row["flags"]).count("offensive")) == ("", 0)
    slur = build(tmp_path, given_by([answer(task, "slur")]))
    assert of(slur.kept, "a mild word")["offensive"] == "slur"


def test_a_private_persons_name_is_masked_and_its_old_text_kept_nowhere(tasks, tmp_path):
    task = about(tasks, "private")
    given = given_by([answer(task, "private person")])
    out = build(tmp_path, given)
    row = of(out.kept, "what someone does for her idol")
    assert "masked_private" in row["flags"]
    assert "Mary" not in out.kept.to_json() + out.ledger.to_json()
    public = build(tmp_path, given_by([answer(task, "public figure")]))
    assert "full_name" not in of(public.kept, "what Mary Sample does for her idol")["flags"]


def test_decisions_hold_for_other_ids_another_order_and_a_newer_snapshot(first, tasks, tmp_path):
    said = answers(tasks, lambda task: task["answers"][0])
    newer = [{"term": "rizz", "definition": "charm"}, *random.Random(3).sample(ROWS, len(ROWS))]
    newer = [{**row, "definition": row["definition"].replace("Paid time off", "paid  time off.")} for row in newer]
    given = given_by(said)
    old, new = build(tmp_path / "old", given), build(tmp_path / "new", given, newer, source="another snapshot")
    assert not set(old.kept["id"]) & set(new.kept["id"])

    def fate(result: Result) -> set[tuple[str, str]]:
        known = {
            (row["definition"].casefold().replace("  ", " ").strip("."), row["reason"])
            for row in left(result).to_dict("records")
        }
        return {one for one in known if one[0] != "charm"}

    assert fate(old) == fate(new)
    effect = review_effect(new.kept, new.ledger, given, {})
    assert effect["orphans"] == []
    assert asked(new, given) == []
    assert conserved(new, len(newer))


def test_the_order_of_rows_does_not_change_what_decisions_do(tasks, tmp_path):
    given = given_by(answers(tasks, lambda task: task["answers"][-1]))
    one = build(tmp_path / "one", given)
    turned = build(tmp_path / "two", given, ROWS[::-1])
    kept = [sorted(zip(table["definition"], table["part_of_speech"], strict=True)) for table in (one.kept, turned.kept)]
    assert kept[0] == kept[1]


def test_what_is_of_no_content_here_is_an_orphan_and_what_people_disagree_on_is_listed(tasks, tmp_path):
    pair, dispute = about(tasks, "same_sense", "finna"), about(tasks, "contradiction", "PTO")
    gone = [{**row, "definition": row["definition"].replace("soon", "later")} for row in ROWS]
    given = given_by([answer(pair, "same"), answer(dispute, "first", 1), answer(dispute, "second", 2)])
    out = build(tmp_path, given, gone)
    effect = review_effect(out.kept, out.ledger, given, {})
    assert [one["id"] for one in effect["orphans"]] == [pair["id"]]
    assert [one["id"] for one in effect["disputed"]] == [dispute["id"]]
    assert len(survivors(out, "pto")) == 2, "nothing that is disputed is applied"
    assert dispute["id"] in {task["id"] for task in asked(out, given)}, "a third opinion is wanted"
    assert conserved(out)


def test_the_effect_counts_rows_and_tells_how_often_the_build_was_right(tasks, tmp_path):
    pair, vote, dispute = (about(tasks, kind, term) for kind, term in
                           (("same_sense", "finna"), ("voted_down", ""), ("contradiction", "PTO")))  # fmt: skip
    other = "different" if pair["suggestion"] == "same" else "same"
    given = given_by([answer(pair, other), answer(vote, "wrong"), answer(vote, "skip", 2), answer(dispute, "second")])
    out = build(tmp_path, given)
    effect = review_effect(out.kept, out.ledger, given, {"merge": 0.75})
    assert effect["rows_changed"]["voted_down"] == {"left": 1}
    assert (effect["answers"], effect["skipped"], effect["people"]) == (3, 1, 2)
    assert effect["rows_changed"]["contradiction"] == {"kept": 1, "left": 1}
    assert effect["as_it_was"] == 2, "the pair; not rows that one stage left as they were and another did not"
    assert effect["build_was_right"]["same_sense"]["right"] == 0
    assert effect["build_was_right"]["voted_down"]["right"] == 1
    assert sum(count for _, _, count, _ in effect["calibration"]) == 3
    assert effect["proposed"] == [], "three answers propose nothing"
    assert json.loads(json.dumps(effect)) == effect
    effects = {name for table in (out.kept, out.ledger) for cell in table["decided_effect"] for name in cell}
    assert effects <= set(EFFECTS)


def test_only_stages_that_obey_a_decision_run_again(tasks):
    given = given_by([answer(about(tasks, "voted_down"), "wrong")])
    changed = [stage.name for stage in STAGES if decisions_key(stage, given)]
    assert changed == ["contradictions"]
    assert not any(decisions_key(stage, TOOLS) for stage in STAGES)


def test_what_two_people_join_and_a_third_keeps_apart_never_meets_in_one_row(tmp_path):
    """a ≡ b and b ≡ c, but a ≠ c: b goes to one of them, and the third stays."""
    rows = [{"term": "t", "definition": text, "votes_up": votes} for text, votes in
            (("going to do it soon", 9), ("soon going to do it", 5), ("going to do it very soon", 1))]  # fmt: skip
    texts = [row["definition"] for row in rows]
    said = [pair(texts[0], texts[1], "same"), pair(texts[1], texts[2], "same"), pair(texts[0], texts[2], "different")]
    out = build(tmp_path, given_by(said), rows)
    assert len(out.kept) == 2
    homes = dict(zip(out.ledger["id"], out.ledger["survivor"], strict=True))
    by_text = dict(
        zip([*out.kept["definition"], *out.ledger["definition"]], [*out.kept["id"], *out.ledger["id"]], strict=True)
    )
    assert homes.get(by_text[texts[2]], by_text[texts[2]]) != homes.get(by_text[texts[0]], by_text[texts[0]])
    assert conserved(out, 3)


def pair(one: str, other: str, said: str, term: str = "t") -> Decision:
    """A person's word on two definitions, whatever the build thinks of them."""
    from curation.people.questions import pair_question

    def row(text: str) -> Row:
        return {"id": text, "term_key": term, "term": term, "definition": text, "part_of_speech": "", "category": ""}

    question: Question = pair_question(row(one), row(other), 0.5, "")
    asked_then = {"answers": ["same", "different"], "suggestion": "same", "score": 0.5, "facts": {}, "sides": []}
    return Decision(question.key, "same_sense", said, "a-00000001", "2026-01-31T09:30:00+00:00", 1.0, "", asked_then)


def test_the_word_on_a_pair_does_not_depend_on_which_row_comes_first():
    assert pair("Zed", "apple", "same").id == pair("apple", "zed!", "same").id


def labelled(number: int, label: str) -> Entry:
    words = (["kitchen", "soup", "plate"] if number % 2 else ["cash", "wallet", "bank"]) + [f"day{number}", "bread"]
    return Entry("toy", kind="sentence", term="bread", example=" ".join(words), label=label, extra={"Topic": label})


@pytest.mark.parametrize(("said", "now"), [("food", "food"), ("money", "money"), ("neither", "")])
def test_a_label_that_people_chose_is_written_and_the_old_one_kept(said, now):
    entries = [labelled(number, "food" if number % 2 else "money") for number in range(80)]
    entries[3] = labelled(3, "money")
    table = to_table(entries).assign(term_key="bread")
    stage = LabelIssues(columns=["label", "Topic"], min_rows_per_class=5)
    doubted = stage(table, Given())
    task = next(one for one in review_queue(doubted, to_table([]), 50) if one["data"]["column"] == "label")
    given = given_by([answer(task, said)], Given())
    out = stage(table, given).iloc[3]
    assert out["label"] == now
    assert json.loads(out["extra"]) == {"Topic": "money"}, "the other column was not asked about"
    assert json.loads(out.get("before_decisions") or "{}") == ({} if said == "money" else {"label": "money"})
    assert list(out["decided_effect"]) == ["as it was" if said == "money" else "relabelled"]
    again = review_queue(stage(table, given), to_table([]), 50, given)
    assert not [one for one in again if one["data"]["column"] == "label" and one["data"]["sides"][0]["id"] == out["id"]]


def swapped() -> pd.DataFrame:
    rows = [
        Entry("toy", term="MFW", definition="my face when", example="MRW I see rain"),
        Entry("toy", term="MRW", definition="my reaction when", example="MRW it snows"),
        Entry("toy", term="drip", definition="to be left on read", example="that drip is loud"),
        Entry("toy", term="bare", example="nothing but this"),
    ]
    table = to_table(rows)
    table["examples"] = pd.Series([[text] for text in table["example"]], dtype=object)
    return table.assign(term_key=table["term"].str.casefold())


def of_another(table: pd.DataFrame, place: int, column: str, said: str, owner: str = "") -> Decision:
    from curation.people.questions import misplaced

    rows = table.assign(**{f"{column}_fit": 0.001, f"{column}_owner": ""}).to_dict("records")
    rows[place] |= {f"{column}_owner": owner, "flags": [f"{column}_of_another_term"]}
    found = [one for one in misplaced({row["id"]: row for row in rows}) if one.kind.startswith(column)]
    (question,) = [one for one in found if one.rows[0]["id"] == rows[place]["id"]]
    asked_then = {
        "answers": ["here", "owner", "elsewhere"],
        "suggestion": "owner",
        "score": 0.9,
        "facts": dict(question.facts),
    }
    return Decision(question.key, question.kind, said, "a-00000001", "2026-01-31T09:30:00+00:00", 1.0, "", asked_then)


def test_an_example_of_another_term_leaves_its_row_and_the_row_stays():
    table = swapped()
    given = given_by([of_another(table, 0, "example", "owner", "MRW")], Given())
    kept, gone, _ = run_stage(TextPairing(), table, given)
    row = of(kept, "my face when")
    assert (row["example"], list(row["examples"])) == ("", [])
    assert json.loads(row["before_decisions"]) == {"example": "MRW I see rain"}
    assert list(of(kept, "my reaction when")["examples"]) == ["MRW it snows"], (
        "it goes there only if the recipe says so"
    )
    assert len(gone) == 0
    moved, _, _ = run_stage(TextPairing(move_to_owner=True), table, given)
    assert list(of(moved, "my reaction when")["examples"]) == ["MRW it snows", "MRW I see rain"]


def test_a_definition_of_another_term_takes_its_row_along():
    table = swapped()
    said = [of_another(table, 2, "definition", "elsewhere"), of_another(table, 3, "example", "elsewhere")]
    _, gone, step = run_stage(TextPairing(), table, given_by(said, Given()))
    assert list(gone["reason"]) == ["text_of_another_term"] * 2
    assert set(gone["detail"]) == {"a person says: elsewhere"}
    assert step.left == 2
    moved = run_stage(
        TextPairing(move_to_owner=True), table, given_by([of_another(table, 2, "definition", "owner", "MRW")], Given())
    )
    row = of(moved[0], "to be left on read")
    assert (row["term"], row["term_key"]) == ("MRW", "mrw")
    assert json.loads(row["before_decisions"]) == {"term": "drip", "term_key": "drip"}


def test_people_may_keep_the_beginning_of_a_conversation_that_the_template_cannot_carry():
    broken = [*CHAT, {"role": "tool", "content": "42"}]
    table = to_table([Entry("toy", kind="chat", messages=json.dumps(broken)), Entry("toy", term="a", definition="b")])
    tools = Given(
        chat_faults=lambda chats: ["no role tool" if any(t["role"] == "tool" for t in c) else "" for c in chats]
    )
    kept, gone, _ = run_stage(Normalize(), table, tools)
    assert list(gone["reason"]) == ["unfit_chat"]
    (task,) = review_queue(kept, gone, 5, tools)
    assert task["question"] == "conversation"
    assert "What is rizz?" in task["data"]["sides"][0]["example"]
    kept, gone, _ = run_stage(Normalize(), table, given_by([answer(task, "beginning")], tools))
    assert json.loads(kept["messages"].iloc[0]) == CHAT
    kept, gone, _ = run_stage(Normalize(), table, given_by([answer(task, "nothing")], tools))
    assert list(gone["reason"]) == ["unfit_chat"]
    assert review_queue(kept, gone, 5, given_by([answer(task, "nothing")], tools)) == []


def test_gold_questions_look_like_others_and_suggest_the_wrong_answer_as_often(tmp_path):
    senses = ("a lump of cheese thing{}", "to tell a lie about{}", "stylish clothes of{}")
    rows = [{"term": f"t{n}", "definition": sense.format(n)} for n in range(40) for sense in senses]
    out = build(tmp_path, rows=rows)
    kept = out.kept.copy()
    ids = {term: list(part["id"]) for term, part in kept.groupby("term_key")}
    kept["sense_with"] = [
        [one for one in ids[key] if one != own] for own, key in zip(kept["id"], kept["term_key"], strict=True)
    ]
    kept["sense_score"] = [[0.001] * len(cell) for cell in kept["sense_with"]]
    kept["sense_answer"] = [["ask"] * len(cell) for cell in kept["sense_with"]]
    tasks = review_queue(kept, out.ledger, 100)
    gold = [task for task in tasks if "gold" in task]
    assert len(gold) == 5
    few = review_queue(kept[kept["term_key"] < "t2"], out.ledger, 1000)
    assert 0 < sum("gold" in task for task in few) <= len(few) / 20, (
        "by the questions that there are, not by the budget"
    )
    assert len(tasks) == 100
    assert len({task["id"] for task in tasks}) == 100
    assert {task["gold"] for task in gold} == {"different"}
    assert {task["score"] for task in gold} == {0.6}
    many = [task for task in review_queue(kept, out.ledger, 400) if "gold" in task]
    assert {task["suggestion"] for task in many} == {"same", "different"}
    again = review_queue(kept, out.ledger, 100, given_by([answer(task, "same") for task in gold]))
    assert not {task["id"] for task in gold} & {task["id"] for task in again if "gold" in task}


def test_compared_pairs_stay_as_they_were_where_nobody_decided():
    from curation.people.decided_pairs import Pairs, obey_senses

    table = swapped()
    compared = [Compared(0, 1, 0.6, "ask")]
    people = Pairs(table, Given(), lambda a, b: "")
    assert not people
    assert obey_senses(compared, people) == (compared, {})
    assert replace(compared[0], answer="merge") != compared[0]

"""What is found before anything leaves: sums, hashes, persons, evaluation sentences, credentials, sizes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from small_build import DRIP, MID, RIZZ, Small, word

from pipelines.publishing.checks import check_build, check_files, check_run
from pipelines.publishing.credentials import find_credentials
from pipelines.publishing.prompts import EVALUATION, items_of

pytestmark = pytest.mark.xdist_group("publishing")
# Made up for this test, in the shapes of the real ones; put together here so that no scanner takes them for leaks.
CREDENTIALS = {
    "a token of Hugging Face": "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
    "a token of GitHub": "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
    "an access key of AWS": "AKIA" + "QWERTYUIOP234567",
    "an API key of OpenAI or Anthropic": "sk-" + "ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3",
    "a JSON web token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN",
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "an address with a password": "postgres://" + "slang:tr0ub4dor@db.example.org/words",
}


def lines(problems, *, fatal=True):
    return [str(one) for one in problems if one.fatal == fatal]


@pytest.fixture
def build(tmp_path):
    return Small([RIZZ, DRIP, MID], splits={"mid": "test"}).write(tmp_path / "small")


def test_a_clean_build_has_nothing_against_it(build):
    assert lines(check_build(build)) == []


def test_what_is_no_build_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"is no build, it has no manifest\.json"):
        check_build(tmp_path)


def test_a_missing_or_damaged_file_is_named(build):
    (build / "chat" / "test.jsonl").unlink()
    assert lines(check_build(build))[0].startswith("chat/test.jsonl: is missing")
    (build / "chat" / "test.jsonl").write_text("{ no JSON\n")
    with pytest.raises(ValueError, match=r"chat/test\.jsonl: is damaged"):
        check_build(build)


def test_a_row_that_vanished_is_counted(build):
    train = build / "chat" / "train.jsonl"
    train.write_text("".join(train.read_text().splitlines(keepends=True)[1:]))
    told = "\n".join(lines(check_build(build)))
    assert "conversations: train: define_term: 1 instead of 2 than" in told or "conversations: train" in told
    assert "that entries name are missing" in told


def test_a_kept_row_that_was_taken_out_breaks_the_sum(build):
    from pipelines.tables import read_table, write_table

    write_table(build / "entries.parquet", read_table(build / "entries.parquet").iloc[1:])
    told = "\n".join(lines(check_build(build)))
    assert "kept rows: 2 instead of 3" in told
    assert "4 entries + 0 bad records read are not 2 kept + 1 in the ledger" in told


def test_an_edited_recipe_or_file_has_another_hash(build):
    recipe = build / "recipe.toml"
    recipe.write_text(recipe.read_text() + "# edited\n")
    assert any(line.startswith("recipe.toml: is not the file that was built") for line in lines(check_build(build)))


def test_files_that_the_manifest_hashes_are_compared(build):
    facts = json.loads((build / "manifest.json").read_text())
    facts["files"] = {"chat/train.jsonl": "0" * 64}
    (build / "manifest.json").write_text(json.dumps(facts))
    assert any(line.startswith("chat/train.jsonl: is not the file") for line in lines(check_build(build)))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "Write to jane.roe@example.org for more of it."),
        ("handle", "What @janeroe_88 says about everything."),
        ("phone", "Call me at 212-555-0147 to hear it."),
    ],
)
def test_what_points_at_a_person_stops_it_and_is_not_told(tmp_path, kind, text):
    small = Small([RIZZ, word("blab", f"To tell too much. {text}", "She would blab it all."), DRIP])
    found = [one for one in check_build(small.write(tmp_path / "b")) if one.what.startswith(kind)]
    assert [one.fatal for one in found] == [True]
    assert "build with the stage privacy" in found[0].do
    assert "entries.parquet" in found[0].where
    assert not any(part in str(found[0]) for part in ("jane", "555", "0147"))


def test_a_kind_that_the_recipe_keeps_is_a_warning(tmp_path):
    small = Small([RIZZ, word("blab", "To tell too much, as on https://example.org/blab often.", "She would blab.")])
    small.stages, small.recipe = ("normalize", "offensive", "split"), '[[stages]]\nuse = "privacy"\nlinks = "keep"\n'
    found = [one for one in check_build(small.write(tmp_path / "b")) if one.what.startswith("link")]
    assert [one.fatal for one in found] == [False]


def test_a_headword_is_nobody(tmp_path):
    small = Small([RIZZ, word("@someone_new", "A way to say that anybody may feel meant.", "Hello there.")])
    assert lines(check_build(small.write(tmp_path / "b"))) == []


def test_an_evaluation_sentence_in_training_stops_it(tmp_path):
    asked = items_of(EVALUATION / "questions.json")["q-001"]
    chat = {"id": "r-replay", "task": "replay", "term": "", "messages": [
        {"role": "user", "content": asked}, {"role": "assistant", "content": "That is told in the lesson."}]}  # fmt: skip
    told = lines(check_build(Small([RIZZ, DRIP], replay=[chat]).write(tmp_path / "b")))
    assert any("say the evaluation's sentence q-001 (the first: r-replay)" in line for line in told)


PROMPT = "Why did the whole crew of the night ferry suddenly start vibing at dawn?"


def said(text):
    turns = [{"role": "user", "content": text}, {"role": "assistant", "content": "Because of the music."}]
    return {"id": "r-replay", "task": "replay", "term": "", "messages": turns}


def asking(folder, build, item="mine-1"):
    """A file of prompts of one's own, and the manifest of a build that was kept clean of them."""
    (folder / "mine.json").write_text(json.dumps([{"id": item, "text": PROMPT}]))
    facts = json.loads((build / "manifest.json").read_text())
    facts["evaluation_terms_trained_on"] = {item: []}
    (build / "manifest.json").write_text(json.dumps(facts))
    return folder / "mine.json"


def test_the_prompts_that_the_recipe_names_are_looked_for_as_well(tmp_path, monkeypatch):
    small = Small([RIZZ, DRIP], replay=[said(PROMPT)], head='evaluation = ["mine.json"]')
    build = small.write(tmp_path / "b")
    asking(tmp_path, build)
    assert not any("mine-1" in line for line in lines(check_build(build)))  # nobody knows where they lie
    monkeypatch.chdir(tmp_path)
    assert any(
        "say the evaluation's sentence mine-1 (the first: r-replay)" in line for line in lines(check_build(build))
    )


def test_prompts_can_be_given_and_an_id_of_the_projects_hides_none(tmp_path):
    build = Small([RIZZ, DRIP], replay=[said(PROMPT)]).write(tmp_path / "b")
    mine = asking(tmp_path, build, "q-001")
    assert lines(check_build(build)) == []
    assert any("sentence mine.json q-001" in line for line in lines(check_build(build, [mine])))
    with pytest.raises(ValueError, match=r"nowhere\.json: No such file or directory; give a JSON list"):
        check_build(build, [tmp_path / "nowhere.json"])
    mine.write_text("{}{")
    with pytest.raises(ValueError, match="is no evaluation; give a JSON list of items with id and text"):
        check_build(build, [mine])


def test_prompts_that_are_not_here_are_told_and_what_the_build_found_of_them_stands_for_them(tmp_path):
    blab = word("blab", "To tell too much.", "We all saw it happen. " + PROMPT)
    noted = {"blab": {"evaluation_item": "mine-1", "flags": ["overlaps_evaluation"]}}
    small = Small([RIZZ, DRIP, blab], notes=noted, head='evaluation = ["mine.json"]')
    clean, again = small.write(tmp_path / "a"), replace(small, replay=[said(f"Explain: {blab.example}")])
    asking(tmp_path, clean)
    assert lines(check_build(clean)) == []
    told = [line for line in lines(check_build(clean), fatal=False) if "evaluation" in line]
    away = "recipe.toml: 1 items of the recipe's evaluation are not here to be compared with: mine.json."
    assert told == [f"{away} The build kept them out: to look again, give --prompts FILE"]
    asking(tmp_path, again.write(tmp_path / "b"))
    assert any(
        "1 conversations say what was found to be the evaluation's" in line
        for line in lines(check_build(tmp_path / "b"))
    )


def test_a_build_that_no_stage_compared_with_its_prompts_is_stopped(tmp_path):
    small = Small([RIZZ, DRIP], stages=("normalize", "privacy", "offensive", "split"))
    small.without = ("evaluation_item",)
    build = small.write(tmp_path / "b")
    asking(tmp_path, build)
    assert any("No stage compared them" in line for line in lines(check_build(build)))


def test_a_row_that_overlaps_the_evaluation_and_gave_a_conversation_stops_it(tmp_path):
    noted = {"drip": {"evaluation_item": "q-001"}}  # and not flagged, as a damaged build might be
    build = Small([RIZZ, DRIP], notes=noted).write(tmp_path / "b")
    assert any("1 rows that overlap the evaluation gave conversations" in line for line in lines(check_build(build)))


@pytest.mark.parametrize(("kind", "token"), CREDENTIALS.items())
def test_a_credential_stops_it_and_is_not_told(tmp_path, kind, token):
    small = Small([RIZZ, word("leak", f"What happened when {token} was shown.", "What a leak.")])
    found = [one for one in check_build(small.write(tmp_path / "b")) if one.what == kind]
    assert found
    assert all(one.fatal and token not in str(one) for one in found)


def test_words_hashes_and_placeholders_are_no_credentials():
    texts = ["hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "5c4772e8c5e184b3-define_term", "sk-eleton of a story-that-goes-on",
             "https://example.org/a:b@c", "eyJust.a.word", "0" * 64, "Authorization: ask a grown-up for it first"]  # fmt: skip
    assert [list(find_credentials(text)) for text in texts] == [[]] * len(texts)
    assert list(find_credentials("He is an ex.", known="x")) == []


def test_this_machines_own_token_is_looked_for_whatever_its_shape(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "plain-word-as-token")
    file = tmp_path / "README.md"
    file.write_text("# Card\n\nplain-word-as-token\n")
    assert lines(check_files({"README.md": file}))[0].startswith("README.md: the token that this machine logs in with")


def test_files_that_stand_ready_are_looked_at(tmp_path):
    (tmp_path / "empty.txt").touch()
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    (tmp_path / "recipe.toml").write_text('path = "/home/ann/slang.csv"\n')
    files = {name: tmp_path / name for name in ("empty.txt", "link.txt", "recipe.toml")}
    found = check_files({**files, ".env": tmp_path / "recipe.toml", "../up.txt": tmp_path / "recipe.toml"})
    told = lines(found)
    assert [line.partition(":")[0] for line in told] == ["../up.txt", ".env", "empty.txt", "link.txt"]
    assert any("recipe.toml: names a personal folder" in line for line in lines(found, fatal=False))
    assert "ann" not in "".join(map(str, found))


def test_a_file_that_the_hub_does_not_take_is_told(tmp_path):
    large = tmp_path / "large.parquet"
    with large.open("wb") as file:
        file.truncate(51 * 10**9)  # a hole: it takes no room
    from pipelines.publishing.checks import size_problems

    assert [one.fatal for one in size_problems("large.parquet", large.stat().st_size)] == [True]
    assert [one.fatal for one in size_problems("large.parquet", 21 * 10**9)] == [False]


def test_a_term_in_two_splits_is_told(tmp_path):
    build = Small([RIZZ, DRIP]).write(tmp_path / "b")
    train, test = build / "chat" / "train.jsonl", build / "chat" / "test.jsonl"
    first, *rest = train.read_text().splitlines(keepends=True)
    train.write_text("".join(rest))
    test.write_text(first)
    assert any("in another split than an entry" in line for line in lines(check_build(build)))


def test_an_unfinished_run_is_told(tmp_path):
    (tmp_path / "training.json").write_text("{}")
    assert "half-written" in lines(check_run(tmp_path))[0]


def test_survivors_and_ids_are_counted_again(tmp_path):
    left = [(replace(RIZZ, row=9, context="again"), "exact_duplicates", "exact_duplicate", "0123456789abcdef")]
    assert any(
        "1 survivors are in no table" in line
        for line in lines(check_build(Small([RIZZ, DRIP], left).write(tmp_path / "b")))
    )

"""Publishing end to end: what a reader loads, what a second version says, and what is never overwritten in silence."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from conftest import asking
from hub_server import TOKEN, Fault, hub_server
from word_builds import PROJECT, REPOSITORY, ROWS, build, environment

from pipelines.publish import main, of_disk
from pipelines.publishing.goods import RefusedError, Wishes, goods_of
from pipelines.publishing.hub import HubError

pytestmark = pytest.mark.xdist_group("publishing")
LOADED = """
import json, sys
from datasets import get_dataset_config_names, load_dataset
name = sys.argv[1]
told = {"configs": get_dataset_config_names(name)}
for config in ("conversations", "entries", "ledger"):
    plain, streamed = load_dataset(name, config), load_dataset(name, config, streaming=True)
    told[config] = {split: {
        "rows": plain[split].to_list(), "features": {key: repr(kind) for key, kind in plain[split].features.items()},
        "streamed": [row["id"] for row in streamed[split]]} for split in plain}
told["default"] = {split: len(rows) for split, rows in load_dataset(name).items()}
told["tagged"] = load_dataset(name, "entries", revision="v1.0.0")["full"].num_rows
print(json.dumps(told))
"""
WRITES = {"create", "preupload", "batch", "upload", "verify", "commit", "tag", "branch"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A real build, published by the command and loaded by `datasets` in a process of a stranger's."""
    made, said = build(tmp_path_factory.mktemp("words") / "real", ROWS), StringIO()
    with hub_server() as hub, pytest.MonkeyPatch.context() as patch:
        with asking(hub, patch), redirect_stdout(said), redirect_stderr(said):
            assert main([str(made), "--to", REPOSITORY]) == 0
        words = [sys.executable, "-c", LOADED, REPOSITORY]
        env = environment(hub, tmp_path_factory.mktemp("reader"))
        got = subprocess.run(words, cwd=PROJECT, env=env, capture_output=True, text=True)
        assert got.returncode == 0, got.stderr
        return {**json.loads(got.stdout.splitlines()[-1]), "said": said.getvalue()}


def test_every_configuration_loads_by_its_name_plain_and_streamed(loaded):
    assert loaded["configs"] == ["conversations", "entries", "ledger"]
    for config, splits in (
        ("conversations", {"train", "validation", "test"}),
        ("entries", {"full"}),
        ("ledger", {"full"}),
    ):
        assert loaded[config].keys() == splits
        for split in loaded[config].values():
            assert split["streamed"] == [row["id"] for row in split["rows"]]
            assert not [name for name in split["features"] if "index" in name or name.startswith("Unnamed")]
    assert loaded["default"].keys() == {"train", "validation", "test"}
    assert loaded["tagged"] == 13


def test_conversations_are_what_a_trainer_reads(loaded):
    for split in loaded["conversations"].values():
        for row in split["rows"]:
            assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
            assert all(turn["content"] for turn in row["messages"])


def test_the_ledger_has_no_text_of_who_left(loaded):
    split = loaded["ledger"]["full"]
    assert list(split["features"]) == ["id", "source", "stage", "reason", "score"]
    assert {row["reason"] for row in split["rows"]} == {"private_text", "exact_duplicate"}
    assert "kevin" not in json.dumps(loaded).lower()


def test_columns_are_typed_and_only_numbers_may_be_unknown(loaded):
    split = loaded["entries"]["full"]
    assert split["features"]["votes_up"] == "Value('int64')"
    assert split["features"]["redistributable"] == "Value('bool')"
    assert split["features"]["examples"].startswith("List(")
    unknown = {name for row in split["rows"] for name, cell in row.items() if cell is None}
    assert all("int64" in split["features"][name] or "float64" in split["features"][name] for name in unknown)
    assert not {"file", "row", "extra"} & split["features"].keys()


def test_the_command_says_what_it_sent_and_never_the_token(loaded):
    assert "Published v1.0.0 as commit" in loaded["said"]
    assert TOKEN not in loaded["said"]


def test_a_dry_run_shows_files_and_card_and_touches_nothing(hub, first, capsys):
    assert main([str(first), "--to", REPOSITORY, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "entries/full.parquet, 13 rows" in said
    assert "│ configs:" in said
    assert not hub.repositories
    assert not WRITES & set(hub.asked)


def test_a_dry_run_needs_neither_token_nor_hub(hub, first, capsys, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    hub.faults = {"info": Fault("cut")}
    assert main([str(first), "--to", REPOSITORY, "--dry-run"]) == 0
    assert "shown as a first version" in capsys.readouterr().out


def test_without_a_token_nothing_is_laid_out(hub, first, capsys, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert main([str(first), "--to", REPOSITORY]) == 2
    assert "no token" in capsys.readouterr().err
    assert not hub.asked


def test_a_folder_that_is_neither_build_nor_run_is_one_line(hub, tmp_path, capsys):
    assert main([str(tmp_path / "nowhere"), "--to", REPOSITORY]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), OSError("Detail: [errno 28] No space left on device")]
)
def test_a_full_disk_is_told_with_what_to_do(error):
    assert "no space is left to lay the files out; free some, or set TMPDIR" in of_disk(error)


def test_prompts_of_ones_own_stop_a_publish(hub, first, tmp_path, capsys):
    (tmp_path / "mine.json").write_text(json.dumps([{"id": "m-1", "text": "That was the best show, no cap."}]))
    assert main([str(first), "--to", REPOSITORY, "--prompts", str(tmp_path / "mine.json")]) == 1
    assert "say the evaluation's sentence m-1" in capsys.readouterr().err
    assert main([str(first), "--to", REPOSITORY, "--prompts", str(tmp_path / "no.json")]) == 2
    assert not hub.repositories


def test_the_same_build_twice_is_one_commit(hub, publish, goods, capsys):
    publish(goods[0])
    hub.asked = []
    publish(goods[0])
    assert "holds this already, as version 1.0.0" in capsys.readouterr().out
    assert not WRITES & set(hub.asked)


def test_a_second_version_is_counted_by_ids_and_told_in_the_changelog(hub, publish, goods):
    publish(goods[0])
    publish(goods[1])
    repository = hub.dataset(REPOSITORY)
    assert len(repository.commits) == 3
    assert repository.commits[repository.branches["main"]]["title"].startswith("v2.0.0: ")
    log = repository.files()["CHANGELOG.md"].decode()
    assert log.index("## 2.0.0") < log.index("## 1.0.0")
    # rizz left; mid says something else, so it is another entry; yap came
    assert "| entries | 2 | 2 | 0 |" in log
    assert json.loads(repository.files()["publication/record.json"])["before"] == [["1.0.0", goods[0].made_from]]
    assert repository.files("v1.0.0")["README.md"] != repository.files("v2.0.0")["README.md"]


def test_an_older_build_does_not_go_over_a_newer_version(hub, publish, goods, capsys):
    publish(goods[0])
    publish(goods[1])
    with pytest.raises(
        RefusedError, match=r"version 2\.0\.0 is published already, and this is what version 1\.0\.0 was made"
    ):
        publish(goods[0])
    assert "entries: 2 rows added, 2 removed" in capsys.readouterr().out
    publish(goods[0], replace=True)
    assert "v3.0.0" in hub.dataset(REPOSITORY).tags


def test_a_version_that_is_not_later_is_refused_even_with_replace(hub, publish, goods):
    publish(goods[0], version="1.4.0")
    for version in ("1.3.9", "1.4.0"):
        with pytest.raises(RefusedError, match="is not later"):
            publish(goods[1], version=version, replace=True)
    publish(goods[1], version="1.5.0")
    assert hub.dataset(REPOSITORY).tags.keys() == {"v1.4.0", "v1.5.0"}


def test_a_dataset_of_another_origin_is_shown_and_refused(hub, publish, goods, capsys):
    foreign = {"README.md": b"# Mine\n\x1b[31mred\n", "data.csv": b"a,b\n"}
    hub.create(f"datasets/{REPOSITORY}", files=foreign)
    with pytest.raises(RefusedError, match=r"2 files of another origin.*--replace"):
        publish(goods[0])
    said = capsys.readouterr().out
    assert "- data.csv  4 bytes" in said
    assert "-# Mine" in said
    assert "\x1b[31m" not in said
    assert hub.dataset(REPOSITORY).files() == {**hub.dataset(REPOSITORY).files(), **foreign}
    with pytest.raises(RefusedError, match="--merge-card needs a card"):
        publish(goods[0], replace=True, merge_card=True)
    publish(goods[0], replace=True)
    assert "data.csv" not in hub.dataset(REPOSITORY).files()
    assert b"# Mine" not in hub.dataset(REPOSITORY).files()["README.md"]


def test_a_dataset_of_another_recipe_is_another_origin(hub, publish, goods):
    publish(goods[0])
    with pytest.raises(RefusedError, match="published from 'words', and this is 'others'"):
        publish(dataclasses.replace(goods[1], name="others"))


def test_a_record_of_a_newer_toolkit_is_not_overwritten(hub, publish, goods):
    publish(goods[0])
    record = json.loads(hub.dataset(REPOSITORY).files()["publication/record.json"])
    changed = json.dumps({**record, "format": 99}).encode()
    hub.dataset(REPOSITORY).commit("main", {"publication/record.json": changed})
    with pytest.raises(RefusedError, match="newer version of this toolkit"):
        publish(goods[1])


def edit_card(hub, old: bytes, new: bytes) -> None:
    card = hub.dataset(REPOSITORY).files()["README.md"]
    assert card.count(old) >= 1
    hub.dataset(REPOSITORY).commit("main", {"README.md": card.replace(old, new, 1)}, title="a word by hand")


def test_a_card_edited_by_hand_is_shown_refused_merged_or_replaced(hub, publish, goods, capsys):
    publish(goods[0])
    heading = next(
        line for line in hub.dataset(REPOSITORY).files()["README.md"].splitlines() if line.startswith(b"## ")
    )
    edit_card(hub, heading, b"## A word by hand\n\nWritten by me.\n\n" + heading)
    with pytest.raises(RefusedError, match="edited by hand; keep the edits with --merge-card"):
        publish(goods[1])
    assert "+Written by me." in capsys.readouterr().out
    publish(goods[1], merge_card=True)
    card = hub.dataset(REPOSITORY).files()["README.md"].decode()
    assert "Written by me." in card
    assert "v2.0.0" in card
    with pytest.raises(RefusedError, match="edited by hand"):  # it still holds what no build makes
        publish(goods[0], replace=False)
    publish(goods[0], replace=True)
    assert b"Written by me." not in hub.dataset(REPOSITORY).files()["README.md"]


def test_a_line_that_hand_and_build_both_changed_is_no_guess(hub, publish, goods, capsys):
    publish(goods[0])
    edit_card(hub, b"v1.0.0", b"the very first")
    with pytest.raises(RefusedError, match="--merge-card: the same lines"):
        publish(goods[1], merge_card=True)
    assert "+" in capsys.readouterr().out


def test_data_changed_by_hand_is_not_overwritten(hub, publish, goods):
    publish(goods[0])
    hub.dataset(REPOSITORY).commit("main", {"entries/full.parquet": b"mine"}, removed=["recipe.toml"])
    with pytest.raises(RefusedError, match="2 published files were changed by hand"):
        publish(goods[0])
    publish(goods[0], replace=True)
    assert "recipe.toml" in hub.dataset(REPOSITORY).files()


def test_a_file_that_a_version_no_longer_has_goes_and_a_note_of_a_person_stays(hub, publish, goods):
    publish(goods[0])
    hub.dataset(REPOSITORY).commit("main", {"picture.png": b"png"})
    fewer = {name: path for name, path in goods[1].files.items() if name != "conversations/test.parquet"}
    publish(dataclasses.replace(goods[1], files=fewer))
    files = hub.dataset(REPOSITORY).files()
    assert "conversations/test.parquet" not in files
    assert "picture.png" in files


def test_a_branch_is_made_where_it_is_missing_and_main_stays_as_it_was(hub, publish, goods):
    publish(goods[0])
    before = hub.dataset(REPOSITORY).branches["main"]
    publish(goods[1], revision="next")
    assert hub.dataset(REPOSITORY).branches["main"] == before
    assert hub.dataset(REPOSITORY).branches["next"] == hub.dataset(REPOSITORY).tags["v2.0.0"]


def test_a_tag_is_never_moved_and_a_number_that_is_taken_is_passed_over(hub, publish, goods):
    taken = hub.create(f"datasets/{REPOSITORY}", files={"data.csv": b"a"}).commit("main", {"data.csv": b"b"})
    hub.dataset(REPOSITORY).tags["v1.0.0"] = taken
    with pytest.raises(RefusedError, match=r"the tag v1\.0\.0 stands there already; give a later --version"):
        publish(goods[0], replace=True, version="1.0.0")
    publish(goods[0], replace=True)
    assert hub.dataset(REPOSITORY).tags == {"v1.0.0": taken, "v2.0.0": hub.dataset(REPOSITORY).branches["main"]}


def test_private_means_private(hub, publish, goods):
    publish(goods[0], private=True)
    assert hub.dataset(REPOSITORY).private
    publish(goods[0], to="tester/open")
    with pytest.raises(RefusedError, match="public and --private was asked"):
        publish(goods[1], to="tester/open", private=True, replace=True)


def test_a_repository_that_comes_out_public_gets_nothing_private(hub, publish, goods, monkeypatch):
    create = hub.create
    monkeypatch.setattr(hub, "create", lambda key, private, **more: create(key, private=False, **more))
    with pytest.raises(HubError, match="asked to be private and is public; nothing was sent"):
        publish(goods[0], private=True)
    assert not hub.stored


def test_text_that_may_not_be_passed_on_is_refused_with_the_list(undeclared, tmp_path):
    with pytest.raises(RefusedError, match=r"(?s)source notebook: .*\n.*--without-restricted.*--private.*--rights"):
        goods_of(undeclared, Wishes(), tmp_path)


def test_without_restricted_ids_stay_and_texts_go(undeclared, tmp_path):
    import pyarrow.parquet as pq

    made = goods_of(undeclared, Wishes(without_restricted=True), tmp_path)
    assert "conversations" not in made.configs
    rows = pq.read_table(tmp_path / "entries" / "full.parquet").to_pylist()
    assert len(rows) == 13
    assert all(row["id"] and not row["definition"] and not row["term"] and row["votes_up"] is None for row in rows)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Charm that draws" not in everything


def test_the_basis_of_ones_rights_is_told(undeclared, tmp_path, publish, hub):
    made = goods_of(undeclared, Wishes(rights="written permission of the author"), tmp_path)
    publish(made, rights="written permission of the author")
    assert "written permission of the author" in hub.dataset(REPOSITORY).files()["README.md"].decode()

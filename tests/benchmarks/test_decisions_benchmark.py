"""The benchmark of the two hard decisions counts right, reads its data right, and its peers do what they are for."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest

from benchmarks.decisions import label_issues, same_sense, tables
from benchmarks.decisions.found import Found, first_stays, together
from benchmarks.decisions.label_peers import LABEL_PEERS, Judged
from benchmarks.decisions.measuring import given, in_a_process, in_turn
from benchmarks.decisions.peers import PEERS
from benchmarks.decisions.rows import LABELS, Pair, load, prepare, read_rows
from benchmarks.decisions.sentences import Version, read_versions

MEANINGS = [
    ("rizz", "The charm with which somebody wins over the person that they like."),
    ("game", "The charm with which somebody wins over the person that they like."),  # the same text, another term
    ("rizz", "The charm with which somebody wins over the person that they like."),  # the same text, the same term
    ("drip", "Clothes and jewels that look expensive."),
    ("drip", "A slow leak from a tap that keeps people awake at night."),  # another sense
    ("salty", "Upset about something small."),
    ("mid", "Of middling quality, nothing to write home about."),
    ("yeet", "To throw something a long way with all your strength."),
    ("ghost", "To stop answering somebody's messages without a word."),
    ("stan", "A fan who is devoted to the point of obsession."),
    ("bussin", "Said of food that tastes wonderful."),
    ("no cap", "I am not lying."),
    ("simp", "Somebody who does far too much for a person who does not care."),
    ("lowkey", "A little, or in secret."),
    ("sus", "Not to be trusted."),
    ("goat", "The greatest of all time in their field."),
]
COPY_OF_ITS_TERM, COPY_OF_ANOTHER, OTHER_SENSE = 2, 1, 4
KEEPS_TERMS_APART = {"numpy", "curation"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, cache):
    """MEANINGS as the engines' processes find them, with two labelled pairs."""
    import pandas as pd

    from curation.entry import Entry, to_table
    from curation.normalize import Normalize
    from curation.stage import Given

    entries = [Entry("test", row=row, term=term, definition=text) for row, (term, text) in enumerate(MEANINGS)]
    folder = tmp_path_factory.mktemp("prepared")
    table = Normalize()(to_table(entries), Given())
    assert isinstance(table, pd.DataFrame)
    prepare(folder, table, [Pair(0, 2, "same"), Pair(3, 4, "different")], given(cache).embedder)
    return folder


# ---------------------------------------------------------------- counting


def test_a_row_never_leaves_through_a_chain_of_likenesses():
    assert first_stays([(0, 1), (1, 2)]) == {1: 0}
    assert first_stays([(2, 0), (0, 1), (1, 0), (2, 2)]) == {1: 0, 2: 0}


def test_a_pair_is_merged_when_both_rows_end_in_the_same_one():
    removed = {1: 0, 2: 1, 5: 0}
    assert together(removed, 2, 5)
    assert together(removed, 0, 2)
    assert not together(removed, 3, 2)


def test_removals_of_another_term_are_counted_apart_and_linked_copies_among_them():
    found = Found({1: 0, 2: 0, 3: 0})
    assert tables.removals(found, ["a", "b", "a", "c"], ["x", "x", "", ""]) == ("3", "2 (67%)", "1")
    assert tables.removals(Found({}), [], []) == ("0", "0", "")


def test_precision_leaves_related_pairs_out():
    pairs = [Pair(0, 1, "same"), Pair(2, 3, "same"), Pair(4, 5, "related"), Pair(6, 7, "different")]
    merged = tables.one_row(Found({1: 0, 5: 4}), pairs)
    assert tables.decision(merged, pairs) == ["1", "1", "0", "1.00 (0.21–1.00)", "0.50 (0.09–0.91)"]


def test_the_interval_is_wilsons():
    assert tables.wilson(8, 10) == "0.80 (0.49–0.94)"
    assert tables.wilson(0, 0) == "–"


def test_figures_of_labels_by_hand():
    import numpy as np
    import pandas as pd

    version = Version(pd.DataFrame({"label": ["slang", "plain", "plain", "plain"]}), [False, False, True, False])
    perfect = label_issues.figures_of(
        Judged(np.array([0.9, 0.8, 0.1, 0.7]), np.array([False, False, True, True])), version
    )
    assert perfect == {"average_precision": 1.0, "first": 1.0, "precision": 0.5, "recall": 1.0, "rare_recall": 1.0}


def test_the_table_stands_between_its_markers_and_nothing_else_changes(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- part -->\nold\n<!-- end of part -->\nafter\n", encoding="utf-8")
    tables.write_between("part", "new", page)
    assert page.read_text("utf-8") == "before\n<!-- part -->\nnew\n<!-- end of part -->\nafter\n"
    with pytest.raises(ValueError, match="no lines <!-- other -->"):
        tables.write_between("other", "new", page)


def test_lines_of_one_engine_are_replaced_and_all_others_stay(tmp_path):
    page = tmp_path / "README.md"
    old = [
        "| engine | compares | same |",
        "| --- | --- | ---: |",
        "| a | term | 1 |",
        "| b | term | 2 |",
        "| a | text | 3 |",
    ]
    page.write_text("\n".join(["<!-- part -->", *old, "", "Set.", "<!-- end of part -->", "end\n"]), encoding="utf-8")
    new = [*old[:2], "| a | term | 7 |", "| b | term | left out |", "| a | text | 8 |"]
    tables.write_lines("part", "\n".join([*new, "", "Otherwise set."]), page)
    expected = ["<!-- part -->", *old[:2], "| a | term | 7 |", "| b | term | 2 |", "| a | text | 8 |", "", "Set."]
    assert page.read_text("utf-8").splitlines() == [*expected, "<!-- end of part -->", "end"]


def test_the_readme_has_a_place_for_each_part():
    page = tables.README.read_text("utf-8")
    for part in (same_sense.NAME, label_issues.NAME):
        assert f"<!-- {part} -->" in page.partition(f"<!-- end of {part} -->")[0]


# ---------------------------------------------------------------- what is read


def test_same_pairs_of_the_sample_are_rows_of_one_term():
    table, pairs = read_rows(None, None, limit=5)
    assert {pair.label for pair in pairs} == set(LABELS)
    keys = table["term_key"].tolist()
    assert all(keys[pair.left] == keys[pair.right] for pair in pairs if pair.label == "same")
    assert len(table) == 5 + len({place for pair in pairs for place in pair[:2]})


def test_published_rows_stand_once_and_pairs_find_them(tmp_path):
    data = write_published(tmp_path)
    table, pairs = read_rows(data, None, None)
    texts = list(zip(table["term"], table["definition"], strict=True))
    shown = [(texts[pair.left], texts[pair.right], pair.label) for pair in pairs]
    assert shown == [
        (("rizz", "Charm."), ("rizz", "Charisma."), "same"),
        (("mid", "Bad."), ("mid", "Bad."), "different"),
    ]
    assert sum(text == ("rizz", "Charm.") for text in texts) == 1
    assert {"genz", "kaspercools", "urbanarchive", "noslang", "backtick", "sms", "gold"} <= set(table["source"])


def test_a_broken_pair_is_one_line(tmp_path):
    broken = tmp_path / "pairs.jsonl"
    broken.write_text('{"term_a": "x"}\n', encoding="utf-8")
    done = run("--pairs", str(broken), "--parts", "same_sense")
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert "definition_a" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_is_instant():
    code = "import sys, runpy; sys.argv = ['x', '--help']\ntry: runpy.run_module('benchmarks.decisions', run_name='__main__')\n"
    code += "except SystemExit: pass\nprint({'pandas', 'numpy', 'torch', 'sklearn', 'cleanlab', 'semhash'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("set()")


def test_a_tenth_of_the_published_labels_is_turned_round_with_each_seed(tmp_path):
    (tmp_path / "labelled").mkdir()
    lines = [f"So very {word} it is number {row},slang,{word}" for row, word in enumerate(["mid", "salty"] * 25)]
    path = tmp_path / "labelled" / "slangtrack_sentences.csv"
    path.write_text("\n".join(["Text,Actual Predictions,Keyword", *lines]), encoding="utf-8")
    versions = read_versions(tmp_path, None)
    assert [sum(version.wrong) for version in versions] == [5, 5, 5]
    assert versions[0].wrong != versions[1].wrong
    for version in versions:
        assert [label == "non-slang" for label in version.table["label"]] == version.wrong
    assert read_versions(tmp_path, 10)[0].table["row"].tolist() == versions[0].table["row"].tolist()[:10]


def test_the_sample_knows_which_of_its_labels_are_wrong():
    (version,) = read_versions(None, None)
    assert len(version.wrong) == len(version.table) == 120
    assert sum(version.wrong) == 10


# ---------------------------------------------------------------- engines


@pytest.mark.xdist_group("decisions")
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: f"{peer.package}, {peer.find.__name__}")
def test_every_engine_finds_the_copy_and_only_some_keep_terms_apart(peer, prepared, cache):
    if not find_spec(peer.package):
        pytest.skip(f"{peer.package} is not installed: pip install -e '.[bench]'")
    rows, _ = load(prepared, given(cache))
    removed = peer(rows).removed
    assert together(removed, 0, COPY_OF_ITS_TERM)
    assert set(removed) <= {0, COPY_OF_ITS_TERM, COPY_OF_ANOTHER}
    if peer.package in KEEPS_TERMS_APART:
        assert not together(removed, 0, COPY_OF_ANOTHER)
    elif peer.text == "definition":
        assert together(removed, 0, COPY_OF_ANOTHER)


@pytest.mark.xdist_group("decisions")
def test_ours_says_what_it_compared_and_asked(prepared, cache):
    rows, pairs = load(prepared, given(cache))
    found = same_sense.on_pairs(PEERS[-1], rows, pairs)
    assert found.removed in ({0: 2}, {2: 0})
    assert found.compared >= 1
    assert found.texts >= 2


@pytest.mark.xdist_group("decisions")
def test_an_engine_in_its_process_finds_what_it_finds_here(prepared, cache):
    number = next(place for place, peer in enumerate(PEERS) if peer.package == "numpy")
    said = in_a_process(f"same_sense:{number}", prepared, cache)
    measured = same_sense.of_runs(PEERS[number], [said])
    rows, _ = load(prepared, given(cache))
    assert measured.fault == ""
    assert measured.among[0].removed == PEERS[number](rows).removed
    assert measured.seconds > 0
    assert measured.memory > 2**20


def test_an_engine_that_is_not_installed_or_stops_says_so_in_its_line(tmp_path):
    absent = replace(PEERS[0], package="no_such_package_at_all")
    assert in_turn("same_sense", [absent], tmp_path, tmp_path, runs=2, only="rensa") == [[{"fault": "left out"}]]
    said = in_turn("same_sense", [absent], tmp_path, tmp_path, runs=2)
    assert said == [[{"fault": "not installed"}]]
    stopped = in_a_process("same_sense:0", tmp_path / "not prepared", tmp_path)
    measured = [same_sense.of_runs(absent, runs) for runs in (said[0], [stopped])]
    lines = tables.pairs_table(measured, []).splitlines()
    assert "| not installed |" in lines[2]
    assert "not prepared" in lines[3]


def test_runs_that_disagree_show_the_least_to_the_most():
    found = {"asked": [], "compared": 0, "texts": 0}
    cost = {"seconds": 1.0, "memory": 1}
    removed = ([[1, 0]], [[1, 0], [3, 2]], [[3, 2]])
    runs = [{"alone": found | {"removed": gone}, "among": found | {"removed": gone}, **cost} for gone in removed]
    pairs = [Pair(0, 1, "same"), Pair(2, 3, "different")]
    measured = same_sense.of_runs(PEERS[0], runs)
    line = tables.pairs_table([measured], pairs).splitlines()[2]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:5] == ["0 to 1", "0", "0 to 1"]
    assert cells[5] == "0.00 (0.00–0.79) to 1.00 (0.21–1.00)"
    agreeing = same_sense.of_runs(PEERS[0], runs[:1] * 3)
    assert " to " not in tables.pairs_table([agreeing], pairs)


@pytest.mark.xdist_group("decisions")
def test_engines_of_labels_do_better_than_chance_on_the_sample(cache):
    (version,) = read_versions(None, None)
    chance = sum(version.wrong) / len(version.wrong)
    for peer in LABEL_PEERS:
        judged = peer.judge(version.table, given(cache).embedder)
        assert label_issues.figures_of(judged, version)["average_precision"] > chance, peer.name


def run(*words):
    command = [sys.executable, "-m", "benchmarks.decisions", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write_published(folder):
    """A few rows in the shape of each published file."""
    files = {
        "genz/all_slangs.csv": "Slang,Description,Example,Context\nrizz,Charm.,,\n",
        "kaspercools/genz_slang.csv": "keyword,description\nmid,Bad.\n",
        "kaspercools/genz_emojis.csv": "emoji,Name,Description\n💀,skull,Dying of laughter.\n",
        "urbanarchive/R.json": json.dumps(
            {"rizz": [{"defid": 1, "definition": "Charisma.", "example": "", "written_on": "2020-01-01T00:00:00.000Z"}]}
        ),
        "abbreviations/noslang.json": json.dumps({"brb": {"meaning": "be right back"}}),
        "abbreviations/backtick_slang.txt": "Slag`Meaning\n#1`Number one\n$`Dollar| money\n",
        "abbreviations/sms_slang.txt": "AFK=Away From Keyboard\n",
        "gold/same_sense_pairs.jsonl": "\n".join(
            json.dumps(
                {"term_a": term, "definition_a": a, "term_b": term, "definition_b": b, "label": label}
                | {"example_a": "", "example_b": ""}
            )
            for term, a, b, label in (("rizz", "Charm.", "Charisma.", "same"), ("mid", "Bad.", "Bad.", "different"))
        ),
    }
    for name, text in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "data"

"""The door to the Hub: whatever it answers, a person gets one line, and a cut publish leaves the old version and goes on."""

from __future__ import annotations

from itertools import product

import pytest
from hub_server import READ_ONLY, TOKEN, Fault
from word_builds import REPOSITORY

from pipelines.publishing.commit import publish as send
from pipelines.publishing.diff import read_before
from pipelines.publishing.hub import Door, HubError, Place, scrubbed

pytestmark = pytest.mark.xdist_group("publishing")
LOOKS = ("info", "refs", "tree", "resolve")
SENDS = ("yaml", "preupload", "batch", "upload", "verify", "commit")  # and "tag", when all is published
CHUNKS = ("xet", "xorb", "shard")
ANSWERS = {
    401: "does not accept the token",
    403: "this token may not",
    404: "does not find it",
    409: "busy with another change",
    412: "nothing was overwritten",
    413: "too large",
    418: "refuses it (418)",
    429: "too many requests",
    500: "fault of its own (500)",
    503: "fault of its own (503)",
    "cut": "the connection to",
}


def snapshot(hub):
    repository = hub.dataset(REPOSITORY)
    return repository.branches["main"], dict(repository.files()), dict(repository.tags)


def one_clean_line(error) -> str:
    line = str(error.value)
    assert len(line.splitlines()) == 1
    assert line.startswith(REPOSITORY)
    assert TOKEN not in line
    assert "Signature" not in line
    return line


def test_any_failure_at_any_call_is_one_line_and_leaves_the_old_version(hub, publish, prepared, goods):
    publish(goods[0])
    before, stored = snapshot(hub), dict(hub.stored)
    door, order, made, files = prepared(goods[1])
    for call, (how, said) in product((*LOOKS, *SENDS), ANSWERS.items()):
        hub.stored = dict(stored)  # nothing of the second version was sent yet
        hub.faults = {call: Fault(how, said=f"no {TOKEN} here: {hub.endpoint}/x?X-Amz-Signature=abc")}
        with pytest.raises(HubError) as error:
            read_before(door) if call in LOOKS else send(door, made, files, order.before, private=False)
        assert said in one_clean_line(error), (call, how)
        assert snapshot(hub) == before, (call, how)
    hub.faults = {}
    publish(goods[1])
    assert hub.dataset(REPOSITORY).tags.keys() == {"v1.0.0", "v2.0.0"}


def test_the_first_publish_fails_in_one_line_too(hub, publish, goods):
    for how, said in ANSWERS.items():
        hub.faults = {"create": Fault(how)}
        with pytest.raises(HubError) as error:
            publish(goods[0])
        assert said in one_clean_line(error)
        assert not hub.repositories


def test_what_was_sent_before_a_cut_is_not_sent_again(hub, publish, goods):
    hub.faults = {"commit": Fault("cut")}
    with pytest.raises(HubError, match="same command looks, and goes on"):
        publish(goods[0])
    large = hub.times()["upload"]
    assert large == 6
    hub.faults, hub.asked = {}, []
    publish(goods[0])
    assert hub.times()["upload"] == 0
    assert hub.dataset(REPOSITORY).tags.keys() == {"v1.0.0"}


def test_a_cut_between_uploads_sends_only_the_rest(hub, publish, goods):
    hub.between["upload"] = lambda: hub.faults.update(upload=Fault(500, times=100))
    with pytest.raises(HubError):
        publish(goods[0])
    held = len(hub.stored)
    hub.faults, hub.asked = {}, []
    publish(goods[0])
    assert hub.times()["upload"] == 6 - held


def test_a_commit_whose_answer_was_lost_is_found_and_only_tagged(hub, publish, goods, capsys):
    hub.faults = {"commit": Fault("late cut")}
    with pytest.raises(HubError, match="whole commit or none"):
        publish(goods[0])
    assert hub.dataset(REPOSITORY).tags == {}
    hub.faults = {}
    publish(goods[0])
    repository = hub.dataset(REPOSITORY)
    assert "holds this already" in capsys.readouterr().out
    assert repository.tags == {"v1.0.0": repository.branches["main"]}
    assert len(repository.commits) == 2


def test_a_missing_tag_is_set_by_the_next_version_where_it_belongs(hub, publish, goods):
    hub.faults = {"tag": Fault(503)}
    with pytest.raises(HubError, match="only its tag is missing"):
        publish(goods[0])
    made = hub.dataset(REPOSITORY).branches["main"]
    hub.faults = {}
    publish(goods[1])
    assert hub.dataset(REPOSITORY).tags["v1.0.0"] == made


def test_a_commit_of_somebody_else_in_between_is_not_overwritten(hub, publish, goods):
    publish(goods[0])
    hub.between["commit"] = lambda: hub.dataset(REPOSITORY).commit("main", {"NOTES.md": b"mine"}, title="a note")
    with pytest.raises(HubError, match="somebody committed"):
        publish(goods[1])
    assert hub.dataset(REPOSITORY).files()["NOTES.md"] == b"mine"
    publish(goods[1])  # looks anew, and leaves the note
    assert hub.dataset(REPOSITORY).files()["NOTES.md"] == b"mine"


def test_the_limit_of_requests_says_how_long_to_wait(hub, publish, goods):
    hub.faults = {"create": Fault(429, headers={"Retry-After": "40"})}
    with pytest.raises(HubError, match="ends in 40 seconds"):
        publish(goods[0])


def test_a_token_that_may_only_read_is_told_so(hub, publish, goods, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READ_ONLY)
    with pytest.raises(HubError, match=r"creating the dataset: this token may not do that \(403\)") as error:
        publish(goods[0])
    assert READ_ONLY not in str(error.value)


def test_files_that_a_gitignore_swallows_are_missed(hub, publish, goods):
    publish(goods[0])
    hub.dataset(REPOSITORY).commit("main", {".gitignore": b"*.parquet\n"})
    with pytest.raises(HubError, match=r"lacks .*\.parquet.*gitignore"):
        publish(goods[1])


def test_a_card_that_the_hub_cannot_read_is_told_before_anything_is_sent(hub, publish, goods):
    for fault in (Fault(400), Fault(502, body=b"<html>a proxy</html>"), Fault(200, body=b"<html>sign in first</html>")):
        hub.faults = {"yaml": fault}
        with pytest.raises(HubError) as error:
            publish(goods[0])
        assert "card" in one_clean_line(error)
    assert not hub.stored
    assert not hub.repositories


# ---------------------------------------------------------------- large files in chunks, as outside of tests


def test_large_files_go_in_chunks_where_the_client_can(chunks, publish, goods):
    publish(goods[0])
    publish(goods[1])
    assert chunks.times()["xorb"]
    assert not chunks.times()["batch"] + chunks.times()["upload"]
    for version, made in zip(("v1.0.0", "v2.0.0"), goods, strict=True):
        files = chunks.dataset(REPOSITORY).files(version)
        for name, path in made.files.items():
            if name.endswith(".parquet"):
                assert chunks.stored[files[name].sha256] == path.read_bytes()


def test_a_store_of_chunks_that_fails_is_one_line_as_well(chunks, publish, prepared, goods):
    publish(goods[0])
    before = snapshot(chunks)
    door, order, made, files = prepared(goods[1])
    for call, how in product(CHUNKS, (401, 403, 429, 500, "cut")):
        chunks.faults = {call: Fault(how)}
        with pytest.raises(HubError) as error:
            send(door, made, files, order.before, private=False)
        assert ANSWERS[how] in one_clean_line(error), (call, how)
        assert snapshot(chunks) == before
    chunks.faults = {}
    publish(goods[1])
    assert chunks.dataset(REPOSITORY).tags.keys() == {"v1.0.0", "v2.0.0"}


def test_chunks_that_were_sent_before_a_cut_are_not_sent_again(chunks, publish, goods):
    chunks.faults = {"commit": Fault("cut")}
    with pytest.raises(HubError, match="same command looks, and goes on"):
        publish(goods[0])
    assert chunks.times()["xorb"]
    chunks.faults, chunks.asked = {}, []
    publish(goods[0])
    assert not chunks.times()["xorb"]
    assert chunks.dataset(REPOSITORY).tags.keys() == {"v1.0.0"}


def test_an_address_where_nobody_listens_is_one_line():
    door = Door(Place(REPOSITORY), token=TOKEN, endpoint="http://127.0.0.1:9")
    with pytest.raises(HubError) as error:
        door.look()
    assert len(str(error.value).splitlines()) == 1


def test_tokens_and_signatures_are_taken_out_of_any_text():
    text = f"{TOKEN} hf_abcdefghij Bearer abcdef123 https://cdn.example/x?X-Amz-Signature=1&Key=2 end"
    assert scrubbed(text, TOKEN) == "(token) (token) Bearer (token) https://cdn.example/x end"

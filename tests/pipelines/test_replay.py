from __future__ import annotations

import json

from running import build


def test_general_chat_is_mixed_into_training_at_the_share_of_the_recipe(tmp_path):
    rows = [f"term{n},A small kind of thing that people point at ({n}).,Look at that term{n}." for n in range(40)]
    (tmp_path / "forum.csv").write_text("\n".join(["Slang,Description,Example", *rows]), encoding="utf-8")
    general = [
        {
            "messages": [
                {"role": "user", "content": f"How far away is star {n}?"},
                {"role": "assistant", "content": f"About {n + 4} light years."},
            ]
        }
        for n in range(60)
    ]
    general.append(
        {"messages": [{"role": "user", "content": "Stop"}, {"role": "assistant", "content": "at <|eot_id|> once"}]}
    )
    kettle = "The kettle in the staff kitchen takes about four minutes to boil a full litre."
    general.append(
        {"messages": [{"role": "user", "content": "How slow is it?"}, {"role": "assistant", "content": kettle}]}
    )
    (tmp_path / "general.jsonl").write_text("\n".join(map(json.dumps, general)), encoding="utf-8")
    stages = "".join(f'[[stages]]\nuse = "{name}"\n' for name in ("normalize", "exact_duplicates", "split"))
    sources = '[[sources]]\nname = "forum"\npath = "forum.csv"\n'
    replay = '[replay]\nshare = 0.25\n[replay.source]\nname = "general"\npath = "general.jsonl"\n'
    (tmp_path / "asked.json").write_text(json.dumps([{"id": "a-1", "text": kettle}]), encoding="utf-8")
    (tmp_path / "tiny.toml").write_text(
        f'name = "tiny"\nevaluation = ["asked.json"]\n{sources}{stages}{replay}', encoding="utf-8"
    )
    done = build(tmp_path, "--recipe", tmp_path / "tiny.toml")
    assert done.returncode == 0, done.stderr
    assert "1 of 62 conversations overlap the evaluation" in done.stdout
    assert "1 of 61 conversations do not fit the chat template" in done.stdout
    chats = {
        split: [
            json.loads(line)
            for line in (tmp_path / "build" / "chat" / f"{split}.jsonl").read_text("utf-8").splitlines()
        ]
        for split in ("train", "validation", "test")
    }
    share = sum(chat["task"] == "replay" for chat in chats["train"]) / len(chats["train"])
    assert abs(share - 0.25) < 0.02
    assert not any(kettle in turn["content"] for chat in chats["train"] for turn in chat["messages"])
    assert not any(chat["task"] == "replay" for chat in chats["validation"] + chats["test"])
    assert (tmp_path / "build" / "manifest.json").is_file()

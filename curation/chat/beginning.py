"""What can be saved of a conversation that the base model's template cannot carry: its beginning, if people want it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from curation.people.decided import AS_IT_WAS, CUT, decided_rows, note
from curation.stage import Given

if TYPE_CHECKING:
    import pandas as pd

    from curation.stage import Messages

BEGINNING = "beginning"  # what a person may answer: keep as much as the template carries


def sound_beginnings(chats: Sequence[Messages], given: Given) -> list[int]:
    """For each conversation the messages of its longest beginning that ends on an answer and that the template carries.

    0 where there is none; the whole conversation is no beginning of itself.
    """
    lengths = [[n for n in range(len(chat) - 1, 1, -1) if chat[n - 1].get("role") == "assistant"] for chat in chats]
    tried = [chat[:n] for chat, own in zip(chats, lengths, strict=True) for n in own]
    faults = iter(given.chat_faults(tried) if tried else [])
    fits = [[n for n, fault in zip(own, [next(faults) for _ in own], strict=True) if not fault] for own in lengths]
    return [max(found, default=0) for found in fits]


def obey_conversations(
    table: pd.DataFrame, chats: Mapping[int, Messages], given: Given
) -> tuple[pd.DataFrame, set[int]]:
    """Conversations of which people want the beginning are cut to it. `chats`: position → one that has a fault.

    Also tells which positions have lost their fault.
    """
    import pandas as pd

    said = decided_rows(table, given, "conversation", ("messages",))
    wanted = [place for place, (_, one) in said.items() if place in chats and one.answer == BEGINNING]
    lengths = sound_beginnings([chats[place] for place in wanted], given)
    cut = {place: length for place, length in zip(wanted, lengths, strict=True) if length}
    messages = table["messages"].tolist()
    for place, length in cut.items():
        messages[place] = json.dumps(chats[place][:length], ensure_ascii=False)
    if cut:
        table = table.assign(messages=pd.Series(messages, index=table.index, dtype="str"))
    return note(table, {place: [(key, CUT if place in cut else AS_IT_WAS)] for place, (key, _) in said.items()}), {*cut}

"""Quality: what each rule marks, and above all what it must leave alone."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from curation.entry import Entry, to_table
from curation.normalize import Normalize
from curation.quality import Quality
from curation.stage import Given
from curation.text.example_match import contains_term
from curation.text.signs import gibberish_share, repeated_share

GIVEN = Given(
    first_names=frozenset({"avery", "karen", "chad", "jack", "molly", "bob", "marcus"}),
    family_names=frozenset({"hill"}),
)


def judged(*entries: Entry, **setting: object) -> pd.DataFrame:
    return Quality(**setting)(Normalize()(to_table(list(entries)), GIVEN), GIVEN)


def reason(term: str, definition: str, *, language: str = "en", **more: object) -> str:
    return str(judged(Entry("s", term=term, definition=definition, language=language, **more))["reason"].iloc[0])


@pytest.mark.parametrize(
    ("expected", "term", "definition"),
    [
        ("empty_definition", "mid", ""),
        ("empty_definition", "mid", "..."),
        ("empty_definition", "mid", "N/A"),
        ("empty_definition", "mid", "Unknown."),
        ("empty_definition", "mid", "[deleted]"),
        ("circular_definition", "salty", "Salty."),
        ("circular_definition", "yeet", "To yeet."),
        ("circular_definition", "simp", "When someone is being a simp."),
        ("circular_definition", "ghosting", "The act of ghosting somebody."),
        ("circular_definition", "bruv", "See also: bruh"),
        ("template_text", "mid", "{definition}"),
        ("template_text", "mid", "TODO: write this"),
        ("template_text", "mid", "Lorem ipsum dolor sit amet."),
        ("template_text", "mid", "[definition]"),
        ("template_text", "mid", "Task: Explain the slang word mid."),
        ("template_text", "mid", "Not good.<|eot_id|>"),
        (
            "vanity_name",
            "Avery",
            "Avery is the sweetest girl you will ever meet. She is loyal and funny, never let her go.",
        ),
        ("vanity_name", "Marcus", "The ugliest boy in the world, nobody likes him and he is so annoying."),
        ("vanity_name", "Avery Hill", "The best friend you could ever have, always there for you, and he is so funny."),
        ("vanity_name", "elmarine", "She is the woman of your dreams. She is loyal and kind, and she loves dogs."),
        ("vanity_name", "Brandon", "He is so bad at games. My friend Alicia hates him."),
        ("vanity_name", "Molly Quxton", "She is a beautiful girl. She will always be there for you."),
        ("spam", "drip", "Buy cheap drip, 50% off, order now at dripstore.com!"),
        ("spam", "subs", "Follow me on insta for more words like this"),
        ("gibberish", "zonk", "asdfgh sdfghj lkjhgf qwpoqq zmxncb"),
        ("gibberish", "zonk", "bkjhjsdknjbak"),
        ("over_long", "rant", "so then he said that and I said this, " * 20),
        ("wrong_language", "facha", "Dicho de una persona que viste muy bien y llama la atención de todos."),
        ("wrong_language", "kranj", "Незручна ситуація, від якої стає соромно за іншу людину."),
    ],
)
def test_each_rule_marks_what_it_is_for(expected: str, term: str, definition: str) -> None:
    assert reason(term, definition) == expected


@pytest.mark.parametrize(
    ("term", "definition"),
    [
        ("k4u", "kiss for you"),
        ("unk", "unknown"),
        ("p2p", "peer to peer"),
        ("boff", "short for boffin"),
        ("fatty", "a fat person"),
        ("cul", "see you later"),
        ("nada", "nothing"),
        ("😂", "laughing"),
        ("smile", "😊"),
        ("FMOT", "Follow Me On Twitter"),
        ("keysmash", "Typing random keys, such as asdfghjkl, when words fail."),
        ("tbh", "to be honest"),
        ("brb", "brb tbh"),
        ("Karen", "A middle-aged woman who complains to the manager and calls the police on children."),
        ("Chad", "A stereotypical alpha male, popular with women; the opposite of a virgin."),
        ("Jack", "To steal something."),
        ("Hubby", "A hubby is a man that you have come to love. He is always there for you and treats you well."),
        ("himbo", "A hot, kind but dumb guy. He is not smart, but he is sweet."),
        ("softboi", "A sensitive guy who is nice to girls. He is fake, and he plays the guitar."),
        ("Bee", "A bee is anyone who plays pool mindlessly, a lazy player."),
        ("Ace Combat 4", "It is a great game. He who plays it is cool and smart."),
        ("Butchick", "Butchick is another way to say a fat, ugly or dumb person."),
        ("Molly", "A slang term for the drug MDMA in its pure form."),
        ("Bob", "A short haircut."),
        ("KLM", "Koninklijke Luchtvaart Maatschappij"),
        ("template", "A file with {} in it, or [this]."),
        ("hype", "Excitement! Excitement! So much of it."),
        ("no cap", "Said to show that one is not lying."),
    ],
)
def test_real_slang_is_left_alone(term: str, definition: str) -> None:
    assert reason(term, definition) == ""


def test_another_declared_language_is_no_noise_and_english_explains_them_all() -> None:
    assert reason("kepo", "selalu ingin tahu urusan orang lain dan bertanya terus", language="id") == ""
    assert reason("kepo", "Someone who always wants to know what other people are doing.", language="id") == ""
    assert reason("вайб", "атмосфера, настрій, відчуття місця або моменту", language="uk") == ""
    assert reason("mzungu", "mtu kutoka nchi za mbali ambaye si mwafrika", language="") == ""


def test_rules_are_only_for_the_kinds_they_make_sense_for() -> None:
    table = judged(
        Entry("s", kind="pair", example="no cap", plain="no lie", language="en"),
        Entry("s", kind="sentence", term="cap", example="That is cap.", label="slang", language="en"),
        Entry("s", kind="chat", messages='[{"role": "user", "content": "{definition}"}]'),
    )
    assert table["reason"].tolist() == ["", "", ""]
    assert judged(Entry("s", kind="pair", example="{definition}", plain="x"))["reason"].tolist() == ["template_text"]


def test_thresholds_come_from_the_settings() -> None:
    text = "one two three four five six."
    assert judged(Entry("s", term="t", definition=text), max_definition_words=5)["reason"].tolist() == ["over_long"]
    assert judged(Entry("s", term="t", definition=text), max_definition_words=6)["reason"].tolist() == [""]
    eulogy = Entry("s", term="Avery", definition="The best girl in the world, she is so kind and she loves you.")
    assert judged(eulogy, vanity=99.0)["reason"].tolist() == [""]


def test_the_detail_says_what_a_person_can_check() -> None:
    row = judged(Entry("s", term="t", definition="word " * 110)).iloc[0]
    assert (row["reason"], row["score"], row["detail"]) == ("spam", 1.0, "definition: says one thing again and again")
    row = judged(Entry("s", term="t", definition=" ".join(f"w{i}" for i in range(130)))).iloc[0]
    assert (row["reason"], row["score"], row["detail"]) == ("over_long", 130.0, "definition: 130 words, at most 120")


@pytest.mark.parametrize(
    ("term", "example"),
    [
        ("yeet", "He yeeted it."),
        ("vibe", "We were vibing."),
        ("drip", "It is dripping."),
        ("hey", "heyyyy you"),
        ("rent free", "It lives rent-free in my head."),
        ("G.O.A.T", "He is the GOAT."),
        ("L+ratio", "L + ratio, sorry."),
        ("I can’t even", "I can't even."),
        ("I cant even", "I can't even."),
        ("catch feels", "She caught feels again."),
        ("beat your face", "Let me beat my face first."),
        ("ghosting", "He ghosted me."),
        ("pull someone's leg", "Are you pulling my leg?"),
        ("😂", "So true 😂😂"),
        ("👍🏽", "ok 👍"),
        ("it's giving...", "It's giving library."),
        ("simp / simping", "Stop simping."),
        ("躺平", "我决定躺平了。"),
        ("666", "这个操作666!"),
    ],
)
def test_an_example_uses_its_term_in_any_form(term: str, example: str) -> None:
    assert contains_term(example, term)


@pytest.mark.parametrize(
    ("term", "example"),
    [
        ("ion", "Pay attention."),
        ("@ me", "C me at the club!"),
        ("B4N", "He got a BAN."),
        ("MFW", "MRW I see it."),
        ("cap", "What a captain."),
        ("drip", "He has rizz."),
        ("😂", "So true 💀"),
        (":D", "ok :P"),
    ],
)
def test_an_example_that_lacks_its_term_is_seen(term: str, example: str) -> None:
    assert not contains_term(example, term)


def test_other_languages_inflect_further() -> None:
    assert contains_term("якийсь кринжовенький вайб", "кринжовий", english=False)
    assert not contains_term("зовсім інше слово", "кринжовий", english=False)


def test_an_example_without_its_term_stays_with_a_flag() -> None:
    row = judged(Entry("s", term="drip", definition="A stylish outfit.", example="He has rizz.")).iloc[0]
    assert (row["reason"], row["flags"]) == ("", ["example_lacks_term"])
    off = judged(
        Entry("s", term="drip", definition="A stylish outfit.", example="He has rizz."), example_must_use_term=False
    )
    assert off["flags"].tolist() == [[]]


def test_a_better_written_entry_of_one_sense_scores_higher() -> None:
    good, bad = judged(
        Entry("s", term="drip", definition="A stylish, expensive outfit.", example="Look at that drip."),
        Entry("s", term="drip", definition="STYLISH EXPENSIVE OUTFIT", example="look at him"),
    )["quality_score"]
    assert 0 <= bad < good <= 1


WORD = st.sampled_from(
    [
        "Avery",
        "is",
        "the",
        "best",
        "girl",
        "asdfgh",
        "{",
        "}",
        "see",
        "also",
        "😂",
        "«",
        "не",
        "drip",
        "\n",
        "[x]",
        "http",
    ]
)
TEXT = st.lists(WORD, max_size=12).map(" ".join)


@settings(max_examples=30, deadline=None)
@forall(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5))
def test_a_verdict_does_not_depend_on_the_other_rows(rows: list[tuple[str, str, str]]) -> None:
    entries = [Entry("s", row=i, term=t, definition=d, example=e, language="en") for i, (t, d, e) in enumerate(rows)]
    together = judged(*entries)
    assert together["row"].tolist() == list(range(len(rows)))
    assert together["quality_score"].between(0, 1).all()
    for i, entry in enumerate(entries):
        alone = judged(entry).iloc[0]
        for column in ("reason", "detail", "flags", "quality_score", "language_detected"):
            assert alone[column] == together[column].iloc[i]


def test_edge_inputs_are_survived() -> None:
    assert judged()["quality_score"].tolist() == []
    table = judged(*[Entry("s", term="💀", definition="💀" * 10_000)] * 3, Entry("s", kind="chat"))
    assert len(table) == 4


def test_shares_are_shares() -> None:
    assert gibberish_share("") == repeated_share("") == 0.0
    assert gibberish_share("перевірка українською") == 0.0
    assert repeated_share("one sentence, not again. " * 8) == 1.0


@pytest.mark.shared
def test_of_the_real_genz_rows_none_leaves_and_the_swapped_examples_are_seen(shared_data) -> None:
    frame = pd.read_csv(shared_data / "genz" / "all_slangs.csv", dtype=str, keep_default_na=False)
    rows = frame[["Slang", "Description", "Example", "Context"]].itertuples(index=False)
    table = judged(*(Entry("g", term=t, definition=d, example=e, context=c, language="en") for t, d, e, c in rows))
    assert (table["reason"] == "").all()
    lacking = set(table.loc[["example_lacks_term" in names for names in table["flags"]], "term"])
    assert {"I can't even", "Ion", "MFW", "MRW", "@ me", "B4N", "t's giving…"} <= lacking
    assert len(lacking) <= 25

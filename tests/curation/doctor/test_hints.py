"""Hints: no rule finds anything in a row that its hints pass over."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.doctor.hints import BLANK, rules_for
from curation.doctor.layouts import read
from curation.doctor.row import Row
from curation.doctor.rules import RULES
from curation.doctor.survey import Survey

TEXT_RULES = [rule for rule in RULES if not rule.needs_ids]
# What faults are made of, and what only looks so.
PIECES = [
    *(
        "rizz",
        "Rizz means charm",
        "The Word",
        "it's a",
        "nobody knows",
        " ",
        "\n",
        "\t",
        "\xa0",
        "\x1f",
        "",
        "a",
        "The",
    ),
    *("..", "...", ". .", "?.", "!\u2003.", ".,", "….", "a A ", "the the ", "means means ", "of of ", "Term: ", "x: y"),
    *(
        "coolDefinition: ",
        "“”",
        '""',
        "“ ”",
        "None",
        "nan",
        "N/A",
        "<NA>",
        "NA",
        "na",
        "-",
        "****",
        "What does ",
        "  mean?",
        "Define",
    ),
    *("{slang}", "%s", "[*X*]", "[insert]", "__TERM__", "TODO", "TBD", "lorem ipsum dolor", "<b>", "&amp;", "[rizz]"),
    *("# User \n", "\nuser \n", "<system>", "</user>", "[model]", "# Response ", "AI:", "chat gpt:"),
    *("User: ", "\nuser\n", "## Question", "[INST]", "<|im_end|>", "\nQ: ", "<think>", "</think>", "reasoning"),
    *("â€™", "Ã©", "don?t", "\\u2019", "\\n", "\x07", "\ufeff", "\ufffd", "\u200b", "\ud83d", "Definition:\n", ":"),
]
SAID = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@settings(max_examples=600, deadline=None)
@given(SAID, SAID, st.booleans())
def test_a_rule_finds_nothing_in_a_row_that_its_hints_pass_over(lab, asked, answered, is_text):
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    row = Row("", 0, 0, {"text": asked + answered} if is_text else {"messages": turns})
    cases = read(row)
    survey = Survey().see_all(cases)
    for case, chosen in zip(cases, rules_for(cases, TEXT_RULES), strict=True):
        passed_over = [rule for rule in TEXT_RULES if rule not in chosen]
        assert [found for rule in passed_over for found in rule.find(case, survey, lab)] == []


def test_most_rules_are_not_asked_about_a_plain_row():
    cases = read(Row("", 0, 0, {"prompt": "What does “rizz” mean?", "completion": "Charm, as a skill."}))
    (chosen,) = rules_for(cases, TEXT_RULES)
    assert {rule.fault for rule in TEXT_RULES if rule not in chosen} == {rule.fault for rule in RULES if rule.hints}


def test_rows_with_more_than_text_are_shown_to_every_rule():
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hey", "reasoning_content": "Short."}]
    (chosen,) = rules_for(read(Row("", 0, 0, {"messages": turns})), TEXT_RULES)
    assert chosen == TEXT_RULES


def test_half_a_character_does_not_keep_the_other_rows_from_their_rules():
    rows = [{"prompt": "What is cap?", "completion": said} for said in ("a lie", "half \ud83d", "a A lie..")]
    cases = [case for number, value in enumerate(rows) for case in read(Row("", number, 0, value))]
    plain, half, glued = rules_for(cases, TEXT_RULES)
    assert half == TEXT_RULES
    assert "GLUE" in {rule.fault for rule in glued} - {rule.fault for rule in plain}


def test_blanks_of_a_hint_are_those_of_python():
    import pyarrow as pa
    import pyarrow.compute as pc

    signs = [chr(number) for number in range(0x3100)]
    found = pc.match_substring_regex(pa.array(signs), f"^{BLANK}$").to_pylist()
    assert [sign for sign, is_blank in zip(signs, found, strict=True) if is_blank] == [
        sign for sign in signs if sign.isspace()
    ]

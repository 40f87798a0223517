"""Seams where texts were pasted together: two full stops, two articles. What people write on purpose is spared.

Patterns of `regex`, shared by the health check of answers and the format doctor.
"""

from __future__ import annotations

import regex

# Before a doubled stop: a word of three letters, a figure or a closing mark; or a short word, where a sentence ends.
# Other short words before two stops are censored, shortened or drawn out: "A..", "Sh.. up", "e.g..", "go.. go".
_SHORT = "am|an|as|at|be|by|do|go|he|if|in|is|it|me|my|no|of|on|or|so|to|up|us|we"
_WORD_ENDS = r"(?<=[\p{L}\p{M}\p{N}]{3}|[\p{N})\]”’]|\S[\"'*_])"
_CLOSES = r"(?=[”’\"')\]]*(?:\s|$))"  # after it; ".NET", ".5" and "../" begin something
_CUT_WORD = r"(?i:\b(?:abbrev|abbr|adj|adv|approx|bros|corp|dept|esp|etc|feat|inc|ltd|max|min|mrs|orig|prof|usu))"
DOUBLED_STOP = regex.compile(
    rf"{_WORD_ENDS}\.\.(?!\.){_CLOSES}"  # "unethical.. The"
    r"|\.{5,}"  # "discussed....."; four may be an ellipsis and the sentence's own
    rf"|(?<=\b(?i:{_SHORT}))\.\.(?=\s+\p{{Lu}}|\s*$)"  # "doing it.. The"
    rf"|(?<=[^.\s])(?<!\s\.)\s+\.\.(?!\.){_CLOSES}"  # "a word .. Meaning"
    rf"|(?<![.\s])\.\s+\.(?!\s*\.){_CLOSES}"  # "unethical. . The"
    rf"|(?<=[\w)\]”’\"'])\s*[!?。।؟‽]\s*\.(?!\s*\.){_CLOSES}"  # "Really?. It"
    rf"|(?<=[\w)\]”’\"'])\s*[,;]\s*\.(?!\s*\.){_CLOSES}"  # "media,. The"
    rf"|(?<=[\p{{L}}\p{{M}}]{{3}})(?<!{_CUT_WORD})\.\s?,{_CLOSES}"  # "media., the"
    rf"|(?<=[\p{{L}}\p{{M}}]{{3}})\.[”’\"']\s*\.{_CLOSES}"  # "the end.”."
)

# "a A term", "the the", "an a word"; not "a cappella" and its kin, "a A-level", "Vitamin A a day", "a The Who song".
_FOREIGN = r"(?!\s+(?:capp?ella|priori|posteriori|fortiori|la|go[- ]?go|contrario|capo)\b)"
DOUBLED_ARTICLE = regex.compile(
    rf"(?<![\w'’.-])(?:the\s+the\b|an\s+an\b|(?:an?|the)[ \t]+(?:a{_FOREIGN}|an|the)(?=[ \t]+[\p{{L}}\p{{N}}“\"‘']))"
    rf"|(?:^|[.!?…:]\s+|[“\"‘])(?:An?|The)[ \t]+(?:a{_FOREIGN}|an|the)(?=[ \t]+\p{{L}})"  # a sentence begins
    r"|(?<![\w'’.-])(?:a[ \t]+An?(?=[ \t]+\p{L})|(?:a|an|the)[ \t]+(?:An|The)(?=[ \t]+\p{Ll}))",
    regex.M,
)

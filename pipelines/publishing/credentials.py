"""Tokens and keys that must never leave this machine, found by the shapes that their makers gave them.

Shapes with a prefix of their own only: a guess by how random a word looks would take every hash and id of a build for
a secret. They follow what the makers write of their tokens: GitHub ("Authentication token format updates", 2021),
GitLab ("Token overview"), AWS ("IAM identifiers"), Google, OpenAI, Anthropic, Slack, Stripe, npm, PyPI, Telegram,
Discord; RFC 7468 for private keys, RFC 7519 for JSON web tokens, RFC 3986 for passwords in an address. What was found
is never told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SHAPES = {
    "a token of Hugging Face": r"\b(?:hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,})\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{36,255})\b",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "an API key of Google": r"\bAIza[\w-]{35}(?![\w-])",
    "an API key of OpenAI or Anthropic": r"\bsk-(?=[\w-]*\d)[\w-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a token of Discord": r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}|\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    "a token of a Telegram bot": r"\b\d{8,10}:AA[\w-]{33}(?![\w-])",
    "a secret key of Stripe": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI": r"\bpypi-AgE[\w-]{50,}",
    "a JSON web token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an address with a password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{1,64}:[^\s/@\"'<>]{3,128}@[\w.-]+",
    "an authorization header": r"\b[Aa]uthorization\W{1,5}(?:Bearer|Basic|Token)\s+[\w.~+/=-]{16,}",
}
_ANY = re.compile("|".join(f"({shape})" for shape in _SHAPES.values()))
_KINDS = tuple(_SHAPES)
_FEWEST = 8  # different characters after the prefix; "hf_xxxxxxxx…" in a manual is no token


def find_credentials(text: str, known: str = "") -> Iterator[tuple[int, str]]:
    """(place, kind) of each credential in a text; `known` is a token that must not stand in it whatever its shape.

    A `known` that is too short to be one, such as a placeholder, would be found in any text and is not sought.
    """
    if len(known) >= _FEWEST and (place := text.find(known)) >= 0:
        yield place, "the token that this machine logs in with"
    for match in _ANY.finditer(text):
        kind = _KINDS[(match.lastindex or 1) - 1]
        if kind == "a private key" or len(set(match[0][4:])) >= _FEWEST:
            yield match.start(), kind

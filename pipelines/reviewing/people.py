"""Who answered, without who they are: a pseudonym that stays the same, and tells nothing without the server."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from urllib.parse import urlsplit

PEPPER = "LABEL_STUDIO_PEPPER"  # an environment variable; a team that sets it shares one value
LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - names of one machine, nothing is bound


def pseudonym(server: str, user: int | str) -> str:
    """A pseudonym: "a-" and 8 hex digits of a keyed hash (HMAC-SHA256) of a person's number on a server.

    The number says nothing to those who have no account on the server. With a pepper in LABEL_STUDIO_PEPPER nobody can
    even find the number by trying all; everyone who pulls must then have the same.
    """
    pepper = os.environ.get(PEPPER, "") or "slang-curation review"
    return "a-" + hmac.new(pepper.encode(), f"{server_name(server)} {user}".encode(), sha256).hexdigest()[:8]


def server_name(url: str) -> str:
    """A server by one name, however its address is written: "HTTP://Localhost:8080/" is "loopback:8080"."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    host = "loopback" if parts.hostname in LOOPBACK else (parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{host}:{port}{parts.path.rstrip('/')}"

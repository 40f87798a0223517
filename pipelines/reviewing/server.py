"""A Label Studio of one's own: from its own virtual environment, with SQLite, on loopback."""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

VENV = "LABEL_STUDIO_VENV"  # an environment variable: where Label Studio is installed
USER = "reviewer@localhost.localdomain"
FIRST_START = 1800  # seconds; the first start makes the tables, which takes minutes
QUIET = {  # no telemetry, no calls home, nobody signs up without a link, tokens that do not expire
    "COLLECT_ANALYTICS": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
}


@dataclass(frozen=True)
class Place:
    """Where a server runs, and where its data and its secrets lie (files that only their owner can read)."""

    program: Path
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> Path:
        return self.data / "token"

    @property
    def password(self) -> Path:
        return self.data / "password"


def find_program(root: Path) -> Path:
    """Label Studio's own command. Raises ValueError where it is not installed."""
    venv = Path(os.environ.get(VENV, "") or root / ".label-studio")
    program = venv / "bin" / "label-studio"
    if not program.is_file():
        raise ValueError(
            f"{program}: Label Studio is not installed; make label-studio, or set {VENV} to its environment"
        )
    return program


def how_to_use(place: Place) -> str:
    """What a person types next. The secrets stay in their files."""
    return "\n".join(
        (
            f"Label Studio answers at {place.url}",
            f"Log in as {USER} with the password in {place.password}; add others under Organization, Add Members.",
            "For push, pull and status, in another terminal:",
            f"  export LABEL_STUDIO_URL={place.url} LABEL_STUDIO_API_KEY=$(cat {shlex.quote(str(place.token))})",
            "Ctrl+C stops it; its data stay.",
        )
    )


@contextmanager
def running(
    place: Place, say: Callable[[str], None], patience: float = FIRST_START
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the server, wait until it answers, stop it at the end. Raises ValueError where it does not come up."""
    place.data.mkdir(parents=True, exist_ok=True)
    if not free(place.port):
        raise ValueError(f"port {place.port} is taken; stop what runs there, or give --port another")
    if not (place.data / "label_studio.sqlite3").exists():
        say("The first start makes the tables: some minutes.")
    log = place.data / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - our own command, no shell
            command(place), env=environment(place), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _wait(server, place, log, patience)
            yield server
        finally:
            stop(server)


def command(place: Place) -> list[str]:
    """Secrets go through the environment: arguments can be read by everybody on a machine."""
    return [
        str(place.program), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(place.port),
        "--data-dir", str(place.data), "--log-level", "WARNING", "--enable-legacy-api-token",
    ]  # fmt: skip


def environment(place: Place) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LABEL_STUDIO_")}
    return {
        **inherited,
        **QUIET,
        "LABEL_STUDIO_BASE_DATA_DIR": str(place.data),
        "HOST": place.url,
        "LABEL_STUDIO_USERNAME": USER,
        "LABEL_STUDIO_PASSWORD": secret(place.password),
        "LABEL_STUDIO_USER_TOKEN": secret(place.token),
    }


def secret(file: Path) -> str:
    """The secret in a file that only its owner can read; made at the first call."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(20))
    return file.read_text(encoding="ascii").strip()


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def healthy(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _wait(server: subprocess.Popen[bytes], place: Place, log: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while not healthy(place.url):
        if server.poll() is not None:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise ValueError(f"Label Studio stopped ({server.returncode}): {''.join(last)[:200]}; see {log}")
        if time.monotonic() > end:
            raise ValueError(f"Label Studio does not answer after {patience:.0f} s; see {log}")
        time.sleep(0.5)


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()

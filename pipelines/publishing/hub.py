"""The one door to the Hub: huggingface_hub behind it, every failure one clear line, and no token in any of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Kind = Literal["dataset", "model"]
LARGEST = 64_000_000  # bytes of a file of the record that is read back
SHORTEST = 6  # characters; what is shorter is no token of the Hub's
TITLES = 1000  # commits looked through for one title


class HubError(ValueError):
    """The Hub said no, or could not be asked: what, where and what to do, in one line."""


@dataclass(frozen=True)
class FileThere:
    """A file as the Hub lists it."""

    size: int  # bytes
    sha256: str  # of its content; "" where the Hub does not tell it (small files, kept in git)
    blob: str  # git's hash of it: of the content, or for a large file of its pointer


@dataclass(frozen=True)
class Standing:
    """What stands in a repository at one commit."""

    private: bool
    head: str  # the commit, 40 hex digits
    files: Mapping[str, FileThere]
    tags: frozenset[str]
    branch_is_there: bool = True  # False: the revision is yet to be made, and `head` is that of main


@dataclass(frozen=True)
class Place:
    """Where something is published."""

    repository: str  # OWNER/NAME
    kind: Kind = "dataset"
    revision: str = "main"  # branch

    def __str__(self) -> str:
        return self.repository if self.revision == "main" else f"{self.repository} ({self.revision})"


class Door:
    """One repository of the Hub, read and written. Raises HubError only; a token is never in it."""

    def __init__(self, place: Place, *, token: str | None = None, endpoint: str | None = None) -> None:
        """`token` and `endpoint`: those of huggingface_hub (HF_TOKEN or its login, HF_ENDPOINT) when not given."""
        from huggingface_hub import HfApi

        self.place = place
        self.token = token if token is not None else own_token()
        self.api: HfApi = HfApi(endpoint=endpoint, token=self.token or False)
        self.endpoint: str = self.api.endpoint
        self.where: dict[str, Any] = {"repo_id": place.repository, "repo_type": place.kind}

    def page(self) -> str:
        """The address of the repository's page."""
        return f"{self.endpoint}/{'datasets/' if self.place.kind == 'dataset' else ''}{self.place.repository}"

    def look(self) -> Standing | None:
        """What stands there; None where there is nothing that this token may see."""
        from huggingface_hub.errors import RevisionNotFoundError

        with self.told("looking at what stands there"):
            if (main := self.info()) is None:
                return None
            try:
                here = main if self.place.revision == "main" else self.info(self.place.revision)
            except RevisionNotFoundError:
                here = None
            head = str((here or main).sha)
            refs = self.api.list_repo_refs(**self.where)
            tags = frozenset(tag.name for tag in refs.tags)
            return Standing(bool(main.private), head, self.files_at(head), tags, branch_is_there=here is not None)

    def files_at(self, commit: str) -> dict[str, FileThere]:
        """Every file of a commit by its name."""
        from huggingface_hub.hf_api import RepoFile

        with self.told("listing the files", "Run it again: it looks first"):
            tree = self.api.list_repo_tree(**self.where, recursive=True, revision=commit)
            return {
                found.path: FileThere(found.size, found.lfs.sha256 if found.lfs else "", found.blob_id)
                for found in tree
                if isinstance(found, RepoFile)
            }

    def info(self, revision: str | None = None) -> Any:
        """The repository's facts, None where it is not there. Gated and disabled ones are there."""
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

        try:
            return self.api.repo_info(**self.where, revision=revision)
        except GatedRepoError:
            raise
        except RepositoryNotFoundError:
            return None
        except HfHubHTTPError as error:
            if error.response.status_code == 401 and not self.token:
                return None  # to who has no token the Hub says this of what is not there, too
            raise

    def read(self, name: str, standing: Standing) -> bytes | None:
        """The bytes of a file at the commit of `standing`; None where it is not there."""
        from tempfile import TemporaryDirectory

        if name not in standing.files:
            return None
        if standing.files[name].size > LARGEST:
            raise HubError(f"{self.place}: {name} is larger than {LARGEST:,} bytes and was not written by this command")
        with self.told(f"reading {name}"), TemporaryDirectory() as folder:
            got = self.api.hf_hub_download(**self.where, filename=name, revision=standing.head, local_dir=folder)
            return Path(got).read_bytes()

    def check_card(self, card: str) -> None:
        """Ask the Hub whether it can read the card's metadata, before anything is sent. Raises HubError.

        The client asks again right before the commit, when everything large is sent already, and stops whatever the
        answer is but a yes. So does this.
        """
        from huggingface_hub import get_session, hf_raise_for_status

        with self.told("asking whether it can read the card", "Nothing was sent; run it again"):
            answer = get_session().post(
                f"{self.endpoint}/api/validate-yaml",
                json={"content": card, "repoType": self.place.kind},
                headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            )
            found = answer.json() if answer.status_code in (200, 400) else {}
            if answer.status_code == 400:
                wrong = "; ".join(str(one.get("message")) for one in found.get("errors", []))
                line = f"{self.place}: the card's metadata is not as the Hub wants it: {first_line(wrong)}"
                raise HubError(scrubbed(line, self.token))
            hf_raise_for_status(answer)

    def create(self, *, private: bool) -> None:
        """Make the repository. HubError 409 where somebody made it meanwhile."""
        with self.told(f"creating the {self.place.kind}", "Nothing was published"):
            self.api.create_repo(
                self.place.repository, repo_type=self.place.kind, private=True if private else None, exist_ok=False
            )

    def branch(self, start: str) -> None:
        """Make the branch of the revision, at commit `start`."""
        with self.told(f"making the branch {self.place.revision}", "Nothing was published"):
            self.api.create_branch(**self.where, branch=self.place.revision, revision=start)

    def commit(self, files: Mapping[str, Path], gone: list[str], title: str, text: str, parent: str) -> str:
        """One commit with all files, on top of `parent` only. Returns its hash.

        Contents that an earlier, cut publish has sent already are not sent again: the Hub knows them by their hash.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        added = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
        dropped = [CommitOperationDelete(name, is_folder=False) for name in gone]
        whole = "What was published before is unchanged. The same command goes on where this one stopped"
        with self.told("sending files", whole):
            self.api.preupload_lfs_files(
                self.place.repository,
                additions=added,
                repo_type=self.place.kind,
                revision=self.place.revision,
                free_memory=False,
            )
        with self.told("committing", "The Hub has the whole commit or none of it. The same command looks, and goes on"):
            done = self.api.create_commit(
                **self.where,
                operations=[*dropped, *added],
                commit_message=title,
                commit_description=text,
                revision=self.place.revision,
                parent_commit=parent,
            )
            return str(done.oid)

    def tag(self, name: str, commit: str) -> None:
        with self.told(f"setting the tag {name}", "The version is published, only its tag is missing. Run it again"):
            self.api.create_tag(**self.where, tag=name, revision=commit)

    def commit_titled(self, title: str) -> str:
        """The latest commit whose title begins so, "" where there is none."""
        with self.told("reading the history"):
            found = self.api.list_repo_commits(**self.where, revision=self.place.revision)
        return next((str(one.commit_id) for one in found[:TITLES] if one.title.startswith(title)), "")

    @contextmanager
    def told(self, doing: str, then: str = "") -> Iterator[None]:
        """Every failure inside becomes one line: where, what was being done, what the Hub said, what to do."""
        try:
            yield
        except HubError:
            raise
        except Exception as error:  # noqa: BLE001 (libraries behind this door raise of every kind; none may get out)
            line = f"{self.place}: {doing}: {cause(error, self)}"
            raise HubError(scrubbed(f"{line}. {then}" if then else line, self.token)) from None


ADVICE = {
    401: "the Hub does not accept the token (401); make one with write access at {endpoint}/settings/tokens and put it "
    "into HF_TOKEN, or run: hf auth login",
    403: "this token may not do that (403){said}; give it write access to {owner}, or publish under a name of your own",
    404: "the Hub does not find it (404){said}; check OWNER/NAME and what this token may see",
    409: "the Hub is busy with another change, or it is there already (409){said}; look at {page}, and run it again",
    412: "somebody committed since this command looked (412); nothing was overwritten. Run it again: it looks anew",
    413: "too large for the Hub in one commit (413){said}",
    429: "too many requests (429){wait}; wait, then run it again",
}


def cause(error: BaseException, door: Door) -> str:
    """What went wrong and what to do, by the HTTP status where there is one."""
    from httpx import TransportError
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set, so the Hub is not asked; unset it"
    if isinstance(error, HFValidationError):
        return f"{first_line(error)}; expected OWNER/NAME"
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0) or status_of_chunks(error)
    if status:
        said = first_line(getattr(error, "server_message", None) or "")
        words = {
            "said": f": {said}" if said else "",
            "wait": waiting(response.headers) if response is not None else "",
            "endpoint": door.endpoint,
            "owner": door.place.repository.partition("/")[0],
            "page": door.page(),
        }
        if status >= 500:
            return f"the Hub has a fault of its own ({status}){words['said']}; try again later"
        return ADVICE.get(status, f"the Hub refuses it ({status}){{said}}").format(**words)
    if isinstance(error, JSONDecodeError):
        return "the Hub answers with what is no JSON, as a proxy or a login page does; try again later"
    if isinstance(error, (TransportError, ConnectionError)):
        return f"the connection to {door.endpoint} failed ({first_line(error) or type(error).__name__})"
    if error.__cause__ is not None:  # a failed upload is wrapped
        return cause(error.__cause__, door)
    return first_line(error) or type(error).__name__


def status_of_chunks(error: BaseException) -> int:
    """The HTTP status that hf_xet, which sends large files in chunks, only writes into its message; 0 for none."""
    found = re.search(r"\bHTTP status \w+ error \((\d{3})\b", str(error))
    return int(found[1]) if found and isinstance(error, ConnectionError) else 0


def waiting(headers: Mapping[str, str]) -> str:
    """`, the limit ends in 40 seconds`, where the Hub says so."""
    text = headers.get("Retry-After", "")
    found = re.search(r"r=0;\s*t=(\d+)", headers.get("RateLimit", "")) or re.fullmatch(r"\s*(\d+)\s*", text)
    return f", the limit ends in {found[1]} seconds" if found else ""


def first_line(error: BaseException | str) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines)[:200].rstrip(" .")


def own_token() -> str:
    """The token of the environment or of huggingface_hub's login, "" where there is none. Raises HubError."""
    import huggingface_hub

    try:
        return (huggingface_hub.get_token() or "").strip()
    except Exception as error:  # noqa: BLE001 (an exchange of tokens in CI fails in ways of its own)
        raise HubError(scrubbed(f"the token could not be had: {first_line(error)}; set HF_TOKEN", "")) from None


def scrubbed(text: str, token: str) -> str:
    """Text without the token, anything that looks like one, and without the signed part of addresses."""
    if len(token) >= SHORTEST:
        text = text.replace(token, "(token)")
    text = re.sub(r"\b(?:hf|api_org)_[A-Za-z0-9]{6,}", "(token)", text)
    text = re.sub(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}", r"\1 (token)", text)
    return re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]*", r"\1", text)


class Listener(logging.Handler):
    """Hands on what huggingface_hub says while it waits and tries again, as lines without secrets."""

    def __init__(self, say: Callable[[str], None], token: str) -> None:
        super().__init__(logging.WARNING)
        self.say, self.token = say, token

    def emit(self, record: logging.LogRecord) -> None:
        self.say(scrubbed(f"  {first_line(record.getMessage())}", self.token))


def listen(say: Callable[[str], None], token: str, *, bars: bool) -> None:
    """From now on huggingface_hub speaks through `say`, in this process; `bars`: whether it draws progress."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    library = logging.getLogger("huggingface_hub")
    library.handlers = [Listener(say, token)]
    library.propagate = False
    if not bars:
        disable_progress_bars()

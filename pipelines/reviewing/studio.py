"""The door to a Label Studio server: projects, tasks, predictions.

Whatever goes wrong is told in one line, without the token.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from pipelines.reviewing.labelling import Kind

URL, TOKEN = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
OLDEST_SDK = 2  # the first major version with this interface
BATCH = 200  # tasks imported in one request: half a push that was killed ends within seconds on the server
PATIENCE = 600  # seconds for one answer; an export of 10,000 tasks takes a while


class StudioError(ValueError):
    """What is wrong between us and the server: one line that says what to do."""


@dataclass(frozen=True)
class Project:
    """A project on the server; `kind` is the kind of question that it asks."""

    id: int
    kind: str
    title: str
    config: str
    instruction: str
    people: int  # answers wanted for each task


@dataclass(frozen=True)
class Stored:
    """A task on the server."""

    id: int
    key: str  # of the question
    data: Mapping[str, Any]
    meta: Mapping[str, Any]
    answers: Sequence[Mapping[str, Any]]  # annotations, skipped ones too
    predictions: int


class Studio:
    """One server, one account. Every method raises StudioError."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url.rstrip("/"), token
        with self._telling():
            self._sdk: LabelStudio = _connect(self.url, token)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn whatever the SDK raises into one line without the token; the cause is cut off, since it may hold it."""
        try:
            yield
        except StudioError:
            raise
        except Exception as error:  # noqa: BLE001 - httpx, pydantic, JSON and ApiError: the SDK has no common ancestor
            line = told(error, self.url)
            raise StudioError(line.replace(self._token, "…")) from None

    def check(self) -> None:
        """Ask who we are, so that a wrong address or token is told before any work."""
        with self._telling():
            self._sdk.users.whoami()

    def projects(self, name: str) -> list[Project]:
        """The projects of a recipe, oldest first. Found by the marker in their description, whatever their title."""
        with self._telling():
            listed: Iterable[Any] = self._sdk.projects.list(page_size=100)
            found = [self._project(one, name) for one in listed]
        return sorted((one for one in found if one), key=lambda one: one.id)

    def _project(self, one: Any, name: str) -> Project | None:
        kind = marked_kind(one.description or "", name)
        if not kind:
            return None
        return Project(
            one.id, kind, one.title or "", one.label_config or "", one.expert_instruction or "",
            one.maximum_annotations or 1,
        )  # fmt: skip

    def create(self, name: str, look: Kind, people: int) -> Project:
        """A project that asks one kind of question of a recipe."""
        config, instruction = look.config(), look.instruction()
        with self._telling():
            made: Any = self._sdk.projects.create(
                title=f"{name}: {look.title}"[:50],
                description=f"Made by slang-curation; keep this line: {marker(name, look.name)}",
                label_config=config,
                expert_instruction=instruction,
                show_instruction=True,
                show_collab_predictions=False,  # an answer that is filled in already is not an answer
                maximum_annotations=people,
                sampling="Sequential sampling",
            )
        return Project(made.id, look.name, made.title or "", config, instruction, people)

    def refresh(self, project: Project, look: Kind, people: int | None) -> str:
        """Bring a project's look up to date; what is to be told of it. Its title is its owner's, and without `people`
        so is how many answer. A configuration that somebody changed there and that has answers stays as it is.
        """
        from label_studio_sdk.core.api_error import ApiError

        config, instruction, people = look.config(), look.instruction(), people or project.people
        own: dict[str, Any] = {"expert_instruction": instruction, "maximum_annotations": people}
        if (config.strip(), instruction, people) == (project.config.strip(), project.instruction, project.people):
            return ""
        with self._telling():
            try:
                self._sdk.projects.update(project.id, label_config=config, **own)
            except ApiError as error:
                if error.status_code != 400 or "incompatible" not in str(error.body):
                    raise
                self._sdk.projects.update(project.id, **own)
                return "somebody changed its labelling configuration, and there are answers to that: left as it is"
        return "" if config.strip() == project.config.strip() else "its labelling configuration was renewed"

    def tasks(self, project: Project) -> list[Stored]:
        """All tasks with their answers, by number: one request, so that nothing can slip between two pages."""
        import json

        with self._telling():
            raw = b"".join(
                self._sdk.projects.exports.download_sync(project.id, export_type="JSON", download_all_tasks=True)
            )
            found = [stored(one) for one in json.loads(raw)]
        return sorted(found, key=lambda one: one.id)

    def add(self, project: Project, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Import one batch. Not tried again: a request that timed out may have been carried out."""
        with self._telling():
            self._sdk.projects.import_tasks(project.id, request=tasks, request_options={"max_retries": 0})  # type: ignore[arg-type]

    def change(self, task: Stored, data: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
        """New texts for a task; its annotations stay as they are."""
        with self._telling():
            self._sdk.tasks.update(str(task.id), data=dict(data), meta=dict(meta))

    def predict(self, project: Project, predictions: Mapping[int, Mapping[str, Any]], old: Sequence[int]) -> None:
        """Put predictions (by task number) in the place of those that the tasks in `old` have."""
        with self._telling():
            for batch in batches(old):
                chosen: Any = {"all": False, "included": list(batch)}
                self._sdk.actions.create(id="delete_tasks_predictions", project=project.id, selected_items=chosen)
            for many in batches(list(predictions.items())):
                request: Any = [{"task": number, **one} for number, one in many]
                options: Any = {"max_retries": 0}
                self._sdk.projects.import_predictions(project.id, request=request, request_options=options)

    def remove(self, project: Project, tasks: Sequence[int]) -> None:
        """Delete tasks: only ever second copies that nobody has answered."""
        with self._telling():
            for batch in batches(tasks):
                chosen: Any = {"all": False, "included": list(batch)}
                self._sdk.actions.create(id="delete_tasks", project=project.id, selected_items=chosen)

    def link(self, project: Project, task: Stored) -> str:
        return f"{self.url}/projects/{project.id}/data?task={task.id}"


def connect(url: str | None) -> Studio:
    """The server of LABEL_STUDIO_URL (or `url`) with the token of LABEL_STUDIO_API_KEY, asked who we are."""
    server, token = address(url), os.environ.get(TOKEN, "").strip()
    if not token:
        raise StudioError(
            f"{TOKEN} is not set; expected the access token of your account on {server} (Account & Settings there). "
            "Without a server: python -m pipelines.review serve, or export and import"
        )
    if not re.fullmatch(r"[!-~]+", token):
        raise StudioError(f"{TOKEN} holds blanks or other characters that no token has; copy it again")
    studio = Studio(server, token)
    studio.check()
    return studio


def address(url: str | None) -> str:
    """`url`, or else LABEL_STUDIO_URL, or else where a server of one's own runs."""
    found = (url or os.environ.get(URL, "")).strip() or "http://127.0.0.1:8080"
    if not re.match(r"https?://[^/\s@]+(/|$)", found):
        raise StudioError(f"{URL} is not an address such as http://127.0.0.1:8080, without a name or password in it")
    return found


def _connect(url: str, token: str) -> LabelStudio:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("label-studio-sdk")
        from label_studio_sdk import LabelStudio
    except (PackageNotFoundError, ImportError):
        raise StudioError("label-studio-sdk is not installed; pip install '.[review]'") from None
    if int(found.partition(".")[0]) < OLDEST_SDK:
        raise StudioError(
            f"label-studio-sdk {found} is too old; expected {OLDEST_SDK} or later: pip install '.[review]'"
        )
    client: Any = LabelStudio
    made: LabelStudio = client(base_url=url, api_key=token, timeout=PATIENCE)
    return made


def marker(name: str, kind: str) -> str:
    """The line by which a project is found again."""
    return f"[slang-curation {name}/{kind}]"


def marked_kind(description: str, name: str) -> str:
    """The kind of question that a description's marker names; "" where it has none of this recipe."""
    found = re.search(r"\[slang-curation (\S+)/(\w+)\]", description)
    return found[2] if found and found[1] == name else ""


def stored(one: Mapping[str, Any]) -> Stored:
    """A task of Label Studio's JSON export."""
    return Stored(
        one["id"], str(one["data"].get("key", "")), one["data"], one.get("meta") or {}, one.get("annotations") or (),
        one.get("total_predictions", len(one.get("predictions") or ())),
    )  # fmt: skip


def batches(items: Sequence[Any], size: int = BATCH) -> Iterable[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def told(error: Exception, url: str) -> str:
    """What went wrong, in one line: who was asked, what happened, what to do."""
    status, name = getattr(error, "status_code", None), type(error).__name__
    if status in (401, 403):
        return f"{url}: the token in {TOKEN} is not accepted (status {status}); copy it from Account & Settings there"
    if status == 404:
        return f"{url}: a project or task is gone (status 404), deleted meanwhile perhaps; run the same command again"
    if status and status >= 400:
        body = re.sub(r"\s+", " ", str(getattr(error, "body", "")))[:300]
        advice = "run the same command again" + ("" if status >= 500 else " once that is mended")
        return f"{url}: answered with status {status}: {body}. What was sent before is there; {advice}"
    if "Connect" in name:
        return f"{url}: no server answers. Start it, or one of your own with: python -m pipelines.review serve"
    if "Timeout" in name or name in ("RemoteProtocolError", "ReadError", "WriteError"):
        return f"{url}: the connection broke off ({name}). What was sent before is there; run the same command again"
    return f"{url}: does not answer as a Label Studio does ({name}); check {URL}, and that the server is 1.23 or later"

"""The calls that forms and flows share: list what is in force, read versions, keep a draft, publish it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask.typing import ResponseReturnValue

from .. import definitions, problem_json, releasing
from ..definitions import Stored
from ..errors import Malformed, NotFound, Refused
from ..paging import decode_cursor, page_of
from ..people import owners
from ..people.current import current_language, current_person
from ..people.directory import Person
from ..problems import Problem
from ..releasing import Asked
from ..text import msg
from ..web.language import gettext_here
from .blueprint import Blueprint
from .definition_json import (
    ComparedSchema,
    CompareSchema,
    DefinitionSchema,
    DraftSchema,
    KeptDraftSchema,
    PublishSchema,
    RestoreSchema,
    VersionsSchema,
    draft_json,
    released_json,
    restored_note,
    summary_json,
)
from .lists import PAGE_PARAMETERS, page_args, page_json


@dataclass(frozen=True)
class Kind:
    """What differs between forms and flows.

    ``check`` finds everything that is wrong with a document; ``publish(document, by=, note=, base_version=)`` puts it
    in force or raises; ``visible`` says whether somebody may know of a definition; ``subject`` is the form whose owners
    may change it; ``changes(before, after, language)`` says a difference in words, ``None`` where it cannot be read;
    ``more(document)`` is told of a draft beside its problems.
    """

    name: str
    check: Callable[[dict[str, Any]], Iterable[Problem]]
    publish: Callable[..., Stored]
    visible: Callable[[Stored, Person], bool]
    subject: Callable[[Mapping[str, Any]], str]
    changes: Callable[[Mapping[str, Any], Mapping[str, Any], str], list[str] | None]
    more: Callable[[Mapping[str, Any]], dict[str, Any]]

    def listed(self) -> dict[str, Any]:
        """All that are in force, by key."""
        person, asked = current_person(), page_args()
        after = _position(asked.after, str) or ""
        rows = sorted(definitions.in_force(self.name), key=lambda each: each.key)
        seen = [each for each in rows if each.key > after and self.visible(each, person)]
        return page_json(page_of(seen[: asked.limit + 1], asked.limit, lambda each: [each.key]), summary_json)

    def one(self, key: str) -> dict[str, Any]:
        """The version in force; who may publish sees the draft too."""
        stored = self._current(key)
        document = {**summary_json(stored), "document": stored.document}
        if owners.may_read(current_person(), self.subjects(key)):
            document["draft"] = draft_json(definitions.draft(self.name, key))
        return document

    def versions(self, key: str) -> dict[str, Any]:
        """All versions, newest first."""
        self._current(key)
        asked = page_args()
        before = _position(asked.after, int)
        rows = [each for each in definitions.versions(self.name, key) if before is None or each.version < before]
        return page_json(page_of(rows[: asked.limit + 1], asked.limit, lambda each: [each.version]), summary_json)

    def keep_draft(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Keep a draft, right or wrong, and say all that is wrong with it."""
        person = self.changing(key, body["document"])
        _same_key(key, body["document"])
        kept = definitions.save_draft(
            self.name,
            key,
            body["document"],
            by=person.key,
            base_version=body["base_version"],
            revision=body["revision"],
        )
        problems = [problem_json.problem_of(each, gettext_here) for each in self.check(body["document"])]
        return {**(draft_json(kept) or {}), "problems": problems, **self.more(body["document"])}

    def drop_draft(self, key: str) -> None:
        """Nobody works on it any more."""
        self.changing(key)
        definitions.discard_draft(self.name, key)

    def difference(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        """What a document changes of what is in force, or of a version, in words."""
        owners.require_read(current_person(), self.subjects(key, body["document"]))
        number = body["version"]
        against = definitions.current(self.name, key) if number is None else definitions.get(self.name, key, number)
        if against is None:
            return {"version": 0, "changes": None}
        said = self.changes(against.document, body["document"], current_language())
        return {"version": against.version, "changes": said}

    def subjects(self, key: str, document: Mapping[str, Any] | None = None) -> set[str]:
        """The forms that a definition is about: as it is in force, as its draft says, and as ``document`` does."""
        stored, kept = definitions.current(self.name, key), definitions.draft(self.name, key)
        documents = [each for each in (stored and stored.document, kept and kept.document, document) if each]
        return {self.subject(each) for each in documents}

    def changing(self, key: str, document: Mapping[str, Any] | None = None) -> Person:
        """Who asks, if they may change the definition.

        Raises:
            Forbidden: they are no administrator and own not all that it is about.
        """
        person = current_person()
        owners.require_change(person, self.subjects(key, document))
        return person

    def put_in_force(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Publish the document that was sent, else the draft.

        Raises:
            Refused: with all of its problems.
            Conflict: somebody published meanwhile.
        """
        person = self.changing(key, body.get("document"))
        document = body["document"] if "document" in body else self._drafted(key)
        _same_key(key, document)
        done = self._released(document, person, body["note"], body["base_version"])
        return released_json(done)

    def confirmed(self, key: str) -> dict[str, Any]:
        """Put in force what somebody else asked for."""
        person = self.changing(key)
        waiting = releasing.asked(self.name, key)
        if waiting is not None:
            self.changing(key, waiting.document)
        return released_json(releasing.confirm(self.name, key, by=person.key, publish=self.publish))

    def taken_back(self, key: str) -> None:
        """What waits for a second person waits no more."""
        releasing.take_back(self.name, key, by=self.changing(key).key)

    def _released(self, document: Mapping[str, Any], person: Person, note: str, base: int) -> Stored | Asked:
        return releasing.release(
            self.name, document, by=person.key, note=note, base_version=base, publish=self.publish, check=self.check
        )

    def _current(self, key: str) -> Stored:
        stored = definitions.current(self.name, key)
        if stored is None or not self.visible(stored, current_person()):
            raise NotFound(msg("There is no %(kind)s “%(key)s”, or you may not see it.", kind=self.name, key=key))
        return stored

    def restore(self, body: dict[str, Any], key: str, version: int) -> dict[str, Any]:
        """Publish an old version again, as a new one."""
        person = self.changing(key)
        old = definitions.get(self.name, key, version)
        if old is None:
            raise NotFound(msg("There is no version %(number)s of %(key)s.", number=version, key=repr(key[:64])))
        note = body["note"].strip() or restored_note(version)
        newest = self._current(key).version if body["base_version"] is None else body["base_version"]
        return released_json(self._released(old.document, person, note, newest))

    def _drafted(self, key: str) -> dict[str, Any]:
        draft = definitions.draft(self.name, key)
        if draft is None:
            text = msg("“%(key)s” has no draft. Send the document, or keep a draft first.", key=key)
            raise Refused.because([Problem("/document", "no_draft", text)])
        return dict(draft.document)


def definition_routes(
    blp: Blueprint,
    kind: str,
    *,
    check: Callable[[dict[str, Any]], Iterable[Problem]],
    publish: Callable[..., Stored],
    subject: Callable[[Mapping[str, Any]], str],
    changes: Callable[[Mapping[str, Any], Mapping[str, Any], str], list[str] | None],
    visible: Callable[[Stored, Person], bool] = lambda _stored, _person: True,
    more: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda _document: {},
) -> Kind:
    """Give ``blp`` the calls below ``/<kind>s``; see :class:`Kind` for the callables."""
    calls = Kind(kind, check, publish, visible, subject, changes, more)

    @blp.get(f"/{kind}s", endpoint=f"list_{kind}s")
    @blp.doc(parameters=PAGE_PARAMETERS, summary=f"The {kind}s in force")
    @blp.answer(200, VersionsSchema)
    def listed() -> ResponseReturnValue:
        return calls.listed()

    @blp.get(f"/{kind}s/<string:key>", endpoint=f"read_{kind}")
    @blp.doc(summary=f"One {kind}: the version in force")
    @blp.answer(200, DefinitionSchema)
    def one(key: str) -> ResponseReturnValue:
        return calls.one(key)

    @blp.get(f"/{kind}s/<string:key>/versions", endpoint=f"list_{kind}_versions")
    @blp.doc(parameters=PAGE_PARAMETERS, summary=f"All versions of a {kind}, newest first")
    @blp.answer(200, VersionsSchema)
    def versions(key: str) -> ResponseReturnValue:
        return calls.versions(key)

    @blp.put(f"/{kind}s/<string:key>/draft", endpoint=f"keep_{kind}_draft")
    @blp.arguments(DraftSchema)
    @blp.doc(summary=f"Keep a draft of a {kind} and learn what is wrong with it")
    @blp.answer(200, KeptDraftSchema)
    def keep_draft(body: dict[str, Any], key: str) -> ResponseReturnValue:
        return calls.keep_draft(body, key)

    @blp.delete(f"/{kind}s/<string:key>/draft", endpoint=f"drop_{kind}_draft")
    @blp.doc(summary=f"Discard the draft of a {kind}")
    @blp.response(204)
    def drop_draft(key: str) -> None:
        calls.drop_draft(key)

    @blp.post(f"/{kind}s/<string:key>/changes", endpoint=f"compare_{kind}")
    @blp.arguments(CompareSchema)
    @blp.doc(summary=f"What a document changes of a {kind}, in words")
    @blp.answer(200, ComparedSchema)
    def compare(body: dict[str, Any], key: str) -> ResponseReturnValue:
        return calls.difference(body, key)

    @blp.post(f"/{kind}s/<string:key>/publish", endpoint=f"publish_{kind}")
    @blp.arguments(PublishSchema)
    @blp.doc(summary=f"Put a {kind} in force")
    @blp.answer(200, DefinitionSchema)
    def publish_one(body: dict[str, Any], key: str) -> ResponseReturnValue:
        return calls.put_in_force(body, key)

    @blp.post(f"/{kind}s/<string:key>/publish/confirm", endpoint=f"confirm_{kind}")
    @blp.doc(summary=f"Confirm, as a second person, what somebody wants to publish of a {kind}")
    @blp.answer(200, DefinitionSchema)
    def confirm(key: str) -> ResponseReturnValue:
        return calls.confirmed(key)

    @blp.delete(f"/{kind}s/<string:key>/publish", endpoint=f"take_back_{kind}")
    @blp.doc(summary=f"Take back what waits for a second person, of a {kind}")
    @blp.response(204)
    def take_back(key: str) -> None:
        calls.taken_back(key)

    @blp.post(f"/{kind}s/<string:key>/versions/<int:version>/restore", endpoint=f"restore_{kind}")
    @blp.arguments(RestoreSchema)
    @blp.doc(summary=f"Put an old version of a {kind} in force again, as a new one")
    @blp.answer(200, DefinitionSchema)
    def restore(body: dict[str, Any], key: str, version: int) -> ResponseReturnValue:
        return calls.restore(body, key, version)

    return calls


P = TypeVar("P", str, int)


def _position(cursor: str | None, kind: type[P]) -> P | None:
    """Where a page begins.

    Raises:
        Malformed: the cursor is none of this list.
    """
    if cursor is None:
        return None
    match decode_cursor(cursor):
        case [value] if isinstance(value, kind):
            return value
    raise Malformed(msg("The cursor “after” belongs to another list. Start again from the first page."), code="cursor")


def _same_key(key: str, document: Mapping[str, Any]) -> None:
    if document.get("key") != key:
        text = msg(
            "The document's key is %(found)s, the address says %(key)s.", found=repr(document.get("key")), key=key
        )
        raise Refused.because([Problem("/key", "key", text)])

"""What a form lets its fields hold, as the proofs need it: when a field shows, is filled, depends on others."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ...forms.conditions.tree import ALWAYS, All, AnyOf, Condition, Not, Op, Test
from ...forms.definition import EVERYBODY, Field
from .known import Known, known

NEVER = AnyOf()


@dataclass(frozen=True)
class Ground:
    """``shows``, ``hides`` and ``requires`` are the conditions of the rules that do so to a field.

    ``checks`` hold for every request that was sent. ``blank_when``: a computed field there is blank only if one of its
    conditions holds. ``affects``
    names, for each field, the fields whose value or visibility can change with it; ``sources`` are the fields from
    which a computed one is made.
    """

    fields: Mapping[str, Field]
    shows: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    hides: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    requires: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    checks: tuple[Condition, ...] = ()
    blank_when: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    affects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()
    create: tuple[str, ...] = (EVERYBODY,)
    public: bool = False
    _laws: dict[str, tuple[Known, ...]] = field(default_factory=dict, repr=False, compare=False)

    def visible(self, key: str) -> Condition:
        """When the field shows: one rule that shows it holds, if there is any, and none that hides it."""
        shown = AnyOf(self.shows[key]) if self.shows.get(key) else ALWAYS
        if not self.hides.get(key):
            return shown
        return All((shown, Not(AnyOf(self.hides[key]))))

    def required(self, key: str) -> Condition:
        """When the field, being visible, must be filled by whoever sends the request."""
        if self.fields[key].required or self.fields[key].options.get("min_rows"):
            return ALWAYS
        return AnyOf(self.requires.get(key, ()))

    def always_filled(self, key: str) -> bool:
        """Whether the field is computed, shows, and holds something whatever is filled in."""
        return self.blank_when.get(key) == () and key not in self.unclear and self.visible(key) == ALWAYS

    def laws(self, key: str) -> tuple[Known, ...]:
        """What always holds of a field: hidden it is blank, visible and required it is not. Of a fact, nothing."""
        if key not in self._laws:
            self._laws[key] = tuple(self._laws_of(key)) if key in self.fields else ()
        return self._laws[key]

    @cached_property
    def sure_checks(self) -> tuple[Known, ...]:
        """``checks`` as something known."""
        return tuple(known(check) for check in self.checks)

    def _laws_of(self, key: str) -> Iterator[Known]:
        if key in self.unclear:
            return
        visible, blank = self.visible(key), Test(key, Op.EMPTY, True)
        if visible != ALWAYS:
            yield known(AnyOf((visible, blank)))
        if self.fields[key].compute is not None:
            # nobody can fill what is computed, so that requiring it says nothing
            if key in self.blank_when:
                made = AnyOf((Not(visible), *self.blank_when[key], Test(key, Op.EMPTY, False)))
                yield known(made, loose=visible == ALWAYS)
        elif (required := self.required(key)) != NEVER:
            law = AnyOf((Not(All((visible, required))), Test(key, Op.EMPTY, False)))
            yield known(law, loose=visible == required == ALWAYS)

    def changed_by(self, keys: Iterable[str]) -> frozenset[str]:
        """The fields that may differ after ``keys`` were written, themselves among them."""
        waiting, found = list(keys), set[str]()
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(self.affects.get(key, ()))
        return frozenset(found)

"""Two contracts side by side: what somebody who calls the old one would feel. Knows OpenAPI 3.1, no file and no git.

What a caller sends may only get wider, what it gets may only get narrower; what cannot be shown to do so counts as
breaking. Texts never count. What the direction alone does not settle is settled so:

- A new property of an answer breaks nobody: callers leave alone what they do not know. Nor does a new error status:
  HTTP has them read it as the first of its class, and all errors have one shape. A new success status breaks.
- A new value in an answer's enum breaks, unless the old schema said `x-may-grow: true`.
- What is gone breaks, for somebody counts on it; only optional properties and headers of an answer may go.
- Another default breaks a request: who leaves the value out gets something else.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any
from urllib.parse import unquote

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UNREAD = {"title", "description", "summary", "example", "examples", "externalDocs", "deprecated", "xml", "tags"}
UNREAD |= {"$comment", "$id", "$schema", "$anchor", "$defs"}
KINDS = {name: {name} for name in ("null", "boolean", "object", "array", "string", "integer", "fraction")}
KINDS["number"] = {"integer", "fraction"}
KIND_OF = {bool: "boolean", dict: "object", list: "array", str: "string", int: "integer", float: "fraction"}
# the keyword, its exclusive twin, what it judges, 1 for an upper and -1 for a lower limit, what holds without it
LIMITS = [
    ("maximum", "exclusiveMaximum", KINDS["number"], 1, inf),
    ("minimum", "exclusiveMinimum", KINDS["number"], -1, inf),
]
for noun, kind in (("Length", "string"), ("Items", "array"), ("Properties", "object")):
    LIMITS += [(f"max{noun}", "", {kind}, 1, inf), (f"min{noun}", "", {kind}, -1, 0)]
# One more is narrower, one less is wider, another one cannot be judged; the first of a group gives it its meaning.
RULES = [["pattern"], ["format"], ["multipleOf"], ["uniqueItems"], ["not"], ["propertyNames"], ["dependentRequired"]]
RULES += [
    ["dependentSchemas"],
    ["allOf"],
    ["oneOf"],
    ["if", "then", "else"],
    ["contains", "minContains", "maxContains"],
]
SUCCESS = ("response 1", "response 2", "response 3")
WALKED = {"type", "enum", "const", "required", "properties", "additionalProperties", "items", "x-may-grow"}
WALKED |= {name for limit in LIMITS for name in limit[:2]} | {name for group in RULES for name in group}
BESIDE = {"patternProperties", "unevaluatedProperties", "unevaluatedItems", "prefixItems"}  # judge by what others name


@dataclass(frozen=True, order=True)
class Change:
    """Where (`POST /api/v1/todos request title`), what in one sentence, and whether it breaks somebody who calls."""

    pointer: str
    message: str
    breaking: bool


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Every difference that a caller can notice, breaking or not, sorted by place; equal promises give []."""
    before, after = Contract(old), Contract(new)
    was, now = before.operations(), after.operations()
    moved = {_name(operation): place for place, operation in now.items() if place not in was}
    changes = {Change(place, f"{_name(now[place])} is new.", False) for place in now.keys() - was.keys()}
    for place, operation in was.items():
        if place in now:
            changes |= set(_operation(before, after, place, operation, now[place]))
        else:
            where = moved.get(_name(operation))
            changes.add(Change(place, f"{_name(operation)} {f'is now {where}' if where else 'is gone'}.", True))
    if not Comparison(before, after, sent=False).same(before.document.get("webhooks"), after.document.get("webhooks")):
        changes.add(Change("webhooks", "changed: cannot be proven compatible.", True))
    return sorted(changes)


def _operation(
    before: "Contract", after: "Contract", place: str, was: dict[str, Any], now: dict[str, Any]
) -> Iterator[Change]:
    if _name(was) != _name(now):
        yield Change(place, f"{_name(was)} is now called {_name(now)}.", True)
    if gone := _servers(was) - _servers(now):
        yield Change(place, f"is no longer served at {' or '.join(sorted(gone))}.", True)
    had, wants = before.ways_in(was), after.ways_in(now)
    if any(not any(way <= known for way in wants) for known in had):
        yield Change(place, "security: a caller that came in may be turned away.", True)
    elif had != wants:
        yield Change(place, "security: more callers come in.", False)
    statuses = sorted(_mapping(was.get("responses")).keys() | _mapping(now.get("responses")).keys())
    sent, got = Comparison(before, after, sent=True), Comparison(before, after, sent=False)
    if not sent.same(was.get("callbacks"), now.get("callbacks")):
        yield Change(place, "callbacks changed: cannot be proven compatible.", True)
    yield from sent.schemas(before.sent(was), after.sent(now), f"{place} ")
    yield from got.schemas(before.got(was, statuses), after.got(now, statuses), f"{place} ")


class Contract:
    """One of the two. What an operation sends and gets is read as one schema each, so that one walk compares all."""

    def __init__(self, document: object) -> None:
        self.document = _mapping(_tidy(document, ()))

    def operations(self) -> dict[str, dict[str, Any]]:
        """By place; each with the security, servers and parameters that hold for it."""
        found = {}
        shared = {name: self.document[name] for name in ("security", "servers") if name in self.document}
        for path, node in _mapping(self.document.get("paths")).items():
            item = self.resolved(node)
            servers = {"servers": item["servers"]} if "servers" in item else {}
            for method in METHODS:
                if isinstance(operation := item.get(method), dict):
                    listed = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
                    found[f"{method.upper()} {path}"] = {**shared, **servers, **operation, "parameters": listed}
        return found

    def ways_in(self, operation: dict[str, Any]) -> set[frozenset[str]]:
        """The sets of proofs of which one lets a caller in; the empty set lets in everybody."""
        schemes = _mapping(_mapping(self.document.get("components")).get("securitySchemes"))
        known = {name: _text(self.filled(_mapping(scheme))) for name, scheme in schemes.items()}
        ways = [_mapping(way) for way in _list(operation.get("security"))] or [{}]
        return {
            frozenset(f"{known.get(name, name)} {scope}" for name in way for scope in ["", *_list(way[name])])
            for way in ways
        }

    def sent(self, operation: dict[str, Any]) -> dict[str, Any]:
        """A caller's whole request as one schema; names that end in a space are places, not properties."""
        parts, needed = {}, []
        for node in operation["parameters"]:
            parameter = self.resolved(node)
            name = str(parameter.get("name"))
            place = f"{parameter.get('in')} {name.title() if parameter.get('in') == 'header' else name} "
            parts[place] = self._written(parameter)
            needed += [place] if parameter.get("required") is True else []
        body = self.resolved(operation.get("requestBody"))
        if body:
            parts["request "] = {**self._contents(body, {}), "required": []}
            needed += ["request "] if body.get("required") is True else []
        return _object(parts, needed)

    def got(self, operation: dict[str, Any], statuses: list[str]) -> dict[str, Any]:
        """All answers as one schema. A status that is not told of is told of by its class, or by the rest."""
        told, parts = _mapping(operation.get("responses")), {}
        for status in statuses:
            if response := self.resolved(told.get(status) or told.get(f"{status[:1]}XX") or told.get("default")):
                headers = {f"header {name.title()} ": one for name, one in _mapping(response.get("headers")).items()}
                parts[f"response {status} "] = self._contents(response, headers)
        return _object(parts, list(parts))

    def _contents(self, body: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
        """One property for each media type, for a caller chooses one of them, and for each header."""
        parts = {f"{media} ": self._written(_mapping(one)) for media, one in _mapping(body.get("content")).items()}
        resolved = {name: self.resolved(header) for name, header in headers.items()}
        needed = [*parts, *(name for name, header in resolved.items() if header.get("required") is True)]
        return _object({**parts, **{name: self._written(header) for name, header in resolved.items()}}, needed)

    def _written(self, node: dict[str, Any]) -> dict[str, Any]:
        """A schema together with how its value is written on the wire."""
        style = node.get("style", "form" if node.get("in") in ("query", "cookie") else "simple")
        how = {key: one for key, one in node.items() if key not in UNREAD | {"schema", "required", "name", "in"}}
        return {"allOf": [node.get("schema")], "how it is written": {"explode": style == "form", **how, "style": style}}

    def resolved(self, node: object) -> dict[str, Any]:
        """What a reference names in the end; the node itself when it is none."""
        for _ in range(50):
            if (target := self._target(_mapping(node).get("$ref"))) is None:
                break
            node = target
        return _mapping(node)

    def filled(self, node: dict[str, Any]) -> dict[str, Any]:
        """A node without texts, with what its reference names."""
        kept = {key: value for key, value in node.items() if not _is_text(key, value)}
        target = self._target(kept.get("$ref"))
        return kept if target is None else {**kept, "$ref": target}

    def _target(self, reference: object) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return None
        node: Any = self.document
        for part in reference[2:].split("/"):
            node = _mapping(node).get(unquote(part).replace("~1", "/").replace("~0", "~"))
        return node

    def flat(self, schema: Any, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """The schema as one set of keywords: references and `allOf` merged in, as far as that says the same."""
        if not isinstance(schema, dict):
            return {"enum": []} if schema is False else {}
        own = {
            key: one for key, one in schema.items() if key not in UNREAD | {"$ref", "allOf"} and not _is_text(key, one)
        }
        reference = schema.get("$ref")
        if (target := self._target(reference)) is None:
            own |= {} if reference is None else {"$ref": reference}
        elif reference not in above:
            own = _both(own, self.flat(target, (*above, str(reference))))
        for part in _list(schema.get("allOf")):
            own = _both(own, self.flat(part, above))
        return own

    def union(self, flat: dict[str, Any], above: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Its alternatives, none of which has any itself. A `oneOf` whose parts may overlap is no union, and stays."""
        for key in ("anyOf", "oneOf"):
            rest, known = {name: one for name, one in flat.items() if name != key}, (*above, _text(flat))
            inner = [_both(rest, self.flat(one)) for one in _list(flat.get(key))]
            if inner and (key == "anyOf" or not any(_kinds(a) & _kinds(b) for a in inner for b in inner if a is not b)):
                return [leaf for one in inner if _text(one) not in known for leaf in self.union(one, known)]
        return [flat]


class Comparison:
    """Schemas of the old contract against those of the new one, for what is `sent`, or for what is got."""

    def __init__(self, old: Contract, new: Contract, sent: bool) -> None:
        self.old, self.new, self.sent = old, new, sent
        self._seen: set[str] = set()

    def _change(self, at: str, text: str, narrower: bool, wider: bool) -> Change:
        breaks = narrower if self.sent else wider
        reason = "what was accepted may be refused" if self.sent else "a caller may get what it was not promised"
        return Change(_place(at), f"{text}{f': {reason}' if breaks else ''}.", breaks)

    def same(self, was: Any, now: Any, seen: tuple[str, ...] = ()) -> bool:
        """Whether two parts say the same, references followed, texts left out."""
        pair = _text([was, now])
        if isinstance(was, list) and isinstance(now, list):
            return len(was) == len(now) and all(self.same(*both, seen) for both in zip(was, now, strict=True))
        if pair in seen or not isinstance(was, dict) or not isinstance(now, dict):
            return pair in seen or _text(was) == _text(now)
        old, new = self.old.filled(was), self.new.filled(now)
        return old.keys() == new.keys() and all(self.same(old[key], new[key], (*seen, pair)) for key in old)

    def schemas(self, was: Any, now: Any, at: str) -> Iterator[Change]:
        """`at` is the place so far. A pair that refers to others is walked once, at the first place it stands."""
        pair = _text([was, now])
        if pair in self._seen if '"$ref"' in pair else _text(was) == _text(now):
            return
        self._seen.add(pair)
        old, new = self.old.flat(was), self.new.flat(now)
        defaults = old.pop("default", None), new.pop("default", None)
        if self.sent and _text(defaults[0]) != _text(defaults[1]):
            text = f"default {_became(*defaults)}: who leaves it out gets something else."
            yield Change(_place(at), text, True)
        before, after = self.old.union(old), self.new.union(new)
        if before != [old] or after != [new]:
            yield from self._alternatives(before, after, at)
            return
        yield from self._values(old, new, at)
        both = _kinds(old) & _kinds(new)
        yield from self._limits(old, new, at, both)
        yield from self._rules(old, new, at)
        if "object" in both:
            yield from self._properties(old, new, at)
        if "array" in both:
            yield from self.schemas(old.get("items"), new.get("items"), f"{at}[]")

    def _alternatives(self, was: list[dict[str, Any]], now: list[dict[str, Any]], at: str) -> Iterator[Change]:
        """Each old one against the new one that is like it: when every pair fits, the whole does."""
        was, now = ([part for one in side for part in _by_type(one)] for side in (was, now))
        for closely in (2, 1, 0):
            for one in list(was):
                other = next((other for other in now if self._alike(one, other, closely)), None)
                if other is not None:
                    yield from self.schemas(one, other, at)
                    was.remove(one)
                    now.remove(other)
        if was or now:
            text = f"has {'fewer' if was else 'more'} alternatives"
            yield self._change(at, text, bool(was), bool(now))

    def _alike(self, one: dict[str, Any], other: dict[str, Any], closely: int) -> bool:
        return closely == 0 or (self.same(one, other) if closely == 2 else _kinds(one) == _kinds(other))

    def _values(self, old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[Change]:
        was, now = _allowed(old), _allowed(new)
        gone, more = _kinds(old) - _kinds(new), _kinds(new) - _kinds(old)
        if (was is None or now is None) and (gone or more):
            yield self._change(at, f"type {_type_names(old)} became {_type_names(new)}", bool(gone), bool(more))
        if was is not None and now is not None:
            for value in sorted(was ^ now):
                grows = self.sent or old.get("x-may-grow") is not True
                yield self._change(
                    at, f"is {'never' if value in was else 'also'} {value} now", value in was, value in now and grows
                )
        elif now is not None:
            yield self._change(at, f"is only {' or '.join(sorted(now)) or 'nothing'} now", True, False)
        elif was is not None:
            yield self._change(at, f"is no longer only {' or '.join(sorted(was)) or 'nothing'}", False, True)

    def _limits(self, old: dict[str, Any], new: dict[str, Any], at: str, both: set[str]) -> Iterator[Change]:
        for name, exclusive, kinds, sign, absent in LIMITS:
            was, now = (_bound(schema, name, exclusive, sign, absent) for schema in (old, new))
            if was != now and kinds & both:
                text = _became(*(schema.get(name, schema.get(exclusive)) for schema in (old, new)))
                yield self._change(at, f"{name} {text}", now < was, now > was)

    def _rules(self, old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[Change]:
        for group in RULES:
            was, now = (
                {key: one.get(key) for key in group if one.get(group[0], False) is not False} for one in (old, new)
            )
            if not was or not now:
                if was or now:
                    yield self._change(at, f"{group[0]} is {'new' if now else 'gone'}", bool(now), bool(was))
            elif not self.same(was, now):
                yield Change(_place(at), f"{group[0]} changed: cannot be proven compatible.", True)
        for key in sorted((old.keys() | new.keys()) - WALKED):
            if not self.same(old.get(key), new.get(key)) or (key in BESIDE and not self.same(old, new)):
                yield Change(_place(at), f"{key} changed, or what it judges: cannot be proven compatible.", True)

    def _properties(self, old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[Change]:
        was, now = _mapping(old.get("properties")), _mapping(new.get("properties"))
        needed, needs = set(_list(old.get("required"))), set(_list(new.get("required")))
        others, other = old.get("additionalProperties", True), new.get("additionalProperties", True)
        for name in sorted(was.keys() | now.keys() | needed | needs):
            inside = f"{at}{name}" if at.endswith(" ") else f"{at}.{name}"
            if name in was and name not in now:
                yield self._change(inside, "is gone", True, name in needed or name.endswith(" "))
            elif name in now and name not in was:
                text = "is new and required" if name in needs - needed and self.sent else "is new"
                yield self._change(
                    inside, text, name in needs - needed, name.startswith(SUCCESS) and name.endswith(" ")
                )
            elif (name in needs) != (name in needed):
                text = "is required now" if name in needs else "is no longer required"
                yield self._change(inside, text, name in needs, name in needed)
            if (name in was or isinstance(others, dict)) and (name in now or isinstance(other, dict)):
                yield from self.schemas(was.get(name, others), now.get(name, other), inside)
        if others is not False and other is not False:
            yield from self.schemas(others, other, f"{at}*" if at.endswith(" ") else f"{at}.*")
        elif others is not other:
            text = "takes no other properties now" if other is False else "may have other properties now"
            yield self._change(at, text, other is False, False)


# ------------------------------------------------------------ parts of an operation


def _servers(operation: dict[str, Any]) -> set[str]:
    return {str(_mapping(server).get("url")) for server in _list(operation.get("servers"))} or {"/"}


def _name(operation: dict[str, Any]) -> str:
    return f"`{operation.get('operationId', 'an operation without operationId')}`"


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _place(at: str) -> str:
    """As a person reads it: the media type is told only where it is the point."""
    return at.strip().replace(" application/json ", " ").replace(" []", "[]")


# ------------------------------------------------------------ parts of a flat schema


def _by_type(schema: dict[str, Any]) -> list[dict[str, Any]]:
    types = schema.get("type")
    return [{**schema, "type": one} for one in types] if isinstance(types, list) else [schema]


def _declared(schema: dict[str, Any]) -> set[str]:
    types = [one.get("type") for one in _by_type(schema)] if "type" in schema else list(KINDS)
    return {kind for one in types for kind in KINDS.get(str(one), {str(one)})}


def _allowed(schema: dict[str, Any]) -> set[str] | None:
    """The values that `enum` and `const` leave, as JSON; None when they leave any."""
    lists = [_list(schema["enum"])] if "enum" in schema else []
    lists += [[schema["const"]]] if "const" in schema else []
    kinds = _declared(schema)
    texts = [{_text(value) for value in values if _kind(value) in kinds} for values in lists]
    return set.intersection(*texts) if texts else None


def _kind(value: object) -> str:
    return KIND_OF.get(type(value), "null")


def _kinds(schema: dict[str, Any]) -> set[str]:
    allowed = _allowed(schema)
    return _declared(schema) if allowed is None else {_kind(json.loads(value)) for value in allowed}


def _type_names(schema: dict[str, Any]) -> str:
    kinds = _kinds(schema)
    names = kinds - KINDS["number"] | {"number"} if kinds >= KINDS["number"] else kinds
    return "any" if kinds >= set(KINDS) - {"number"} else " or ".join(sorted(names)) or "nothing"


def _bound(schema: dict[str, Any], name: str, exclusive: str, sign: int, absent: float) -> tuple[float, int]:
    """Smaller is narrower, for upper and lower limits alike."""
    given = [(schema.get(name), 1), (schema.get(exclusive), 0)]
    return min([(absent, 1), *((sign * one, rank) for one, rank in given if isinstance(one, int | float))])


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What fits both schemas; what cannot be merged stays beside, in `allOf`."""
    merged = {**other, **one}
    naming = {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties"}
    closing = naming - {"properties"} & (one.keys() | other.keys())
    fits = not (closing and naming & one.keys() and naming & other.keys())
    for group in ({"items", *BESIDE}, *map(set, RULES[-2:])):
        fits = fits and not (group & one.keys() and group & other.keys())
    for key in one.keys() & other.keys():
        if key == "required":
            merged[key] = sorted({*_list(one[key]), *_list(other[key])}, key=str)
        elif key == "properties" and not (_mapping(one[key]).keys() & _mapping(other[key]).keys()):
            merged[key] = {**_mapping(one[key]), **_mapping(other[key])}
        elif key not in ("default", "x-may-grow"):
            fits = fits and _text(one[key]) == _text(other[key])
    return merged if fits or not one or not other else {**one, "allOf": [*_list(one.get("allOf")), other]}


# ------------------------------------------------------------ JSON


def _tidy(node: object, above: tuple[int, ...]) -> Any:
    """As JSON would hold it: names are strings, 1.0 is 1, a day is a text; a part that holds itself is cut."""
    if id(node) in above:
        return None
    if isinstance(node, dict):
        return {str(key): _tidy(value, (*above, id(node))) for key, value in node.items()}
    if isinstance(node, list):
        return [_tidy(value, (*above, id(node))) for value in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    return node if isinstance(node, str | int | float | None) else str(node)


def _text(node: object) -> str:
    return json.dumps(node, sort_keys=True, ensure_ascii=False)


def _mapping(node: object) -> dict[str, Any]:
    return node if isinstance(node, dict) else {}


def _list(node: object) -> list[Any]:
    return node if isinstance(node, list) else []


def _is_text(key: str, value: object) -> bool:
    return (key in UNREAD and not isinstance(value, dict)) or (key.startswith("x-") and key != "x-may-grow")


def _became(was: object, now: object) -> str:
    if was is None or now is None:
        return f"{now} is new" if was is None else f"{was} is gone"
    return f"{was} became {now}"

"""Plain YAML: one document of mappings, lists, words and numbers, read in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Hashable
from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml

MOST_VALUES = 20_000
"""Most keys and values of a file together: each costs about a kilobyte while it is read."""

DEEPEST = 20
"""Most levels of nesting."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def load_plain(content: bytes) -> object:
    """Return what a file says; times stay text, for the fields that hold them to read.

    Anchors, aliases, tags and merge keys are refused: with them a file of a kilobyte may stand
    for gigabytes, and a value is not what is written in its place.

    Raises
    ------
    yaml.YAMLError
        It is not plain YAML; the message names the line.
    UnicodeDecodeError
        It is not UTF-8.
    """
    return deepcopy(_parsed(content))


# A run reads its use case at every step, and a backfill at every window.
@lru_cache(maxsize=16)
def _parsed(content: bytes) -> object:
    loader = _PlainLoader(content.decode("utf-8-sig"))
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


class _PlainLoader(yaml.SafeLoader):
    """A SafeLoader without what a plain file does not need; a key given twice is an error."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name and type
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag.removeprefix("tag:yaml.org,2002:") not in ("timestamp", "merge", "value")
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._values = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refused("anchors (&) and aliases (*) are not allowed: write it out", event)
        if getattr(event, "tag", None) is not None:
            raise _refused("tags (!) are not allowed: write the value, in quotes if text", event)
        self._values += 1
        if self._values > MOST_VALUES:
            raise _refused(f"more than {MOST_VALUES:,} keys and values", event)
        self._depth += 1
        if self._depth > DEEPEST:
            raise _refused(f"nested more than {DEEPEST} levels deep", event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and _CONTROLS.search(node.value):
            raise _refused("control characters and halves of characters are not allowed", node)
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            # An integer of too many digits, or `0x_`.
            raise _refused(f"{node.value!r:.60} is not a number: {error}", node) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # what reads the mapping says so itself
            if key == "<<":
                raise _refused("merge keys (<<) are not allowed: write the fields out", key_node)
            if key in seen:
                raise _refused(f"{key!r:.60} is given twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _refused(problem: str, place: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    mark: Any = place.start_mark
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)

"""The columns of a use case: event time, id, amount, target and features, and its words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from monitoring.field_types import ClassValue, ColumnName, Duration, Moment, Text, UseCaseSection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Words(UseCaseSection):
    """What the positive class is called in dashboards, alerts and reports."""

    positive: Text = Field("positive", description="One positive row: fraud.")
    positives: Text = Field("positives", description="Several of them: frauds.")


class EventTime(UseCaseSection):
    """The column with the time of the event."""

    name: ColumnName = Field(description="Column name.")
    unit: Literal["s", "ms", "iso"] = Field("iso", description="Seconds, milliseconds or ISO 8601.")
    origin: Moment | None = Field(None, description="What seconds and milliseconds count from.")

    @model_validator(mode="after")
    def _numbers_need_an_origin(self) -> Self:
        if self.unit != "iso" and self.origin is None:
            msg = f"unit {self.unit} needs an `origin` to count from"
            raise ValueError(msg)
        return self


class ArrivalOrder(UseCaseSection):
    """For data without event times: file order stands in, one row every `spacing`."""

    origin: Moment = Field(description="The time given to the first row.")
    spacing: Duration = Field(description="The time from one row to the next.")


class Classes(NamedTuple):
    """The classes of a target of more than two.

    Attributes
    ----------
    names
        In the order of the use case; their places stand for them in arrays.
    watched
        Those whose missing costs money: together they are the positive class.
    """

    names: tuple[str, ...]
    watched: tuple[str, ...]

    @property
    def is_watched(self) -> NDArray[np.bool_]:
        """Of each class, whether it is watched."""
        import numpy as np

        return np.isin(self.names, self.watched)

    def named(self, places: NDArray[np.int8]) -> list[str | None]:
        """Return the name of each place; None where there is none."""
        return [None if place < 0 else self.names[place] for place in places.tolist()]

    def places(self, names: Iterable[str | None]) -> NDArray[np.int8]:
        """Return the place of each name; -1 where it is none of the classes."""
        import numpy as np

        known: dict[str | None, int] = dict(zip(self.names, range(len(self.names)), strict=True))
        return np.array([known.get(name, -1) for name in names], np.int8)


MOST_CLASSES = 20
"""Each has series, rows and columns of its own."""


class Target(UseCaseSection):
    """The column of labels: of two classes, `positive` and the other one, or of `classes`."""

    name: ColumnName = Field(description="Column name.")
    positive: ClassValue | None = Field(
        None, description="Its value for the positive class, where there are two."
    )
    negative: ClassValue | None = Field(
        None,
        description="Its other value; if unset, the other one of a pair such as yes and no, else "
        "the most frequent other value of the history.",
    )
    classes: tuple[ClassValue, ...] | None = Field(
        None, max_length=MOST_CLASSES, description="All values, where there are more than two."
    )
    watch: tuple[ClassValue, ...] = Field(
        (), description="Of `classes`, those whose missing costs money: one, or a list."
    )

    @field_validator("watch", mode="before")
    @classmethod
    def _one_or_several(cls, given: object) -> object:
        return given if isinstance(given, list | tuple) else (given,)

    @property
    def values(self) -> tuple[ClassValue, ...]:
        """The values that are declared: the classes, or the positive one."""
        if self.classes is not None:
            return self.classes
        return () if self.positive is None else (self.positive,)

    @property
    def is_text(self) -> bool:
        """Whether its values are words, whatever they look like."""
        return all(isinstance(value, str) for value in self.values)

    @property
    def of_classes(self) -> Classes | None:
        """The classes by name; None where there are two values."""
        if self.classes is None:
            return None
        return Classes(tuple(map(str, self.classes)), tuple(map(str, self.watch)))

    @model_validator(mode="after")
    def _either_two_values_or_classes(self) -> Self:
        if (self.positive is None) == (self.classes is None):
            msg = "give either `positive`, of two values, or `classes` and `watch`, of more"
            raise ValueError(msg)
        if self.classes is None:
            if self.watch:
                msg = "`watch` is of `classes`: name them, or leave it out"
                raise ValueError(msg)
            return self
        names = [str(one).strip().casefold() for one in self.classes]
        if len(names) < 3 or len(set(names)) < len(names):
            msg = "`classes` are three or more different values; two are `positive` and the other"
            raise ValueError(msg)
        if self.negative is not None:
            msg = "`negative` is of two values: leave it out where there are `classes`"
            raise ValueError(msg)
        unknown = [one for one in self.watch if one not in self.classes]
        if unknown or not 0 < len(set(self.watch)) < len(names):
            msg = (
                f"`watch` names some of the `classes`, not all: {', '.join(map(str, self.classes))}"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _two_values(self) -> Self:
        if self.negative is not None and self.negative == self.positive:
            msg = f"`negative` must be another value than `positive`, {self.positive!r}"
            raise ValueError(msg)
        return self


class Features(UseCaseSection):
    """The columns the model reads, by kind."""

    numeric: tuple[ColumnName, ...] = Field((), description="Columns of numbers.")
    categorical: tuple[ColumnName, ...] = Field((), description="Columns of words or codes.")

    @property
    def names(self) -> tuple[str, ...]:
        """All feature names, numeric first."""
        return self.numeric + self.categorical

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = {name for name in self.names if self.names.count(name) > 1}
        if twice:
            msg = f"named twice: {', '.join(sorted(twice))}"
            raise ValueError(msg)
        if not self.names:
            msg = "name at least one column, under `numeric` or `categorical`"
            raise ValueError(msg)
        return self


class Logged(UseCaseSection):
    """Columns of files that `tocsin ingest` reads, beside those of a row and its label."""

    score: ColumnName | None = Field(
        None, description="Probability of the positive class by the model that served, 0 to 1."
    )
    decision: ColumnName | None = Field(
        None, description="Whether the row was flagged: 1 and 0, or true and false, yes and no."
    )
    model_version: ColumnName | None = Field(
        None, description="Version of the model that gave the score."
    )
    scored_at: ColumnName | None = Field(
        None, description="When, in ISO 8601; as the row arrived if unset."
    )
    arrived_at: ColumnName | None = Field(
        None, description="When the row arrived, in ISO 8601; at the time of the command if unset."
    )
    labelled_at: ColumnName | None = Field(
        None, description="When the label came, in ISO 8601; at the time of the command if unset."
    )
    control: ColumnName | None = Field(
        None,
        description="Whether a flagged row was let through although `decisions.blocking` stops it; "
        "none was if unset.",
    )
    control_probability: ColumnName | None = Field(
        None,
        description="Probability that it would be, above 0 and up to 1; `decisions.control_share` "
        "if unset.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are declared, each once."""
        return tuple(dict.fromkeys(name for name in dict(self).values() if name is not None))

    @model_validator(mode="after")
    def _a_score_is_whole(self) -> Self:
        parts = (self.score, self.decision, self.model_version)
        if None in parts and any(part is not None for part in (*parts, self.scored_at)):
            msg = "`score`, `decision` and `model_version` go together: name all three, or none"
            raise ValueError(msg)
        if self.score is None and (self.control or self.control_probability):
            msg = "`control` and `control_probability` are of scores: name their columns too"
            raise ValueError(msg)
        return self


def _time_is(given: object) -> str:
    """Return which of the two a file means, so that errors name the fields of that one alone."""
    by_order = isinstance(given, ArrivalOrder) or (isinstance(given, dict) and "spacing" in given)
    return "(order)" if by_order else "(column)"


def _is_word(given: object) -> str:
    return "(word)" if given in ("last", "auto") else "(fields)"


Either = Discriminator(_is_word)


class Columns(UseCaseSection):
    """The role of each column."""

    event_time: Annotated[
        Annotated[EventTime, Tag("(column)")] | Annotated[ArrivalOrder, Tag("(order)")],
        Discriminator(_time_is),
    ] = Field(description="Time of the event.")
    id: ColumnName | None = Field(
        None, description="Column that names a row; source hash and row number if there is none."
    )
    amount: ColumnName | None = Field(None, description="Column of the money at stake in a row.")
    target: Annotated[
        Annotated[Target, Tag("(fields)")] | Annotated[Literal["last"], Tag("(word)")], Either
    ] = Field(description="Column of labels; `last` with `source: auto`.")
    features: Annotated[
        Annotated[Features, Tag("(fields)")] | Annotated[Literal["auto"], Tag("(word)")], Either
    ] = Field(description="Columns the model reads; `auto` with `source: auto`.")
    inputs: Features | None = Field(
        None, description="Columns that `derive` reads and the model does not, by kind."
    )
    logged: Logged = Field(
        default_factory=Logged, description="Columns of prediction logs, for `tocsin ingest`."
    )

    @property
    def classes(self) -> Classes | None:
        """The target's classes; None where it has two values, or is not known yet."""
        return self.target.of_classes if isinstance(self.target, Target) else None

    @model_validator(mode="after")
    def _no_feature_gives_the_target_away(self) -> Self:
        if isinstance(self.features, Features) and isinstance(self.target, Target):
            for part, name in (("target", self.target.name), ("id", self.id)):
                if name in self.features.names:
                    msg = f"{name!r} is the {part}: it can't be a feature too"
                    raise ValueError(msg)
                if self.inputs is not None and name in self.inputs.names:
                    msg = f"{name!r} is the {part}: it can't be an input too"
                    raise ValueError(msg)
        return self

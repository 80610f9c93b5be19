"""Prediction logs as window source: summarised where they lie, no row of them is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.serving_skew import NONE_CHECKED, Skew
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.logs.log_reader import LogPart, LogPartError, LogReader, within
from monitoring.sources.logs.logs import label_reader, log_reader
from monitoring.sources.logs.passing_sample import PassingSample
from monitoring.sources.logs.sampled_rows import passed_rows, sampled_rows
from monitoring.sources.logs.score_problems import ScoreProblems
from monitoring.sources.logs.scored_rows import LogColumns, LoggedScores
from monitoring.steps.places import model_registry
from monitoring.steps.report.kept_parts import Found, KeptParts, Part, fingerprint, pieces_of
from monitoring.steps.report.label_account import arrivals_of, labels_without_rows
from monitoring.steps.report.log_problems import found_of, said_of_ids
from monitoring.steps.run import StepError
from monitoring.steps.window_source import DrawnRows, OwnScores
from monitoring.store.production_store import ProductionStore
from monitoring.store.row_source import LabelProblems
from monitoring.store.window_summaries import WindowSummaries
from monitoring.summary.build import score_histograms
from monitoring.summary.merge import merge_scores
from monitoring.summary.pieces import FeaturePass, by_piece
from monitoring.summary.types import Reference, ScoreSummary, Summary
from monitoring.training.model import Adopted, Model
from monitoring.use_case import UseCase
from monitoring.use_case_production import Production
from monitoring.wording import several

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

UNREADABLE = "file that can't be read"


def logged_windows(case: UseCase, production: Production, store: ProductionStore) -> LoggedWindows:
    """Return the windows of a watched model's logs."""
    columns = LogColumns(case, production)
    data = settings().data
    return LoggedWindows(
        case, store, columns, log_reader(columns, data), label_reader(columns, data)
    )


@dataclass
class LoggedWindows:
    """Windows of prediction logs.

    Attributes
    ----------
    labels
        The table of labels; None where they are in the rows.
    """

    case: UseCase
    store: ProductionStore
    columns: LogColumns
    logs: LogReader
    labels: LogReader | None
    _broken: dict[str, str] = field(default_factory=dict)
    _found: dict[tuple[str, Window], Found] = field(default_factory=dict)
    _models: dict[str, Model] = field(default_factory=dict)
    _read: dict[tuple[object, ...], Part] = field(default_factory=dict)
    _passed: dict[tuple[object, ...], PassingSample] = field(default_factory=dict)

    def count(self, window: Window, as_of: datetime) -> int:
        """Return how many rows a window has, mostly from the metadata of its files."""
        del as_of
        rows = 0
        for part in self.logs.parts(window):
            try:
                rows += self.logs.count(part, window)
            except LogPartError as error:
                self._broken[error.part] = str(error)
        return rows

    def summary(self, window: Window, as_of: datetime, model: Model) -> Summary:
        """Return the summary of a window on a model's bins, with the scores that it gave itself."""
        while True:
            broken = dict(self._broken)
            features = self._features(window, as_of, model)
            scores = self._scores(window, as_of, model)
            if self._broken == broken:  # else a part was set aside that one of both has counted
                return replace(features.summary, scores=_any(scores.summary.scores))

    def scorer(self, window: Window, as_of: datetime) -> str | None:
        """Return the version that scored a window: the champion, or else one that was adopted."""
        registry = model_registry()
        serving = registry.champion(self.case)
        if serving is None:
            return None
        part = self._scores(window, as_of, self._model(serving.number))
        if _any(part.summary.scores) is not None:
            return serving.number
        others = sorted(part.found.other_versions.items(), key=lambda one: -one[1])
        known = (registry.adopted_as(self.case, name) for name, _ in others)
        return next((version.number for version in known if version is not None), None)

    def scores(self, window: Window, as_of: datetime, model: Model) -> OwnScores:
        """Return the scores that a version gave in a window, with the labels that had come."""
        found = self._scores(window, as_of, model).summary
        return OwnScores(found.rows, _any(found.scores), None)

    def skew(self, window: Window, as_of: datetime, model: Model) -> Skew:
        """Return that nothing was scored again: the model serves elsewhere."""
        del window, as_of, model
        return NONE_CHECKED

    def draw(
        self, window: Window, as_of: datetime, model: Model, *, size: int, features: bool
    ) -> DrawnRows:
        """Return a random sample of a window's rows, of bounded cost."""
        while True:
            try:
                rows = sampled_rows(
                    self._scored(model), self._parts(window), window, as_of, size=size
                )
                break
            except LogPartError as error:
                self._set_aside(error)
        if not features:
            rows = replace(rows, features=rows.features.iloc[:, :0])
        return DrawnRows(replace(rows, model_version=model.version), self.count(window, as_of))

    def drawn_in_passing(
        self, window: Window, as_of: datetime, model: Model, *, features: bool
    ) -> DrawnRows | None:
        """Return the sample that was taken as a window was read; None where parts were kept."""
        scored = self._passed.get(("scores", model.version, window, as_of))
        of_features = self._passed.get(("features", model.version, window))
        if scored is None or (features and of_features is None):
            return None
        rows = passed_rows(self._scored(model), of_features if features else None, scored)
        if rows is None:
            return None
        return DrawnRows(replace(rows, model_version=model.version), scored.rows)

    def set_aside(self, since: datetime, as_of: datetime) -> Mapping[str, int]:
        """Return how many rows, and files, were set aside of the windows summarised since."""
        del as_of
        found = self._all_found(since)
        files = len({**found.unreadable, **self._broken})
        return {**found.set_aside, **({UNREADABLE: files} if files else {})}

    def unreadable(self, since: datetime, as_of: datetime) -> Mapping[str, int]:
        """Return nothing: a file is set aside as a whole, and a changed column has its status."""
        del since, as_of
        return {}

    def label_problems(self, since: datetime, as_of: datetime) -> LabelProblems:
        """Return how many labels of the windows that were summarised are not as they should be."""
        del since
        found = self._all_found()
        conflicting = found.conflicting_labels
        newest_wins = self.case.labels.newest_wins
        return LabelProblems(
            unknown=self._labels_without_rows(as_of),
            conflicting=0 if newest_wins else conflicting,
            corrected=conflicting if newest_wins else 0,
            before_event=found.early_labels,
            shared_id=found.shared_id,
        )

    def _labels_without_rows(self, as_of: datetime) -> int | None:
        if self.labels is None:
            return None
        labels = self.case.labels
        mature = newest_mature_window(as_of, self.case.drift.window, labels.mature_after)
        versions = {of[1] for of in self._read if of[0] == "scores" and of[2] == mature}
        found = (
            labels_without_rows(self.case, self._kept, str(version), mature) for version in versions
        )
        return next((rows for rows in found if rows is not None), None)

    def notes(self, since: datetime) -> tuple[str, ...]:
        """Return which files were not read, and which rows other versions scored since."""
        found = self._all_found(since)
        broken = {**self._all_found().unreadable, **self._broken}
        return (
            *(f"NOT READ, to be tried again: {said}" for said in broken.values()),
            *said_of_ids(self._all_found(since)),
            *(
                f"{several(rows, 'row')} scored by version {name}, which is not adopted: "
                f"`tocsin adopt {self.case.name}`"
                for name, rows in found.other_versions.items()
            ),
        )

    def _features(self, window: Window, as_of: datetime, model: Model) -> Part:
        def inputs(piece: Window) -> str:
            return fingerprint(model.reference.training.bins_hash, self._files(self.logs, piece))

        def read(pieces: Sequence[Window]) -> Sequence[Part]:
            return self._without_broken(lambda: self._counted(pieces, model), pieces)

        kept = KeptParts(self._kept, "features", str(model.version), inputs, read)
        return self._whole(kept, window, as_of)

    def _scores(self, window: Window, as_of: datetime, model: Model) -> Part:
        adopted = _adopted(model)

        def inputs(piece: Window) -> str:
            came = Window(piece.start, max(as_of, piece.end))
            known = [] if self.labels is None else self._files(self.labels, came)
            # Labels of a piece that is mature stay as they are, whenever they are looked at.
            mature = piece.end + self.case.labels.mature_after <= as_of
            seen = "mature" if mature else as_of
            bins = model.reference.training.bins_hash
            return fingerprint(bins, repr(adopted), self._files(self.logs, piece), known, seen)

        def read(pieces: Sequence[Window]) -> Sequence[Part]:
            return self._without_broken(lambda: self._scored_pieces(pieces, as_of, model), pieces)

        kept = KeptParts(self._kept, "scores", str(model.version), inputs, read)
        return self._whole(kept, window, as_of)

    @property
    def _kept(self) -> WindowSummaries:
        return self.store.summaries(self.case)

    def _whole(self, kept: KeptParts, window: Window, as_of: datetime) -> Part:
        """Return a window's summary; what this run has asked for already is not asked for again."""
        broken = tuple(sorted(self._broken))
        key = kept.part, kept.model_version, window, as_of, broken
        if key not in self._read:
            part = kept.whole(window, pieces_of(self.case, window), as_of)
            self._read[(*key[:4], tuple(sorted(self._broken)))] = part
            self._found[kept.part, window] = part.found
            return part
        return self._read[key]

    def _all_found(self, since: datetime | None = None) -> Found:
        found = (
            one
            for (_, window), one in self._found.items()
            if since is None or window.start >= since
        )
        return sum(found, start=Found())

    def _model(self, version: str) -> Model:
        if version not in self._models:
            self._models[version] = model_registry().load(self.case, version)
        return self._models[version]

    def _files(self, reader: LogReader, window: Window) -> list[tuple[str, str, bool]]:
        """Return what a window is made of: a part that is set aside is another than one read."""
        return [(part.name, part.state, part.name in self._broken) for part in reader.parts(window)]

    def _set_aside(self, error: LogPartError) -> None:
        if error.part in self._broken:
            raise error
        self._broken[error.part] = str(error)

    def _without_broken(
        self, read: Callable[[], Sequence[Part]], pieces: Sequence[Window]
    ) -> Sequence[Part]:
        """Read pieces; a part that can't be read is set aside as a whole, and all is read anew."""
        while True:
            try:
                parts = read()
            except LogPartError as error:
                self._set_aside(error)
                continue
            marked = []
            for piece, part in zip(pieces, parts, strict=True):
                names = {name for name, *_ in self._files(self.logs, piece)}
                if self.labels is not None:
                    names |= {name for name, *_ in self._files(self.labels, piece)}
                broken = {name: said for name, said in self._broken.items() if name in names}
                found = part.found + Found(unreadable=broken)
                marked.append(Part(part.summary, found))
            return marked

    def _parts(self, window: Window) -> list[LogPart]:
        return [part for part in self.logs.parts(window) if part.name not in self._broken]

    def _counted(self, pieces: Sequence[Window], model: Model) -> Sequence[Part]:
        """Count the features of pieces in one pass, and draw a sample of them."""
        import pyarrow as pa

        window = Window(pieces[0].start, pieces[-1].end)
        reference = model.reference
        pass_over = FeaturePass.of(reference.bins, pieces)
        sample = PassingSample(self.case.report.sample)
        for part in self._parts(window):
            for batch in self.logs.read(part, self.columns.features, window):
                try:
                    time = self.columns.times.values(batch.column(self.columns.times.name))
                except ValueError as error:
                    raise LogPartError(part.name, str(error)) from error
                pass_over.add(batch, time)
                inside = within(time, window)
                sample.add(batch if inside.all() else batch.filter(pa.array(inside)))
        self._passed["features", model.version, window] = sample
        summaries = pass_over.summaries(
            bins_hash=reference.training.bins_hash, model_version=reference.model_version
        )
        return [Part(summary, Found()) for summary in summaries]

    def _scored_pieces(
        self, pieces: Sequence[Window], as_of: datetime, model: Model
    ) -> Sequence[Part]:
        """Count the scores of pieces in one pass, labels joined, and draw a sample of them."""
        window = Window(pieces[0].start, pieces[-1].end)
        problems = ScoreProblems(arrivals=arrivals_of(self.case))
        edges = model.reference.score_edges
        empty = _histogram(edges, self.case.columns.amount is not None)
        scores, rows = [empty] * len(pieces), [0] * len(pieces)
        sample = PassingSample(self.case.report.sample)
        for some in self._scored(model).read(self._parts(window), window, as_of, problems):
            sample.add(some.as_batch())
            for place, mask in by_piece(some.time, pieces):
                amount = None if some.amount is None else some.amount[mask]
                one = score_histograms(some.score[mask], some.label[mask], amount, edges)
                scores[place] = merge_scores([scores[place], one])
                rows[place] += int(mask.sum())
        self._passed["scores", model.version, window, as_of] = sample
        # What was found beside the scores is of the pass; it stands with its first piece.
        others = [Found(arrivals_counted=True)] * (len(pieces) - 1)
        misplaced = sum(self.logs.misplaced(part, window) for part in self._parts(window))
        found = [found_of(problems, misplaced), *others]
        return [
            Part(_only_scores(model.reference, n, one), beside)
            for n, one, beside in zip(rows, scores, found, strict=True)
        ]

    def _scored(self, model: Model) -> LoggedScores:
        adopted = _adopted(model)
        return LoggedScores(
            self.columns,
            self.logs,
            self.labels,
            adopted.scale,
            adopted.log_version,
            skip=self._broken,
        )


def _any(scores: ScoreSummary | None) -> ScoreSummary | None:
    """Return scores; None where they are of no row."""
    return scores if scores is not None and scores.rows.any() else None


def _histogram(edges: NDArray[np.float64], priced: bool) -> ScoreSummary:
    none, labels = np.empty(0), np.empty(0, np.int8)
    return score_histograms(none, labels, none if priced else None, edges)


def _only_scores(reference: Reference, rows: int, scores: ScoreSummary) -> Summary:
    """Return the scores of a piece as a summary without features."""
    return Summary(
        bins_hash=reference.training.bins_hash,
        model_version=reference.model_version,
        rows=rows,
        features={},
        scores=scores,
    )


def _adopted(model: Model) -> Adopted:
    if model.adopted is None:
        msg = (
            f"version {model.version} was trained, not adopted: its logs say nothing of it; run "
            "`tocsin adopt` again"
        )
        raise StepError(msg)
    return model.adopted

"""What is asked of a script that runs another tool, and what it answers."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Cost(_Message):
    """What the work took, after imports and after the rows were read."""

    import_cpu_seconds: float
    """Processor time of the process until it was ready to read; not part of what follows."""
    read_seconds: float
    """Wall time of reading the files into frames; not part of what follows."""
    wall_seconds: float
    cpu_seconds: float
    """Processor time of the process with all its threads."""
    before_bytes: int
    """Resident memory with the libraries imported and the rows read."""
    peak_bytes: int
    """Largest resident memory while at work, `before_bytes` included."""
    versions: dict[str, str]
    """Of the tool and of what it computes with, by name."""


class Comparison(_Message):
    """A reference and the windows to hold against it, each the path of a Parquet file."""

    reference: str
    windows: tuple[str, ...]


class DriftRequest(_Message):
    """Which columns of which windows to judge."""

    comparisons: tuple[Comparison, ...]
    numeric: tuple[str, ...]
    categorical: tuple[str, ...] = ()
    chunk_rows: int | None = None
    """Rows of the chunks that NannyML cuts reference and windows into.

    By default as many as the window has, so that each window is one chunk. Chunks of a longer
    window are answered one by one.
    """


class ColumnDrift(_Message):
    """One column of one window."""

    column: str
    method: str
    value: float | None
    """The tool's own statistic; None where it gave none."""
    limit: float | None
    """Where the tool put its limit on `value`; None where it had none to put."""
    flagged: bool


class WindowDrift(_Message):
    """One window, or one chunk of it, its columns in the order asked for."""

    reference: str
    window: str
    first_row: int
    rows: int
    columns: tuple[ColumnDrift, ...]

    @property
    def flagged(self) -> tuple[str, ...]:
        """Names of the columns the tool calls drifted."""
        return tuple(part.column for part in self.columns if part.flagged)


class DriftAnswer(_Message):
    """Every window asked for, comparison by comparison."""

    windows: tuple[WindowDrift, ...]
    cost: Cost


class EstimateRequest(_Message):
    """Rows with labels to learn from, and windows whose labels are to be guessed.

    The reference has the columns `y_true` (0 or 1), `y_pred` (0 or 1) and `y_pred_proba` (0 to 1);
    the windows have the last two. All are paths of Parquet files.
    """

    reference: str
    windows: tuple[str, ...]
    metrics: tuple[str, ...] = ("recall", "precision", "f1", "roc_auc", "average_precision")


class Estimate(_Message):
    """One figure of one window, each None where the tool gave none."""

    metric: str
    value: float | None
    sampling_error: float | None
    low: float | None
    """Lower end of the tool's confidence band."""
    high: float | None


class WindowEstimate(_Message):
    """One window, its figures in the order asked for."""

    window: str
    rows: int
    estimates: tuple[Estimate, ...]

    def of(self, metric: str) -> Estimate:
        """Return the figure of that name.

        Raises
        ------
        KeyError
            It was not asked for.
        """
        for estimate in self.estimates:
            if estimate.metric == metric:
                return estimate
        raise KeyError(metric)


class EstimateAnswer(_Message):
    """Every window asked for, in the order asked."""

    windows: tuple[WindowEstimate, ...]
    cost: Cost


class ProfileRequest(_Message):
    """Files to profile, each the path of a Parquet file, and what bins are fitted on beforehand."""

    windows: tuple[str, ...]
    reference: str | None = None
    """The Parquet file whose rows give the bins; None for tools that need none."""


class WindowProfile(_Message):
    """The profile of one window."""

    window: str
    rows: int
    columns: int
    profile_bytes: int
    """Length of the profile as the tool writes it to disk."""


class ProfileAnswer(_Message):
    """Every window asked for, in the order asked."""

    windows: tuple[WindowProfile, ...]
    cost: Cost


class ReportRequest(_Message):
    """A report run of ours, in a state where a champion serves and rows were replayed."""

    use_case: str
    as_of: AwareDatetime
    use_cases: str
    data: str
    state: str
    reports: str


class ReportAnswer(_Message):
    """What each step took, in the order of the reporting DAG."""

    cpu_seconds: dict[str, float]
    rows: int
    """Production rows in the verdict's window and in the mature one."""
    cost: Cost

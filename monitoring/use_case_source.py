"""Where a use case's labelled history comes from: files, SQL over files, or a database."""

from __future__ import annotations

import re
from glob import has_magic
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from monitoring.bounded_file import FileRefusedError, read_bounded
from monitoring.field_types import Text, UseCaseSection
from monitoring.row_files import ENDINGS

MOST_TABLES, LONGEST_QUERY = 20, 100_000

_WEB = ("http", "https")


def is_address(path: str) -> bool:
    """Whether a path is a URL."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[:/]", path) is not None


def _source_path(path: str) -> str:
    return path if path == "auto" else _table_path(path)


def _table_path(path: str) -> str:
    problem = _problem(path)
    if problem is not None:
        raise ValueError(problem)
    return path


def _problem(path: str) -> str | None:
    """Return what a path can't be for; None where it can."""
    last = path.rstrip("/").rpartition("/")[2]
    is_file = path.casefold().endswith(ENDINGS)
    if not path.isprintable() or not (is_file or path.endswith("/") or _is_bare(last)):
        return (
            "a source is `auto` or a file, a pattern or a folder (`name/`) of files whose names "
            f"end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
        )
    return _problem_of_address(path, is_file=is_file) if is_address(path) else None


def _is_bare(name: str) -> bool:
    """Whether the last name of a path, without an ending, is that of a folder."""
    return name in (".", "..", "**") or (name != "" and "." not in name)


def _problem_of_address(path: str, *, is_file: bool) -> str | None:
    try:
        parts = urlsplit(path)
        host = parts.netloc
    except ValueError:
        return "not a URL: its host is not one"
    if "::" in path or "://" not in path:
        return "a URL is SCHEME://HOST/PATH, of one scheme: s3://bucket/prefix/*.parquet"
    if "@" in host or (parts.scheme in _WEB and (parts.query or parts.fragment)):
        return (
            "a URL here may hold no user, password, `?` or `#`: keys come from the environment, "
            "by the variables of its service (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...)"
        )
    if parts.scheme in _WEB and (not is_file or has_magic(path)):
        return f"the Web has no folders and no patterns: name a file ending in {', '.join(ENDINGS)}"
    return None


def _query_in_file(name: str, info: ValidationInfo) -> str:
    """Return the query in a file beside the use-case file."""
    if Path(name).name != name or not name.casefold().endswith(".sql") or not name.isprintable():
        msg = "the name of an .sql file beside the use-case file, without a folder"
        raise ValueError(msg)
    folder = (info.context or {}).get("folder")
    if folder is None:
        msg = "it lies beside the use-case file: load that from its folder"
        raise ValueError(msg)
    path = Path(folder) / name
    try:
        query = read_bounded(path, LONGEST_QUERY).decode("utf-8-sig")
    except FileNotFoundError as error:
        msg = f"no file {path}: put it beside the use-case file"
        raise ValueError(msg) from error
    except (OSError, FileRefusedError, UnicodeDecodeError) as error:
        msg = f"{path} can't be read as text in UTF-8: {error}"
        raise ValueError(msg) from error
    return _query(query)


def _sample_folder(name: object, info: ValidationInfo) -> object:
    """Return the folder beside the use-case file; one that is whole already stays as it is."""
    folder = (info.context or {}).get("folder")
    if isinstance(name, Path) or folder is None:
        return name
    is_name = isinstance(name, str) and name not in ("", ".", "..") and Path(name).name == name
    path = Path(folder) / name if is_name and isinstance(name, str) else None
    if path is None or not path.is_dir():
        msg = "the name of a folder beside the use-case file, with a sample of the source's files"
        raise ValueError(msg)
    return path.resolve()


def _variable(name: str) -> str:
    if re.fullmatch(r"[A-Z][A-Z0-9_]{0,100}", name) is None:
        # What stands there instead may be the URL itself, with its password.
        msg = "the name of an environment variable in capitals: it holds the URL, the file does not"
        raise ValueError(msg)
    return name


def _query(query: str) -> str:
    if not 0 < len(query.strip()) <= LONGEST_QUERY or "\0" in query:
        msg = f"a query is a SELECT of at most {LONGEST_QUERY:,} letters"
        raise ValueError(msg)
    return query


SourcePath = Annotated[str, AfterValidator(_source_path)]
TablePath = Annotated[str, AfterValidator(_table_path)]
TableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Query = Annotated[str, AfterValidator(_query)]
Variable = Annotated[str, AfterValidator(_variable)]
SampleFolder = Annotated[Path, BeforeValidator(_sample_folder)]
"""Given as a name, held as the path of the folder beside the use-case file."""
QueryFile = Annotated[str, AfterValidator(_query_in_file)]
"""Given as a name, held as the query in that file."""


class Source(UseCaseSection):
    """Where labelled history comes from: `path`, or a query over `tables` or of a `database`."""

    path: SourcePath | None = Field(
        None,
        description="CSV, CSV.gz or Parquet: a file, a pattern or a folder, relative to "
        "TOCSIN_DATA, or a URL (`s3://bucket/day=*/*.parquet`); folders named `column=value` are "
        "columns. `auto`: the first CSV in TOCSIN_DATA, its last column the target.",
    )
    tables: Annotated[
        dict[TableName, TablePath] | None, Field(min_length=1, max_length=MOST_TABLES)
    ] = Field(None, description="Paths like that, by the name that the query calls each.")
    database: Variable | None = Field(
        None,
        description="Name of the environment variable that holds the SQLAlchemy URL of a database.",
    )
    sql: Query | None = Field(
        None, description="The query: one SELECT of DuckDB's SQL, or of the database's."
    )
    sql_file: QueryFile | None = Field(
        None, description="Name of an .sql file beside this one that holds the query instead."
    )
    sample: SampleFolder | None = Field(
        None,
        description="Name of a folder beside this file with a small sample of the files, which is "
        "read where TOCSIN_DATA has none of them.",
    )
    synthetic: Literal["card", "survey", "visits"] | None = Field(
        None,
        description="Kind of synthetic rows that stand in, with a warning, for a missing file.",
    )
    buckets: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] | None = Field(
        None,
        description="Name of the use case's buckets on S3, `raw`, `preprocessed`, `train` and "
        "`models`: where TOCSIN_BUCKET_PREFIX is set, a retrain uploads its files to them first.",
    )

    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        None, description="What stands between the columns of a CSV; detected if unset."
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="Decimal mark of a CSV's numbers where no column shows it: 1,234."
    )
    missing: tuple[Text, ...] = Field(
        (), description="More words of a CSV that mean missing in a column of numbers."
    )

    @property
    def origins(self) -> tuple[str, ...]:
        """The fields of which one says where it comes from."""
        return ("path", "tables", "database")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if not self.origins:
            return self
        given = [name for name in self.origins if getattr(self, name) is not None]
        if len(given) != 1:
            msg = f"give one of {', '.join(self.origins)}, not {' and '.join(given) or 'none'}"
            raise ValueError(msg)
        queries = [name for name in ("sql", "sql_file") if getattr(self, name) is not None]
        if given[0] not in ("tables", "database") and queries:
            msg = f"`{queries[0]}` is run on `tables` or a `database`: name the path under `tables`"
            raise ValueError(msg)
        if given[0] in ("tables", "database") and len(queries) != 1:
            msg = f"`{given[0]}` needs one query: give either `sql` or `sql_file`"
            raise ValueError(msg)
        if self.sample is not None and (not self.paths or "auto" in self.paths):
            msg = "`sample` stands in for files that are named by `path` or `tables`"
            raise ValueError(msg)
        if self.buckets is not None and (not self.paths or "auto" in self.paths):
            msg = "`buckets` hold files that are named by `path` or `tables`"
            raise ValueError(msg)
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of its files; none where it is a database."""
        return (self.path,) if self.path is not None else tuple((self.tables or {}).values())

    @property
    def query(self) -> str:
        """The query; empty where there is none."""
        return self.sql or self.sql_file or ""

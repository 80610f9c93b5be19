"""Errors: the root of every error that a user of Tocsin can meet, and the two of arguments."""

from __future__ import annotations


class TocsinError(Exception):
    """What went wrong, where, what is allowed, and what to do.

    Every error that a user can cause or has to act on derives from it, and from `ValueError` or
    another built-in too where that is its nature, so that either can be caught. A command prints
    its message and ends with exit code 2, without a traceback. Which of them there are::

        TocsinError
            AirflowError (RuntimeError)
            ApiKeyError (ValueError)
            BodyError (ValueError)
            ColumnTypeError (ValueError)
            DamagedRecordError (ValueError)
            EntryError (ValueError)
            FileRefusedError (ValueError)
            FitError (ValueError)
            ForeignFileError (ValueError)
            FormatError (ValueError)
            HistoryError (RuntimeError)
            InputError (ValueError)
                InputTypeError (TypeError)
                UndecidedError
            LogPartError (ValueError)
            ManifestError (ValueError)
            MarkerError (ValueError)
            MergeError (ValueError)
            MissingPartError (ImportError)
            ModelUnavailableError (RuntimeError)
            NameTakenError (ValueError)
            NoChampionError (RuntimeError)
            PrometheusError (RuntimeError)
            PublishError (RuntimeError)
            ReusedIdError (ValueError)
            SampleError (ValueError)
            SchemaError (ValueError)
            SettingsError (ValueError)
            ShortNameError (ValueError)
            SourceError (ValueError)
            StackError (RuntimeError)
                EnvIncompleteError
                NotHealthyError
                PortTakenError
                ProgramsMissingError
            StepError (RuntimeError)
            StorageError (RuntimeError)
            StoreError
                ArchiveError
            SummaryError (ValueError)
            TableError (ValueError)
            ThresholdError (ValueError)
            TrainingError (ValueError)
            UnpackedSizeError (ValueError)
            UnusableRowError (ValueError)
            UseCaseError (ValueError)
            VerdictError (ValueError)
    """


class MissingPartError(TocsinError, ImportError):
    """A library that is needed is not installed: it comes with `tocsin[stack]`."""


def missing_part(error: ModuleNotFoundError) -> MissingPartError:
    """Return an error that says what to install for a module that is not there."""
    name = str(error.name).partition(".")[0]
    msg = (
        f"{name} is not installed. It comes with the whole of Tocsin, not with the light "
        "installation: pip install 'tocsin[stack]'"
    )
    return MissingPartError(msg, name=name)


class InputError(TocsinError, ValueError):
    """A value that was handed in is not one that is allowed; the message names it and what is."""


class InputTypeError(InputError, TypeError):
    """What was handed in is of another type than is allowed; the message names both."""

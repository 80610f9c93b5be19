"""A filesystem that counts what is read of it: files opened, and their bytes."""

from collections import Counter
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

OPENED: Counter[str] = Counter()
"""Bytes read by file."""


class _Counted:
    """A file whose reads are counted."""

    def __init__(self, file: Any, path: str) -> None:
        self._file, self._path = file, path
        OPENED[path] += 0

    def read(self, size: int = -1) -> bytes:
        content: bytes = self._file.read(size)
        OPENED[self._path] += len(content)
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Counted":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class CountedFiles(LocalFileSystem):
    """The local filesystem under a scheme of its own."""

    protocol = "counted"

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        """Open a file; its reads are counted."""
        return _Counted(super().open(path, mode), self._strip_protocol(path))

    def unstrip_protocol(self, name: str) -> str:
        """Return a path with the scheme."""
        return f"counted://{self._strip_protocol(name)}"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return str(path).removeprefix("counted://")


fsspec.register_implementation("counted", CountedFiles, clobber=True)

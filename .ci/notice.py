"""Write NOTICE: the licence of everything in requirements.lock; or check that it is fresh.

`make notice` writes it; `make lint` checks it, and that no licence came in which is not allowed.
Licences are read from what is installed, so that no network is needed. Versions are left out: a
package that is updated under the same licence changes nothing here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK, NOTICE = ROOT / "requirements.lock", ROOT / "NOTICE"

ALLOWED = {
    # Permissive: their notices stay with them.
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python"),
    *("ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "TCL", "Unlicense", "ZPL-2.1", "Zlib"),
    # Copyleft for the licensed files alone, which are used as they are.
    "MPL-2.0",
}

EXCEPTIONS: Mapping[str, tuple[str, str]] = {
    "psycopg2-binary": (
        "LGPL-3.0-or-later",
        "a library of its own, imported and not changed, which anyone may replace",
    ),
    "text-unidecode": (
        "Artistic-1.0 OR GPL-2.0-or-later",
        "taken under the Artistic License; used as it is",
    ),
}
"""Licences outside the list that are accepted for one package, each with its reason."""

SILENT: Mapping[str, str] = {
    "huey": "MIT",
    "skops": "MIT",
    "supervisor": "BSD",
}
"""Packages whose metadata name no licence that is known by its name; read in their files."""

ELSEWHERE: Mapping[str, str] = {
    "colorama": "BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "pyyaml-ft": "MIT",
    "waitress": "ZPL-2.1",
}
"""Packages that the lock has for other systems or Pythons only; read in their files."""

SPELLED = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD",
    "bsd 2-clause license": "BSD-2-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd license": "BSD",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mit -or- apache license 2.0": "MIT OR Apache-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}

HEAD = """\
Tocsin
Copyright the Tocsin authors. Licensed under the Apache License, Version 2.0 (see LICENSE).

Data that comes with it (monitoring/use_cases/samples):
accidents, the tables of 2024: a sample of the Bases de donnees annuelles des accidents corporels
de la circulation routiere, ONISR, ministry of the interior of France, data.gouv.fr, under the
Licence Ouverte 2.0; those of 2023 are generated. iris: the data set of scikit-learn, BSD-3-Clause,
after R. A. Fisher, 1936.

What it is installed with (requirements.lock: the tools of development are among it), and under
which licence. The text of each licence comes with the package. Written by `make notice`.
"""


class LicenceError(Exception):
    """A package's licence is not known or not allowed, or NOTICE is stale."""


def locked() -> dict[str, int]:
    """Return the packages of the lock, and in how many versions each is there."""
    found: dict[str, int] = {}
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.M):
        found[name] = found.get(name, 0) + 1
    return found


def licence(name: str) -> str:
    """Return a package's licence as an SPDX expression, where its metadata can be read so."""
    if name in SILENT:
        return SILENT[name]
    if name in EXCEPTIONS:
        return EXCEPTIONS[name][0]
    try:
        found = _named(distribution(name))
    except PackageNotFoundError:
        found = ELSEWHERE.get(name)
    if found is None:
        msg = (
            f"{name}: no known licence in its metadata: read it in its files, and add it to "
            "SILENT in .ci/notice.py (or to ELSEWHERE, if it is not installed here)"
        )
        raise LicenceError(msg)
    if not allowed(found):
        msg = (
            f"{name}: {found} is not among the licences that are allowed: do without it, or add "
            "it to ALLOWED or EXCEPTIONS in .ci/notice.py, with a reason"
        )
        raise LicenceError(msg)
    return found


def _named(package: Distribution) -> str | None:
    about = package.metadata
    expression = about.get("License-Expression")
    if expression is not None:
        return str(expression)
    # Some give the whole text, which begins with its name.
    first = next(iter(str(about.get("License", "")).strip().splitlines()), "").strip()
    spelled = SPELLED.get(first.casefold(), first)
    if allowed(spelled):
        return spelled
    kinds = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier", [])
        if line.startswith("License ::")
    ]
    known = [SPELLED.get(kind.casefold(), kind) for kind in kinds if kind != "OSI Approved"]
    return " OR ".join(sorted(set(known))) or None


def allowed(expression: str) -> bool:
    """Whether one of the alternatives of a licence is allowed, in all its parts."""
    return any(
        all(part.strip(" ()") in ALLOWED for part in choice.split(" AND "))
        for choice in expression.split(" OR ")
    )


def listed() -> dict[str, str]:
    """Return what NOTICE says: licences by package."""
    lines = NOTICE.read_text(encoding="utf-8").splitlines() if NOTICE.is_file() else []
    return dict(line.split(": ", 1) for line in lines if re.fullmatch(r"[A-Za-z0-9._-]+: .+", line))


def check() -> None:
    """Check that NOTICE says of each package what its metadata say."""
    there, versions = listed(), locked()
    now = {name: licence(name) for name in versions}
    # Of several versions, one for each Python, metadata may word the same licence otherwise.
    stale = sorted(
        name
        for name in now.keys() | there.keys()
        if name not in now
        or name not in there
        or (versions[name] == 1 and now[name] != there[name])
    )
    if stale:
        msg = f"NOTICE is stale ({', '.join(stale)}): run `make notice` and commit"
        raise LicenceError(msg)


def main() -> int:
    """Write NOTICE, or check it; return the exit code."""
    try:
        if "--check" in sys.argv[1:]:
            check()
        else:
            lines = [f"{name}: {licence(name)}" for name in sorted(locked())]
            NOTICE.write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    except LicenceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

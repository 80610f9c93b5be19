"""Write the table of damaged inputs in docs/explanation/reliability.md."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.inputs.case import Case

DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "reliability.md"

BEGIN, END = "<!-- damaged inputs -->\n", "<!-- end of damaged inputs -->"


READERS = {"load-model": "load_model", "read-report": "Entry.read"}
"""What reads the entries that no command reads by themselves."""


def table(cases: Iterable[Case]) -> str:
    """Return the table: how many inputs each entry is given, and by which commands."""
    entries: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        entries[case.entry].append(case)
    lines = ["| entry | inputs | read by | some of them |", "|---|---|---|---|"]
    for entry, found in entries.items():
        commands = sorted({case.call[0] for case in found})
        some = "; ".join(_short(case.damage) for case in found[:: max(len(found) // 5, 1)][:5])
        read_by = ", ".join(f"`{READERS.get(name, f'tocsin {name}')}`" for name in commands)
        lines.append(f"| {entry} | {len(found)} | {read_by} | {some} |")
    total = sum(map(len, entries.values()))
    return "\n".join([*lines, f"| all | {total} | | |", ""])


def with_table(document: str, cases: Iterable[Case]) -> str:
    """Return the document with the table in its place."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}{table(cases)}{END}{rest.partition(END)[2]}"


def _short(damage: str) -> str:
    shown = damage if len(damage) <= 40 else f"{damage[:40]}..."
    return f"`{shown.replace('|', ' ')}`"


def main() -> None:
    """Write the document anew."""
    from tests.inputs.test_inputs import CASES

    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8"), CASES), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The way to read the code that docs/explanation/architecture.md shows is there, and short."""

import re
from pathlib import Path

from grimp import build_graph

ROOT = Path(__file__).parent.parent
LONGEST = 15
"""Files from a row to the panel, at most."""


def path_of_recall() -> list[Path]:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    listed = text.partition("<!-- recall's path -->")[2].partition("<!-- end of the path -->")[0]
    return [ROOT / file for file in re.findall(r"^\d+\. `([^`]+)`", listed, flags=re.MULTILINE)]


def test_recall_is_followed_from_row_to_panel_in_fifteen_files_or_fewer() -> None:
    path = path_of_recall()
    assert 10 <= len(path) <= LONGEST
    assert [file for file in path if not file.is_file()] == []


def test_each_file_on_the_path_is_one_import_away_from_another_on_it() -> None:
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in path_of_recall()]
    graph = build_graph("monitoring")
    imports = {
        (importer, imported)
        for importer in modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    linked = {module for edge in imports if edge[1] in modules for module in edge}
    linked.add("monitoring.store.reading")  # by way of the store, which only forwards to it
    assert [module for module in modules if module not in linked] == []


def test_every_package_is_in_the_table() -> None:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "monitoring").glob("*/__init__.py")]
    assert [name for name in packages if f"`{name}/`" not in text] == []


def test_every_file_that_the_docs_name_is_there() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = re.compile(r"\b(?:airflow|benchmarks|docs|grafana|monitoring|tests)/[\w/-]+\.\w+")
    absent = {
        (document.name, file)
        for document in documents
        for file in named.findall(document.read_text(encoding="utf-8"))
        if not (ROOT / file).exists()
    }
    assert absent == set()

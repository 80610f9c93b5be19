"""Documentation holds together: links open, every page is listed, none is a leftover."""

import re
from pathlib import Path
from urllib.parse import urldefrag

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted(DOCS.rglob("*.md")),
]
KINDS = {"how-to", "reference", "explanation", "decisions", "pictures"}

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="not a checkout")


def prose(page: Path) -> str:
    """Return a page without its code, in which nothing is a link or a heading."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def links(page: Path) -> list[str]:
    """Return where a page leads within the repository."""
    found = re.findall(r"\]\(([^()\s]+)\)", prose(page))
    return [link for link in found if "://" not in link]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    known: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), flags=re.M):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        again = sum(slug == re.sub(r"-\d+$", "", anchor) for anchor in known)
        known.add(f"{slug}-{again}" if slug in known else slug)
    return known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_opens(page: Path) -> None:
    for link in links(page):
        name, anchor = urldefrag(link)
        target = page if name == "" else page.parent / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_of_a_kind_and_listed_once() -> None:
    index = DOCS / "README.md"
    listed = [(DOCS / link).resolve() for link in links(index)]
    pages = {page for page in DOCS.rglob("*.md") if page.parent.name != "decisions"} - {index}
    assert sorted(page for page in listed if page.parent.name != "decisions") == sorted(pages)
    assert {path.name for path in DOCS.iterdir() if path.is_dir()} <= KINDS


def test_the_readme_is_short_and_holds_the_words_that_people_search_for() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    opening = " ".join(text.partition("\n## ")[0].split()).casefold()
    wanted = (
        "ML monitoring", "data drift", "concept drift", "model performance", "fraud", "Airflow",
        "Prometheus", "Grafana", "Evidently", "MLflow", "label delay",
    )  # fmt: skip
    assert [word for word in wanted if word.casefold() not in opening] == []


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").glob("*")), ids=lambda p: p.name)
def test_a_picture_is_small_and_shown_somewhere(picture: Path) -> None:
    assert picture.suffix == ".png"
    assert picture.stat().st_size < 200_000
    assert any(f"pictures/{picture.name})" in page.read_text(encoding="utf-8") for page in PAGES)

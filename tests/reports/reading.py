"""Reading a report as a browser would."""

import json
import re
from html.parser import HTMLParser


class Document(HTMLParser):
    """What a browser makes of an HTML file: its elements, its text outside scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if "script" in self._inside:
            self.scripts.append(data)
        elif "style" in self._inside:
            self.styles.append(data)
        elif data.strip():
            self.words.append(data.strip().replace("\N{NO-BREAK SPACE}", " "))

    @property
    def text(self) -> str:
        """The text that stands in the page before any script has run."""
        return "\n".join(self.words)

    @property
    def fetched(self) -> list[str]:
        """Addresses that a browser loads without being asked to; a link is not one."""
        found = re.findall(r"@import|url\(\s*['\"]?([^)'\"]+)", "".join(self.styles))
        found += [
            address
            for tag, attributes in self.elements
            for name in ("src", "href", "srcset", "data", "poster", "action")
            if tag != "a" and (address := attributes.get(name))
        ]
        return [address for address in found if not address.startswith("data:")]


def drift_flags(html: str) -> dict[str, str]:
    """Return what Evidently's table of a drift report says of each feature."""
    flags = re.findall(r'"column_name": ("[^"]*").*?"data_drift": ("[^"]*")', html)
    return {json.loads(name): json.loads(flag) for name, flag in flags}

"""What a screen reader, a keyboard and a strict browser would object to in a page, found without any of them."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
FETCHING = {"src", "href", "action", "srcset", "poster", "data"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.objections: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: list[str] = []
        self.headings: list[int] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self._look_at(tag, said)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.objections.append(f"</{tag}> closes {self.open[-1:] or 'nothing'}")
        else:
            self.open.pop()

    def _look_at(self, tag: str, said: dict[str, str]) -> None:
        if "id" in said:
            self.ids.append(said["id"])
        for name, value in said.items():
            if name.startswith("on") or name == "style":
                self.objections.append(f"<{tag} {name}> needs a looser policy")
            if name in FETCHING and not value.startswith(("/", "#", "mailto:")):
                self.objections.append(f"<{tag} {name}={value!r}> leads to another site")
        match tag:
            case "script" | "iframe" | "style":
                self.objections.append(f"<{tag}>")
            case "a":
                self.links.append(said.get("href", ""))
            case "label" if "for" in said:
                self.labelled.add(said["for"])
            case "input" if said.get("type") not in {"hidden", "checkbox"}:
                self.inputs.append(said.get("id", ""))
            case "svg" if said.get("role") != "img" or not said.get("aria-label"):
                if said.get("aria-hidden") != "true" and "aria-labelledby" not in said:
                    self.objections.append("<svg> without words")
            case "th" if "scope" not in said:
                self.objections.append("<th> without scope")
            case "html" if not said.get("lang"):
                self.objections.append("<html> without a language")
            case "h1" | "h2" | "h3" | "h4":
                self.headings.append(int(tag[1]))
            case _:
                pass


def objections(page: str) -> list[str]:
    """All there are; an empty list for a page that anybody can read."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    found = list(reader.objections)
    found += [f"<{tag}> is not closed" for tag in reader.open]
    found += [f"input {name!r} has no label" for name in reader.inputs if name not in reader.labelled]
    found += [f"id {name!r} twice" for name in set(reader.ids) if reader.ids.count(name) > 1]
    if reader.headings.count(1) != 1:
        found.append(f"{reader.headings.count(1)} <h1>")
    steps = zip(reader.headings, reader.headings[1:], strict=False)
    found += [f"<h{low}> after <h{high}>" for high, low in steps if low > high + 1]
    return found


def links(page: str) -> list[str]:
    """Where it leads."""
    reader = _Reader()
    reader.feed(page)
    return reader.links

"""What a browser has to fetch before the page can be used."""

import gzip
import re
from pathlib import Path

MOST_BYTES = 250_000
DIST = Path(__file__).parents[2] / "web" / "dist"


def fetched_at_first() -> set[Path]:
    """index.html, what it names, and what that imports in turn; not what is fetched when wanted."""
    found = {DIST / "index.html"}
    waiting = [DIST / path for path in named_in((DIST / "index.html").read_text())]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path.suffix == ".js":
            # As the bundler writes them; what is fetched when wanted is `import("…")`.
            imports = re.findall(r'(?:\bfrom|\bimport)"(\./[^"]+\.js)"', path.read_text())
            waiting += [path.parent / name for name in imports]
    return found


def named_in(document: str) -> list[str]:
    """The files of our own that an HTML document loads by itself."""
    return re.findall(r'(?:src|href)="/(assets/[^"]+)"', document)


def test_the_first_load_is_small() -> None:
    """Script, styles, icon and document are under 250 KB as they are sent; no sounds are in it."""
    files = fetched_at_first()
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in files}
    assert {path.suffix for path in files} == {".html", ".js", ".css", ".svg"}
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_nothing_heavy_comes_before_it_is_wanted() -> None:
    """The score's page, the synthesizer and its sound bank are files of their own."""
    early = {path.name for path in fetched_at_first()}
    late = {path.name for path in (DIST / "assets").iterdir()} - early
    for kind in (r"ScoreView-.*\.js", r"synthWorklet-.*\.js", r"sonivox-.*\.sf2"):
        assert any(re.fullmatch(kind, name) for name in late), kind

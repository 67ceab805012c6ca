"""What the page repeats of the server, it repeats truly."""

import json
import re
from pathlib import Path

from api import page
from scorewire.jobs.stages import SPANS

WEB = Path(__file__).parents[2] / "web" / "src"


def test_the_page_divides_progress_as_the_server_does() -> None:
    """The bars of the page's staff fill exactly as each stage is done."""
    source = (WEB / "features" / "job" / "stages.ts").read_text()
    told = re.findall(r"^  (\w+): (\[\d+, \d+\]),$", source, re.MULTILINE)
    assert [(stage, json.loads(span)) for stage, span in told] == [
        (stage.value, [span.start, span.end]) for stage, span in SPANS.items()
    ]


def test_every_view_can_be_reloaded() -> None:
    """The server gives the page at each address that the page shows something at."""
    routes = re.findall(r'<Route path="([^"]+)"', (WEB / "app" / "App.tsx").read_text())
    served = [re.sub(r"\{\w+:str\}", ":id", path) for path in page.PATHS]
    assert routes == served

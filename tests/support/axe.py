"""What axe finds wrong with a page for people who do not use it with eyes and mouse alone."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = {"serious", "critical"}
_SETTLED = "Promise.all(document.getAnimations().map(each => each.finished.catch(() => {})))"


def grave_faults(page: Page) -> list[str]:
    """What is serious or critical, in the colours of the day and of the night."""
    # Evaluated by the browser's debugger, to which the page's policy on scripts does not apply.
    page.evaluate(_source())
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(_SETTLED)  # half a fade has colours that nobody reads by
        result = page.evaluate("axe.run()")
        found += [
            f"{scheme}: {fault['help']} {node['target']}: {node['failureSummary']}"
            for fault in result["violations"]
            if fault["impact"] in _GRAVE
            for node in fault["nodes"]
        ]
    return found


@cache
def _source() -> str:
    return _AXE.read_text()

"""What a wheel carries beyond its packages: the page, where it was built before."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from typing_extensions import override


class PageHook(BuildHookInterface[Any]):
    """Puts web/dist beside the API, which serves it; without it the API works alone."""

    @override
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the page to a wheel; an editable installation reads it where it is."""
        page = Path(self.root) / "web" / "dist"
        if version != "editable" and (page / "index.html").is_file():
            build_data["force_include"][str(page)] = "api/dist"

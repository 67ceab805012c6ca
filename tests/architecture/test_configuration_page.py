"""docs/configuration.md says what scorewire/settings.py says."""

import re
from pathlib import Path

from scorewire.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def settings_table() -> dict[str, tuple[str, str]]:
    """Each variable with its default and its description, from the code."""
    table = {}
    for name, field in Settings.model_fields.items():
        if field.default_factory is not None:
            default = "see below"
        elif field.default is None:
            default = ""
        elif isinstance(field.default, tuple):
            default = f"`{list(field.default)}`".replace("'", '"')
        else:
            default = f"`{field.default}`"
        table[f"SCOREWIRE_{name.upper()}"] = (default, field.description or "")
    return table


def test_every_setting_is_on_the_page_with_its_default() -> None:
    """The page's table has exactly the settings, their defaults and their descriptions."""
    rows = re.findall(
        r"^\| `(SCOREWIRE_\w+)` \| (.*?) ?\| (.*) \|$", PAGE.read_text(), re.MULTILINE
    )
    assert {name: (default, text) for name, default, text in rows} == settings_table()


def test_every_setting_says_what_it_is_for() -> None:
    """No setting is without a description that ends as a sentence does."""
    for name, (_, description) in settings_table().items():
        assert description.endswith("."), name

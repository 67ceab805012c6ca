"""Where things are on the page, by what people read there."""

import re

from playwright.sync_api import Locator, Page, expect

LIT = "g.note.sounding"
STAGES = ("Listen in", "Take apart", "Find the notes", "Engrave")

RECORD_PROGRESS = """
  window.seen = { stages: [], progress: [], titles: [] };
  const note = (list, value) => {
    if (value !== undefined && value !== list.at(-1)) list.push(value);
  };
  new MutationObserver(() => {
    note(seen.stages, document.querySelector("[aria-current=step] .stage-name")?.textContent);
    note(seen.progress, document.querySelector(".watching progress")?.value);
    note(seen.titles, document.title);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
"""
"""For `add_init_script`: keeps all that is shown of a job's progress in `window.seen`."""


def progress(page: Page) -> Locator:
    """How far the job is."""
    return page.get_by_role("progressbar")


def expect_score(page: Page) -> None:
    """Wait until the first page of the score is shown, and can be played."""
    expect(page.locator(".sheet-paper svg").first).to_be_visible()
    expect(button(page, "Play")).to_be_visible()


def button(page: Page, name: str) -> Locator:
    """A button by its whole name."""
    return page.get_by_role("button", name=name, exact=True)


def expect_moving_light(page: Page) -> None:
    """Wait until a note is lit, and after it another one."""
    first = page.locator(LIT).first.get_attribute("id")
    expect(page.locator(f'{LIT}:not([id="{first}"])').first).to_be_attached()


def bar(page: Page) -> int:
    """The bar that the player is at."""
    shown = page.locator(".transport-bar").inner_text()
    (number,) = re.findall(r"^Bar\s+(\d+)", shown)
    return int(number)

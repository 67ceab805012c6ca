"""Everything without a mouse."""

from pathlib import Path

from browsing import Visits
from page_parts import bar, button, expect_moving_light, expect_score
from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 60


def go_to(page: Page, target: Locator) -> None:
    """Press Tab until a control has the focus."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("it => it === document.activeElement"):
            assert target.evaluate("it => it.matches(':focus-visible')")
            return
    message = f"{target} is on no way of the Tab key"
    raise AssertionError(message)


def test_a_recording_is_submitted_watched_and_stopped_by_keys(visit: Visits) -> None:
    """The example is handed in, its progress comes into sight, and Cancel stops it."""
    page = visit()
    go_to(page, button(page, "Try the example"))
    page.keyboard.press("Enter")
    go_to(page, button(page, "Cancel"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible()


def test_a_score_is_found_played_and_taken_along_by_keys(visit: Visits, score: str) -> None:
    """From the list of recent jobs to a note that moves, a jump by bars, and a file."""
    page = visit()
    go_to(page, page.locator(f'.recent a[href="/jobs/{score}"]'))
    page.keyboard.press("Enter")
    expect_score(page)
    go_to(page, button(page, "Play"))
    page.keyboard.press("Space")
    expect_moving_light(page)
    page.keyboard.press("Space")
    expect(button(page, "Play")).to_be_visible()
    page.keyboard.press("Home")
    assert bar(page) == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert bar(page) == 3
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement !== document.body")

    page.reload()
    expect_score(page)
    go_to(page, button(page, "Download"))
    page.keyboard.press("Enter")
    go_to(page, page.get_by_role("link", name="MusicXML"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert b"<score-partwise" in Path(download.value.path()).read_bytes()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="MusicXML")).to_be_hidden()
    expect(button(page, "Download")).to_be_focused()

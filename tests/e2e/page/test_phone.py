"""The page on a phone: nothing beside the screen, everything within reach of a thumb."""

from browsing import Visits
from page_parts import button, expect_moving_light, expect_score
from phone import PHONE, assert_fits
from playwright.sync_api import expect


def test_the_first_page_fits(visit: Visits, score: str) -> None:
    """So does the form with all that may be known about the music."""
    page = visit(**PHONE)
    expect(page.locator(f'.recent a[href="/jobs/{score}"]')).to_be_visible()
    assert_fits(page)
    page.get_by_text("What you know about the music").tap()
    assert_fits(page)


def test_the_library_fits(visit: Visits, score: str) -> None:
    """With its search, and with a title that is being changed."""
    page = visit("/library", **PHONE)
    expect(page.locator(f'a[href="/jobs/{score}"]')).to_be_visible()
    assert_fits(page)
    button(page, "Rename Menuet in G").first.tap()
    assert_fits(page)


def test_the_score_fits_and_plays(visit: Visits, score: str) -> None:
    """The score, what its buttons open, and the player, which lights notes at a tap."""
    page = visit(f"/jobs/{score}", **PHONE)
    expect_score(page)
    assert_fits(page)
    for name in ("Download", "Loop", "Parts"):
        button(page, name).tap()
        opened = page.locator(".popover:popover-open")
        expect(opened).to_be_visible()
        box = opened.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["viewport"]["width"]
        page.keyboard.press("Escape")
    button(page, "Correct …").tap()
    expect(page.get_by_role("heading", name="Correct the score")).to_be_visible()
    for name in ("Leave as it is", "Write it anew"):
        button(page, name).tap(trial=True)
    button(page, "Leave as it is").tap()
    button(page, "Play").tap()
    expect_moving_light(page)

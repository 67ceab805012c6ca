"""What axe says of each view; of a job at work and of a failed one, in test_watching.py."""

from axe import grave_faults
from browsing import Visits
from page_parts import button, expect_score
from playwright.sync_api import expect


def test_the_first_page_has_no_grave_fault(visit: Visits, score: str) -> None:
    """Nor has it with all its fields shown, and one of them marked."""
    page = visit()
    expect(page.locator(f'.recent a[href="/jobs/{score}"]')).to_be_visible()
    page.get_by_text("What you know about the music").click()
    button(page, "Write it down").click()
    expect(page.get_by_text("Paste a link, or choose a file.")).to_be_visible()
    assert grave_faults(page) == []


def test_the_library_has_no_grave_fault(visit: Visits, score: str) -> None:
    """Nor has it while a title is changed."""
    page = visit("/library")
    expect(page.locator(f'a[href="/jobs/{score}"]')).to_be_visible()
    button(page, "Rename Menuet in G").first.click()
    assert grave_faults(page) == []


def test_the_score_has_no_grave_fault(visit: Visits, score: str) -> None:
    """Nor has it with a menu open, nor has the form that corrects it."""
    page = visit(f"/jobs/{score}")
    expect_score(page)
    assert grave_faults(page) == []
    for name in ("Download", "Keys"):
        button(page, name).click()
        assert grave_faults(page) == []
        page.keyboard.press("Escape")
    button(page, "Correct …").click()
    assert grave_faults(page) == []

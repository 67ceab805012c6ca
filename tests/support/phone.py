"""A phone in the hand: what fits on it, and what a thumb can reach."""

from playwright.sync_api import Page

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
_CONTROLS = "a[href], button, input:not([type=file]), select, summary"
_IS_NO_AIM = "it => it.disabled || !!it.closest('.visually-hidden, .skip')"
_IS_CHOICE = "it => ['radio', 'checkbox'].includes(it.type)"


def assert_fits(page: Page) -> None:
    """Nothing must be scrolled sideways to, and no control lies under another or off the edge."""
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"{width[0]} px are laid out on {width[1]}"
    for control in page.locator(_CONTROLS).all():
        if not control.is_visible() or control.evaluate(_IS_NO_AIM):
            continue
        # What is drawn for a choice is its label.
        aim = control.locator("xpath=ancestor::label") if control.evaluate(_IS_CHOICE) else control
        # All that precedes a tap: it is scrolled to, holds still, and is on top at that point.
        aim.tap(trial=True)
        box = aim.bounding_box()
        assert box is not None
        assert box["x"] >= 0, control
        assert box["x"] + box["width"] <= width[1] + 0.5, control

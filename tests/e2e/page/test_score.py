"""The score is read, heard and corrected."""

import json
import re
from collections.abc import Callable
from typing import Any

from browsing import Visits
from client import Client
from faults import Faults
from page_parts import LIT, button, expect_moving_light, expect_score
from playwright.sync_api import Page, expect

LATE_S = 0.25
"""A frame of a busy machine may be drawn so long after the sound that it shows."""
ENOUGH_LOOKS = 20
SMALL = {"width": 600, "height": 800}
"""A window in which the example has more than one page."""

KEEP_AUDIO = """
  window.Audio = class extends window.Audio {
    constructor(...given) { super(...given); window.heard = this; }
  };
"""
"""For `add_init_script`: the recording is played by an element that stands in no document."""

LOOK = f"""() => new Promise(resolve => requestAnimationFrame(() => resolve({{
  at_s: heard.currentTime,
  lit: [...document.querySelectorAll("{LIT}")].map(note => note.id),
}})))"""


def test_the_recording_plays_in_step_with_the_score(
    visit: Visits, score: str, client: Client
) -> None:
    """The original sounds, and what is lit are the notes that it has at that moment."""
    playback = client.get(f"/api/v1/scores/{score}/playback").json()
    notes = {id_: note for note in playback["notes"] for id_ in (note["id"], *note["tied_ids"])}
    page = visit.blank()
    page.add_init_script(KEEP_AUDIO)
    page.goto(f"/jobs/{score}")
    expect_score(page)
    page.get_by_role("radio", name="Recording").check(force=True)
    button(page, "Play").click()
    expect_moving_light(page)
    looks = [page.evaluate(LOOK) for _ in range(ENOUGH_LOOKS)]
    times_s = [look["at_s"] for look in looks]
    assert times_s == sorted(times_s)
    assert times_s[-1] > times_s[0]
    for look in looks:
        assert all(sounds(notes[id_], look["at_s"]) for id_ in look["lit"]), look


def sounds(note: dict[str, Any], at_s: float) -> bool:
    """Whether the recording has a note at a moment, or had it just before."""
    onset_s = note["recording_onset_s"]
    return bool(onset_s <= at_s <= onset_s + note["recording_duration_s"] + LATE_S)


def test_a_click_on_a_note_jumps_to_it(visit: Visits, score: str, client: Client) -> None:
    """The note that was clicked is the one that is lit, before anything is played."""
    playback = client.get(f"/api/v1/scores/{score}/playback").json()
    later = playback["notes"][len(playback["notes"]) // 3]
    page = visit(f"/jobs/{score}")
    expect_score(page)
    page.locator(f'[id="{later["id"]}"] .notehead').first.click()
    expect(page.locator(f'{LIT}[id="{later["id"]}"]')).to_be_attached()


def test_size_layout_and_key_are_engraved_anew(visit: Visits, score: str) -> None:
    """A larger score, one without page breaks and one in another key are each drawn anew."""
    page = visit(f"/jobs/{score}", viewport=SMALL)
    expect_score(page)
    first = drawn(page)
    button(page, "Larger").click()
    expect(page.locator(".stepper output").first).to_have_text("110 %")
    larger = changed(page, first)
    page.get_by_role("radio", name="Continuous").check(force=True)
    continuous = changed(page, larger)
    expect(page.locator(".sheet-paper")).to_have_count(1)
    button(page, "A semitone up").click()
    changed(page, continuous)


def test_with_reduced_motion_and_in_the_dark_it_plays_all_the_same(
    visit: Visits, score: str
) -> None:
    """The system's wishes are heeded: dark paper colours, and nothing that moves by itself."""
    page = visit(f"/jobs/{score}", color_scheme="dark", reduced_motion="reduce")
    expect_score(page)
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", background)[:3]) < 64
    button(page, "Play").click()
    expect_moving_light(page)
    moving = page.evaluate(
        "document.getAnimations().filter(each => each.effect.getTiming().duration > 1).length"
    )
    assert moving == 0
    button(page, "Use the light theme").click()
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert min(int(part) for part in re.findall(r"\d+", background)[:3]) > 192
    page.reload()
    expect(button(page, "Use the dark theme")).to_be_visible()


def test_a_correction_is_engraved_without_transcribing_again(
    visit: Visits, score: str, client: Client, plan: Callable[..., Faults]
) -> None:
    """[R2] Other tempo, metre and key: the old score stays in sight until the new one is there."""
    stages = [plan("separation"), plan("transcription")]
    page = visit(f"/jobs/{score}")
    expect_score(page)
    button(page, "Correct …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Beats a minute").fill("84")
    dialog.get_by_label("Metre").select_option("4/4")
    dialog.get_by_label("Key").select_option("F major")
    button(page, "Write it anew").click()
    expect(page.locator(".watching")).to_be_visible()
    expect(page.locator(".sheet-paper svg").first).to_be_visible()
    expect(page.get_by_text(re.compile("bars in F major, 4/4"))).to_be_attached()
    expect(page.locator(".watching")).to_have_count(0)
    playback = json.loads(client.get(f"/api/v1/scores/{score}/playback").text)
    assert (playback["tempo_bpm"], playback["metre"], playback["key"]) == (84, "4/4", "F major")
    assert [stage.calls for stage in stages] == [0, 0]
    button(page, "Play").click()
    expect_moving_light(page)


def drawn(page: Page) -> str:
    """What the sheet shows."""
    return page.locator(".sheet-papers").inner_html()


def changed(page: Page, before: str) -> str:
    """Wait until the sheet shows something else; returns that."""
    expect(page.locator(".sheet-pages")).to_have_attribute("aria-busy", "false")
    page.wait_for_function(
        "before => document.querySelector('.sheet-papers').innerHTML !== before", arg=before
    )
    expect_score(page)
    return drawn(page)

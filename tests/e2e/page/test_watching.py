"""A job is watched through everything that can come between."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe import grave_faults
from browsing import WITHOUT_SERVER, Visits
from client import Client
from faults import HOLD, Faults
from page_parts import RECORD_PROGRESS, button, expect_score, progress
from phone import PHONE, assert_fits
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Stack

Plan = Callable[..., Faults]
MakeRecording = Callable[..., Path]


def submitted(visit: Visits, recording: Path, **profile: object) -> Page:
    """Hand a recording in, as a person does; the job is then shown."""
    page = visit.blank(**profile)
    page.add_init_script(RECORD_PROGRESS)
    page.goto("/")
    page.get_by_label("Recording", exact=True).set_input_files(recording)
    page.get_by_text("What you know about the music").click()
    page.get_by_label("Another instrument, alone").check()
    button(page, "Write it down").click()
    page.wait_for_url("**/jobs/*")
    return page


def test_neither_a_reload_nor_a_dead_api_loses_anything(
    visit: Visits, make_recording: MakeRecording, plan: Plan, stack: "Stack"
) -> None:
    """[W1] [W6] A reload goes on at the same percent; SIGKILL for the API is a lost connection.

    The job is never called failed, progress never falls, and all ends in the score. Meanwhile the
    page fits a phone, and axe has nothing grave against it.
    """
    visit.expected += WITHOUT_SERVER
    transcription = plan("transcription", HOLD)
    page = submitted(visit, make_recording(seed=401), **PHONE)
    expect(page.locator(".watching h2")).to_have_text(re.compile("Listened to"))
    before = progress(page).evaluate("bar => bar.value")
    assert before > 55
    page.reload()
    expect(progress(page)).to_have_js_property("value", before)
    assert_fits(page)
    assert grave_faults(page) == []

    (api,) = (each for each in stack.processes() if "bridge.server" in each.cmdline())
    api.kill()
    expect(page.get_by_text("Connecting again … the work goes on meanwhile.")).to_be_visible()
    expect(page.get_by_text("This did not work")).to_have_count(0)
    expect(page.get_by_text("Connecting again")).to_have_count(0)
    transcription.release()
    expect_score(page)
    # Until the server has spoken for the first time there is nothing to show but 0.
    known = [percent for percent in page.evaluate("seen.progress") if percent]
    assert known[0] == before
    assert known == sorted(known)


def test_cancelled_failed_and_tried_again(
    visit: Visits, make_recording: MakeRecording, plan: Plan
) -> None:
    """[J4] [J5] Cancel stops, calmly; a failure tells why and what to do; each offers its retry.

    A retry goes on at the stage that failed, and ends in the score.
    """
    transcription = plan("transcription", "bug")
    page = submitted(visit, make_recording(seed=402))
    button(page, "Cancel").click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible()
    expect(page).to_have_title(re.compile("^Stopped · "))
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("heading", name="This did not work")).to_be_visible()
    expect(page.locator(".reason")).not_to_be_empty()
    expect(page.get_by_text("Try again; if it stays, report it")).to_be_visible()
    expect(page).to_have_title(re.compile("^Failed · "))
    expect(page.locator(".stages .failed")).to_have_text(re.compile("^Find the notes"))
    button(page, "Try again from “Find the notes”").click()
    expect_score(page)
    assert transcription.calls == 2


def test_what_is_no_recording_is_refused_with_advice(visit: Visits, tmp_path: Path) -> None:
    """[J4] A text file: the reason and what to do, no retry that cannot help, and a new start."""
    text = tmp_path / "letter.mp3"
    text.write_text("Dear musician, this is not a recording. " * 100)
    page = submitted(visit, text, **PHONE)
    expect(page.get_by_text("Send a sound or video file.")).to_be_visible()
    expect(page.locator(".reason")).not_to_be_empty()
    assert_fits(page)
    assert grave_faults(page) == []
    expect(page.get_by_role("button", name=re.compile("again"))).to_have_count(0)
    page.get_by_role("button", name="Start with another recording").click()
    expect(page.get_by_label("Link to a recording")).to_be_editable()


@pytest.mark.parametrize("link", ["https://example.org/song.mp3", "not a link"])
def test_a_link_that_is_not_taken_is_marked(visit: Visits, link: str) -> None:
    """[R3] What the server has against a link stands at the link."""
    visit.expected.append(r"the server responded with a status of 4\d\d")
    page = visit()
    field = page.get_by_label("Link to a recording")
    field.fill(link)
    button(page, "Write it down").click()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(r"\w+ .*\."))


def test_a_watcher_who_comes_late_sees_the_end(visit: Visits, score: str, client: Client) -> None:
    """[W4] The address of a finished job opens its score at once; that of no job says so."""
    page = visit(f"/jobs/{score}")
    expect_score(page)
    assert client.job(score)["title"] in page.title()
    visit.expected.append("WebSocket connection to '.*' failed|status of 404")
    page.goto("/jobs/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_text("There is no such job")).to_be_visible()

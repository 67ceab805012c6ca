"""What was transcribed is found again, renamed, shared and thrown away."""

from collections.abc import Callable

import httpx
from browsing import Visits
from client import Client
from page_parts import button, expect_score
from playwright.sync_api import Page, expect


def listed(page: Page, title: str) -> None:
    """Search for a title; wait until it alone is listed."""
    page.get_by_role("searchbox", name="Search titles").fill(title)
    rows = page.get_by_role("list", name="Scores").get_by_role("listitem")
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("link", name=title, exact=True)).to_be_visible()


def test_a_job_is_found_renamed_and_deleted(
    visit: Visits, make_stopped: Callable[[str], str], client: Client
) -> None:
    """[R2] Part of a title finds it; the new title is the server's too; deleted, it is gone."""
    job_id = make_stopped("Étude in every key")
    make_stopped("Something else")
    page = visit("/library")
    page.get_by_role("searchbox", name="Search titles").fill("étude in")
    expect(page.get_by_role("list", name="Scores").get_by_role("listitem")).to_have_count(1)
    button(page, "Rename Étude in every key").click()
    page.get_by_label("New title").fill("Nocturne of the keys")
    button(page, "Save").click()
    expect(page.get_by_text("Nothing fits this search.")).to_be_visible()
    listed(page, "Nocturne of the keys")
    assert client.job(job_id)["title"] == "Nocturne of the keys"

    button(page, "Delete Nocturne of the keys").click()
    button(page, "Keep it").click()
    assert client.job(job_id)["title"] == "Nocturne of the keys"
    button(page, "Delete Nocturne of the keys").click()
    button(page, "Delete it").click()
    expect(page.get_by_text("Nothing fits this search.")).to_be_visible()
    assert client.get(f"/api/v1/jobs/{job_id}").status_code == httpx.codes.NOT_FOUND


def test_a_link_that_was_copied_opens_the_score_for_somebody_else(
    visit: Visits, score: str
) -> None:
    """[R2] What the clipboard holds is the whole address, which opens in another profile."""
    page = visit("/library", permissions=["clipboard-read", "clipboard-write"])
    row = page.get_by_role("listitem").filter(has=page.locator(f'a[href="/jobs/{score}"]'))
    row.get_by_role("button", name="Copy link").click()
    expect(row.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address.endswith(f"/jobs/{score}")
    expect_score(visit(address))

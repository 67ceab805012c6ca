"""What a request may ask for, and what is refused before a job is made of it."""

import msgspec
import pytest

from scorewire.jobs.options import Options


@pytest.mark.parametrize(
    "given",
    [
        '{"start_s": 10, "end_s": 5}',
        '{"start_s": 5, "end_s": 5}',
        '{"start_s": 1e308}',
        '{"end_s": 1e308}',
        '{"title": "one\\u0000two"}',
        '{"title": "one\\ntwo"}',
        '{"title": ""}',
    ],
)
def test_what_no_stage_could_do_is_refused(given: str):
    """An empty section, a time beyond any recording, a title that no file can hold."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(given, type=Options)


def test_a_section_and_a_title_in_any_script_are_taken():
    """The limits leave room for real recordings and real titles."""
    given = '{"start_s": 3600.5, "end_s": 3601, "title": "夜想曲: Étude № 1 𝄞"}'
    options = msgspec.json.decode(given, type=Options)
    assert (options.start_s, options.end_s) == (3600.5, 3601.0)
    assert options.title == "夜想曲: Étude № 1 𝄞"

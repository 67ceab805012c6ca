"""What a request may ask for, and what is refused before a job is made of it."""

import msgspec
import pytest

from scorewire.jobs.options import DecodingOptions, NotationOptions, Options


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


@pytest.mark.parametrize("metre", ["3/8", "6/8", "9/8", "12/8"])
def test_eighths_are_not_swung_where_they_are_the_beats(metre: str):
    """Swing in a metre of eighths is a slip; to say that it is not swung is none."""
    given = f'{{"time_signature": "{metre}", "swing": true}}'
    with pytest.raises(msgspec.ValidationError, match=f"not in {metre}"):
        msgspec.json.decode(given, type=NotationOptions)
    for swing in ("false", "null"):
        straight = given.replace("true", swing)
        assert msgspec.json.decode(straight, type=NotationOptions).time_signature == metre


@pytest.mark.parametrize("metre", ["2/4", "3/4", "4/4", "2/2", None])
def test_swing_is_taken_in_any_other_metre(metre: str | None):
    """Also where the metre is left to be found."""
    given = msgspec.json.encode({"time_signature": metre, "swing": True})
    assert msgspec.json.decode(given, type=NotationOptions).swing is True


def test_a_section_and_a_title_in_any_script_are_taken():
    """The limits leave room for real recordings and real titles."""
    given = '{"start_s": 3600.5, "end_s": 3601, "title": "夜想曲: Étude № 1 𝄞"}'
    options = msgspec.json.decode(given, type=Options)
    assert (options.start_s, options.end_s) == (3600.5, 3601.0)
    assert options.title == "夜想曲: Étude № 1 𝄞"


@pytest.mark.parametrize("threshold", ["0", "1", "-0.1", '"0.5"'])
def test_a_threshold_is_between_never_and_always(threshold: str):
    """It may be left to the instrument, but not be what any sound or none would pass."""
    given = '{"onset_threshold": %s}'
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(given % threshold, type=DecodingOptions)
    assert msgspec.json.decode(given % "null", type=DecodingOptions) == DecodingOptions()
    assert msgspec.json.decode(given % "0.5", type=DecodingOptions).onset_threshold == 0.5

"""yt-dlp's errors, told apart."""

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

from scorewire.errors import DownloadFailedError, ScorewireError, VideoUnavailableError
from scorewire.media.ytdlp import explain


def as_raised(error: ExtractorError) -> DownloadError:
    """Wrap an extractor's error as yt-dlp does on its way out."""
    try:
        raise error
    except ExtractorError:
        try:
            YoutubeDL({"quiet": True}).report_error(str(error), tb="")
        except DownloadError as wrapped:
            return wrapped
    pytest.fail("yt-dlp swallowed an error")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            ExtractorError("Private video. Sign in if you've been granted access", expected=True),
            VideoUnavailableError,
            "Private video",
        ),
        (ExtractorError("Video unavailable", expected=True), VideoUnavailableError, "unavailable"),
        (
            ExtractorError("Sign in to confirm your age", expected=True),
            VideoUnavailableError,
            "age",
        ),
        (
            GeoRestrictedError("The uploader has not made this video available in your country"),
            VideoUnavailableError,
            "country",
        ),
        (
            ExtractorError("Sign in to confirm you're not a bot", expected=True),
            DownloadFailedError,
            "may be tried again",
        ),
        (ExtractorError("Unable to extract player"), DownloadFailedError, "update yt-dlp"),
    ],
)
def test_errors_are_told_apart(
    error: ExtractorError, kind: type[ScorewireError], words: str
) -> None:
    """A video that is not to be had is final; a site that is busy, or has changed, is not."""
    explained = explain(as_raised(error))
    assert type(explained) is kind
    assert words in explained.message
    assert "ERROR" not in explained.message
    assert "please report" not in explained.message

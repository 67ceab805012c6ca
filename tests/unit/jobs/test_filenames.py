"""What becomes of the names that uploaded files come with."""

import pytest

from scorewire.jobs.filenames import plain_filename


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Für Elise (live).ogg", "Für Elise (live).ogg"),
        ("日本語 ピアノ.ogg", "日本語 ピアノ.ogg"),
        ("it's %22live%22.ogg", 'it\'s "live".ogg'),
        ("../../etc/passwd", "passwd"),
        ("C:\\Music\\song.mp3", "song.mp3"),
        ("a\0b\nc.mp3", "abc.mp3"),
        (".mp3", "mp3"),
        ("no ending", "no ending"),
        ("x" * 300 + ".mp3", "x" * 200 + ".mp3"),
        ("♪" * 100 + ".mp3", "♪" * 66 + ".mp3"),
        ("a." + "x" * 300, "a." + "x" * 10),
        ("", "recording"),
        ("..", "recording"),
        ("/", "recording"),
    ],
)
def test_a_files_name_is_one_that_can_be_written_and_read(sent: str, kept: str) -> None:
    """Folders, control characters and excess are left out; everything else stays as it is."""
    assert plain_filename(sent) == kept

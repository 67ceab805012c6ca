"""An event in the bytes of either channel."""

import pytest
from websockets.frames import Frame, Opcode

from bridge.event import Event, text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_message_is_framed_as_the_library_frames_it(size: int):
    """[M1] Each of the three ways to write a length (RFC 6455, clause 5.2), and both their ends."""
    message = b"x" * size
    assert text_frame(message) == Frame(Opcode.TEXT, message).serialize(mask=False)


def test_an_event_is_encoded_once_for_all():
    """[W2] Whoever asks gets the same bytes, and not a copy of them."""
    event = Event(7, "progress", '{"message": "Separación"}')
    assert event.websocket is event.websocket
    assert event.sse is event.sse
    assert event.sse == 'id: 7\nevent: progress\ndata: {"message": "Separación"}\n\n'.encode()

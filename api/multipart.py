"""Reads a multipart/form-data body (RFC 7578) part by part, while it arrives.

Nothing is spooled: the bytes of a part go where its reader takes them, so a file can be streamed
to storage and refused in the middle.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from scorewire.errors import InvalidRequestError

MAX_PARTS = 20


@dataclass(frozen=True)
class Part:
    """The head of a part: the form field's name, and the file's where it is one."""

    name: str
    filename: str | None


class MalformedFormError(InvalidRequestError):
    """The body is not what its Content-Type promises."""

    @classmethod
    def because(cls, why: str) -> Self:
        """Say in one sentence what is wrong with the form."""
        return cls(f"The form could not be read ({why}); send it as multipart/form-data.")


class _End:
    """The part is complete."""


class MultipartReader:
    """Yields the parts of a body; each must be read before the next is asked for.

    Args:
        content_type: the request's Content-Type header.
        body: the request's body as it arrives.

    Raises:
        InvalidRequestError: the body is not multipart/form-data, here or in any of the methods.
    """

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        media_type, options = parse_options_header(content_type)
        if media_type != b"multipart/form-data" or not options.get(b"boundary"):
            why = "its Content-Type is not multipart/form-data"
            raise MalformedFormError.because(why)
        self._body = body
        self._found: list[Part | bytes | _End] = []
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._finished = False
        self._parser = self._make_parser(options[b"boundary"])

    async def parts(self) -> AsyncIterator[Part]:
        """Yield the head of each part; what its reader left is skipped."""
        count = 0
        async for found in self._events():
            if isinstance(found, Part):
                count += 1
                if count > MAX_PARTS:
                    why = f"it has more than {MAX_PARTS} parts"
                    raise MalformedFormError.because(why)
                yield found

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the current part."""
        async for found in self._events():
            if isinstance(found, _End):
                return
            if isinstance(found, bytes):
                yield found

    async def _events(self) -> AsyncIterator[Part | bytes | _End]:
        while True:
            while self._found:
                yield self._found.pop(0)
            chunk = await anext(self._body, b"")
            if not chunk:
                break
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise MalformedFormError.because(str(error)) from error
        if not self._finished:
            why = "it ends too early"
            raise MalformedFormError.because(why)

    def _make_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise MalformedFormError.because(str(error)) from error

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.pop(b"content-disposition", b""))
        self._headers.clear()
        filename = options.get(b"filename")
        self._found.append(
            Part(
                name=options.get(b"name", b"").decode("utf-8", "replace"),
                filename=None if filename is None else filename.decode("utf-8", "replace"),
            )
        )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(data[start:end])

    def _on_part_end(self) -> None:
        self._found.append(_End())

    def _on_end(self) -> None:
        self._finished = True

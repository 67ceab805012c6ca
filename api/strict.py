"""JSON bodies taken at their word: `0` is not `false`, nor `"120"` a number.

Litestar converts bodies as leniently as it must convert the text of paths and queries.
"""

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException
from typing_extensions import override


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is what its schema says, or is refused."""

    @override
    async def json(self) -> object:
        """Decode the body into what the route takes.

        Raises:
            ValidationException: it is JSON, but something else.
        """
        sent = await super().json()
        taken = self.route_handler.parsed_data_field
        if taken is None:
            return sent
        try:
            return msgspec.convert(sent, taken.annotation)
        except msgspec.ValidationError as error:
            raise ValidationException(detail="The body is not as described") from error

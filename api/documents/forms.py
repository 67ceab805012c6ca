"""What OpenAPI says beyond the handlers' types."""

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType


@dataclass
class UploadOperation(Operation):
    """The form of an upload, which its handler reads from the stream itself."""

    def __post_init__(self) -> None:
        """Describe the form's fields."""
        form = Schema(
            type=OpenAPIType.OBJECT,
            required=["file"],
            properties={
                "file": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY),
                "options": Schema(
                    type=OpenAPIType.STRING,
                    content_media_type="application/json",
                    description="The same options as of /api/v1/transcribe, as JSON.",
                ),
            },
        )
        self.request_body = RequestBody(
            content={"multipart/form-data": OpenAPIMediaType(schema=form)}, required=True
        )

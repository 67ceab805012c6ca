"""Where a job's recording comes from."""

import msgspec


class LinkSource(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="link"):
    """A page on a host of the allow-list, normally a YouTube video."""

    url: str


class UploadSource(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="upload"):
    """A file that a person sent: `blob_key` in storage, with the SHA-256 of its bytes."""

    blob_key: str
    sha256: str
    filename: str


Source = LinkSource | UploadSource

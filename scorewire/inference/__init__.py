"""The only place where models are loaded: separation and transcription behind two ports."""

import os

# ONNX Runtime's official builds send usage data to Microsoft unless told otherwise before they are
# imported; its own switch, `disable_telemetry_events`, comes after the first message.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - written for a library, not read

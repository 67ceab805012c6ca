"""Models stay silent about their use."""

import subprocess
import sys
from pathlib import Path

_LOAD = "from scorewire.inference.transcription import BasicPitchTranscriber as T; T()._load()"


def test_loading_a_model_leaves_no_identifier(tmp_path: Path) -> None:
    """ONNX Runtime, whose telemetry begins with a device id in the user's cache, makes none."""
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", _LOAD], env=environment, check=True, timeout=120)
    assert list(tmp_path.rglob("*")) == []

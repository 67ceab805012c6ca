"""An S3 server on loopback, in a process of its own: moto's, which checks no signatures."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from scorewire.settings import inherited_environment
from scorewire.stack.ports import LOOPBACK, free_port

READY_S = 30.0
BUCKET = "recordings"


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Run the server with one bucket; yields the variables by which a client finds it."""
    url = f"http://{LOOPBACK}:{(port := free_port())}"
    command = [sys.executable, "-m", "moto.server", "--host", LOOPBACK, "--port", str(port)]
    process = subprocess.Popen(
        command,
        env={**inherited_environment(), "MOTO_S3_CUSTOM_ENDPOINTS": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_s = time.monotonic() + READY_S
        while True:
            try:
                httpx.put(f"{url}/{BUCKET}", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > until_s:
                    raise
                time.sleep(0.1)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "scorewire",
            "AWS_SECRET_ACCESS_KEY": "scorewire",
            "AWS_REGION": "us-east-1",
        }
    finally:
        process.terminate()
        process.wait()

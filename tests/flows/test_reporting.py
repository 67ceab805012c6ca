"""The progress of a running stage, where nobody can take it down."""

import time
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from flows.journal import Journal
from flows.reporting import StageReport
from flows.runtime import Runtime
from scorewire.jobs.stages import Stage
from scorewire.settings import Settings


def test_work_goes_on_while_the_database_is_away(tmp_path: Path):
    """A step that cannot be stored is left out, and holds the stage up for moments only."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    runtime = Runtime(Settings(database_url=nowhere, data_dir=tmp_path))
    report = StageReport(Journal(runtime, uuid4(), uuid4()), Stage.SEPARATION)
    began_s = time.monotonic()
    report(0.5, "Half")
    assert time.monotonic() - began_s < 10

"""Demucs's own loading and segment loop, with a model small enough for tests."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demucs.htdemucs import HTDemucs
from models import SIX_SOURCES, make_tiny_demucs
from reports import Reports

from scorewire.audio import Audio
from scorewire.errors import OutOfMemoryError, WeightsMissingError
from scorewire.inference import weights
from scorewire.inference.separation import DemucsSeparator
from scorewire.jobs.options import Stem

SEGMENT = 2 * 44_100


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """So small a network is slowed down ten times by threads that wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def reports() -> Reports:
    """An empty report."""
    return Reports()


@pytest.fixture
def mix() -> Audio:
    """Five seconds of noise round an offset, so that normalisation has something to undo."""
    noise = np.random.default_rng(0).normal(0.05, 0.1, (2, 5 * 44_100))
    return Audio(noise.astype(np.float32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with both models."""
    make_tiny_demucs(tmp_path, gains={"vocals": 0.5, "bass": 0.25})
    return make_tiny_demucs(tmp_path, "htdemucs_6s", SIX_SOURCES)


def test_stems_are_what_the_model_makes_of_the_mix(
    folder: Path, mix: Audio, reports: Reports
) -> None:
    """Each stem has the mix's length, and the level that this model gives it."""
    stems = DemucsSeparator("cpu", folder=folder).separate(mix, reports)
    assert set(stems) == {Stem.DRUMS, Stem.BASS, Stem.OTHER, Stem.VOCALS}
    for stem, gain in {Stem.VOCALS: 0.5, Stem.BASS: 0.25, Stem.DRUMS: 0.0}.items():
        assert stems[stem].samples.dtype == np.float32
        # The mean of the mix is taken off before, and added to every stem after.
        expected = (mix.samples - 0.05) * gain + 0.05
        assert np.abs(stems[stem].samples - expected).max() < 0.02


def test_result_is_repeatable(folder: Path, mix: Audio, reports: Reports) -> None:
    """The same mix gives the same samples, so that stems can be reused by content."""
    first, second = (
        DemucsSeparator("cpu", folder=folder).separate(mix, reports)[Stem.VOCALS] for _ in range(2)
    )
    assert np.array_equal(first.samples, second.samples)


def test_progress_counts_segments(folder: Path, mix: Audio, reports: Reports) -> None:
    """Each separated segment is one step, and the last one reaches the end."""
    DemucsSeparator("cpu", folder=folder).separate(mix, reports)
    assert reports.fractions == sorted(reports.fractions)
    assert reports.fractions[-1] == 1.0
    steps = [message for message in reports.messages if re.match(r"Separated \d of 5 s", message)]
    assert len(steps) == 4  # segments of 2 s that overlap by a quarter


def test_bag_of_several_networks(tmp_path: Path, mix: Audio, reports: Reports) -> None:
    """A bag's networks are averaged, and all of them count in the progress."""
    for name, gain in (("one", 0.2), ("two", 0.6)):
        make_tiny_demucs(tmp_path, name, gains={"vocals": gain})
    parts = [weights.signatures(name, tmp_path)[0] for name in ("one", "two")]
    (tmp_path / "both.yaml").write_text(f"models: {parts}\n")
    separator = DemucsSeparator("cpu", model="both", folder=tmp_path)
    vocals = separator.separate(mix, reports)[Stem.VOCALS].samples
    assert np.abs(vocals - ((mix.samples - 0.05) * 0.4 + 0.05)).max() < 0.02
    assert reports.fractions == sorted(reports.fractions)
    assert reports.fractions[-1] == 1.0
    assert len(reports.fractions) == 9


@pytest.mark.parametrize(
    ("instruments", "model", "expected"),
    [
        ((), None, "htdemucs"),
        ((Stem.VOCALS, Stem.BASS), None, "htdemucs"),
        ((Stem.PIANO,), None, "htdemucs_6s"),
        ((Stem.VOCALS, Stem.GUITAR), None, "htdemucs_6s"),
        ((Stem.PIANO,), "htdemucs", "htdemucs"),
    ],
)
def test_model_follows_the_instruments(
    folder: Path, instruments: tuple[Stem, ...], model: str | None, expected: str
) -> None:
    """Piano and guitar need the model with six stems, unless the settings name one."""
    separator = DemucsSeparator("cpu", model, folder, instruments)
    assert separator.model_id.split(":")[0] == expected


def test_model_id_changes_with_the_weights(tmp_path: Path) -> None:
    """Other weights under the same name do not reuse old stems."""
    first, second = (
        DemucsSeparator(
            folder=make_tiny_demucs(tmp_path / str(gain), gains={"bass": gain})
        ).model_id
        for gain in (0.1, 0.2)
    )
    assert first != second


@pytest.mark.parametrize("missing", ["*.th", "*.yaml"])
def test_incomplete_folder(tmp_path: Path, mix: Audio, reports: Reports, missing: str) -> None:
    """Without the weights or their list, the model is not available, and the error names both."""
    make_tiny_demucs(tmp_path)
    next(tmp_path.glob(missing)).unlink()
    separator = DemucsSeparator("cpu", folder=tmp_path)
    assert not separator.available
    with pytest.raises(WeightsMissingError, match=r"htdemucs\.yaml and the \.th files"):
        separator.separate(mix, reports)


def test_damaged_weights(tmp_path: Path, mix: Audio, reports: Reports) -> None:
    """Weights that do not match their checksum are refused by Demucs, and told as missing."""
    path = next(make_tiny_demucs(tmp_path).glob("*.th"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsMissingError, match="Invalid checksum"):
        DemucsSeparator("cpu", folder=tmp_path).separate(mix, reports)


def test_no_folder_and_no_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mix: Audio, reports: Reports
) -> None:
    """Where the hub does not answer, that is found out once, within seconds, and told."""
    import huggingface_hub.constants  # noqa: PLC0415 - only to lead it to an address that is ours

    # Port 9 of the loopback address refuses at once; the caches are empty.
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(
        huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}"
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights.obtainable.cache_clear()
    separator = DemucsSeparator("cpu")
    assert not separator.available
    with pytest.raises(WeightsMissingError, match="SCOREWIRE_DEMUCS_FOLDER"):
        separator.separate(mix, reports)
    weights.obtainable.cache_clear()


def fail_when(
    monkeypatch: pytest.MonkeyPatch, condition: Callable[[int], bool], error: Callable[[], Any]
) -> None:
    """Let the network run out of memory on segments of some lengths."""
    forward = HTDemucs.forward

    def limited(self: HTDemucs, mix: torch.Tensor) -> torch.Tensor:
        if condition(mix.shape[-1]):
            error()
        return forward(self, mix)

    monkeypatch.setattr(HTDemucs, "forward", limited)


def exhaust_cpu() -> None:
    """Make PyTorch's own allocator fail, with its own words."""
    torch.empty(1 << 60, dtype=torch.uint8)


def exhaust_gpu() -> None:
    """Fail as PyTorch does when a GPU is full."""
    raise torch.OutOfMemoryError


@pytest.mark.parametrize("error", [exhaust_cpu, exhaust_gpu])
def test_shorter_segments_when_memory_runs_out(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    mix: Audio,
    reports: Reports,
    error: Callable[[], Any],
) -> None:
    """The second try has segments of half the length, says so, and gives the same stems."""
    separator = DemucsSeparator("cpu", folder=folder)
    expected = separator.separate(mix, Reports())[Stem.VOCALS].samples
    fail_when(monkeypatch, lambda length: length > SEGMENT // 2, error)
    stems = separator.separate(mix, reports)
    assert "The CPU ran out of memory; trying shorter segments" in reports.messages
    assert np.abs(stems[Stem.VOCALS].samples - expected).max() < 0.02
    monkeypatch.undo()
    again = separator.separate(mix, Reports())[Stem.VOCALS].samples
    assert np.array_equal(again, expected)  # the next recording has full segments again


def test_out_of_memory_for_good(
    monkeypatch: pytest.MonkeyPatch, folder: Path, mix: Audio, reports: Reports
) -> None:
    """Where nothing fits, the error is ours and says what to do."""
    fail_when(monkeypatch, lambda _: True, exhaust_cpu)
    with pytest.raises(OutOfMemoryError, match="choose a section"):
        DemucsSeparator("cpu", folder=folder).separate(mix, reports)


def test_other_failures_are_not_hidden(
    monkeypatch: pytest.MonkeyPatch, folder: Path, mix: Audio, reports: Reports
) -> None:
    """A fault that is no lack of memory is not tried again."""

    def fail() -> None:
        message = "shapes do not match"
        raise RuntimeError(message)

    fail_when(monkeypatch, lambda _: True, fail)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        DemucsSeparator("cpu", folder=folder).separate(mix, reports)
    assert len(reports.messages) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_falls_back_to_the_cpu(folder: Path, mix: Audio, reports: Reports) -> None:
    """A GPU that is too full for any segment leaves the work to the CPU."""
    torch.cuda.set_per_process_memory_fraction(1e-6)
    try:
        stems = DemucsSeparator("cuda", folder=folder).separate(mix, reports)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "The GPU ran out of memory; trying the CPU" in reports.messages
    assert stems[Stem.VOCALS].samples.shape == mix.samples.shape

"""Stems from a mix by Demucs (Rouard et al., Hybrid Transformers, ICASSP 2023).

Demucs's own loading and segment loop are used as they are. What is added is what a service needs:
true progress, stems that do not depend on chance (no random shifts, so that they can be reused by
content), and a way down when memory runs out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewire.audio import Audio
from scorewire.errors import OutOfMemoryError
from scorewire.inference import weights
from scorewire.inference.device import pick_device
from scorewire.jobs.options import Stem
from scorewire.jobs.report import Report

if TYPE_CHECKING:
    import torch

OVERLAP = 0.25
"""Share of a segment that it has in common with the next; Demucs's own default."""

SHORTER_SEGMENT = 0.5
"""What a segment shrinks to when memory runs out; the transformer's need grows with its square."""

SIX_STEM_INSTRUMENTS = frozenset({Stem.PIANO, Stem.GUITAR})
"""Only htdemucs_6s knows these; it does less well on the other four stems."""


class DemucsSeparator:
    """A Demucs model, loaded on first use.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        model: name of the model; without it htdemucs_6s where piano or guitar is asked for, and
            htdemucs otherwise.
        folder: folder with the model's files; without it they come from Demucs's own hub.
        instruments: stems that are asked for.
    """

    def __init__(
        self,
        device: str = "auto",
        model: str | None = None,
        folder: Path | None = None,
        instruments: Collection[Stem] = (),
    ) -> None:
        six_stems = not SIX_STEM_INSTRUMENTS.isdisjoint(instruments)
        self._name = model or ("htdemucs_6s" if six_stems else "htdemucs")
        self._device = device
        self._folder = folder
        self._model: Any = None

    @property
    def model_id(self) -> str:
        """The model's name, and the checksums (or signatures) of its networks."""
        if self._folder is not None:
            parts = [path.stem for path in weights.files(self._name, self._folder)]
        else:
            parts = weights.signatures(self._name, None)
        return f"{self._name}:{'+'.join(parts)}"

    @property
    def available(self) -> bool:
        """Whether the weights are here or can be fetched; asks the network once, for seconds."""
        return weights.obtainable(self._name, self._folder)

    def separate(self, audio: Audio, report: Report) -> Mapping[Stem, Audio]:
        """Separate a recording at 44.1 kHz into the model's stems.

        When memory runs out, it is tried with shorter segments, and then on the CPU; each such
        step is told in a report.

        Raises:
            WeightsMissingError: the weights cannot be had.
            SetupError: the device of the settings is not there.
            OutOfMemoryError: not even shorter segments on the CPU fit.
        """
        device = pick_device(self._device)
        if self._model is None:
            report(0.0, f"Loading the separation model {self._name}")
            self._model = weights.load(self._name, self._folder)
        for place, share, message in _attempts(device.type):
            if message:
                report(0.0, message)
            try:
                return _separate(self._model, audio, place, share, report)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
            _release_memory()  # after the handler, so that its traceback holds no tensors
        message = "There is too little memory to separate the recording; choose a section of it."
        raise OutOfMemoryError(message)


def _attempts(device: str) -> Iterator[tuple[str, float, str]]:
    """Device, share of a full segment, and what to tell a person, in the order of trying."""
    name = "CPU" if device == "cpu" else "GPU"
    yield device, 1.0, ""
    shorter = f"The {name} ran out of memory; trying shorter segments"
    yield device, SHORTER_SEGMENT, shorter
    if device != "cpu":
        yield "cpu", 1.0, "The GPU ran out of memory; trying the CPU"
        yield "cpu", SHORTER_SEGMENT, "The CPU ran out of memory; trying shorter segments"


def _is_out_of_memory(error: BaseException) -> bool:
    import torch  # noqa: PLC0415 - loaded long before

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    # PyTorch has no class for the CPU's allocator, nor for Apple's.
    text = str(error).lower()
    return any(sign in text for sign in ("can't allocate memory", "out of memory", "alloc_failed"))


def _release_memory() -> None:
    import torch  # noqa: PLC0415 - loaded long before

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _separate(
    bag: Any,  # noqa: ANN401 - Demucs ships no types
    audio: Audio,
    device: str,
    share: float,
    report: Report,
) -> dict[Stem, Audio]:
    import torch  # noqa: PLC0415 - loaded with the model
    from demucs.apply import apply_model  # noqa: PLC0415 - as above

    networks = list(getattr(bag, "models", [bag]))
    # A bag of one goes without its bag, which would hold all stems a second time.
    model = networks[0] if len(networks) == 1 else bag
    full = [network.segment for network in networks]
    mix = torch.from_numpy(audio.samples)
    reference = mix.mean(0)
    mean, deviation = reference.mean(), reference.std() + 1e-8
    try:
        for network, segment in zip(networks, full, strict=True):
            # An argument of apply_model would be padded to the full segment again.
            network.segment = segment if share == 1 else float(segment) * share
        stems = apply_model(
            model,
            ((mix - mean) / deviation)[None],
            shifts=0,
            overlap=OVERLAP,
            device=device,
            callback=_progress(networks, audio.duration_s, report),
        )[0]
    finally:
        for network, segment in zip(networks, full, strict=True):
            network.segment = segment
        model.to("cpu")
    stems.mul_(deviation).add_(mean)
    return {
        Stem(source): Audio(stem.numpy(), audio.sample_rate_hz)
        for source, stem in zip(model.sources, stems, strict=True)
    }


def _progress(
    networks: "list[torch.nn.Module]", duration_s: float, report: Report
) -> Callable[[dict[str, Any]], None]:
    def callback(state: dict[str, Any]) -> None:
        if state["state"] != "end":
            return
        network: Any = networks[state["model_idx_in_bag"]]
        step_s = float(network.segment) * (1 - OVERLAP)
        done_s = min(duration_s, state["segment_offset"] / network.samplerate + step_s)
        fraction = (state["model_idx_in_bag"] + done_s / duration_s) / len(networks)
        report(fraction, f"Separated {done_s:.0f} of {duration_s:.0f} s")

    return callback

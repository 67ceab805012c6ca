"""Learn the weights of `scorewire.music.bar_model` from the scores in music21's corpus.

    python evals/learn_bars.py

Passages are cut at random, half of the tunes and chorales set for piano, played more or less freely
and heard as a transcriber hears them. The beat is followed in what was heard, slips and all, and
of all readings those are made probable that put most notes in their place (maximum expected
worth), beside what is likely by the tempo of the beat. Where a score does not say its tempo, one is
drawn near what is usual in its metre and for notes as short as it has, set by hand. A fifth of the
pieces, by the hash of their names, is kept back to say what the learned model is worth. The same
corpus gives the same weights, to a few digits; it takes half an hour of a core, and 4 GiB.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from accompanying import accompany
from corpus import read_corpus
from numpy.typing import NDArray
from performing import Heard, perform
from symbolic import Passage, WrittenNote
from torch import Tensor, nn

from scorewire.music.bar_model import WEIGHTS, BarModel
from scorewire.music.barlines import TRACKED_METERS, gather_onsets, tapped_odds
from scorewire.music.beats import track_beats
from scorewire.music.evidence import list_readings
from scorewire.music.meter import TICKS_PER_QUARTER, Meter

METER_SHARE = {"2/4": 1.0, "3/4": 1.1, "4/4": 1.3, "6/8": 0.9, "3/8": 0.4, "9/8": 0.2}
MIDDLE_QPM = {"2/4": 80, "3/4": 108, "4/4": 100, "6/8": 132, "3/8": 92, "9/8": 132}
MIDDLE_ONSETS_PER_S, RATE_PULL = 3.3, 0.35
"""What is written in short notes has a slower beat, so that its onsets keep near a usual rate."""

QPM_SPREAD, MARKED_SPREAD = 0.3, 0.12
SLOWEST_QPM, FASTEST_QPM = 40, 240
INNER_SHARE, MID_BAR_SHARE = 0.4, 0.25
"""How often a cut begins within the piece, and how often at any beat of its first bar."""

KIND_SHARE = {"others": 1.2, "tune": 1.0, "chorale": 0.5}
SET_SHARE = {"others": 0.1, "tune": 0.5, "chorale": 0.5}
HALVED_SHARE = 0.25
"""How often a melody is set for piano, and a piece in 3/4 then written in 3/8."""

SAME_LEVEL, OTHER_LEVEL, OTHER_METER = 0.25, 0.2, 0.6
"""How near a tempo is the score's; what the same places are worth at other tempi, in other bars."""

FAIR = 0.3
TRACK_UNIT = 0.01
LEAST_WORTH, TINY_SPREAD = 1e-3, 1e-4
FEWEST_BARS, MOST_BARS, FEWEST_NOTES = 9, 26, 24
KEPT_BACK = 5
SEED = 0
SHARPNESS = 3.0
MEMBERS, UNITS = 3, 24
ROUNDS, BATCH, STEP, DECAY = 6, 24, 3e-3, 0.3
FIRST_TRACK_WEIGHT = 3.0

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Example:
    """Every reading of one cut, and how much of it each would put on the page rightly.

    Attributes:
        features: shape (readings, features).
        tracked: shape (readings,): the tracker's log-probability, in units of `TRACK_UNIT`.
        tapped: shape (readings,): log-odds by the tempo of the beat.
        worth: shape (readings,): from 0, nothing, to 1.
    """

    features: NDArray[np.float32]
    tracked: NDArray[np.float32]
    tapped: NDArray[np.float32]
    worth: NDArray[np.float32]


def is_kept_back(source: str) -> bool:
    """Whether a piece is for testing."""
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % KEPT_BACK == 0


class Cuts:
    """Draws cuts so that metres and sources are balanced; a number always gives the same cut."""

    def __init__(self, passages: Sequence[Passage], seed: int = SEED) -> None:
        self._seed = seed
        self._groups: dict[tuple[str, str], list[Passage]] = defaultdict(list)
        for passage in passages:
            meter = "4/4" if passage.meter.name == "2/2" else passage.meter.name
            if meter in METER_SHARE and passage.bars >= FEWEST_BARS - 2:
                self._groups[meter, _kind(passage)].append(passage)
        self._keys = sorted(self._groups)
        shares = np.array(
            [
                METER_SHARE[meter] * KIND_SHARE[kind] * min(1, len(self._groups[meter, kind]) / 12)
                for meter, kind in self._keys
            ]
        )
        self._shares = shares / shares.sum()

    def __getitem__(self, number: int) -> Example:
        """Draw until a cut is long enough to be read."""
        rng = np.random.default_rng([self._seed, number])
        while True:
            meter, kind = self._keys[rng.choice(len(self._keys), p=self._shares)]
            members = self._groups[meter, kind]
            passage = members[rng.integers(len(members))]
            example = _example(passage, kind, Meter.parse(meter), rng)
            if example is not None:
                return example


def _kind(passage: Passage) -> str:
    folder = passage.source.partition("/")[0]
    return "chorale" if folder == "bach" else "tune" if "#" in passage.source else "others"


def _example(passage: Passage, kind: str, meter: Meter, rng: np.random.Generator) -> Example | None:
    bars = int(rng.integers(FEWEST_BARS, MOST_BARS))
    first = 0
    if passage.bars > bars and rng.random() < INNER_SHARE:
        first = int(rng.integers(0, passage.bars - bars))
    start, end = first * meter.bar_ticks if first else -1, (first + bars) * meter.bar_ticks
    notes = [note for note in passage.notes if start <= note.onset < end]
    if len(notes) < FEWEST_NOTES:
        return None
    if rng.random() < SET_SHARE[kind]:
        notes = accompany(notes, meter, rng)
        if meter.name == "3/4" and rng.random() < HALVED_SHARE:
            meter = Meter(3, 8)
            notes = [replace(note, onset=note.onset // 2, ticks=note.ticks / 2) for note in notes]
    if rng.random() < MID_BAR_SHARE:
        beats = meter.bar_ticks // meter.beat_ticks
        start = first * meter.bar_ticks + int(rng.integers(beats)) * meter.beat_ticks
        notes = [note for note in notes if note.onset >= start]
    qpm = _tempo(passage, notes, meter, rng)
    before = max(0, first) * meter.bar_ticks
    heard = perform([replace(note, onset=note.onset - before) for note in notes], meter, qpm, rng)
    if len(heard.events) < FEWEST_NOTES:
        return None
    found = [_read(heard, tracked, meter, qpm) for tracked in TRACKED_METERS]
    example = Example(
        *(np.concatenate(parts, dtype=np.float32) for parts in zip(*found, strict=True))
    )
    return example if example.worth.max() >= FAIR else None


def _read(heard: Heard, tracked: Meter, meter: Meter, qpm: float) -> tuple[_Floats, ...]:
    """Follow the beat in one metre and list the readings, with what each would be worth."""
    track = track_beats(heard.events, [tracked])
    onsets = gather_onsets(track, heard.events)
    readings, features = list_readings(onsets)
    sizes = np.array([len(event.notes) for event in heard.events], dtype=np.float64)
    true = heard.ticks % meter.bar_ticks
    worth = np.zeros(len(readings))
    for index, reading in enumerate(readings):
        ticks = np.rint((track.ticks - track.ticks[0]) * float(reading.scale)).astype(np.int64)
        right = (ticks + reading.phase) % reading.meter.bar_ticks == true
        share = float(sizes @ right / sizes.sum())
        written_qpm = onsets.qpm * float(reading.scale)
        level = 1.0 if abs(np.log(written_qpm / qpm)) < SAME_LEVEL else OTHER_LEVEL
        worth[index] = share * level * (1.0 if reading.meter == meter else OTHER_METER)
    scores = np.full(len(readings), track.score * TRACK_UNIT)
    return features, scores, tapped_odds(onsets, readings), worth


def _tempo(
    passage: Passage, notes: Sequence[WrittenNote], meter: Meter, rng: np.random.Generator
) -> float:
    if (
        passage.qpm is not None
        and passage.meter == meter
        and SLOWEST_QPM <= passage.qpm <= FASTEST_QPM
    ):
        middle, spread = passage.qpm, MARKED_SPREAD
    else:
        onsets = {note.onset for note in notes}
        end = max(note.onset + note.ticks for note in notes)
        quarters = (end - min(onsets)) / TICKS_PER_QUARTER
        middle, spread = MIDDLE_QPM[meter.name], QPM_SPREAD
        rate = len(onsets) / quarters * middle / 60.0
        middle *= (MIDDLE_ONSETS_PER_S / rate) ** RATE_PULL
    return float(np.clip(middle * np.exp(rng.normal(0, spread)), SLOWEST_QPM, FASTEST_QPM))


class _Net(nn.Module):
    """`BarModel` on standard scores, while it is learned."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1, bias=False)
        self.hidden = nn.Linear(features, UNITS)
        self.output = nn.Linear(UNITS, 1, bias=False)
        self.track = nn.Parameter(torch.tensor(FIRST_TRACK_WEIGHT))
        with torch.no_grad():
            self.linear.weight.zero_()
            self.output.weight.mul_(0.1)

    def forward(self, rows: Tensor, tracked: Tensor) -> Tensor:
        """Log-odds, shape (readings,)."""
        found = self.linear(rows) + self.output(torch.tanh(self.hidden(rows)))
        return found[:, 0] + self.track * tracked


def fit(examples: Sequence[Example]) -> BarModel:
    """Learn several models, each from weights drawn anew, and take their mean."""
    rows = torch.from_numpy(np.concatenate([example.features for example in examples]))
    mean, spread = rows.mean(dim=0), rows.std(dim=0) + TINY_SPREAD
    parts = rows.sub_(mean).div_(spread).split([len(example.worth) for example in examples])
    return _joined([_learn(parts, examples, seed) for seed in range(MEMBERS)], mean, spread)


def _learn(parts: Sequence[Tensor], examples: Sequence[Example], seed: int) -> _Net:
    """Maximise the worth to be expected, the best readings counting most."""
    torch.manual_seed(seed)
    net = _Net(parts[0].shape[1])
    others = [weight for weight in net.parameters() if weight is not net.track]
    groups = [{"params": others}, {"params": [net.track], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=STEP, weight_decay=DECAY)
    steps = ROUNDS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, STEP, steps)
    for _ in range(ROUNDS):
        for chosen in torch.randperm(len(examples)).split(BATCH):
            losses = [_loss(net, parts[index], examples[index]) for index in chosen.tolist()]
            optimizer.zero_grad()
            torch.stack(losses).mean().backward()
            optimizer.step()
            schedule.step()
    return net


@torch.no_grad()
def _joined(nets: Sequence[_Net], mean: Tensor, spread: Tensor) -> BarModel:
    """The mean of what the nets say, on features as they are; a constant falls away."""
    hidden = torch.cat([net.hidden.weight for net in nets]) / spread
    bias = torch.cat([net.hidden.bias for net in nets]) - hidden @ mean
    return BarModel(
        linear=(torch.stack([net.linear.weight[0] for net in nets]).mean(dim=0) / spread).numpy(),
        hidden=hidden.T.numpy(),
        bias=bias.numpy(),
        output=(torch.cat([net.output.weight[0] for net in nets]) / len(nets)).numpy(),
        track=(torch.stack([net.track for net in nets]).mean() * TRACK_UNIT).numpy(),
    )


def _loss(net: _Net, rows: Tensor, example: Example) -> Tensor:
    """Minus the logarithm of the worth to be expected of one cut."""
    tracked, tapped, worth = (
        torch.from_numpy(part) for part in (example.tracked, example.tapped, example.worth)
    )
    odds = net(rows, tracked) + tapped
    wins = odds + SHARPNESS * worth.clamp(min=LEAST_WORTH).log()
    return odds.logsumexp(0) - wins.logsumexp(0)


def mean_worth(model: BarModel, examples: Sequence[Example]) -> float:
    """What the likeliest readings are worth on average."""
    track = float(model.track) / TRACK_UNIT
    return float(
        np.mean(
            [
                e.worth[int((model.log_odds(e.features) + track * e.tracked + e.tapped).argmax())]
                for e in examples
            ]
        )
    )


def main() -> None:
    """Learn, say how good it is, and write the weights."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--cuts", type=int, default=4800)
    count = arguments.parse_args().cuts
    passages = list(read_corpus())
    learning = Cuts([p for p in passages if not is_kept_back(p.source)])
    testing = Cuts([p for p in passages if is_kept_back(p.source)])
    model = fit([learning[number] for number in range(count)])
    tested = [testing[number] for number in range(count // 10)]
    best = float(np.mean([example.worth.max() for example in tested]))
    sys.stdout.write(f"{len(passages)} passages; {count} cuts learned from\n")
    sys.stdout.write(
        f"the likeliest readings of {len(tested)} cuts kept back are worth "
        f"{mean_worth(model, tested):.3f}, the best {best:.3f}\n"
    )
    np.savez(WEIGHTS, **asdict(model))


if __name__ == "__main__":
    main()

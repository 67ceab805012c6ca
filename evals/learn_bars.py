"""Learn the weights of `scorewire.music.bar_model` from the scores in music21's corpus.

    python evals/learn_bars.py

Of all readings of a performance (`cutting`) those are made probable that put most notes in their
place (maximum expected worth), beside what is likely by the tempo of the beat. A fifth of the
pieces, by the hash of their names, is kept back to say what the learned model is worth. The same
corpus gives the same weights, to a few digits; it takes an hour of a core, and 8 GiB.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import torch
from corpus import read_corpus
from cutting import TRACK_UNIT, Cuts, Example
from torch import Tensor, nn

from scorewire.music.bar_model import WEIGHTS, BarModel

LEAST_WORTH, TINY_SPREAD = 1e-3, 1e-4
KEPT_BACK = 5
SHARPNESS = 3.0
MEMBERS, UNITS = 6, 24
ROUNDS, BATCH, STEP, DECAY = 6, 24, 3e-3, 0.3
FIRST_TRACK_WEIGHT = 3.0


def is_kept_back(source: str) -> bool:
    """Whether a piece is for testing."""
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % KEPT_BACK == 0


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


class _Scale:
    """Makes features standard scores."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._count = sum(len(example.worth) for example in examples)
        self.mean = self._average(examples, lambda rows: rows)
        squares = self._average(examples, lambda rows: (rows - self.mean) ** 2)
        self.spread = squares.sqrt() + TINY_SPREAD

    def _average(self, examples: Sequence[Example], of: Callable[[Tensor], Tensor]) -> Tensor:
        return sum(of(_rows(example)).sum(dim=0) for example in examples) / self._count

    def rows(self, example: Example) -> Tensor:
        """Shape (readings, features)."""
        return (_rows(example) - self.mean) / self.spread


def _rows(example: Example) -> Tensor:
    return torch.from_numpy(example.features).float()


def fit(examples: Sequence[Example]) -> BarModel:
    """Learn several models, each from weights drawn anew, and take their mean."""
    scale = _Scale(examples)
    return _joined([_learn(examples, scale, seed) for seed in range(MEMBERS)], scale)


def _learn(examples: Sequence[Example], scale: _Scale, seed: int) -> _Net:
    """Maximise the worth to be expected, the best readings counting most."""
    torch.manual_seed(seed)
    net = _Net(len(scale.mean))
    others = [weight for weight in net.parameters() if weight is not net.track]
    groups = [{"params": others}, {"params": [net.track], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=STEP, weight_decay=DECAY)
    steps = ROUNDS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, STEP, steps)
    for _ in range(ROUNDS):
        for chosen in torch.randperm(len(examples)).split(BATCH):
            batch = [examples[index] for index in chosen.tolist()]
            losses = [_loss(net, scale.rows(example), example) for example in batch]
            optimizer.zero_grad()
            torch.stack(losses).mean().backward()
            optimizer.step()
            schedule.step()
    return net


@torch.no_grad()
def _joined(nets: Sequence[_Net], scale: _Scale) -> BarModel:
    """The mean of what the nets say, on features as they are; a constant falls away."""
    hidden = torch.cat([net.hidden.weight for net in nets]) / scale.spread
    bias = torch.cat([net.hidden.bias for net in nets]) - hidden @ scale.mean
    return BarModel(
        linear=(
            torch.stack([net.linear.weight[0] for net in nets]).mean(dim=0) / scale.spread
        ).numpy(),
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
    arguments.add_argument("--cuts", type=int, default=12_800)
    count = arguments.parse_args().cuts
    passages = list(read_corpus())
    learning = Cuts([p for p in passages if not is_kept_back(p.source)])
    testing = Cuts([p for p in passages if is_kept_back(p.source)])
    drawn = [learning[number] for number in range(count)]
    dotted = [example for number in range(count) if (example := learning.dotted(number))]
    model = fit([*drawn, *dotted])
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

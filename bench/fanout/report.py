"""Medians and ratios, as one table."""

import statistics
from collections.abc import Mapping, Sequence

from scenarios import Figures

Rounds = Mapping[str, Sequence[Figures]]
"""A design's name, and its figures in each round."""

MESSAGES = (
    ("delivered messages/s", "delivered_per_s", ",.0f"),
    ("p50 from commit to receipt, ms", "p50_ms", ".2f"),
    ("p99 from commit to receipt, ms", "p99_ms", ".2f"),
    ("server CPU a message, us", "server_us", ".2f"),
    ("its Postgres or Redis a message, us", "backend_us", ".2f"),
    ("lost or merged (all rounds)", "lost", ",.0f"),
    ("repeated (all rounds)", "repeated", ",.0f"),
    ("publisher's rate, of what was asked", "published_share", ".2f"),
)
IDLE = (
    ("memory a connection, KB", "connection_bytes", ".1f"),
    ("server CPU, share of a core", "idle_cpu_share", ".4f"),
    ("heartbeats answered", "heartbeats", ",.0f"),
    ("closed (all rounds)", "closed", ",.0f"),
)
SATURATION = (
    ("delivered messages/s, p99 < 50 ms, none lost", "held_per_s", ",.0f"),
    ("  at events/s", "held_events_per_s", ".0f"),
    ("delivered messages/s at most", "most_per_s", ",.0f"),
    ("broke at events/s", "broke_at_events_per_s", ".0f"),
    ("  with p99, ms", "broke_p99_ms", ".1f"),
    ("  publisher's rate, of what was asked", "broke_published_share", ".2f"),
)
CLIENT = (
    ("load client, share of a core", "client_cpu_share", ".2f"),
    ("load client, p99 of one turn of its loop, ms", "client_batch_p99_ms", ".2f"),
)
SUMMED = frozenset({"lost", "repeated", "closed"})
UNITS = {"connection_bytes": 1000.0}
NO_RATIO = frozenset({"published_share", "broke_published_share", "heartbeats", "broke_p99_ms"})
NAME_WIDTH, FIGURE_WIDTH = 48, 13


def table(scenarios: Mapping[str, Rounds]) -> str:
    """Write all scenarios below one another."""
    head = f"{'':{NAME_WIDTH}}" + "".join(
        f"{name:>{FIGURE_WIDTH}}" for name in ("Scorewire", "baseline", "ratio")
    )
    lines = [head]
    for title, rounds in scenarios.items():
        lines += ["", title]
        lines += [_line(rounds, *metric) for metric in _metrics(rounds)]
    return "\n".join(lines)


def _metrics(rounds: Rounds) -> Sequence[tuple[str, str, str]]:
    known = rounds["scorewire"][0]
    if "connection_bytes" in known:
        return (*IDLE, *CLIENT)
    if "held_per_s" in known:
        return (*SATURATION, *CLIENT)
    return (*MESSAGES, *CLIENT)


def _line(rounds: Rounds, title: str, metric: str, form: str) -> str:
    ours, baseline = (_figure(rounds[design], metric) for design in ("scorewire", "baseline"))
    unratioed = metric in SUMMED | NO_RATIO or metric.startswith("client") or not baseline
    ratio = "" if unratioed else f"{ours / baseline:.3f}"
    figures = (f"{ours:{form}}", f"{baseline:{form}}", ratio)
    return f"  {title:{NAME_WIDTH - 2}}" + "".join(
        f"{figure:>{FIGURE_WIDTH}}" for figure in figures
    )


def _figure(rounds: Sequence[Figures], metric: str) -> float:
    values = [figures[metric] for figures in rounds]
    if metric in SUMMED:
        return sum(values)
    return statistics.median(values) / UNITS.get(metric, 1.0)

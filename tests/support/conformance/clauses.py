"""The clauses of the wire contract, and which of them a test proves."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

CLAUSES = [
    f"{letter}{number}"
    for letter, last in {"J": 6, "M": 6, "W": 7, "S": 1, "P": 1, "R": 4, "A": 3}.items()
    for number in range(1, last + 1)
]
"""In the order of docs/protocol.md."""

_NAMED = re.compile(r"\[([A-Z]\d)\]")


def clauses_of(docstring: str | None) -> list[str]:
    """List the clauses that a test names at the beginning of its docstring."""
    first_line = (docstring or "").strip().partition("\n")[0]
    return _NAMED.findall(first_line)


def verdicts(outcomes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sum up the outcomes of tests by clause.

    Args:
        outcomes: a clause and `passed`, `failed` or `skipped`, for each test that names it.

    Returns:
        Each clause with its line of the table.
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for clause, outcome in outcomes:
        counts[clause][outcome] += 1
    return [(clause, _verdict(counts[clause])) for clause in CLAUSES]


def _verdict(count: Counter[str]) -> str:
    word = next((word for word in ("failed", "passed", "skipped") if count[word]), "not run")
    others = [
        f"{count[other]} {other}"
        for other in ("passed", "failed", "skipped")
        if count[other] and (other != word or count[other] > 1)
    ]
    return f"{word:8} {', '.join(others)}".rstrip()

"""Words that a user gives to topics on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from latently.cli.failure import CommandError
from latently.cli.tables.content import decoded, read_bytes

MOST_DIGITS = 15


def seed_words(asked: Sequence[str], n_topics: int, words: Sequence[str]) -> dict[int, list[str]] | None:
    """The words that `--seed-words` gives to topics, as ``3=sea,ship`` or by files of such lines."""
    found: dict[int, list[str]] = {}
    known = set(words)
    for where, text in _lines(asked):
        number, equals, rest = text.partition("=")
        seeds = rest.replace(",", " ").lower().split()
        if not equals or not number.strip().isdecimal() or len(number) > MOST_DIGITS or not seeds:
            raise CommandError(f"{where} '{text}': write the number of a topic and words, as in 3=sea,ship")
        topic = int(number)
        if topic >= n_topics:
            raise CommandError(f"{where} '{text}': topics are numbered 0 to {n_topics - 1}; raise -k")
        for seed in seeds:
            if seed not in known:
                close = get_close_matches(seed, words, n=1, cutoff=0.75)
                remedy = f"did you mean '{close[0]}'?" if close else "it may be a stop word, or too rare"
                raise CommandError(f"{where} '{text}': '{seed}' is not among the words left: {remedy}")
        found.setdefault(topic, []).extend(seeds)
    return found or None


def _lines(asked: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where each text stands, and the text."""
    for one in asked:
        if "=" in one or not Path(one).exists():
            yield "--seed-words", one
            continue
        for number, line in enumerate(decoded(read_bytes(Path(one)), one).text.splitlines(), start=1):
            if line.strip():
                yield f"line {number} of {one}", line.strip()

"""Where a law does not hold, and why: (law, entry) -> reason."""

import pytest

from tests.models import ENTRIES, GAUSSIAN_ENTRIES, Entry

SHIFT = "equivariant: shift"
ONE_SCALE = "equivariant: rescale all features alike"
EACH_FEATURE = "equivariant: rescale each feature"
FEWER = "missing: a column is marginalised"
IMPOSSIBLE = "never silently broken: an impossible observation"
LOST = "never silently broken: a component without data"
ONE_MORE_ZERO = "dimension: without the transitions below the diagonal"

_POSITIVE = "the support begins at zero"
_ONE_VARIANCE = "one variance for all features allows one common scale"
_WHOLE = "counts have no other units"
_READ = "what is not possible is refused when it is read"
_SYMBOLS = "symbols have no units"
_HEAVY = "however large its mean is, it has a little of any row"
_ONE_SYMBOL = "a row has one symbol"
_ALL_SYMBOLS = "no symbol is impossible under probabilities that are all positive"
_POSSIBLE = "no row is impossible under probabilities between zero and one"
_SUPPORT = "it has zeros of its own, or would have no unique stationary distribution"

_COUNTED = {
    **dict.fromkeys((SHIFT, ONE_SCALE, EACH_FEATURE), _WHOLE),
    IMPOSSIBLE: _READ,
}

# Of what a name has in it, laws that do not hold.
_OF_KIND = {
    "exponential": {SHIFT: _POSITIVE},
    "by means": {IMPOSSIBLE: _READ, LOST: _HEAVY},
    "gamma": {SHIFT: _POSITIVE, IMPOSSIBLE: _READ, LOST: _HEAVY},
    "beta": {
        **dict.fromkeys((SHIFT, ONE_SCALE, EACH_FEATURE), "shares have no other units"),
        **dict.fromkeys((IMPOSSIBLE, LOST), _READ),
    },
    "von Mises": {
        **dict.fromkeys((SHIFT, ONE_SCALE, EACH_FEATURE), "angles have one unit, and go round"),
        **dict.fromkeys((IMPOSSIBLE, LOST), "no direction is impossible"),
    },
    "log-normal": {SHIFT: _POSITIVE, IMPOSSIBLE: _READ},
    "spherical": {EACH_FEATURE: _ONE_VARIANCE},
    "poisson": _COUNTED,
    "ordinal": _COUNTED | {LOST: "no grade is impossible under finite log odds"},
    "zero-inflated": {LOST: "a row of zeros is possible under any rates"},
    **dict.fromkeys(("bernoulli", "binomial", "geometric"), _COUNTED | {LOST: _POSSIBLE}),
    "columns": {
        **dict.fromkeys((SHIFT, ONE_SCALE, EACH_FEATURE), "counts and categories have no other units"),
        IMPOSSIBLE: "what no category is, is refused when it is read",
        FEWER: "features are those of its parts, over which the law is tested",
    },
    "categorical": {
        **dict.fromkeys((SHIFT, ONE_SCALE, EACH_FEATURE), _SYMBOLS),
        FEWER: _ONE_SYMBOL,
        **dict.fromkeys((IMPOSSIBLE, LOST), _ALL_SYMBOLS),
    },
    "independent": {ONE_MORE_ZERO: "no transitions"},
    "banded": {ONE_MORE_ZERO: _SUPPORT},
    "stationary": {ONE_MORE_ZERO: _SUPPORT},
}
EXEMPTIONS: dict[tuple[str, str], str] = {
    (law, entry.name): reason
    for entry in ENTRIES
    for part, reasons in _OF_KIND.items()
    if part in entry.name
    for law, reason in reasons.items()
}

MONOTONE = "monotone"
REPEATS = "weights are repeats"
REORDERED = "equivariant: reorder the documents"
PERMUTED = "equivariant: permute the words"

_NO_OBJECTIVE = "it has no objective"
_STEPS = "its steps follow the order of the documents, so many at a time whatever they weigh"
_IDS = "a document's random start follows from the ids of its words"

INFERENCES = ("cvb0", "vb", "online", "online_vb")
OF_TOPICS: dict[tuple[str, str], str] = {
    (MONOTONE, "cvb0"): _NO_OBJECTIVE,
    (MONOTONE, "online"): _NO_OBJECTIVE,
    (MONOTONE, "online_vb"): "a step climbs the bound of a minibatch",
    **{(law, name): _STEPS for law in (REPEATS, REORDERED) for name in ("online", "online_vb")},
    **{(PERMUTED, name): _IDS for name in INFERENCES},  # so this is asked of one pass from given starts
}


def over_inferences(law: str | None = None) -> pytest.MarkDecorator:
    """Run a test over the inferences of topic models, those exempt from the law skipped with the reason."""
    reasons = {name: OF_TOPICS.get((law or "", name)) for name in INFERENCES}
    return pytest.mark.parametrize(
        "inference",
        [
            pytest.param(name, marks=[pytest.mark.skip(reason=reason)] if reason else [])
            for name, reason in reasons.items()
        ],
    )


def bound_by(law: str | None = None) -> pytest.MarkDecorator:
    """Run a test over every entry, those exempt from the law skipped with the reason."""
    return pytest.mark.parametrize("entry", [_param(entry, law) for entry in ENTRIES])


def over_gaussians() -> pytest.MarkDecorator:
    """Run a test over the entries whose family has a floor."""
    return pytest.mark.parametrize("entry", [_param(entry, None) for entry in GAUSSIAN_ENTRIES])


def on_hard_data() -> pytest.MarkDecorator:
    """Run a test over every entry and each kind of its hard data."""
    pairs = [(entry, kind) for entry in ENTRIES for kind in entry.hard]
    return pytest.mark.parametrize(
        ("entry", "kind"),
        [pytest.param(entry, kind, id=f"{entry.name}, {kind}", marks=when(entry)) for entry, kind in pairs],
    )


def when(entry: Entry) -> list[pytest.MarkDecorator]:
    """The mark of entries that are tested by night."""
    return [pytest.mark.slow] if entry.nightly else []


def _param(entry: Entry, law: str | None) -> object:
    reason = EXEMPTIONS.get((law or "", entry.name))
    marks = [pytest.mark.skip(reason=reason)] if reason else []
    return pytest.param(entry, id=entry.name, marks=[*marks, *when(entry)])

"""Files of the first format: the same facts, in other places and words."""

from __future__ import annotations

from typing import Any

# Families that became structures of one.
GAUSSIANS = {f"{kind.capitalize()}Gaussian": kind for kind in ("full", "tied", "diag", "spherical")}


def as_version_2(document: object) -> Any:
    """The document of a file of version 1 as the second version has it; what is none stays as it is."""
    match document:
        case {"latently": str(kind), "fields": dict(fields)} if kind in FACTS:
            facts = {name: _renewed(value) for name, value in fields.items()}
            found = {"estimator": facts.pop("estimator"), "settings": facts.pop("settings")["mapping"]}
            return {**found, "facts": FACTS[kind](facts)}
    return document


def _renewed(value: object) -> Any:
    """Objects as they are called now, all the way down: findings were text."""
    if isinstance(value, list):
        return [_renewed(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = as_version_2({name: _renewed(item) for name, item in value.items()})
    match found:
        case {"latently": "Diagnostic", "fields": {"kind": kind, "message": text, "columns": which}}:
            return _finding(kind=kind, text=text, subject="column", which=which, severity="caution")
        case {"latently": "Outcome" | "HMMOutcome" | "Run" as kind, "fields": {"doubts": doubts, **others}}:
            grave = [_finding(kind="spurious", text=text, severity="grave") for text in doubts["tuple"]]
            said: Any = others.get("diagnostics", {"tuple": []})
            others["diagnostics"] = {"tuple": [*grave, *said["tuple"]]}
            return {"latently": kind.removeprefix("HMM"), "fields": others}
        case {"latently": str(kind), "fields": dict(fields)} if kind in GAUSSIANS:
            return {"latently": "Gaussian", "fields": {"covariance_type": GAUSSIANS[kind], **fields}}
        case {"latently": "SavedStream", "fields": fields}:
            return {"latently": "Stream", "fields": fields}
    return found


def _finding(**fields: Any) -> Any:
    return {"latently": "Finding", "fields": fields}


def _of_product(facts: dict[str, Any]) -> dict[str, Any]:
    """A mixture or a hidden Markov model: factors go to their covariances, the alphabet to its family."""
    factors, alphabet = facts.pop("factors"), facts.pop("alphabet", None)
    if factors is not None:
        facts["params"]["fields"]["emission"]["fields"]["cholesky"] = factors
    if alphabet is not None:
        facts["model"]["fields"]["emission"]["fields"]["categories"] = alphabet
    for name in ("lower_bound", "lower_bounds"):  # which follow from others
        (facts["outcome"] or {"fields": {}})["fields"].pop(name, None)
    return facts


def _of_topics(facts: dict[str, Any]) -> dict[str, Any]:
    words = facts.pop("words")["fields"]
    return {**facts, "splitting": words.pop("settings"), **words}


FACTS = {
    "State": _of_product,
    "HMMState": _of_product,
    "ImputerState": lambda facts: facts,
    "TopicState": _of_topics,
}

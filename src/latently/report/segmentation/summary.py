"""The same for programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.estimators import CategoricalHMM, PoissonHMM
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.cautions import cautions
from latently.report.segmentation.residuals import checks
from latently.version import __version__


def segmentation_summary(a: SegmentationAnalysis) -> dict[str, Any]:
    """What was found, as plain lists, numbers and strings.

    Parameters
    ----------
    a : SegmentationAnalysis
        The model and how it came about.

    Returns
    -------
    dict
        Ready for `to_json`; a state that is never left has a mean duration of infinity, which is null there.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets
    >>> from latently.report.segmentation import SegmentationAnalysis
    >>> counts = datasets.load_earthquakes().data
    >>> model = PoissonHMM(3, startprob="stationary", random_state=0).fit(counts)
    >>> segmentation_summary(SegmentationAnalysis(model, counts, "quakes.csv", ["count"]))["visits"]
    [3, 4, 3]
    """
    model = a.model
    next_states = [int(line.argmax()) if line.any() else None for line in a.exits]
    found: dict[str, Any] = {
        "latently": __version__,
        "input": a.source,
        "n_rows": a.n_rows,
        "n_sequences": a.n_sequences,
        "rows_without_observation": a.n_gaps,
        "columns": list(a.names),
        "columns_left_out": dict(a.left_out),
        "settings": dict(a.settings),
        "guessed": list(a.guessed),
        "model": type(model).__name__,
        "n_states": a.n_states,
        "startprob_kind": model.startprob,
        "startprob": model.startprob_.tolist(),
        "transmat": model.transmat_.tolist(),
        **_parameters(a),
        "shares": a.shares.tolist(),
        "rows_on_the_path": a.sizes.tolist(),
        "visits": a.visits.tolist(),
        "mean_durations": a.durations.tolist(),
        "likeliest_next_states": next_states,
        "changes_on_the_path": a.n_changes,
        "rows_less_than_90_percent_sure": a.n_unsure,
        "rows_of_another_state_by_the_past_alone": a.n_seen_otherwise,
        "last_filtered_probabilities": a.filtered[-1].tolist(),
        "forecast_residuals": {
            check.name: {"standard_deviation": check.spread, "lag_one_correlation": check.lag_one}
            for check in checks(a)
        },
        "log_likelihood": model.log_likelihood_,
        "n_parameters": model.n_parameters_,
        "bic": model.bic(),
        "aic": model.aic(),
        "converged": model.converged_,
        "stop_reason": model.stop_reason_,
        "n_iter": model.n_iter_,
        "restarts": str(model.restarts_),
        "careful": cautions(a),
    }
    if a.selection is not None:
        found["fits"] = a.selection.table_
    return found


def _parameters(a: SegmentationAnalysis) -> dict[str, Any]:
    if isinstance(a.model, CategoricalHMM):
        symbols = np.asarray(a.model.categories_).tolist()
        return {"symbols": symbols, "emissionprob": a.model.emissionprob_.tolist()}
    if isinstance(a.model, PoissonHMM):
        return {"lambdas": a.model.lambdas_.tolist()}
    return {
        "covariance_type": a.model.covariance_type,
        "means": a.model.means_.tolist(),
        "standard_deviations": a.deviations.tolist(),
        "covariances": a.model.covariances_.tolist(),
    }

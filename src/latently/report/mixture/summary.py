"""The same for machines: what was found, as JSON."""

from __future__ import annotations

from typing import Any

from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.mixture.cautions import cautions
from latently.version import __version__


def mixture_summary(a: MixtureAnalysis) -> dict[str, Any]:
    """What was found, as plain lists, numbers and strings.

    Parameters
    ----------
    a : MixtureAnalysis
        The mixture and how it came about.

    Returns
    -------
    dict
        Ready for `to_json`.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets
    >>> from latently.report.mixture import MixtureAnalysis
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> mixture_summary(MixtureAnalysis(mixture, X, "faithful.csv"))["sizes"]
    [175, 97]
    """
    mixture = a.mixture
    found: dict[str, Any] = {
        "latently": __version__,
        "input": a.source,
        "n_rows": a.n_rows,
        "columns": a.names,
        "missing": a.missing.sum(axis=0).tolist(),
        "columns_left_out": dict(a.left_out),
        "settings": dict(a.settings),
        "n_components": a.n_clusters,
        "covariance_type": mixture.covariance_type,
        "sizes": a.sizes,
        "weights": mixture.weights_.tolist(),
        "means": mixture.means_.tolist(),
        "standard_deviations": a.deviations.tolist(),
        "covariances": mixture.covariances_.tolist(),
        "rows_less_than_90_percent_sure": a.n_unsure,
        "log_likelihood": mixture.log_likelihood_,
        "n_parameters": mixture.n_parameters_,
        "bic": mixture.bic(),
        "aic": mixture.aic(),
        "icl": mixture.icl(a.X),
        "converged": mixture.converged_,
        "stop_reason": mixture.stop_reason_,
        "n_iter": mixture.n_iter_,
        "restarts": str(mixture.restarts_),
        "careful": cautions(a),
    }
    if a.selection is not None:
        found["fits"] = a.selection.table_
    if a.agreement is not None and a.truth is not None:
        found["truth"] = {
            "column": a.truth.name,
            "adjusted_rand_index": a.agreement.adjusted_rand,
            "silhouette": a.silhouette,
            "labels": a.agreement.levels,
            "counts": a.agreement.counts.tolist(),
            "rows_without_label": a.agreement.n_unlabelled,
        }
    return found

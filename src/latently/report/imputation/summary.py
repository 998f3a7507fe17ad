"""The same for programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.cautions import cautions
from latently.version import __version__


def imputation_summary(a: ImputationAnalysis) -> dict[str, Any]:
    """What was filled in, as plain lists, numbers and strings.

    Parameters
    ----------
    a : ImputationAnalysis
        The imputer and how it came about.

    Returns
    -------
    dict
        Ready for `to_json`.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets
    >>> from latently.report.imputation import ImputationAnalysis
    >>> X = datasets.load_airquality().data[:, :4]
    >>> imputer = GaussianImputer(n_parameter_draws=3, random_state=0).fit(X)
    >>> imputation_summary(ImputationAnalysis(imputer, X, "airquality.csv"))["missing"]
    [37, 7, 0, 0]
    """
    imputer = a.imputer
    found: dict[str, Any] = {
        "latently": __version__,
        "input": a.source,
        "n_rows": a.n_rows,
        "columns": a.names,
        "columns_left_out": dict(a.left_out),
        "empty_cells_left": dict(a.still_empty),
        "settings": dict(a.settings),
        "n_components": imputer.n_components,
        "prior": imputer.prior_,
        "n_draws": a.n_tables,
        "n_missing": a.n_missing,
        "rows_with_a_missing_cell": a.n_holed_rows,
        "missing": a.missing.sum(axis=0).tolist(),
        "filled_outside_the_observed_range": a.outside.sum(axis=0).tolist(),
        "share_drawn_below_and_above_the_observed_range": a.drawn_outside.T.tolist(),
        "explained": a.explained.tolist(),
        "patterns": [
            {"missing": [name for name, seen in zip(a.names, row, strict=True) if not seen], "rows": n}
            for row, n in zip(a.patterns.observed, a.patterns.counts, strict=True)
        ],
        "little_mcar_test": None,
        "overimputation": None,
        "mean": imputer.mean_.tolist(),
        "covariance": imputer.covariance_.tolist(),
        "log_likelihood": imputer.log_likelihood_,
        "converged": imputer.converged_,
        "stop_reason": imputer.stop_reason_,
        "n_iter": imputer.n_iter_,
        "starts_agree": None if a.starts is None else a.starts.agree,
        "diagnostics": [
            {
                "kind": found.kind,
                "columns": [[a.names[j] for j in np.atleast_1d(group)] for group in found.which],
            }
            for found in imputer.diagnostics_
        ],
        "careful": cautions(a),
    }
    if a.test is not None:
        found["little_mcar_test"] = {
            "statistic": a.test.statistic,
            "df": a.test.df,
            "p_value": a.test.p_value,
        }
    if a.overimputation is not None:
        found["overimputation"] = {
            "hidden_cells": len(a.overimputation.true),
            "level": a.overimputation.level,
            "coverage": a.overimputation.coverage,
        }
    return found

"""Latent class analysis: classes of the rows of a table, given which its columns are independent."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from latently.checks.completed import completed, fillings
from latently.checks.settings import check_setting, one_of
from latently.core.array_source import ArraySource
from latently.core.choices import likeliest
from latently.core.parameters import dimension, prefixed
from latently.emissions.base import Emission
from latently.emissions.columns import Columns
from latently.estimators.bases import Tags
from latently.estimators.informative import warn_of
from latently.estimators.inputs import ROW_READERS, Array, tagged
from latently.estimators.latent_classes.classified import ClassificationTable, entropy_explained
from latently.estimators.latent_classes.cross_table import ABSENT_CODE, CrossTable, bivariate_residuals
from latently.estimators.latent_classes.goodness_of_fit import GoodnessOfFit, goodness_of_fit
from latently.estimators.latent_classes.identification import NOT_IDENTIFIED, identification
from latently.estimators.likelihood.fitted import Source
from latently.estimators.mixture import BaseMixture
from latently.estimators.old_names import LATENT_CLASSES
from latently.estimators.records import Records
from latently.estimators.settings import LatentClassSettings, estimator
from latently.models.latent_emission import LatentEmissionParams
from latently.wording import some

CODES = 12  # different whole numbers that are codes of categories
CHEAP = 200_000  # rows times parameters
ON_BOUNDARY, MOST_NAMED = 1e-6, 5  # probabilities without a standard error, nearer than that to 0 or 1
PART = 10  # of the EM steps of a fit that its standard errors may take


@estimator(LATENT_CLASSES)
class LatentClassAnalysis(BaseMixture, LatentClassSettings):
    """Latent classes of the rows of a table, fitted by maximum likelihood (EM).

    Given the class of a row, its columns are independent. They may be of any kind: categories, yes and no,
    numbers, counts, each with its family. Missing cells (NaN, None) count by what is observed of their rows,
    exact if they are missing at random.

    Attributes
    ----------
    class_sizes_ : array of shape (n_components,)
        The share of each class, in falling order unless starting values were given; `weights_` is the same.
    profile_ : Records
        A tidy table with a row for each class, column, and category or moment ("mean", "standard deviation",
        "rate"): "class", "column", "quantity", "value", "standard_error". Standard errors are found at the
        fit where that is cheap (200,000 rows times parameters, or a tenth of the steps of the fit), and are
        NaN otherwise: `profile` finds them. They are NaN, too, on a boundary, such as a probability of zero.
    params_ : LatentEmissionParams
        All parameters; those of columns of one kind are together, see `latently.emissions.Columns`.

    See Also
    --------
    MixtureModel : Mixtures of any one family.
    select : The number of classes by BIC or another criterion.

    Notes
    -----
    `diagnostics_` says, too, where the parameters are not identified (by the rank of the information), or are
    more than there are different rows.

    References
    ----------
    .. [1] Lazarsfeld, P. F. and Henry, N. W. (1968). Latent Structure Analysis. Houghton Mifflin.
    .. [2] Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and
       unidentifiable models. Biometrika 61, 215-231.
    .. [3] Vermunt, J. K. and Magidson, J. (2002). Latent class cluster analysis. In Hagenaars and McCutcheon
       (eds.), Applied Latent Class Analysis. Cambridge University Press, 89-106.

    Examples
    --------
    >>> from latently import LatentClassAnalysis
    >>> answers = {
    ...     "reads": ["yes"] * 40 + ["no"] * 40,
    ...     "writes": ["yes"] * 36 + ["no"] * 42 + ["yes"] * 2,
    ...     "hikes": ["no"] * 35 + ["yes"] * 42 + [None] * 3,
    ... }
    >>> classes = LatentClassAnalysis(2, random_state=0).fit(answers)
    >>> classes.class_sizes_.round(2).tolist()
    [0.54, 0.46]
    >>> classes.profile_[1]["column"], classes.profile_[1]["quantity"]
    ('reads', 'yes')
    """

    def __sklearn_tags__(self) -> Tags:
        return tagged(super().__sklearn_tags__(), self._family())

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Find the classes by EM.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If the table or a setting is unusable; column, row and remedy are named.
        FitError
            If every run failed (a ValueError, too).

        Warns
        -----
        UndeterminedWarning
            If the parameters are not identified.
        ConstantColumnWarning
            If a column has one category only.
        ConvergenceWarning
            If `max_iter` was reached.
        SpuriousMaximumWarning
            If the best maximum rests on a floor or on too few rows, or a class lost all its data.
        """
        return super().fit(X, sample_weight=sample_weight)

    def _conclude(self, source: Source) -> None:
        """Whether the classes are identified; and what else there is to say."""
        source, outcome = source.in_memory(), self._outcome
        assert outcome is not None
        table = self._cross_table(source)
        if len(table.columns) == self._columns.n_columns:
            found = identification(
                self._model,
                lambda: self._model.describe(source.whole()),
                table,
                self._log_probabilities,
                self.n_parameters_,
                self.fixed,
            )
            warn_of(one for one in found if one.kind == NOT_IDENTIFIED)
            outcome = replace(outcome, diagnostics=(*outcome.diagnostics, *found))
        self._outcome = outcome
        if self._in_a_search is None:
            self._add_errors(source)

    def _chosen(self, X: object, sample_weight: object = None, **how: Any) -> None:
        self._add_errors(self._rows(X, sample_weight))

    def _add_errors(self, source: ArraySource) -> None:
        """Standard errors, where these are cheap."""
        assert self._outcome is not None
        steps = sum(run.n_iter for run in self._outcome.restarts.runs)
        if len(source) * self.n_parameters_ <= CHEAP or 2 * self.n_parameters_ * PART <= steps:
            errors = self._profile_errors(source, "observed")[0]
            self._outcome = replace(self._outcome, profile_errors=errors)

    @property
    def class_sizes_(self) -> Array:
        """The share of each class."""
        return self.weights_

    @property
    def profile_(self) -> Records:
        """What the classes are like, with the standard errors that were found at the fit."""
        self._check_fitted()
        errors = None if self._outcome is None else self._outcome.profile_errors
        return self._profile(errors)

    def profile(self, X: object, kind: str = "observed", sample_weight: object = None) -> Records:
        """What the classes are like, with standard errors from the information in some rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows: those of the fit.
        kind : {"observed", "robust"}, default "observed"
            As for `standard_errors`.

        Returns
        -------
        Records
            As `profile_`; why errors are NaN is in its `notes`.
        """
        check_setting("kind", kind, one_of("observed", "robust"))
        return self._profile(*self._profile_errors(self._rows(X, sample_weight), kind))

    def _rows(self, X: object, sample_weight: object) -> ArraySource:
        return self._source(X, sample_weight=sample_weight).in_memory()

    def goodness_of_fit(self, X: object, sample_weight: object = None) -> GoodnessOfFit:
        """Compare the table of all categorical columns with the one that the model expects.

        Columns without few values, such as normal ones, are left out. Rows with missing cells count by their
        observed ones, under the model and under the saturated one that it is compared with.

        Returns
        -------
        GoodnessOfFit
            G², X² and their p-values, and whether these can be relied upon.

        Raises
        ------
        ValueError
            If no column is categorical.

        References
        ----------
        .. [1] Agresti, A. (2013). Categorical Data Analysis, 3rd edition. Wiley, section 1.5.
        """
        table = self._cross_table(self._rows(X, sample_weight))
        if not table.columns:
            raise ValueError("no column is categorical, and goodness of fit is that of tables of categories")
        sizes = self._n_values
        others = tuple(
            prefixed(part.name, "")
            for part in self._columns.parts
            if not np.isfinite(sizes[list(part.places)]).all()
        )
        spaces = self._model.spaces(self.params_)
        own = {name: space for name, space in spaces.items() if not name.startswith(others)}
        return goodness_of_fit(table, dimension(own, tuple(self.fixed)))

    def bivariate_residuals(self, X: object, sample_weight: object = None) -> Records:
        """How far pairs of categorical columns depend on each other beyond what the classes explain.

        For each pair Pearson's X² of its table against the expected one, over its degrees of freedom, over
        the rows in which both are observed. One is about what to expect; far more than 4 says that the pair
        is dependent within classes. They do not follow a chi-square distribution.

        Returns
        -------
        Records
            "column", "other", "residual", "chi_square" and "degrees_of_freedom"; the largest residual first.

        References
        ----------
        .. [1] Oberski, D. L., van Kollenburg, G. H. and Vermunt, J. K. (2013). A Monte Carlo evaluation of
           three methods to detect local dependence in binary data latent class models. Advances in Data
           Analysis and Classification 7, 267-279.
        """
        return bivariate_residuals(self._cross_table(self._rows(X, sample_weight)))

    def entropy_r2(self, X: object, baseline: str = "even", sample_weight: object = None) -> float:
        """How well the classes are told apart, from 0 to 1.

        One minus the mean entropy of the responsibilities over that of knowing nothing of a row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        baseline : {"even", "sizes"}, default "even"
            What is known without the row: "even" nothing, log K, as Mplus and StepMix have it; "sizes" the
            sizes of the classes, as Latent GOLD has it.

        Returns
        -------
        float
            NaN with one class.
        """
        check_setting("baseline", baseline, one_of("even", "sizes"))
        source = self._source(X, sample_weight=sample_weight)
        sizes = self.weights_ if baseline == "sizes" else np.full(len(self.weights_), 1 / len(self.weights_))
        return entropy_explained(self._posterior(source)[1], source.weights, sizes)

    def classification_table(self, X: object, sample_weight: object = None) -> ClassificationTable:
        """Compare the class that each row is assigned to with its probabilities of all classes.

        Returns
        -------
        ClassificationTable
            Expected numbers of rows, and the expected share of wrong labels.
        """
        source = self._source(X, sample_weight=sample_weight)
        resp = self._posterior(source)[1]
        return ClassificationTable.of(resp, likeliest(resp), source.weights)

    def impute(self, X: object) -> Any:
        """Fill each missing cell with what is likeliest given the observed cells of its row.

        Returns
        -------
        array or frame of shape (n_samples, n_features)
            Of the kind of X: the likeliest category, or the conditional mean. Observed cells stay as they
            are.

        See Also
        --------
        latently.MixedImputer : Intervals, draws, and as many components as that takes.
        """
        source, family = self._source(X).in_memory(), self._columns
        filled = family.guess_missing(self.params_.emission, source.x, self._posterior(source)[1])
        cells = fillings(family.names, np.isnan(source.x), family.shown_columns(filled))
        table = ROW_READERS["columns"](self, X, reset=False, accepts_missing=True)
        return completed(X, table, cells, table.names)

    # -- what the rest is made of ----------------------------------------------------------------------------

    def _family(self) -> Emission:
        return Columns(self.families, "auto", self.unknown, CODES)  # type: ignore[arg-type]

    def _argument_of(self, name: str) -> str:
        return f"starting_values['{name}']"

    @property
    def _columns(self) -> Columns:
        return cast("Columns", self._model.emission)

    @property
    def _n_values(self) -> Array:
        return self._columns.n_values(self.params_.emission)

    def _cross_table(self, source: ArraySource) -> CrossTable:
        """The columns of few values, by their codes."""
        sizes = self._n_values
        few = np.flatnonzero(np.isfinite(sizes))
        cells = source.x if len(few) == source.x.shape[1] else source.x[:, few]
        codes = np.where(np.isnan(cells), ABSENT_CODE, cells).astype(np.int64)
        return CrossTable(
            tuple(self._columns.names[j] for j in few),
            tuple(sizes[few].astype(int).tolist()),
            codes,
            source.weights,
            partial(self._log_probabilities, self.params_),
        )

    def _log_probabilities(self, params: Any, codes: NDArray[np.int64]) -> Array:
        """Log probabilities of rows of codes, whatever the other columns hold."""
        few = np.isfinite(self._n_values)
        x = self._columns.blank(len(codes), len(few))
        x[:, np.flatnonzero(few)] = np.where(codes == ABSENT_CODE, np.nan, codes)
        source = self._of_rows(x, np.ones(len(x)))
        with self._workers() as workers:
            found: Array = self._model.posterior(params, source.whole(), workers, refuse=False)[0]
        return found

    def _profile_errors(self, source: ArraySource, kind: str) -> tuple[Array, tuple[str, ...]]:
        def moments(params: LatentEmissionParams) -> Array:
            found = self._columns.moments(params.emission)
            return np.array([values for column in found for values in column.values()])

        found = self._by_information(source, kind, profile=moments)
        return found["profile"], found.reasons

    def _profile(self, errors: Array | None, notes: tuple[str, ...] = ()) -> Records:
        columns = self._columns.moments(self.params_.emission)
        numbers = [
            (name, quantity, values)
            for name, column in zip(self._columns.names, columns, strict=True)
            for quantity, values in column.items()
        ]
        rows = [
            {
                "class": k,
                "column": name,
                "quantity": quantity,
                "value": float(values[k]),
                "standard_error": float("nan") if errors is None else float(errors[i, k]),
            }
            for k in range(len(self.weights_))
            for i, (name, quantity, values) in enumerate(numbers)
        ]
        edges = [
            f"'{row['column']}' = {row['quantity']!r} in class {row['class']}"
            for row in rows
            if errors is not None
            and np.isnan(row["standard_error"])
            and min(abs(row["value"]), abs(1 - row["value"])) < ON_BOUNDARY
        ]
        if edges:
            text = (
                f"probabilities of 0 or 1: {some(edges, MOST_NAMED)}. On this boundary there is no standard "
            )
            notes = (f"{text}error; with fewer classes, or categories put together, there may be one", *notes)
        return Records(tuple(rows), notes)

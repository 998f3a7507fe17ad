"""Imputation of tables with columns of any type by a mixture."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from latently.checks.arrays import Cells
from latently.checks.columns import Table
from latently.checks.completed import completed, fillings, like_frame
from latently.checks.settings import check_settings
from latently.core.findings import Finding
from latently.core.journal import Journal
from latently.core.parameters import named, with_named
from latently.emissions.columns import Columns
from latently.estimators.bases import Tags
from latently.estimators.imputation.base import BaseImputer
from latently.estimators.imputation.columns import ROWS_AT_A_TIME
from latently.estimators.imputation.filling import drawn_labels
from latently.estimators.imputation.mixed import as_read, drawn_parameters, fitted_by_bic
from latently.estimators.imputation.settings import MixedImputationSettings
from latently.estimators.informative import check_weights, dropped, warn_of
from latently.estimators.inputs import ROW_READERS, Array, random_generator, read_rows
from latently.estimators.mixture_model import MixtureModel
from latently.estimators.old_names import MIXED_IMPUTER
from latently.estimators.saving.checkpoint import recorded
from latently.estimators.settings import estimator
from latently.wording import count


class CellProbabilities(NamedTuple):
    """Probabilities of the categories of the missing cells of a column.

    Attributes
    ----------
    rows : array of int of shape (n_missing,)
        Where the cells are.
    categories : array of shape (n_categories,)
        The categories in their order.
    probabilities : array of shape (n_missing, n_categories)
        Of each category, given the observed cells of the row.
    """

    rows: NDArray[np.int64]
    categories: Cells
    probabilities: Array


class Read(NamedTuple):
    """A table as the user has it and as the model takes it."""

    X: Any
    table: Table
    x: Array


@estimator(MIXED_IMPUTER)
class MixedImputer(BaseImputer[MixtureModel], MixedImputationSettings):
    """Fill missing cells of a table with columns of any type by a mixture fitted by EM.

    Each column has a family of distributions of its own, such as normal, Poisson or categorical, and rows
    come from one of several components within which columns are independent. With enough components such a
    mixture follows any dependence between columns. The fit is by maximum likelihood from all observed cells,
    exact if cells are missing at random; missing cells are never filled in on the way.

    A table of numbers whose columns depend on each other along lines is better filled by `GaussianImputer`.

    Attributes
    ----------
    mixture_ : MixtureModel
        The fitted model, of the columns with any observed value.
    families_ : dict of str to str
        What each column is to the model, in words.
    n_components_ : int
        Number of components.
    bic_ : dict of int to float
        BIC by the number of components, of those that were tried; empty if the number was given. What was
        clearly worse on a sample of a large table is estimated from that.
    diagnostics_ : tuple of Finding
        What there is to say of the table: columns without any observed value. Empty if there is nothing.
    parameter_draws_ : tuple of dict of str to array
        Parameters drawn at the fit, by their names.

    See Also
    --------
    GaussianImputer : Tables of numbers.
    latently.pool : Join the results of several imputed tables by Rubin's rules.

    References
    ----------
    .. [1] Vermunt, J. K., van Ginkel, J. R., van der Ark, L. A. and Sijtsma, K. (2008). Multiple imputation
           of incomplete categorical data using latent class analysis. Sociological Methodology 38, 369-397.
    .. [2] Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.

    Examples
    --------
    >>> from latently import MixedImputer
    >>> table = {
    ...     "town": ["A", "A", "B", "B", None, "A", "B", "A"],
    ...     "age": [20.5, 22.1, 61.0, 66.3, 63.2, 24.0, None, 21.3],
    ... }
    >>> imputer = MixedImputer(2, random_state=0).fit(table)
    >>> imputer.transform(table)["town"].tolist()
    ['A', 'A', 'B', 'B', 'B', 'A', 'B', 'A']
    >>> imputer.transform(table)["age"].round(1).tolist()
    [20.5, 22.1, 61.0, 66.3, 63.2, 24.0, 63.5, 21.3]
    """

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = True
        return tags

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Fit the mixture to all observed cells by EM.

        Returns
        -------
        self
            The fitted imputer.

        Raises
        ------
        ValueError
            If a cell is not what the family of its column can have; column and row are named. If no column
            has two different values, or a setting is unusable.

        Warns
        -----
        UndeterminedWarning
            If a column is dropped, as it has no observed value.
        ConstantColumnWarning
            If a column is constant: its missing cells are filled with its value.
        ConvergenceWarning
            If `max_iter` was reached.
        SpuriousMaximumWarning
            If a component rests on too few rows: lower `n_components`.
        """
        check_settings(self)
        table = ROW_READERS["columns"](self, X, reset=True, accepts_missing=True)
        weights = check_weights(sample_weight, len(table))
        missing = np.column_stack([column.missing for column in table])
        observed = np.asarray(~missing[weights > 0].all(axis=0))
        self._check_observed(table, observed)
        kept = _some(table, observed)
        bic: dict[int, float] = {}
        with recorded(self, lambda: as_read(self._mixture(None), kept, weights)) as (journal, seed):
            rng = random_generator(seed)
            mixture = self._mixture(rng, journal)
            if self.n_components == "bic":
                mixture, bic = fitted_by_bic(mixture, kept, weights, int(self.max_components), rng)
            else:
                mixture.fit(kept, sample_weight=weights)
        n = int(self.n_parameter_draws)
        draws = drawn_parameters(mixture, mixture._source(kept, sample_weight=weights).in_memory(), n, rng)
        names = table.names if table.named else None
        said = dropped(~observed, names, "leave it out of X, or observe a cell of it")
        self._take_up(mixture, observed, missing.sum(axis=0), draws, said)
        self.bic_ = bic
        warn_of(self.diagnostics_)
        return self

    def transform(self, X: object) -> Any:
        """Fill in the best guess of each missing cell, given the observed cells of its row.

        Of numbers that is the expectation, of categories the likeliest one. An expectation of counts is
        rounded to a whole number, as is any in a column of whole numbers.

        Returns
        -------
        array or frame of shape (n_samples, n_features_out)
            Of the kind of X, and of the types of its columns; observed cells as they are. Columns without any
            observed value at the fit are left out.

        Raises
        ------
        ValueError
            If columns of the fit are missing, or a cell is not what the family of its column can have.
        """
        read = self._read(X)
        filled = self._by_parts(read.x, self._guessed)
        return self._completed(read, filled)

    def _interval(self, read: Any, level: float, uncertain: bool) -> tuple[Any, Any]:
        params = self._joined() if uncertain else self.mixture_.params_
        family = self._columns

        def end(probability: float) -> Any:
            def quantiles(x: Array) -> Array:
                return np.asarray(
                    family.quantiles_of_missing(params.emission, x, self._resp(x, params), probability)
                )

            found = self._by_parts(read.x, quantiles)
            found[~np.isnan(read.x)] = np.nan
            return like_frame(read.X, dict(zip(family.names, found.T, strict=False)), self._asked_for)

        return end((1 - level) / 2), end((1 + level) / 2)

    def category_probabilities(self, X: object) -> dict[str, CellProbabilities]:
        """Probabilities of the categories of each missing cell, given the observed cells of its row.

        Returns
        -------
        dict of str to CellProbabilities
            For each column of categories `rows`, `categories` and `probabilities`.
        """
        read = self._read(X)
        family = self._columns
        missing = np.isnan(read.x)
        rows = np.flatnonzero(missing.any(axis=1))
        x, params = read.x[rows], self.mixture_.params_
        found = family.category_probabilities(params.emission, x, self._resp(x, params))
        return {
            name: CellProbabilities(rows[missing[rows, j]], categories, probabilities[missing[rows, j]])
            for j, (name, categories, probabilities) in enumerate(
                zip(family.names, family.categories_of_columns(len(found)), found, strict=True)
            )
            if probabilities is not None
        }

    def _drawing(self, read: Any, rng: np.random.Generator) -> Callable[[Any], Any]:
        family = self._columns

        def complete(draw: Mapping[str, Array]) -> Any:
            params = with_named(self.mixture_.params_, draw)

            def drawn(x: Array) -> Array:
                labels = drawn_labels(self._resp(x, params), rng)
                return family.draw_missing(params.emission, x, labels, rng)

            return self._completed(read, self._by_parts(read.x, drawn))

        return complete

    @property
    def families_(self) -> dict[str, str]:
        """What each column is to the model, in words."""
        check_is_fitted(self)
        family = self._columns
        return {name: family.chosen[name] for name in family.names}

    @property
    def n_components_(self) -> int:
        """Number of components."""
        check_is_fitted(self)
        return int(self.mixture_.n_components)

    # -- what is known after a fit ---------------------------------------------------------------------------

    @classmethod
    def _classes(cls) -> Iterable[type]:
        return MixtureModel._classes()

    def _facts(self) -> dict[str, Any]:
        return super()._facts() | {"bic": self.bic_}

    def _restore(
        self,
        n_features: int,
        feature_names: tuple[str, ...] | None,
        kept: NDArray[np.bool_],
        missing_counts: NDArray[np.int64],
        mixture: MixtureModel,
        draws: tuple[dict[str, NDArray[np.float64]], ...],
        bic: dict[int, float],
        diagnostics: tuple[Finding, ...],
    ) -> None:
        """The model is of the columns that are kept, and draws have its parameters."""
        observed = self._restore_table(n_features, feature_names, kept, missing_counts, mixture)
        shapes = {name: np.shape(value) for name, value in named(mixture.params_).items()}
        for draw in draws:
            if {name: value.shape for name, value in draw.items()} != shapes:
                raise ValueError("a parameter draw has other parameters than the model")
            mixture._model.check(with_named(mixture.params_, draw), mixture.n_features_in_)
        self._take_up(mixture, observed, missing_counts, draws, diagnostics)
        self.bic_ = bic

    def _mixture(self, random_state: object, journal: Journal | None = None) -> MixtureModel:
        K = 1 if self.n_components == "bic" else int(self.n_components)
        family = Columns(self.families, others="auto", unknown=self.unknown, codes=2)  # type: ignore[arg-type]
        return self._of_mine(MixtureModel(family, K, **self._run(random_state)), journal)

    def _check_observed(self, table: Table, observed: NDArray[np.bool_]) -> None:
        """Refuse a table without observed cells, and families of columns that have none."""
        if not observed.any():
            raise ValueError("no column has an observed value: there is nothing to learn from")
        families = {} if isinstance(self.families, str) else self.families
        named_by_user = {str(one) for key in families for one in (key if isinstance(key, tuple) else (key,))}
        empty = [name for name, seen in zip(table.names, observed, strict=True) if not seen]
        for name in empty:
            if name in named_by_user:
                raise ValueError(
                    f"column '{name}' has no observed value, from which a family could be learned: leave it "
                    "out of families"
                )

    # -- filling in ------------------------------------------------------------------------------------------

    @property
    def _columns(self) -> Columns:
        return cast("Columns", self.mixture_._model.emission)

    def _read(self, X: object) -> Read:
        check_is_fitted(self)
        table = ROW_READERS["columns"](self, X, reset=False, accepts_missing=True)
        kept = _some(table, self._observed_features)
        return Read(X, table, read_rows(self.mixture_, kept, self.mixture_._model.emission, reset=False)[1])

    def _modelled(self, read: Any) -> Table:
        return _some(read.table, self._observed_features)

    def _resp(self, x: Array, params: Any) -> Array:
        """Responsibilities; the weights of the components for rows that are impossible under all of them."""
        model, source = self.mixture_._model, self.mixture_._of_rows(x, np.ones(len(x)))
        model = replace(model, n_components=len(params.latent.weights))
        with self.mixture_._workers() as workers:
            _, resp = model.posterior(params, source.whole(), workers, refuse=False)
        impossible = ~np.isfinite(resp).all(axis=1)
        if impossible.any():
            warnings.warn(
                f"no component can have the observed cells of {count(int(impossible.sum()), 'row')}: "
                "missing cells there are filled as if nothing of the row were observed",
                UserWarning,
                stacklevel=5,
            )
            resp[impossible] = params.latent.weights
        return resp

    def _guessed(self, x: Array) -> Array:
        params = self.mixture_.params_
        return self.mixture_._model.emission.guess_missing(params.emission, x, self._resp(x, params))

    @staticmethod
    def _by_parts(x: Array, fill: Callable[[Array], Array]) -> Array:
        """Incomplete rows filled in, some at a time."""
        filled = x.copy()
        incomplete = np.flatnonzero(np.isnan(x).any(axis=1))
        for start in range(0, len(incomplete), ROWS_AT_A_TIME):
            rows = incomplete[start : start + ROWS_AT_A_TIME]
            filled[rows] = fill(x[rows])
        return filled

    def _completed(self, read: Read, filled: Array) -> Any:
        """The user's table with what was filled in."""
        family = self._columns
        cells = fillings(family.names, np.isnan(read.x), family.shown_columns(filled))
        found = completed(read.X, read.table, cells, family.names)
        if not self._asked_for:
            return found
        columns = completed(
            {column.name: column.cells for column in read.table}, read.table, cells, family.names
        )
        return like_frame(read.X, columns, self._asked_for)

    def _joined(self) -> Any:
        """The parameters of all draws side by side: the mixture over them."""
        model, draws = self.mixture_._model, self.parameter_draws_
        if model.emission.pooled_parameters:
            raise ValueError(
                f"components share {', '.join(model.emission.pooled_parameters)}, so that draws cannot be "
                "joined: set parameter_uncertainty=False, or choose families that share nothing"
            )
        joined = {name: np.concatenate([draw[name] for draw in draws]) for name in draws[0]}
        joined["weights"] = joined["weights"] / len(draws)
        return with_named(self.mixture_.params_, joined)


def _some(table: Table, which: NDArray[np.bool_]) -> Table:
    return replace(table, columns=tuple(column for column, keep in zip(table, which, strict=True) if keep))

"""Settings as other libraries call them: the error says what each is called here, or why it is not there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import wraps
from typing import Any, ParamSpec, Self

from sklearn.utils._param_validation import InvalidParameterError

P = ParamSpec("P")

_NO_PRIOR = "estimates are those of maximum likelihood, there is no prior to set: leave it out"
_WHOLE_TABLE = "every cell is predicted from all observed cells of its row at once: leave it out"

_ANY = {
    "n_iter": "write max_iter=, the most EM steps",
    "n_states": "write n_components=",
    "num_states": "write n_components=",
    "n_clusters": "write n_components=",
    "n_mixtures": "write n_components=",
    "k": "write n_components=",
    "thresh": "write tol=, the log-likelihood still to be gained for each row",
    "seed": "write random_state=",
    "n_threads": "write n_jobs=",
    "verbose_interval": "verbose=1 shows a progress bar: leave it out",
}

_HMM = _ANY | {
    "algorithm='viterbi'": "predict gives the likeliest path in any case: leave it out",
    "algorithm='map'": "decode(X, algorithm='map') gives the likeliest state of each time: leave it out",
    "params": "name what is not to be learned, in words, such as fixed=('startprob', 'transmat')",
    "init_params": "give starting values in startprob_init=, transmat_init= and the like; the rest is found",
    "startprob_prior": _NO_PRIOR,
    "transmat_prior": _NO_PRIOR,
    "implementation": "there is one implementation, and it does not underflow: leave it out",
    "n_trials": "there is no multinomial family: HiddenMarkovModel(emission) takes a family of your own",
    "n_mix": "there is no family of mixtures: HiddenMarkovModel(emission) takes a family of your own",
    "inertia": "the M-step always goes all the way: leave it out",
    "frozen": "name what is not to be learned, such as fixed=('transmat',)",
}

_STARTING_VALUES = "write starting_values={...}, by the names of the family's parameters"

_ANY_FAMILY = {
    "distributions": "write emission=, one family for all components",
    "covariance_type": "the family says it: emission=Gaussian('full'), Gaussian('diag'), ...",
    "means_init": _STARTING_VALUES,
    "covariances_init": _STARTING_VALUES,
    "precisions_init": _STARTING_VALUES,
    "weights_init": _STARTING_VALUES,
    "lambdas_init": _STARTING_VALUES,
    "emissionprob_init": _STARTING_VALUES,
}

_PRIOR = "write prior='normal-inverse-wishart' and prior_strength=; a variational fit there is not"

CATEGORICAL_HMM = _HMM | {
    "emissionprob_prior": _NO_PRIOR,
    "n_symbols": "write n_features= for the symbols 0 to n - 1, or categories=",
}

GAUSSIAN_HMM = _HMM | {
    "means_prior": _NO_PRIOR,
    "means_weight": _NO_PRIOR,
    "covars_prior": _NO_PRIOR,
    "covars_weight": _NO_PRIOR,
    "min_covar": "write reg_covar=, a floor relative to the variances of the features and not in their units",
    "covars_init": "write covariances_init=",
    "precisions_init": "write covariances_init=, which are their inverses",
}

POISSON_HMM = _HMM | {"lambdas_prior": _NO_PRIOR, "lambdas_weight": _NO_PRIOR}

ANY_HMM = _HMM | _ANY_FAMILY

ANY_MIXTURE = _ANY | _ANY_FAMILY | {"priors": "write starting_values={'weights': ...}"}

LATENT_CLASSES = _ANY | {
    "nclass": "write n_components=",
    "nrep": "write n_init=",
    "maxiter": "write max_iter=",
    "formula": "give the columns to fit(X); there are no covariates",
    "na_rm": "missing cells are kept, and count by what is observed of their rows: leave it out",
    "probs_start": _STARTING_VALUES,
    "measurement": "write families='auto', or a dict of families by the names of columns",
    "structural": "there is no structural model of covariates or distal outcomes: leave it out",
    "n_steps": "estimation is in one step: leave it out",
    "abs_tol": "write tol=, the log-likelihood still to be gained for each row",
    "rel_tol": "write tol=, the log-likelihood still to be gained for each row",
    "emission": "write families=, a dict of families by the names of columns; MixtureModel takes one",
}

GAUSSIAN_MIXTURE = _ANY | {
    "params": "name what is not to be learned, such as fixed=('weights',)",
    "min_covar": "write reg_covar=, a floor relative to the variances of the features and not in their units",
    "covariances_init": "write precisions_init=, which are their inverses",
    "covars_init": "write precisions_init=, which are their inverses",
    "G": "write n_components=, or search with latently.select",
    "modelNames": "write covariance_type=, or search with latently.select",
    "weight_concentration_prior": _PRIOR,
    "weight_concentration_prior_type": _PRIOR,
    "mean_prior": _PRIOR,
    "mean_precision_prior": _PRIOR,
    "degrees_of_freedom_prior": _PRIOR,
    "covariance_prior": _PRIOR,
}

GAUSSIAN_IMPUTER = _ANY | {
    "estimator": "the model is a Gaussian or a mixture of some: write n_components= and covariance_type=",
    "missing_values": "missing cells are NaN (null in a frame): put NaN in the place of other marks first",
    "sample_posterior": "transform fills in means; draw_imputations(X, m) draws",
    "n_imputations": "draw_imputations(X, m) takes their number",
    "m": "draw_imputations(X, m) takes their number",
    "maxit": "write max_iter=, the most EM steps",
    "n_nearest_features": _WHOLE_TABLE,
    "n_neighbors": _WHOLE_TABLE,
    "imputation_order": _WHOLE_TABLE,
    "skip_complete": "columns that were complete at the fit may have missing cells later: leave it out",
    "initial_strategy": "where EM starts from is its own affair: leave it out",
    "strategy": "cells are filled by their means given the others of the row: leave it out",
    "fill_value": "cells are filled by their means given the others of the row: leave it out",
    "reg_covar": "write prior='ridge' and prior_strength=, which is counted in the objective",
}

MIXED_IMPUTER = GAUSSIAN_IMPUTER | {
    "estimator": "the model is a mixture: write families= and n_components=",
    "strategy": "cells are filled given the others of the row: leave it out",
    "fill_value": "cells are filled given the others of the row: leave it out",
    "reg_covar": "write families={'column': Gaussian(reg_covar=...)}",
    "variable_schema": "columns are all modelled together: leave it out",
    "max_iterations": "write max_iter=, the most EM steps",
    "categorical_features": "write families={'column': 'categorical'}",
}

_ALL_OLD_NAMES = "latently.compat.sklearn has this model with all of scikit-learn's settings"
_OUTPUT_OF_ITS_OWN = "score documents that were held out, with perplexity(X), whenever you like: leave it out"

TOPICS = {name: _ANY[name] for name in ("n_iter", "n_clusters", "k", "seed", "n_threads")} | {
    "n_iter": "write max_iter=, the most passes over the documents",
    "n_topics": "write n_components=",
    "num_topics": "write n_components=",
    "learning_method": "write inference='vb' for all documents at a time, 'online_vb' for minibatches, or "
    f"leave it out for 'cvb0'; {_ALL_OLD_NAMES}",
    "max_doc_update_iter": "write max_sweeps=",
    "mean_change_tol": "write doc_tol=, in relation to the length of the document",
    "evaluate_every": _OUTPUT_OF_ITS_OWN,
    "eval_every": _OUTPUT_OF_ITS_OWN,
    "perp_tol": "write tol=, the relative change of a pass, or with inference='vb' the bound still to be "
    "gained for each token",
    "passes": "write max_iter=",
    "iterations": "write max_sweeps=, the most sweeps over a document (of Gibbs sampling: max_iter=)",
    "chunksize": "write batch_size=, for the online inferences",
    "update_every": "write inference='cvb0' or 'vb' for all documents at a time, 'online_vb' for minibatches",
    "alpha": "write doc_topic_prior=",
    "eta": "write topic_word_prior=",
    "beta": "write topic_word_prior=",
    "decay": "write learning_decay=",
    "kappa": "write learning_decay=",
    "offset": "write learning_offset=",
    "tau0": "write learning_offset=",
    "gamma_threshold": "write doc_tol=, in relation to the length of the document",
    "minimum_probability": "rows of transform sum to one, nothing is left out of them: leave it out",
    "minimum_phi_value": "token_topics(X) gives the likeliest topic of every token: leave it out",
    "per_word_topics": "token_topics(X) gives them: leave it out",
    "id2word": "write vocabulary=, the words by rising id: [id2word[i] for i in range(len(id2word))]",
    "corpus": "hand it to fit: a table of counts, texts or lists of words",
    "distributed": "one machine and all its cores, see n_jobs=: leave it out",
    "workers": "write n_jobs=",
    "optimize_interval": "write doc_topic_prior='auto' and topic_word_prior='auto'",
    "optim_interval": "write doc_topic_prior='auto' and topic_word_prior='auto'",
    "burn_in": "nothing is sampled, so there is nothing to discard: leave it out",
    "min_cf": "write vectorizer={'min_df': ...}, the fewest documents a word is in",
    "min_df": "write vectorizer={'min_df': ...}",
    "max_df": "write vectorizer={'max_df': ...}",
    "stop_words": "write vectorizer={'stop_words': ...}",
    "rm_top": "write vectorizer={'max_df': ...} or {'stop_words': [...]}",
}


def refuses_old_names(names: Mapping[str, str]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorate a constructor so that a setting by another library's name is answered with the right one.

    The signature stays as it is, which is where scikit-learn reads the settings from. `names` says what to do
    instead, by the old name; a name the constructor itself has is left alone. An old value of a setting that
    there is stands behind its name, as in ``"algorithm='map'"``.
    """

    def decorate(init: Callable[P, None]) -> Callable[P, None]:
        known = list(inspect.signature(init).parameters)[1:]
        old = {name: remedy for name, remedy in names.items() if name not in known}

        @wraps(init)
        def checked(*args: P.args, **settings: P.kwargs) -> None:
            for name, value in settings.items():
                _refuse_old(args[0], name, value)
                if name not in known:
                    near = get_close_matches(name, known, n=1)
                    _refuse(
                        args[0], name, f"did you mean {near[0]}=?" if near else f"it has {', '.join(known)}"
                    )
            init(*args, **settings)

        checked.__dict__["old_names"] = old
        return checked

    return decorate


class OldAttribute:
    """An attribute of other libraries: reading or setting it is answered with what to do instead."""

    def __init__(self, remedy: str) -> None:
        self.remedy = remedy

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, estimator: object, owner: type | None = None) -> Any:
        if estimator is None:
            return self
        raise AttributeError(f"{type(estimator).__name__} has no attribute '{self.name}': {self.remedy}")

    def __set__(self, estimator: object, value: Any) -> None:
        self.__get__(estimator)


class AnswersOldNames:
    """An estimator that answers other libraries' names as its constructor does when they are set later."""

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse_old(self, name, value)
        super().__setattr__(name, value)

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Settings by name.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        InvalidParameterError
            If there is no such setting; a name of another library is answered with the right one.
        """
        for name, value in params.items():
            _refuse_old(self, name, value)
        estimator: Self = super().set_params(**params)  # type: ignore[misc]
        return estimator


def _refuse_old(estimator: object, name: str, value: object) -> None:
    old: Mapping[str, str] = getattr(type(estimator).__init__, "old_names", {})
    for called in (name, f"{name}={value!r}" if isinstance(value, str) else name):
        if called in old:
            _refuse(estimator, called, old[called])


def _refuse(estimator: object, name: str, remedy: str) -> None:
    shown = name if "=" in name else f"'{name}'"
    raise InvalidParameterError(f"{type(estimator).__name__} has no setting {shown}: {remedy}")

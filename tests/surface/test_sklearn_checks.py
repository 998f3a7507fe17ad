"""Every check scikit-learn has for estimators."""

import numpy as np
import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import latently as L
from latently.compat import sklearn as compat
from latently.emissions import Gaussian

# The checks fit tiny, meaningless tables, and are warned of that.
pytestmark = pytest.mark.filterwarnings(
    "ignore::latently.core.errors.SpuriousMaximumWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::latently.core.errors.UndeterminedWarning",
    "ignore:one component with covariance_type=:UserWarning",
    "ignore:documents without words that the model knows:UserWarning",
    "ignore:X has .*topic models count tokens:UserWarning",
)

QUICK = {"n_init": 1, "max_iter": 4}
ESTIMATORS = [
    L.GaussianMixture(),
    L.MixtureModel(Gaussian("full"), 2, **QUICK),
    L.LatentClassAnalysis(2, **QUICK),
    L.GaussianImputer(max_iter=4),
    L.MixedImputer(2, **QUICK),
    L.LatentDirichletAllocation(2, max_iter=4),
    compat.LatentDirichletAllocation(2, learning_method="batch", max_iter=4),
    L.GaussianHMM(2, **QUICK),
    L.HiddenMarkovModel(Gaussian("full"), 2, **QUICK),
    L.PoissonHMM(2, **QUICK),
    L.CategoricalHMM(2, **QUICK),
]
# Which differ in settings that these checks hardly touch.
VARIANTS = [
    L.GaussianMixture(2, n_init=2),
    *(L.GaussianMixture(2, covariance_type=kind, n_init=1) for kind in ("tied", "diag", "spherical")),
    L.GaussianImputer(prior="ridge", n_parameter_draws=2, add_indicator=True),
    L.GaussianImputer(2, n_init=1, covariance_type="tied"),
    L.GaussianImputer(covariance_type="diag", keep_empty_features=True, min_value=-1.0, max_value=1.0),
    L.LatentDirichletAllocation(2, top_topics=2, doc_topic_prior=0.3, topic_word_prior=None),
    *(L.LatentDirichletAllocation(2, inference=inference) for inference in ("vb", "online", "online_vb")),
    compat.LatentDirichletAllocation(2, learning_method="online"),
]

OF_PROBABILITIES = dict.fromkeys(
    ("check_estimator_sparse_matrix", "check_estimator_sparse_array"),
    "asks whoever has predict_proba for the number of classes of a classifier; test_sources has its own",
)
OF_SEQUENCES = {
    "check_methods_sample_order_invariance": "a sequence in another order is another sequence",
    "check_methods_subset_invariance": "a time step is judged by its neighbours",
    "check_fit2d_predict1d": "is refused, and told how to make one column of it, in words for sequences",
}
OF_SYMBOLS = {
    "check_n_features_in_after_fitting": "there is one column of symbols, so none can be left out",
    "check_complex_data": "whatever can be told apart is a symbol",
    "check_fit1d": "symbols in a row are a sequence",
    "check_estimators_empty_data_messages": "is refused, for it is not one column of symbols",
}
OF_COUNTS = {"check_positive_only_tag_during_fit": "what is negative is refused, and so are fractions"}


def exemptions(estimator):
    found = OF_PROBABILITIES if hasattr(estimator, "predict_proba") else {}
    if not hasattr(estimator, "startprob"):
        return found
    own = {L.CategoricalHMM: OF_SYMBOLS, L.PoissonHMM: OF_COUNTS}
    return found | OF_SEQUENCES | own.get(type(estimator), {})


@pytest.fixture
def in_its_domain(monkeypatch, estimator):
    """What a check draws is rounded for counts and symbols, which are of one column."""
    usual = estimator_checks._enforce_estimator_tags_X

    def whole(estimator, X, *rest, **settings):
        X = usual(estimator, X, *rest, **settings)
        X = np.round(np.abs(X)) if X.dtype.kind == "f" else X
        return X[:, :1] if isinstance(estimator, L.CategoricalHMM) else X

    if isinstance(estimator, L.PoissonHMM | L.CategoricalHMM):
        monkeypatch.setattr(estimator_checks, "_enforce_estimator_tags_X", whole)


@pytest.mark.usefixtures("in_its_domain")
@parametrize_with_checks(ESTIMATORS)
def test_sklearn(estimator, check):
    """Not marked as expected failures, for which pytest would render tracebacks of thousands of lines."""
    if check.func.__name__ in exemptions(estimator):
        with pytest.raises((AssertionError, IndexError, TypeError, ValueError)):
            check(estimator)
    else:
        check(estimator)


@pytest.mark.slow
@parametrize_with_checks(VARIANTS)
def test_variants(estimator, check):
    check(estimator)

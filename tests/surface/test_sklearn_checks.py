"""Every check scikit-learn has for estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from latently import GaussianImputer, GaussianMixture, LatentDirichletAllocation, MixtureModel
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

ESTIMATORS = [
    GaussianMixture(),
    GaussianMixture(2, n_init=2),
    *(GaussianMixture(2, covariance_type=kind, n_init=1) for kind in ("tied", "diag", "spherical")),
    MixtureModel(Gaussian("full"), 2, n_init=1),
    GaussianImputer(),
    GaussianImputer(2, n_init=1, covariance_type="tied"),
    GaussianImputer(prior="ridge", n_parameter_draws=2, add_indicator=True),
    GaussianImputer(covariance_type="diag", keep_empty_features=True, min_value=-1.0, max_value=1.0),
    *(
        LatentDirichletAllocation(2, inference=inference)
        for inference in ("cvb0", "vb", "online", "online_vb")
    ),
    LatentDirichletAllocation(2, top_topics=2, doc_topic_prior=0.3, topic_word_prior=None),
    *(compat.LatentDirichletAllocation(2, learning_method=method) for method in ("batch", "online")),
]


@parametrize_with_checks(ESTIMATORS)
def test_sklearn(estimator, check):
    check(estimator)

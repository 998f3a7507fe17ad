"""Settings by the names of other libraries: refused with the right one, and nothing else is changed."""

import inspect
import pickle

import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

import latently as L
from latently.emissions import Poisson
from latently.estimators import old_names

ESTIMATORS = [
    (L.CategoricalHMM, (), old_names.CATEGORICAL_HMM),
    (L.GaussianHMM, (), old_names.GAUSSIAN_HMM),
    (L.PoissonHMM, (), old_names.POISSON_HMM),
    (L.HiddenMarkovModel, (Poisson(),), old_names.ANY_HMM),
    (L.MixtureModel, (Poisson(),), old_names.ANY_MIXTURE),
    (L.GaussianMixture, (), old_names.GAUSSIAN_MIXTURE),
    (L.LatentClassAnalysis, (), old_names.LATENT_CLASSES),
    (L.GaussianImputer, (), old_names.GAUSSIAN_IMPUTER),
    (L.LatentDirichletAllocation, (), old_names.TOPICS),
]
over_estimators = pytest.mark.parametrize(
    ("estimator", "needed", "names"), ESTIMATORS, ids=[one.__name__ for one, _, _ in ESTIMATORS]
)


@pytest.mark.parametrize(
    ("estimator", "name", "message"),
    [
        (L.GaussianHMM, "n_iter", r"GaussianHMM has no setting 'n_iter': write max_iter=, the most EM steps"),
        (L.GaussianHMM, "params", r"fixed=\('startprob', 'transmat'\)"),
        (L.GaussianHMM, "covars_prior", "maximum likelihood, there is no prior to set: leave it out"),
        (L.GaussianHMM, "min_covar", "write reg_covar=, a floor relative to the variances"),
        (L.CategoricalHMM, "startprob_prior", "there is no prior to set"),
        (L.CategoricalHMM, "implementation", "does not underflow: leave it out"),
        (L.CategoricalHMM, "n_trials", "takes a family of your own"),
        (L.GaussianMixture, "weight_concentration_prior", "prior_strength="),
        (L.GaussianImputer, "n_nearest_features", "leave it out"),
        (L.GaussianImputer, "sample_posterior", "draw_imputations"),
        (L.GaussianImputer, "estimator", "write n_components= and covariance_type="),
        (L.LatentDirichletAllocation, "learning_method", "'vb' for all documents at a time, 'online_vb'"),
        (L.LatentDirichletAllocation, "evaluate_every", r"held out, with perplexity\(X\)"),
        (L.LatentDirichletAllocation, "passes", "write max_iter="),
        (L.LatentDirichletAllocation, "optim_interval", "topic_word_prior='auto'"),
    ],
)
def test_an_old_name_is_answered_with_the_new_one(estimator, name, message):
    with pytest.raises(TypeError, match=message) as caught:
        estimator(2, **{name: 1})
    assert "\n" not in str(caught.value)


@over_estimators
def test_every_old_name(estimator, needed, names):
    for old, remedy in names.items():
        name, equals, value = old.partition("=")
        given = {name: value.strip("'") or None}
        message = f"{estimator.__name__} has no setting {old if equals else repr(old)}: {remedy}"
        with pytest.raises(TypeError) as caught:
            estimator(*needed, **given)
        assert str(caught.value) == message
        with pytest.raises(InvalidParameterError) as caught:
            estimator(*needed).set_params(**given)
        assert str(caught.value) == message


@over_estimators
def test_names_that_a_remedy_gives_exist(estimator, needed, names):
    """Whatever is written as a setting, `name=`, is one."""
    own = inspect.signature(estimator).parameters
    elsewhere = {"algorithm"}  # of decode
    for remedy in names.values():
        for name in [word.strip("(,.;:") for word in remedy.split() if "=" in word]:
            name = name.split("=")[0].split("(")[-1]
            assert name in own or name in elsewhere, (estimator.__name__, name)


@over_estimators
def test_old_names_are_not_new_ones(estimator, needed, names):
    assert not set(names) & set(inspect.signature(estimator).parameters)


@over_estimators
def test_what_nobody_calls_so_is_refused_as_ever(estimator, needed, names):
    with pytest.raises(TypeError, match="has no setting 'colour': it has"):
        estimator(*needed, colour="blue")
    with pytest.raises(ValueError, match="Invalid parameter 'colour'"):
        estimator(*needed).set_params(colour="blue")


@over_estimators
def test_settings_are_read_from_the_signature(estimator, needed, names):
    own = list(inspect.signature(estimator).parameters)
    model = estimator(*needed, n_components=3, max_iter=7)
    assert sorted(model.get_params(deep=False)) == sorted(own)
    for other in (clone(model), pickle.loads(pickle.dumps(model))):
        assert other.get_params()["max_iter"] == 7
        assert repr(other) == repr(model)
    assert model.set_params(max_iter=8).max_iter == 8
    assert estimator(*needed, 3).n_components == 3  # by position, too

"""A mixture of any emission family, the user's own included."""

from __future__ import annotations

from latently.emissions.base import Emission
from latently.emissions.registry import family_of
from latently.estimators.bases import Tags
from latently.estimators.inputs import tagged
from latently.estimators.mixture import BaseMixture
from latently.estimators.old_names import ANY_MIXTURE
from latently.estimators.settings import AnyFamilySettings, estimator


@estimator(ANY_MIXTURE)
class MixtureModel(BaseMixture, AnyFamilySettings):
    """A finite mixture of any emission family, fitted by EM.

    Parameters
    ----------
    fixed : tuple of str, default ()
        Names of parameters that keep their starting values.

    Attributes
    ----------
    params_ : LatentEmissionParams
        All parameters: ``params_.emission`` is what the family's M-step returns.

    See Also
    --------
    GaussianMixture : The same for Gaussians, with what is special to them.

    References
    ----------
    .. [1] McLachlan, G. J. and Peel, D. (2000). Finite Mixture Models. Wiley, section 2.8.

    Examples
    --------
    >>> from latently import MixtureModel, datasets
    >>> from latently.emissions import Gaussian
    >>> X = datasets.load_faithful().data
    >>> mixture = MixtureModel(Gaussian("full"), 2, random_state=0).fit(X)
    >>> round(mixture.log_likelihood_, 3)
    -1130.264
    """

    def __sklearn_tags__(self) -> Tags:
        return tagged(super().__sklearn_tags__(), self._family())

    def _family(self) -> Emission:
        return family_of(self.emission)

    def _argument_of(self, name: str) -> str:
        return f"starting_values['{name}']"

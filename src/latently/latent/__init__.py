"""What is hidden: p(z)."""

from latently.latent.base import Expected, Latent
from latently.latent.independent import Independent

__all__ = ["Expected", "Independent", "Latent"]

"""What is hidden: p(z)."""

from latently.latent.base import Expected, Latent
from latently.latent.chain import Chain
from latently.latent.independent import Independent

__all__ = ["Chain", "Expected", "Independent", "Latent"]

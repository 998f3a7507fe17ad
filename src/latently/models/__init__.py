"""Models the engine can fit."""

from latently.models.latent_emission import LatentEmission, LatentEmissionParams

__all__ = ["LatentEmission", "LatentEmissionParams"]

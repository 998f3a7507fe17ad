"""Models the engine can fit."""

from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams

__all__ = ["Description", "LatentEmission", "LatentEmissionParams"]

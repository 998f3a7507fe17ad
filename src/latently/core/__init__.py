"""The engine: it knows models by their protocol, and no model by name."""

"""One search over settings: numbers of components, families, or whatever an estimator has."""

"""Other libraries' estimators, by a change of the import."""

"""Measurements beside the peers, on one machine and in one run."""

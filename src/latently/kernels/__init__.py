"""Compiled loops: arrays in, arrays out, no classes.

Each runs in one thread and lets go of the interpreter's lock; threads come from the backend.
"""

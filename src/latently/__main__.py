"""`python -m latently` is the command."""

from latently.cli import main

main()

"""`python -m latently` is the command."""

from latently.cli import main

if __name__ == "__main__":
    main()

"""``python -m ceteris``: the command line."""

from ceteris.cli.main import main

if __name__ == "__main__":
    main()

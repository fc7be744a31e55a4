"""``python -m paribus``: the command line."""

from paribus.cli.main import main

if __name__ == "__main__":
    main()

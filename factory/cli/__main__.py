"""`python -m factory.cli` is `factory`."""

from factory.cli.entry import main

if __name__ == "__main__":
    main()

"""`python -m factory.cli` is `factory`."""

from factory.cli.main import main

if __name__ == "__main__":
    main()

"""`python -m restow.cli`, for images that have no shell and no scripts."""

from restow.cli.main import main

if __name__ == "__main__":
    main()

"""`python -m outreach`: the same as the command `outreach`."""

from outreach.cli import main

if __name__ == "__main__":
    main()

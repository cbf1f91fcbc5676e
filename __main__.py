"""``python -m signoff`` is the ``signoff`` command."""

from .cli import main

if __name__ == "__main__":
    main()

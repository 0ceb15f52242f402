"""``python -m caseway.cli``: the same as ``caseway``, for where the script is not on the path."""

from caseway.cli import main

main()

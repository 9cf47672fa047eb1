"""Files named by users: whether they can be written is checked before the work, not after."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from truce_sim.errors import InputError


def check_writable(path: Path, setting: str = "--out") -> None:
    """Check that a file can be written to its folder.

    Args:
        path: of the file.
        setting: the argument that chooses it.

    Raises:
        InputError: naming the argument to change.
    """
    if path.exists() and not path.is_file():
        raise InputError(
            "is not a file", setting=setting, value=str(path), allowed="the path of a file"
        )
    with writing(path, setting), tempfile.TemporaryFile(dir=path.parent):
        pass


@contextmanager
def writing(path: Path, setting: str = "--out") -> Iterator[None]:
    """Turn system errors within the context into an InputError that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", setting=setting, value=str(path),
            allowed="a file in a folder that you can write to, with space left",
        ) from None  # fmt: skip

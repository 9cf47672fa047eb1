"""Lock a folder, so that it has one driver; the system frees the lock however the holder ends."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from truce_sim.errors import InputError, command


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder for the duration of a context.

    Raises:
        InputError: if another process holds it, or the folder is not writable.
    """
    holder = folder / ".holder"
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"is in use by another truce-sim ({_holder_text(holder)})", value=str(folder),
            allowed=f"wait for it or stop it; {command('status', folder)} shows its progress",
        ) from None  # fmt: skip
    except OSError as error:
        raise InputError(
            f"cannot be written to: {error.strerror}", value=str(folder),
            allowed="a folder that you can write to",
        ) from error  # fmt: skip
    try:
        holder.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_locked(folder: Path) -> bool:
    """Whether a process holds the lock of the folder; False if it is not writable."""
    if not (folder / ".lock").exists():
        return False
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def _holder_text(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")
    except OSError:
        return "unknown process"

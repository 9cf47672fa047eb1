"""One driver to a folder: a lock that the system releases when its holder ends, however it ends."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from truce_sim.errors import InputError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; raises InputError while another process does, or it cannot be written."""
    holder = folder / ".holder"
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"another truce-sim is at work on it ({_holder_text(holder)})", value=str(folder),
            allowed="wait for it, or stop it first; truce-sim status looks on",
        ) from None  # fmt: skip
    except OSError as error:
        raise InputError(
            f"cannot be written to: {error.strerror}", value=str(folder),
            allowed="a folder that this user can write to",
        ) from error  # fmt: skip
    try:
        holder.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_locked(folder: Path) -> bool:
    """Whether a process is at work on the folder; False where nobody can write."""
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
        return "process unknown"

"""What this server opens for its visitors; `serve` sets it before the first one comes."""

from __future__ import annotations

from .opening import Opening

opening = Opening()

"""`truce-sim movie`: a run as GIF or MP4, frame by frame, without a browser."""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.dates import first_date
from truce_sim.errors import InputError, check_range
from truce_sim.results.outputs import check_writable, writing
from truce_sim.settings.dates import read_day
from truce_sim.settings.written import count
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.track import Track, run_track
from truce_sim.viewer.state.week import Week

Image = NDArray[np.uint8]

#: A GIF keeps this many of the most frequent colours exactly; its other 160 are spread out.
_COMMON = 96


def film(opening: Opening, options: argparse.Namespace) -> None:
    """Write the film that the command's options describe, showing progress and time left.

    Raises:
        InputError: An option is invalid, or ffmpeg is needed and missing; nothing is written.
        RuntimeError: The run fails, or differs from the stored one when repeated.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    options.out = options.out.expanduser()
    check_options(options)
    assert opening.setup is not None
    days = parse_days(options.days, first_date(opening.setup.config.scenario))
    track, row = run_track(opening.setup), opening.row
    differing = row.differences(track.run.outcome) if row else []
    if row and differing:
        raise RuntimeError(
            f"{row.name} is not filmed: repeated from what is stored, it differs from its row "
            f"in {', '.join(differing)}"
        )
    with writing(options.out), Progress(
        TextColumn("frames"), BarColumn(), TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    ) as bar:  # fmt: skip
        task = bar.add_task("frames", total=1.0)
        frames = write_movie(
            track, options.out, options.layer, every=options.every, fps=options.fps,
            dpi=options.dpi, days=days, progress=lambda share: bar.update(task, completed=share),
        )  # fmt: skip
    print(f"{options.out}: {count(frames, 'frame')}, {options.out.stat().st_size / 1e6:.1f} MB")


def check_options(options: argparse.Namespace) -> None:
    """Check the command's options before anything is run.

    Raises:
        InputError: An option is invalid, or ffmpeg is needed and missing.
    """
    for name, high in (("every", 3650), ("fps", 60), ("dpi", 400)):
        check_range(f"--{name}", getattr(options, name), 1, high)
    if options.out.suffix.lower() not in (".gif", ".mp4"):
        raise InputError(
            "is not a film", setting="--out", value=str(options.out), allowed="FILE.gif or FILE.mp4"
        )
    if not options.out.parent.is_dir():
        raise InputError(
            "no such folder", setting="--out", value=str(options.out), allowed="a file in a folder"
        )
    check_writable(options.out)
    if options.out.suffix.lower() == ".mp4" and not shutil.which("ffmpeg"):
        raise InputError(
            "MP4 needs the program ffmpeg, which is not installed", setting="--out",
            value=str(options.out), allowed="FILE.gif, or install ffmpeg (apt-get install ffmpeg)",
        )  # fmt: skip


def parse_days(text: str, first: date | None = None) -> tuple[int, int] | None:
    """Read FIRST-LAST, each a day or a date; None for an empty text.

    Args:
        text: The text.
        first: The date of day 0; None if it has none.

    Raises:
        InputError: The text is anything else, or day 0 has no date where one is given.
    """
    if not text:
        return None
    one = r"(\d+|\d{4}-\d{2}-\d{2})"
    match = re.fullmatch(f"{one}-{one}", text)
    ends = [read_day(end, first, "--days") for end in match.groups()] if match else []
    if not ends or ends[0] > ends[1]:
        raise InputError(
            "is not a range of days", setting="--days", value=text,
            allowed="30-90, or dates: 2025-11-18-2026-01-17",
        )  # fmt: skip
    return ends[0], ends[1]


def write_movie(
    track: Track,
    path: Path,
    layer: str = "home_effort",
    *,
    every: int = 1,
    fps: int = 10,
    dpi: int = 100,
    days: tuple[int, int] | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> int:
    """Write a run as a film.

    Args:
        track: The run.
        path: The file, .gif or .mp4.
        layer: The layer to colour.
        every: Days from one frame to the next; `film_days` adds others.
        fps: Frames per second.
        dpi: Dots per inch; a frame is 12 by 6.75 inches.
        days: First and last day; None for the whole run.
        progress: Called with the share done after each frame.

    Returns:
        The number of frames.

    Raises:
        InputError: The run ends before the first of `days`.
        RuntimeError: ffmpeg fails.
    """
    first, last = days or (0, track.last_day)
    if first > track.last_day:
        raise InputError(
            f"the run ends on day {track.last_day}", setting="--days", value=f"{first}-{last}"
        )
    frames = film_days(track, first, min(last, track.last_day), every)
    images = _count_frames(_frames(track, layer, dpi, frames), len(frames), progress)
    unfinished = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        (_write_mp4 if path.suffix.lower() == ".mp4" else _write_gif)(images, unfinished, fps)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(frames)


def film_days(track: Track, first: int, last: int, every: int) -> list[int]:
    """Return the days of a film: one in `every`, and those on which something happens to the truce.

    The last day is always included, and so is each day with a strike or a change in the truce's
    state.
    """
    series = track.run.series
    struck = series[["strikes_by_home", "strikes_by_host"]].to_numpy().any(1)
    states = series["status"].cat.codes.to_numpy()
    kept = struck | (np.diff(states, prepend=states[0]) != 0)
    days = {*range(first, last + 1, every), last, *(first + np.flatnonzero(kept[first : last + 1]))}
    return sorted(map(int, days))


def _frames(track: Track, layer: str, dpi: int, days: list[int]) -> Iterator[Image]:
    from truce_sim.viewer.pictures.figure import DayFigure

    figure, model, week = DayFigure(track, layer, dpi), track.model(), Week()
    for day in days:
        while model.day < day:
            week.note(model)
            model.step()
        figure.show(model, week)
        yield figure.pixels()


def _count_frames(
    images: Iterator[Image], total: int, progress: Callable[[float], object]
) -> Iterator[Image]:
    for done, image in enumerate(images, 1):
        yield image
        progress(done / total)


def _write_gif(images: Iterator[Image], path: Path, fps: int) -> None:
    """Write frames with Pillow, all with the palette of the first."""
    from PIL import Image as Pictures

    pictures = map(Pictures.fromarray, images)
    first = next(pictures)
    palette = _palette(first)
    frames = (
        picture.quantize(palette=palette, dither=Pictures.Dither.NONE)
        for picture in chain([first], pictures)
    )
    next(frames).save(path, save_all=True, append_images=frames, duration=round(1000 / fps), loop=0)


def _palette(picture: Any) -> Any:
    """A palette for a picture: the background colours exactly, and room for the marks, which are
    small."""
    from PIL import Image as Pictures

    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    common = [level for _, colour in counted[:_COMMON] for level in colour]
    spread = picture.quantize(256 - len(common) // 3, Pictures.Quantize.MAXCOVERAGE)
    palette = Pictures.new("P", (1, 1))
    palette.putpalette(common + spread.getpalette())
    return palette


def _write_mp4(images: Iterator[Image], path: Path, fps: int) -> None:
    """Pipe raw frames to ffmpeg."""
    import subprocess

    first = next(images)
    height, width = (side - side % 2 for side in first.shape[:2])  # H.264 requires even sizes
    command = [
        "ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{width}x{height}", "-r", str(fps), "-i", "-", "-pix_fmt", "yuv420p",
        "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None
        assert ffmpeg.stderr is not None
        try:
            for image in chain([first], images):
                ffmpeg.stdin.write(image[:height, :width].tobytes())
            ffmpeg.stdin.close()
        except BrokenPipeError:
            pass
        message = ffmpeg.stderr.read().decode().strip()
    if ffmpeg.returncode:
        raise RuntimeError(f"ffmpeg failed: {message}")

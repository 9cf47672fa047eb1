"""The frame shared by the analysis scripts of the studies in `experiments/`.

A script is run on the folders of its finished sweeps. It draws figures next to its README and
records its findings line by line in `findings.txt`, from which the README takes every interval.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.errors import InputError
from truce_sim.sweeps.summaries.summary import days_watched
from truce_sim.sweeps.sweep import Sweep, open_sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120


@dataclass
class Study:
    """The sweeps of a study and its findings.

    Attributes:
        sweeps: the sweeps, in the order of their experiments.
        folder: the folder for figures and findings.
        lines: the findings so far.
    """

    sweeps: tuple[Sweep, ...]
    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def sweep(self) -> Sweep:
        """The first sweep."""
        return self.sweeps[0]

    def note(self, *lines: str) -> None:
        """Print lines and add them to the findings."""
        self.lines += lines
        print(*lines, sep="\n")

    tell = note  #: Its name in 0.1.

    def draw(self, picture: Axes | Figure, name: str = "figure") -> None:
        """Write a figure, or the figure of some axes, as `name`.png."""
        from matplotlib import pyplot as plt
        from matplotlib.figure import Figure

        figure = picture if isinstance(picture, Figure) else picture.get_figure(root=True)
        assert figure is not None  # drawn axes always have a figure
        figure.savefig(self.folder / f"{name}.png", dpi=DPI, bbox_inches="tight")
        plt.close(figure)


@contextmanager
def study(
    script: str, *experiments: str, arguments: Sequence[str] | None = None
) -> Iterator[Study]:
    """Open the study of a script: `with study(__file__) as s:`.

    The findings are written to `findings.txt` unless the block raises an exception.

    Args:
        script: path of the script.
        experiments: names of the experiments whose sweeps it reads; by default the name of the
            script's folder. The folders of the sweeps are taken from the command line; by default
            they are those under `outputs/`.
        arguments: the command line; by default that of the process.
    """
    home = Path(script).resolve().parent
    names = experiments or (home.name,)
    options = _parser(names).parse_args(arguments)
    with _exit_on_bad_input():
        folders = options.folders or [Path("outputs") / name for name in names]
        if len(folders) != len(names):
            raise InputError(f"{len(names)} folders are needed", allowed=", ".join(names))
        opened = Study(tuple(map(open_sweep, folders)), options.to or home)
        opened.folder.mkdir(parents=True, exist_ok=True)
    opened.note(*map(_origin, opened.sweeps))
    yield opened
    text = "\n".join(opened.lines) + "\n"
    (opened.folder / "findings.txt").write_text(text, encoding="utf-8")
    print(f"Next: look at {opened.folder}")


@contextmanager
def _exit_on_bad_input() -> Iterator[None]:
    """Report bad input as a message and exit with code 2."""
    try:
        yield
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Draw figures and findings of finished sweeps.")
    folders = f"folders of the sweeps {', '.join(names)} (default: those under outputs/)"
    target = "folder for figures and findings (default: that of the script)"
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help=folders)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help=target)
    return parser


def _origin(sweep: Sweep) -> str:
    """State the command, points and runs of a sweep, as the first line of the findings."""
    points, runs = len(sweep.folder.design), len(sweep.load(["end_day"]))
    words = [word for word in sweep.manifest["overrides"] if not word.startswith("output.")]
    return (
        f"{shlex.join(['truce-sim', 'sweep', *words])}: {points:,} points, {runs:,} runs of "
        f"{days_watched(sweep.points['horizon'])}; intervals: 95 %, of the simulation at these "
        "assumptions"
    )

"""What the analysis scripts of the studies in `experiments/` share.

A script is run on the folders of its finished sweeps. It draws figures beside its README and tells
its findings, a line each, which are kept in `findings.txt`: the README quotes no number that is not
there.
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

from truce_sim.analysis.sweep import Sweep, open_sweep
from truce_sim.errors import InputError
from truce_sim.sweeps.summaries.summary import days_watched

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120


@dataclass
class Study:
    """The sweeps of a study, and the folder that its figures and findings go to."""

    sweeps: tuple[Sweep, ...]
    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def sweep(self) -> Sweep:
        """The first sweep."""
        return self.sweeps[0]

    def tell(self, *lines: str) -> None:
        """Print lines, and keep them."""
        self.lines += lines
        print(*lines, sep="\n")

    def draw(self, picture: Axes | Figure, name: str = "figure") -> None:
        """Write a figure as `name`.png."""
        from matplotlib import pyplot as plt
        from matplotlib.figure import Figure

        figure = picture if isinstance(picture, Figure) else picture.get_figure(root=True)
        assert figure is not None  # axes that are drawn have one
        figure.savefig(self.folder / f"{name}.png", dpi=DPI, bbox_inches="tight")
        plt.close(figure)


@contextmanager
def study(
    script: str, *experiments: str, arguments: Sequence[str] | None = None
) -> Iterator[Study]:
    """The study of a script, `with study(__file__) as s:`; writes `findings.txt` when it ends well.

    experiments: names of the experiments whose sweeps it reads, by default that of the script's
    folder; their folders are given on the command line, or are those under `outputs/`.
    """
    home = Path(script).resolve().parent
    names = experiments or (home.name,)
    asked = _parser(names).parse_args(arguments)
    with _exit_on_bad_input():
        folders = asked.folders or [Path("outputs") / name for name in names]
        if len(folders) != len(names):
            raise InputError(f"{len(names)} folders are needed", allowed=", ".join(names))
        found = Study(tuple(map(open_sweep, folders)), asked.to or home)
        found.folder.mkdir(parents=True, exist_ok=True)
    found.tell(*map(_origin, found.sweeps))
    yield found
    text = "\n".join(found.lines) + "\n"
    (found.folder / "findings.txt").write_text(text, encoding="utf-8")
    print(f"Next: look at {found.folder}")


@contextmanager
def _exit_on_bad_input() -> Iterator[None]:
    """Bad input as one message and exit code 2."""
    try:
        yield
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Figures and findings of finished sweeps.")
    folders = f"of {', '.join(names)}; default: those under outputs/"
    target = "where figures and findings go; default: beside the script"
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help=folders)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help=target)
    return parser


def _origin(sweep: Sweep) -> str:
    """What a sweep is: its command, points and runs, as the first line of the findings."""
    points, runs = len(sweep.folder.design), len(sweep.load(["end_day"]))
    words = [word for word in sweep.manifest["overrides"] if not word.startswith("output.")]
    return (
        f"{shlex.join(['truce-sim', 'sweep', *words])}: {points:,} points, {runs:,} runs of "
        f"{days_watched(sweep.points['horizon'])}; intervals: 95 %, of the simulation at these "
        "assumptions"
    )

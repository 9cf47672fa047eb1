"""A day of a run as a figure, for exports and films. Its artists are made only once."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from truce_sim.model import TruceModel
from truce_sim.viewer.state.picture import (
    LAYERS,
    colour_power,
    day_incidents,
    list_bands,
    read_layer,
)
from truce_sim.viewer.state.track import Track
from truce_sim.viewer.state.words import TRUCE_WORDS, calendar_date

#: Okabe-Ito colours of the truce states, as in the browser's ribbon.
TRUCE_COLOURS = ("#56B4E9", "#F0E442", "#E69F00", "#D55E00")

#: Label, marker, colour and kinds of incidents that have a place.
MARKS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("intercepted by the host", "x", "#009E73", ("foiled_by_host",)),
    ("intercepted at the border", "x", "#56B4E9", ("foiled_at_border",)),
    ("intercepted inside", "x", "#F0E442", ("foiled_inside",)),
    ("attack", "*", "#D55E00", ("attack", "band_destroyed")),
    ("domestic attack", "*", "#CC79A7", ("domestic_attack", "misattribution")),
    ("clash", "D", "#E69F00", ("friction",)),
)


class DayFigure:
    """The border above; grievance and the state of the truce below. `show` moves it to a day."""

    def __init__(self, track: Track, layer: str, dpi: int = 100) -> None:
        self.track, self.layer = track, layer
        self.figure = Figure(figsize=(12, 6.75), dpi=dpi, layout="constrained")
        self.border, self.chart, self.ribbon = self.figure.subplots(3, 1, height_ratios=[9, 4, 0.7])
        self.title = self.figure.suptitle("day", fontsize=14)  # layout leaves room for it
        self._draw_border()
        self._draw_chart()
        self._draw_ribbon()
        FigureCanvasAgg(self.figure).draw()
        self.figure.set_layout_engine("none")  # once is enough: layout takes longer than drawing

    def show(self, model: TruceModel) -> None:
        """Move every artist to the day of the model."""
        day = model.day
        date = calendar_date(model.config, day)
        when = f"day {day}" if day >= 0 else "before day 0"
        words = TRUCE_WORDS[model.truce]
        self.title.set_text(f"{when}{f', {date}' if date else ''}: truce {words}")
        self.image.set_data(_own_side(model, self.layer))
        bands = [(s, d) for _, s, d, _ in list_bands(model)]
        self.bands.set_offsets(_places(bands))
        today = day_incidents(model, day)
        for artist, (_, _, _, kinds) in zip(self.marks, MARKS, strict=True):
            artist.set_offsets(_places([(s, d) for kind, s, d, *_ in today if kind in kinds]))
        for name, line in self.lines.items():
            values = self.track.run.series[name].to_numpy()[: day + 1]
            line.set_data(np.arange(len(values)), values)
        for cursor in self.cursors:
            cursor.set_xdata([day, day])

    def save(self, out: IO[bytes], kind: str) -> None:
        """Write the figure in the format `kind`, png or svg."""
        self.figure.savefig(out, format=kind)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the figure as an image of shape (height, width, 3)."""
        canvas: Any = self.figure.canvas
        canvas.draw()
        image: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        return image

    def _draw_border(self) -> None:
        ax, config = self.border, self.track.config.border
        border = self.track.run.border
        sectors, depth = border.sectors.size, config.host_depth + config.home_depth
        title, unit = LAYERS[self.layer]
        colours = colormaps["cividis"].with_extremes(bad="0.9")
        norm = PowerNorm(colour_power(self.layer), 0, self.track.scales[self.layer])
        self.image = ax.imshow(
            np.zeros((depth, sectors)), cmap=colours, norm=norm, aspect="auto",
            interpolation="nearest",
        )  # fmt: skip
        self.figure.colorbar(self.image, ax=ax, pad=0.01, label=f"{title} ({unit})")
        ax.axhline(config.host_depth - 0.5, color="white", lw=3)
        ax.axhline(config.host_depth - 0.5, color="black", lw=1.5)
        at = [s for s, _ in border.crossings()]
        ax.plot(at, [config.host_depth - 0.5] * len(at), "kv", mec="white", ms=8, ls="")
        self._label_border()
        self.bands = _dots(ax, "o", "white", "band under way")
        self.marks = [_dots(ax, marker, colour, label) for label, marker, colour, _ in MARKS]
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=7, fontsize=8, frameon=False,
            facecolor="grey",
        )  # fmt: skip

    def _label_border(self) -> None:
        ax, config, border = self.border, self.track.config.border, self.track.run.border
        ax.set_yticks([config.host_depth / 2 - 0.5, config.host_depth + config.home_depth / 2])
        ax.set_yticklabels(["host", "home"], rotation=90, va="center")
        named = {"fontsize": 8, "parse_math": False}  # a name of the user's own may contain a $
        ax.set_xticks(*_spans(border.home_district, shortest=3), **named)
        top = ax.secondary_xaxis("top")
        top.set_xticks(*_spans(border.host_province, shortest=2), **named)
        for axis in (ax, top):
            axis.tick_params(length=0)

    def _draw_chart(self) -> None:
        ax, series = self.chart, self.track.run.series
        styles = {
            "grievance_home": ("#D55E00", "-", "home grievance"),
            "threshold_home": ("#0072B2", "--", "home threshold"),
            "grievance_host": ("#E69F00", "-", "host grievance"),
            "threshold_host": ("#56B4E9", "--", "host threshold"),
        }
        self.lines = {
            name: ax.plot([], [], color=colour, ls=line, label=label)[0]
            for name, (colour, line, label) in styles.items()
        }
        values = series[list(styles)].to_numpy()
        top = float(values[np.isfinite(values)].max(initial=1.0))
        ax.set(xlim=(0, self.track.config.run.horizon_days), ylim=(0, 1.25 * top))
        ax.legend(loc="upper right", ncols=4, fontsize=8, framealpha=0.7)
        self.cursors = [ax.axvline(0, color="grey", lw=1)]

    def _draw_ribbon(self) -> None:
        ax, codes = self.ribbon, self.track.run.series["status"].cat.codes.to_numpy()
        ax.imshow(
            codes[None, :], cmap=ListedColormap(list(TRUCE_COLOURS)), vmin=0, vmax=3,
            aspect="auto", extent=(0, len(codes), 0, 1), interpolation="nearest",
        )  # fmt: skip
        ax.set(xlim=self.chart.get_xlim(), yticks=[], xlabel="day")
        self.cursors.append(ax.axvline(0, color="black", lw=2))


def _own_side(model: TruceModel, layer: str) -> NDArray[np.float64]:
    """A layer of shape (depth, sectors); NaN on the side of the line it does not apply to."""
    values, line = read_layer(model, layer).T.copy(), model.config.border.host_depth
    if layer == "home_effort":
        values[:line] = np.nan
    if layer == "host_effort":
        values[line:] = np.nan
    return values


def _dots(ax: Any, marker: str, colour: str, label: str) -> PathCollection:
    edge = {} if marker == "x" else {"edgecolors": "black"}
    dots: PathCollection = ax.scatter(
        [], [], s=70, marker=marker, c=colour, linewidths=1.8 if marker == "x" else 0.8,
        label=label, zorder=3, **edge,
    )  # fmt: skip
    return dots


def _places(pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    return np.array(pairs, float).reshape(-1, 2)


def _spans(names: tuple[str, ...], shortest: int) -> tuple[list[float], list[str]]:
    """Midpoints and names of stretches with the same name, at least `shortest` sectors long."""
    starts = [s for s in range(len(names)) if s == 0 or names[s] != names[s - 1]]
    ends = [*starts[1:], len(names)]
    kept = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= shortest]
    labels = [names[a].removesuffix(" agency").removesuffix(" district") for a, _ in kept]
    return [(a + b - 1) / 2 for a, b in kept], labels

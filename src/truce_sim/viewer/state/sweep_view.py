"""One visitor's view of a sweep: the point, the factors, the outcome; kept while a run is shown."""

from __future__ import annotations

import solara

from truce_sim.errors import InputError
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.viewer.state.address import Words, refuse_unknown
from truce_sim.viewer.state.parallel import PREFIX, Brushes, brush_words, read_brushes
from truce_sim.viewer.state.sweep_data import SweepData

#: Prefix of a fixed level in an address: `at.FACTOR=LEVEL`.
_AT = "at."


class SweepView:
    """What a visitor has chosen on the page of a sweep.

    Attributes:
        factor: The factor of the survival curves.
        fixed: Chosen levels of other factors.
        point: The chosen point.
        outcome: The outcome of the heat map.
        across: The factor of its columns.
        down: The factor of its rows, or "".
        brushes: What is kept on the axes of parallel coordinates.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.data = SweepData(folder)
        names = list(folder.factors)
        self.factor = solara.reactive(names[0] if names else "")
        self.fixed: solara.Reactive[Words] = solara.reactive({})
        self.point = solara.reactive(0)
        self.brushes: solara.Reactive[Brushes] = solara.reactive({})
        self.outcome = solara.reactive("mean_survival")
        self.across = solara.reactive(names[0] if names else "")
        self.down = solara.reactive(names[1] if len(names) > 1 else "")
        self._first = self.words()

    def words(self) -> Words:
        """Return the view as parts of an address."""
        levels = {f"{_AT}{name}": level for name, level in self.fixed.value.items()}
        return {
            "point": str(self.point.value), "factor": self.factor.value,
            "outcome": self.outcome.value, "across": self.across.value, "down": self.down.value,
        } | levels | brush_words(self.brushes.value)  # fmt: skip

    def changed_words(self) -> Words:
        """Return the parts of an address that differ from those of the first view."""
        return {k: text for k, text in self.words().items() if self._first.get(k) != text}

    def follow(self, words: Words) -> None:
        """Show what parts of an address describe.

        Raises:
            InputError: The sweep has no such point, factor, level or outcome, or the page no such
                part of an address.
        """
        refuse_unknown(words, (*self._first, _AT, PREFIX))
        wanted = self._first | {k: v for k, v in words.items() if k in self._first}
        point, names = wanted["point"], list(self.data.factors)
        if not point.isdecimal() or int(point) >= self.data.folder.points:
            raise _none("point", point, f"0 to {self.data.folder.points - 1}")
        for name, allowed in (
            ("factor", names), ("across", names), ("down", ["", *names]),
            ("outcome", list(self.data.outcomes())),
        ):  # fmt: skip
            if wanted[name] not in allowed and wanted[name] != self._first[name]:
                raise _none(name, wanted[name], ", ".join(allowed))
        brushes = read_brushes(words, self.data.axes)
        self.fixed.value = dict(self._level(k, v) for k, v in words.items() if k.startswith(_AT))
        self.point.value, self.brushes.value = int(point), brushes
        for name in ("factor", "across", "down", "outcome"):
            getattr(self, name).value = wanted[name]

    def _level(self, word: str, level: str) -> tuple[str, str]:
        name = word.removeprefix(_AT)
        if name not in self.data.factors:
            raise _none("factor", name, ", ".join(self.data.factors))
        levels = [str(each) for each in self.data.levels[name].cat.categories]
        if level not in levels:
            raise _none(name, level, ", ".join(levels))
        return name, level


def _none(setting: str, value: str, allowed: str) -> InputError:
    return InputError(
        "the sweep has none of that name", setting=setting, value=value, allowed=allowed,
        origin="the address",
    )  # fmt: skip

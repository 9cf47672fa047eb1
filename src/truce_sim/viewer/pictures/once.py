"""Artists that stay as they are: laid out once, and drawn again in every frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.transforms import Transform

#: A call of one of the renderer's `draw_…`: its name, the graphics context and what else it takes.
_Call = tuple[str, Any, tuple[Any, ...], dict[str, Any]]


def lay_out_once(artist: Artist) -> None:
    """Have an artist repeat what it first asked of a renderer of pixels: the same pixels, without
    placing its words and lines again. It must not be changed after that."""
    draw = artist.draw
    asked: dict[RendererAgg, list[_Call]] = {}

    def draw_again(renderer: Any) -> None:
        if not isinstance(renderer, RendererAgg):
            draw(renderer)
        elif renderer in asked:
            for name, gc, more, named in asked[renderer]:
                getattr(renderer, name)(gc, *more, **named)
        else:
            asked.clear()  # of another size
            asked[renderer] = _asked(draw, renderer)

    artist.draw = draw_again  # type: ignore[method-assign]


def _asked(draw: Callable[[Any], object], renderer: RendererAgg) -> list[_Call]:
    """Draw, and return what was asked of the renderer."""
    note = _Note(renderer)
    draw(note)
    return note.calls


class _Note:
    """A renderer that notes what it is asked to draw."""

    def __init__(self, renderer: RendererAgg) -> None:
        self.renderer = renderer
        self.calls: list[_Call] = []

    def __getattr__(self, name: str) -> Any:
        """Return what the renderer has of that name; note calls of what draws."""
        found = getattr(self.renderer, name)
        if not name.startswith("draw_"):
            return found

        def draw(gc: Any, *more: Any, **named: Any) -> None:
            mine = self.renderer.new_gc()  # the artist's own changes
            mine.copy_properties(gc)
            still = tuple(each.frozen() if isinstance(each, Transform) else each for each in more)
            self.calls.append((name, mine, still, named))
            found(gc, *more, **named)

        return draw

"""Print a finished search: three policies in words, what was lost from search to proof, what to do
next."""

from __future__ import annotations

from collections.abc import Sequence

from truce_sim.policy import words
from truce_sim.policy.api import Search
from truce_sim.policy.report import REPORT
from truce_sim.terminal import console


def print_search(found: Search, arguments: Sequence[str]) -> None:
    """Print a finished search.

    Args:
        found: the search.
        arguments: of the command.
    """
    out = console()
    if found.problem.question:
        out.print(found.problem.question)
    out.print(
        f"{len(found.seen):,} of {found.problem.policies:,} policies tried; "
        f"{len(found.pareto):,} proved in {len(found.worlds):,} fresh worlds. Costs are assumed."
    )
    today = found.pareto[found.pareto["pick"].str.contains("today")].iloc[0]
    out.print(f"Today: {words.numbers(today)}")
    for i, (name, row) in enumerate(words.pick_rows(found.pareto)):
        said = words.verdict(found) if i == 0 else words.describe(found.problem, row)
        broken = words.limits_broken(found.problem, row)
        out.print(f"\n{name.capitalize()}: {said}{broken}\n  {words.numbers(row)}")
    out.print(f"\n{words.loss_in_words(found)}")
    for sentence in words.turns_on(found):
        out.print(f"  {sentence}")
    for name, lines in words.commands(found):
        out.print(f"\nNext, {name} next to today's policy: as a sweep, then in the viewer")
        for line in lines:
            out.print(f"  {line}")
    if found.folder is not None:
        out.print(f"\nEverything: {found.folder / REPORT}")

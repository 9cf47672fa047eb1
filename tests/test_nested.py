"""Dotted paths in nested mappings."""

from __future__ import annotations

import math
from typing import Any

import pytest

from truce_sim.settings.nested import at, copied, differences, get, holder, leaves, merge, nest, put


@pytest.fixture
def nested() -> dict[str, Any]:
    return {
        "seed": 1,
        "home": {"threshold": 4.5},
        "mediation": {"mediators": {"qatar": {"call": 0.3}}},
    }


def test_a_value_by_its_path(nested: dict[str, Any]) -> None:
    assert at(nested, "seed") == 1
    assert at(nested, "mediation.mediators.qatar.call") == 0.3
    assert at(nested, "home") is nested["home"]


def test_a_copy_shares_nothing_that_can_change() -> None:
    class Named(dict[str, Any]):
        pass

    own = Named(call=[0.3])
    given = {"a": {"b": [1, {"c": None}], "d": True}, "own": own, "e": (["x"], 2.5)}
    made = copied(given)
    assert made == given
    assert type(made["own"]) is Named
    made["a"]["b"][1]["c"] = made["own"]["call"][0] = made["e"][0][0] = 9
    made["a"]["b"].append(2)
    assert given == {"a": {"b": [1, {"c": None}], "d": True}, "own": {"call": [0.3]},
                     "e": (["x"], 2.5)}  # fmt: skip


@pytest.mark.parametrize("path", ["hom", "home.thresh", "seed.x", "home.threshold.x", ""])
def test_a_path_that_leads_nowhere(nested: dict[str, Any], path: str) -> None:
    before = repr(nested)
    with pytest.raises(KeyError):
        at(nested, path)
    assert get(nested, path) is None
    with pytest.raises(KeyError):
        put(nested, f"{path}.more", 1)
    assert repr(nested) == before


def test_get_takes_anything_for_a_mapping() -> None:
    assert get(None, "home") is None
    assert get([1], "home.threshold") is None


def test_the_mapping_around_a_value(nested: dict[str, Any]) -> None:
    assert holder(nested, "seed") == (nested, "seed")
    place, last = holder(nested, "mediation.mediators.oman")
    assert (place is nested["mediation"]["mediators"], last) == (True, "oman")


def test_a_value_is_put_in_place(nested: dict[str, Any]) -> None:
    put(nested, "home.threshold", 6)
    put(nested, "mediation.mediators", {"oman": {}})  # replaced as a whole
    assert nested == {
        "seed": 1, "home": {"threshold": 6}, "mediation": {"mediators": {"oman": {}}},
    }  # fmt: skip


def test_merging_keeps_what_it_does_not_name(nested: dict[str, Any]) -> None:
    merge(nested, "mediation.mediators", {"qatar": {"skill": 0.5}, "oman": {"call": 0.1}})
    merge(nested, "host.will.mean", 0.2)
    merge(nested, "home", 3)
    assert nested == {
        "seed": 1, "home": 3, "host": {"will": {"mean": 0.2}},
        "mediation": {"mediators": {"qatar": {"call": 0.3, "skill": 0.5}, "oman": {"call": 0.1}}},
    }  # fmt: skip


def test_merging_refuses_to_lead_through_a_value(nested: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match=r"threshold\.x"):
        merge(nested, "home.threshold.x", 1)


def test_leaves_and_nest_are_inverse(nested: dict[str, Any]) -> None:
    found = leaves(nested)
    assert found == {"seed": 1, "home.threshold": 4.5, "mediation.mediators.qatar.call": 0.3}
    again: dict[str, Any] = {}
    for path, value in found.items():
        merge(again, path, value)
        assert at(nest(path, value), path) == value
    assert again == nested


def test_a_mapping_can_be_a_leaf(nested: dict[str, Any]) -> None:
    found = leaves(nested, whole=["mediation.mediators"])
    assert found["mediation.mediators"] == {"qatar": {"call": 0.3}}
    assert len(found) == 3


def test_differences(nested: dict[str, Any]) -> None:
    now = {"seed": 1.0, "home": {"threshold": math.nan}, "sweep": [1]}
    assert list(differences(nested, nested)) == list(differences(now, now)) == []
    assert [path for path, _, _ in differences(nested, now)] == [
        "seed", "home.threshold", "mediation", "sweep",
    ]  # fmt: skip
    assert list(differences({"a": {"b": 1}}, {"a": {}})) == [("a.b", 1, None)]

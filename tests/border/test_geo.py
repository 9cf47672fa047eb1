"""The extra `geo`: what needs it says how to get it; nothing else imports it."""

import subprocess
import sys

import pytest

from truce_sim.border import geo
from truce_sim.errors import InputError


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(geo, "find_spec", lambda name: None if name == "pyproj" else object())
    with pytest.raises(InputError) as caught:
        geo.need_geo("border make")
    assert "needs pyproj, which is not installed" in str(caught.value)
    assert "pip install 'truce-sim[geo]'" in str(caught.value)


def test_running_a_shipped_border_imports_none_of_them():
    code = (
        "import sys; from truce_sim import load_setup; load_setup();"
        f"print([n for n in {geo.LIBRARIES} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

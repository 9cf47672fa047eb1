"""The wheel, as a stranger gets it: built, installed elsewhere, run from a folder of their own.

The environment is new. By default it borrows the libraries of the one that runs the tests, which
takes a second; with CI or TRUCE_SIM_CLEAN_INSTALL set, pip installs the wheel with what it asks
for and nothing else, so a dependency missing from pyproject.toml fails here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

from truce_sim import simulate
from truce_sim.version import __version__

REPOSITORY = Path(__file__).resolve().parents[2]
CLEAN = bool(os.environ.get("CI") or os.environ.get("TRUCE_SIM_CLEAN_INSTALL"))
RUN = ("run", "run.horizon_days=30")
DRY_RUN = ("sweep", "--dry-run")
OWN_CAPACITY = 0.9321

# The folders of the repository that are shipped, and where the wheel has them.
SHIPPED = {"src": "", "conf": "truce_sim/conf", "experiments": "truce_sim/experiments"}

# One worker runs them all, so that the wheel is built and installed once.
pytestmark = [
    pytest.mark.packaging,
    pytest.mark.slow,
]


@dataclass(frozen=True)
class Installation:
    """An environment that holds the wheel, and no trace of the repository."""

    prefix: Path

    @property
    def scripts(self) -> Path:
        return self.prefix / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.scripts / "python"

    def truce_sim(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the console script in a folder, as a user would."""
        return call([self.scripts / "truce-sim", *arguments], folder)


def call(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed, without what would let Python see the repository."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    call([*build, REPOSITORY], folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("elsewhere") / "venv")
    venv.create(installation.prefix, with_pip=False, symlinks=os.name != "nt")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        installation.python,
        "-qq",
        "install",
        "--no-compile",
    ]
    if CLEAN:
        call([*pip, "--constraint", versions(wheel.parent), wheel], wheel.parent)
    else:
        call([*pip, "--no-deps", wheel], wheel.parent)
        borrow_libraries(installation)
    return installation


def versions(folder: Path) -> Path:
    """The versions of constraints.txt without its hashes: pip then picks what the wheel needs."""
    pins = [
        line.rstrip(" \\")
        for line in (REPOSITORY / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    ]
    file = folder / "versions.txt"
    file.write_text("\n".join(pins))
    return file


def borrow_libraries(installation: Installation) -> None:
    """Let an environment see this one's libraries; a .pth here does not follow theirs."""
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(call([installation.python, "-c", find], installation.prefix).stdout.strip())
    borrowed = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    (own / "borrowed.pth").write_text("\n".join(sorted(borrowed)))


# ── what is inside ───────────────────────────────────────────────────────────────────────────


def test_the_wheel_holds_every_source_and_every_setting(names: list[str]) -> None:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("no git repository to say what belongs to the project")
    for folder, shipped_as in SHIPPED.items():
        tracked = call(["git", "ls-files", "-z", folder], REPOSITORY).stdout.split("\0")
        expected = {
            str(PurePosixPath(shipped_as, *PurePosixPath(name).parts[1:]))
            for name in tracked
            if name and (REPOSITORY / name).is_file()
        }
        assert expected <= set(names)


def test_the_wheel_holds_the_configuration_and_the_launcher(names: list[str]) -> None:
    assert "truce_sim/conf/config.yaml" in names
    assert "truce_sim/conf/experiment/doha.yaml" in names
    assert "hydra_plugins/truce_dask_launcher/__init__.py" in names
    assert "hydra_plugins/__init__.py" not in names
    assert "truce_sim/py.typed" in names


def test_the_wheel_holds_nothing_else(names: list[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in names}
    assert tops == {"truce_sim", "hydra_plugins", f"truce_sim-{__version__}.dist-info"}
    unwanted = {"tests", "bench", "__pycache__", "outputs", "multirun", ".hydra"}
    assert [name for name in names if unwanted & set(PurePosixPath(name).parts)] == []
    assert [name for name in names if PurePosixPath(name).name.startswith("test_")] == []


def test_no_file_of_the_wheel_names_a_folder_of_this_machine(wheel: Path) -> None:
    home = Path.home()
    folders = {str(REPOSITORY), sys.prefix, sys.base_prefix, tempfile.gettempdir() + os.sep}
    folders |= {str(home) + os.sep} if home != Path(home.anchor) else set()
    folders -= {"/usr", "/usr/local"}  # words of any text, and no secret
    with zipfile.ZipFile(wheel) as archive:
        leaks = [
            (name, folder)
            for name in archive.namelist()
            for folder in folders
            if folder.encode() in archive.read(name)
        ]
    assert leaks == []


def test_the_metadata_say_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"truce_sim-{__version__}.dist-info/METADATA").decode()
    metadata = Parser().parsestr(text)
    assert metadata["Name"] == "truce-sim"
    assert metadata["Version"] == __version__
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    assert metadata["License-Expression"] == "MIT"
    if (REPOSITORY / "README.md").is_file():
        assert metadata.get_payload(), 'add `readme = "README.md"` to [project] in pyproject.toml'


# ── what it does ─────────────────────────────────────────────────────────────────────────────


def test_the_installed_package_is_the_one_that_runs(
    installed: Installation, tmp_path: Path
) -> None:
    code = "import truce_sim; print(truce_sim.__file__)"
    file = Path(call([installed.python, "-c", code], tmp_path).stdout.strip())
    assert file.is_relative_to(installed.prefix)


def test_every_module_imports_with_what_the_wheel_asks_for(
    installed: Installation, tmp_path: Path
) -> None:
    imported = call([installed.python, "-c", IMPORT_ALL], tmp_path).stdout.split()
    assert {"truce_sim.cli", "truce_sim.engine.day", "truce_sim.sweeps.execution.worker"} <= {
        *imported
    }


def test_help(installed: Installation, tmp_path: Path) -> None:
    shown = installed.truce_sim(tmp_path, "--help").stdout
    assert "run" in shown
    assert "sweep" in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="rules are loaded by address on Linux only")
def test_the_first_run_compiles_nothing_and_comes_to_the_same(
    installed: Installation, tmp_path: Path
) -> None:
    own_cache = ["env", f"TRUCE_SIM_CACHE={tmp_path / 'cache'}"]
    python = [*own_cache, installed.python, "-c", FIRST_RUN]
    compiled, outcome = call(python, tmp_path).stdout.split()
    assert compiled == "False"
    assert outcome == simulate({"run.horizon_days": 90}).record.tobytes().hex()


@pytest.mark.skipif(sys.platform != "linux", reason="rules are loaded by address on Linux only")
def test_a_dry_run_leaves_machine_code_and_nothing_else(
    installed: Installation, tmp_path: Path
) -> None:
    """`make setup` ends with it, so that the first run need not compile."""
    cache, work = tmp_path / "cache", tmp_path / "work"
    work.mkdir()
    call(["env", f"TRUCE_SIM_CACHE={cache}", installed.scripts / "truce-sim", *DRY_RUN], work)
    assert {file.name.split("-")[0] for file in cache.rglob("*.code")} == {
        "fill_factors",
        "run_replicates",
    }
    assert list(work.iterdir()) == []
    assert f"truce-sim {' '.join(DRY_RUN)}" in (REPOSITORY / "Makefile").read_text()


def test_a_run_is_written_where_the_user_stands(installed: Installation, tmp_path: Path) -> None:
    installed.truce_sim(tmp_path, *RUN)
    kinds = {file.suffix for file in tmp_path.rglob("*") if file.is_file()}
    assert {".parquet", ".json"} <= kinds


def test_a_users_own_option_joins_the_packaged_ones(
    installed: Installation, tmp_path: Path
) -> None:
    option = tmp_path / "own" / "home" / "mine.yaml"
    option.parent.mkdir(parents=True)
    packaged = call([installed.python, "-c", HOME_OPTION], tmp_path).stdout.strip()
    option.write_text(f"defaults:\n  - {packaged}\n  - _self_\ncapacity: {OWN_CAPACITY}\n")
    work = tmp_path / "work"
    work.mkdir()
    # Hydra wants its flags together, all the overrides before them or after.
    own = ("run", "--config-dir", str(option.parents[1]))
    values = ("home=mine", "run.horizon_days=30")
    shown = installed.truce_sim(work, *own, "--cfg", "job", *values).stdout
    assert f"capacity: {OWN_CAPACITY}" in shown
    installed.truce_sim(work, *own, *values)
    assert list(work.rglob("*.parquet"))


# The viewer needs the extra `viz`; the studies in experiments/ are scripts, not modules.
IMPORT_ALL = """
import importlib, pathlib, truce_sim, hydra_plugins.truce_dask_launcher
extras = ("truce_sim.viewer", "truce_sim.sweeps.execution.dask_jobs")
left_out = (*extras, "truce_sim.experiments", "truce_sim.__main__")
root = pathlib.Path(truce_sim.__file__).parent
for file in sorted(root.rglob("*.py")):  # pkgutil would pass over engine/, which has no __init__
    name = ".".join((root.name, *file.relative_to(root).with_suffix("").parts))
    if not name.startswith(left_out):
        print(importlib.import_module(name.removesuffix(".__init__")).__name__)
"""

# Whether numba was needed, and the outcome.
FIRST_RUN = """
import sys
from truce_sim import simulate
outcome = simulate({"run.horizon_days": 90}).record
print("numba" in sys.modules, outcome.tobytes().hex())
"""

# Which packaged option of the group `home` the defaults choose.
HOME_OPTION = """
from pathlib import Path
import truce_sim, yaml
conf = Path(truce_sim.__file__).parent / "conf" / "config.yaml"
chosen = [e["home"] for e in yaml.safe_load(conf.read_text())["defaults"] if "home" in e]
print(chosen[0])
"""

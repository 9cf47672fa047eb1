"""The folder of one run: configuration, outcome, daily series, events."""

from __future__ import annotations

from pathlib import Path

from truce_sim.config.load import to_plain
from truce_sim.config.setup import Setup
from truce_sim.results import columns
from truce_sim.settings.schema import Config
from truce_sim.simulation.run import Simulation, simulate


def run_into_folder(described: Config | Setup) -> tuple[Simulation, Path]:
    """Simulate a configuration and write the run into a new folder.

    Args:
        described: the configuration, or its setup.

    Returns:
        The run, and its folder: `config.yaml`, `outcome.parquet`, `series.parquet`,
        `events.parquet` and `manifest.json`.

    Raises:
        InputError: a bad setting, or the folder already exists or cannot be created.
        RuntimeError: the run fails.
    """
    import pyarrow as pa
    from omegaconf import OmegaConf

    from truce_sim.results.provenance import make_folder, provenance
    from truce_sim.results.seal import run_notes
    from truce_sim.results.sources import keep_tables
    from truce_sim.results.store import to_table, write_json, write_table, write_whole

    result = simulate(described)
    config = result.config
    plain = to_plain(config)

    def fill(folder: Path) -> None:
        about = provenance(result.spec.seed, []) | {
            "kind": "run",
            "status": "done",
            "replicate": result.spec.replicate,
            "config": plain,
            "tables": keep_tables(
                folder, filter(None, [config.scenario.table, config.scenario.path])
            ),
        }

        def write(name: str, table: pa.Table) -> None:
            write_table(folder / f"{name}.parquet", table, run_notes(about, name))

        text = OmegaConf.to_yaml(OmegaConf.create(plain))
        write_whole(folder / "config.yaml", lambda path: path.write_text(text, encoding="utf-8"))
        outcome = result.outcome.to_frame().T.infer_objects()
        write("outcome", to_table(outcome, columns.OUTCOME))
        series = result.series.drop(columns=list(columns.DATE), errors="ignore").reset_index()
        write("series", to_table(series, columns.SERIES | columns.EVENT))
        write("events", to_table(result.log, columns.EVENT))
        write_json(folder / "manifest.json", about)

    return result, make_folder(config.output.dir, "run", config.output.name, fill)

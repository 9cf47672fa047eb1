"""Hooks of mkdocs: they bring in the pages outside docs/ (README, studies, changelog).

The site has the layout of the repository, so that links and pictures work unchanged. A link to
anything but a page (a source file, a folder) is shown as plain text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).resolve().parents[1]

#: Pages in the order of the navigation; patterns are expanded.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("README.md",),
    "Use": ("docs/guide.md", "docs/borders.md", "docs/cli.md", "docs/python.md", "docs/designs.md",
            "docs/sweeps.md", "docs/viewer.md", "docs/analysis.md", "docs/inference.md",
            "docs/nowcast.md", "docs/search.md", "docs/scaling.md"),
    "Model": ("docs/model.md", "docs/levers.md", "docs/columns.md", "docs/validation.md",
              "docs/population.md",
              "src/truce_sim/data/README.md"),
    "Studies": ("experiments/README.md", "experiments/*/README.md"),
    "Project": ("docs/architecture.md", "docs/releases.md", "CONTRIBUTING.md", "CHANGELOG.md"),
}  # fmt: skip

PICTURES = ("docs/figures/*.*", "experiments/**/*.png", "experiments/**/*.svg")

ASSETS = ("iframe-worker.js", "site.css")

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)\)")


def pages_of(section: str) -> list[str]:
    """List the existing pages of a section, each once."""
    return list(dict.fromkeys(path for pattern in SECTIONS[section] for path in _there(pattern)))


def _there(pattern: str) -> list[str]:
    return sorted(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob(pattern))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Set the navigation: the home page, then each section; titles are first headings."""
    home, *sections = SECTIONS
    config.nav = [*pages_of(home), *({section: pages_of(section)} for section in sections)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the pages of docs/ with the repository's pages and pictures, at their places."""
    own = [file for file in files if file.src_dir != config.docs_dir]
    paths = [page for section in SECTIONS for page in pages_of(section)]
    paths += [picture for pattern in PICTURES for picture in _there(pattern)]
    places = {path: path for path in paths} | {f"assets/{name}": f"tools/{name}" for name in ASSETS}
    made = [
        File.generated(config, place, abs_src_path=str(REPOSITORY / path))
        for place, path in places.items()
    ]
    return Files([*own, *made])


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """Show links to files that are not part of the site as plain text."""

    def shown(found: re.Match[str]) -> str:
        text, target = found.groups()
        path = os.path.normpath(Path(page.file.src_uri).parent / target)
        outside = "://" not in target and files.get_file_from_path(path) is None
        return text if outside and (REPOSITORY / path).exists() else found[0]

    return _LINK.sub(shown, markdown)

"""Hooks of the site (mkdocs.yml): pages that stand outside of docs/, and links to files of
the repository, which the site does not hold."""

import pathlib
import re

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Page of the site -> file of the repository.
PAGES = {"index.md": "README.md", "Contributing.md": "CONTRIBUTING.md", "Python.md": "python/README.md"}
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files, config):
    for page, source in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links to other pages become links of the site, those to sources their names."""
    folder = (ROOT / PAGES.get(page.file.src_uri, "docs/index.md")).parent
    sources = {source: name for name, source in PAGES.items()}

    def rewrite(match):
        text, target, anchor = match[1], match[2], match[3] or ""
        if "://" in target:
            return match[0]
        path = (folder / target).resolve()
        if not path.exists():
            raise PluginError(f"{page.file.src_uri}: '{target}' does not exist")
        name = path.relative_to(ROOT).as_posix()
        if name in sources:
            return f"[{text}]({sources[name]}{anchor})"
        if path.parent == ROOT / "docs" and path.suffix == ".md":
            return f"[{text}]({path.name}{anchor})"
        return text if text.startswith("`") else f"`{name}`"

    return LINK.sub(rewrite, markdown)

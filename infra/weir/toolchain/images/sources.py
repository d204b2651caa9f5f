"""Where the content of a part comes from, and by which key it is known before it is made."""

from __future__ import annotations

import compileall
import py_compile
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain import fetch
from weir.toolchain.images.definition import Account, ImageDefinition, Part
from weir.toolchain.images.layers import ROOT, Owner, digest_of, write_tree
from weir.toolchain.installed import Toolchain
from weir.toolchain.job_package import build_job_package
from weir.toolchain.toolchain import uv_program

DEBIAN_PYTHON = "/usr/bin/python3"
COMPILED = shutil.ignore_patterns("__pycache__")
BYTECODE = "unchecked-hash"
"""Older layers had none, or that of the machine that they were made on."""


@dataclass(frozen=True)
class Sources:
    """The repository, and the toolchain with every tool that the images name."""

    repository: Path
    toolchain: Toolchain

    def key(self, image: ImageDefinition, part: Part) -> str:
        """Changes with everything that the part's layer is made of."""
        return "\0".join(
            [self._content(image, part), BYTECODE, part.model_dump_json(), image.account.model_dump_json()]
        )

    def write(self, image: ImageDefinition, part: Part, target: Path) -> None:
        """Makes the part's layer."""
        owner = _owner(image.account) if part.owned else ROOT
        # Beside the tools, so that what is copied of them can be links.
        with tempfile.TemporaryDirectory(dir=self.toolchain.cache) as scratch:
            source = self._made(image, part, Path(scratch) / "made")
            write_tree(target, source, part.to, without=part.without, owner=owner)

    def _made(self, image: ImageDefinition, part: Part, target: Path) -> Path:
        """The file or folder that becomes the layer: what is there already, or else `target`."""
        if part.made:
            return build_job_package(self.repository, target)
        if part.locks:
            self._python(part, target)
        else:
            source = self._folder(image, part)
            if source.is_file() or next(source.rglob("*.py"), None) is None:
                return source
            copy = _link if part.tool else shutil.copy
            shutil.copytree(source, target, symlinks=True, copy_function=copy, ignore=COMPILED)
        if (target / "pyvenv.cfg").exists():
            use_debian_python(target)
        compile_python(target, part.to)
        return target

    def _folder(self, image: ImageDefinition, part: Part) -> Path:
        if part.tool:
            return self.toolchain.home(part.tool)
        folder = self.repository / (part.repository or f"images/{image.name.value}/{part.own}")
        if not folder.exists():
            raise WeirError(
                f"images/{image.name.value}/image.yaml: {folder} does not exist; correct the part {part.to}"
            )
        return folder

    def _content(self, image: ImageDefinition, part: Part) -> str:
        if part.tool:
            return self.toolchain.home(part.tool).name
        if part.locks:
            return "".join(digest_of(self.repository / "locks" / lock) for lock in part.locks)
        if part.made:
            with tempfile.TemporaryDirectory() as scratch:
                return digest_of(build_job_package(self.repository, Path(scratch) / "job.zip"))
        return digest_of(self._folder(image, part), [*part.without, "*__pycache__*"])

    def _python(self, part: Part, folder: Path) -> None:
        locks = [self.repository / "locks" / lock for lock in part.locks]
        with fetch.clear_errors(", ".join(part.locks), self.toolchain.cache):
            fetch.python_environment(uv_program(self.toolchain.cache), self.repository, locks, folder, lambda *_: None)


def use_debian_python(environment: Path) -> None:
    """An environment as the image sees it: its Python is Debian's, of the same minor version."""
    config = environment / "pyvenv.cfg"
    lines = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("home")]
    config.unlink()
    config.write_text("\n".join([f"home = {Path(DEBIAN_PYTHON).parent}", *lines]) + "\n", encoding="utf-8")
    for name in ("python", "python3", "python3.11"):
        link = environment / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(DEBIAN_PYTHON if name == "python" else "python")


def compile_python(folder: Path, to: str) -> None:
    """Puts the bytecode of every module in `folder` beside it; tracebacks name the files as they are below `to`.

    A pod cannot keep what it compiles, so each start would compile all that it imports: half of the time that Superset
    takes to be ready. The bytecode is taken as it is (PEP 552), for files of an image neither have a date nor change.
    """
    compileall.compile_dir(
        folder,
        force=True,
        quiet=2,  # what is not Python in spite of its name (templates, tests of old versions) stays as it is
        stripdir=str(folder),
        prependdir=to,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=0,
    )


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _owner(account: Account) -> Owner:
    return Owner(account.id, account.id)

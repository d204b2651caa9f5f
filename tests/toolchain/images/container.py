"""A built image's programs, run as a pod runs them but with no container engine: a read-only root, and no rights."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from weir.config.images import ImageName
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.toolchain.images import library
from weir.toolchain.images.definition import ImageDefinition

STACK_FILE = REPOSITORY / "stacks" / "Pulumi.cluster.yaml"


@dataclass(frozen=True)
class Image:
    """What an image's definition says, and its files in a folder."""

    definition: ImageDefinition
    root: Path

    @classmethod
    def built(cls, name: ImageName, root: Path) -> Image:
        """The image as `weir images build` makes it, unpacked into `root`."""
        assert os.geteuid() == 0, "files of an image have many owners, and its programs an account: run this as root"
        (image,) = library.build(REPOSITORY, load_stack(STACK_FILE).images, [name.value], lambda *_: None)
        store = library.store_of(dict(os.environ))
        root.mkdir()
        for layer in image.layers:
            subprocess.run(["tar", "-xpf", str(store.path(layer)), "--numeric-owner", "-C", str(root)], check=True)
        (definition,) = library.chosen(REPOSITORY, [name.value])
        return cls(definition, root)

    def command(self, command: Sequence[str], files: Mapping[str, Path], writable: Mapping[str, Path]) -> list[str]:
        """The command line that runs `command` in the image, restricted as Pod Security asks, on the machine's network.

        `files` and `writable` are mounted: a path in the image, and what is there. /tmp is the pod's own.
        """
        user, root = self.definition.account.id, self.root
        for path, source in {**files, **writable}.items():
            self._mount_point(path, is_folder=source.is_dir())
        for source in writable.values():
            os.chown(source, user, user)
        steps = [
            f"mount --bind {root} {root}",
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
            f"mount -t tmpfs -o mode=1777 tmpfs {root}/tmp",  # noqa: S108 - inside the image
            *(f"mount --bind {source} {root}{path}" for path, source in {**files, **writable}.items()),
            *(f"mount -o remount,bind,ro {root}{path}" for path in ("", *files)),
        ]
        restricted = [
            *("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"),
            *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
        ]
        variables = [f"{name}={value}" for name, value in self.definition.environment.items()]
        program = ["env", "-i", "-C", self.definition.working_folder, *variables, *command]
        script = " && ".join([*steps, shlex.join(["exec", "chroot", str(root), *restricted, *program])])
        return ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "sh", "-c", script]

    @contextmanager
    def running(
        self, command: Sequence[str], files: Mapping[str, Path], writable: Mapping[str, Path], log: Path
    ) -> Iterator[None]:
        """Runs `command` in the image until the end; what it says is in `log`."""
        with (
            log.open("wb") as output,
            subprocess.Popen(self.command(command, files, writable), stdout=output, stderr=output) as process,
        ):
            try:
                yield
            finally:
                first = psutil.Process(process.pid).children() if process.poll() is None else []
                # All of its processes end with the first: the kernel would not tell them that `unshare` is gone,
                # for a program that became another user is told no longer.
                for each in first:
                    each.kill()
                assert first, f"it ended by itself:\n{log.read_text()[-3000:]}"

    def _mount_point(self, path: str, *, is_folder: bool) -> None:
        point = Path(f"{self.root}{path}")
        if is_folder:
            point.mkdir(parents=True, exist_ok=True)
        else:
            point.parent.mkdir(parents=True, exist_ok=True)
            point.touch()

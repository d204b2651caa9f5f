"""Built images on their way out: one tar of an OCI layout, to a file or straight into containerd."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import IO

from weir.config.errors import WeirError
from weir.toolchain.images.build import BuiltImage, index_of
from weir.toolchain.images.layers import LayerStore

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
NAMESPACE = "k8s.io"
"""Where the kubelet's containerd looks for images."""


def write_archive(store: LayerStore, images: list[BuiltImage], stream: IO[bytes]) -> None:
    """The layout of `images` as a tar; what several share is in it once."""
    with tarfile.open(fileobj=stream, mode="w|") as archive:
        for name, content in (("oci-layout", LAYOUT), ("index.json", index_of(images))):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for blob in dict.fromkeys(blob for image in images for blob in image.blobs):
            archive.add(store.path(blob), f"blobs/sha256/{blob.digest}")


def load_into_containerd(store: LayerStore, images: list[BuiltImage], socket: Path) -> None:
    """Imports `images` into the containerd that listens on `socket`.

    Raises:
        WeirError: containerd refused them, or does not answer.
    """
    command = ["ctr", "--address", str(socket), "--namespace", NAMESPACE, "images", "import", "--digests", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        try:
            write_archive(store, images, process.stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass  # what it says follows
        said = process.stdout.read().decode(errors="replace")
    if process.returncode != 0:
        raise WeirError(f"containerd at {socket} did not import the images: {said.strip()[-500:]}")

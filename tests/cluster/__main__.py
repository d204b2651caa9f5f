"""A cluster to work with by hand.

    python -m tests.cluster up                 # in the foreground, until Ctrl-C or `down`
    python -m tests.cluster load image.tar ...
    python -m tests.cluster kubectl get pods -A
    python -m tests.cluster node COMMAND ...   # on the node, where services answer by name
    python -m tests.cluster build              # compile everything that the cache lacks, Pulumi's CLI too
    python -m tests.cluster down

The cluster's folder is `.weir-cluster`, or `$WEIR_CLUSTER_HOME`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster import cluster, programs

from weir.config.errors import WeirError

FOLDER = Path(os.environ.get("WEIR_CLUSTER_HOME") or cluster.REPOSITORY / ".weir-cluster")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["up"]:
            return _up()
        case ["down"]:
            _say("the cluster is gone" if cluster.stop_other(FOLDER) else "no cluster is there")
        case ["load", *archives]:
            for archive in archives:
                cluster.other(FOLDER).load(Path(archive))
        case ["kubectl", *rest]:
            return subprocess.run(["kubectl", *rest], env=cluster.other(FOLDER).environment, check=False).returncode
        case ["node", *command] if command:
            there = cluster.other(FOLDER)
            return subprocess.run(there.node_command(*command), env=there.environment, check=False).returncode
        case ["build"]:
            programs.ensure(*programs.CLUSTER)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def _up() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    begin = time.monotonic()
    with cluster.running(FOLDER) as running:
        _say(f"the cluster is up after {time.monotonic() - begin:.1f} s: export KUBECONFIG={running.kubeconfig}")
        try:
            signal.pause()
        except KeyboardInterrupt:
            _say("")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except WeirError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)

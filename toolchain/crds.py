"""Downloads the CRDs of the pinned operators into .cache/crds (make crds), a folder for each release."""

from __future__ import annotations

import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from weir.config import versions

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / ".cache" / "crds"
TIMEOUT_SECONDS = 60
RAW = "https://raw.githubusercontent.com"
RELEASES = "https://github.com"


@dataclass(frozen=True)
class Source:
    """Where the CRDs of one release are: `folder` is its name below `CRD_DIR`."""

    folder: str
    base: str
    files: tuple[str, ...]


SOURCES = (
    Source(
        f"strimzi-{versions.STRIMZI_OPERATOR}",
        f"{RAW}/strimzi/strimzi-kafka-operator/{versions.STRIMZI_OPERATOR}/install/cluster-operator",
        ("040-Crd-kafka.yaml", "043-Crd-kafkatopic.yaml", "044-Crd-kafkauser.yaml", "045-Crd-kafkanodepool.yaml"),
    ),
    Source(
        f"flink-kubernetes-operator-{versions.FLINK_OPERATOR}",
        f"{RAW}/apache/flink-kubernetes-operator/release-{versions.FLINK_OPERATOR}/helm/flink-kubernetes-operator/crds",
        ("flinkdeployments.flink.apache.org-v1.yml", "flinkstatesnapshots.flink.apache.org-v1.yml"),
    ),
    Source(
        f"k8ssandra-operator-{versions.K8SSANDRA_OPERATOR}",
        f"{RAW}/k8ssandra/k8ssandra-operator/v{versions.K8SSANDRA_OPERATOR}/config/crd/bases",
        ("k8ssandra.io_k8ssandraclusters.yaml", "medusa.k8ssandra.io_medusabackupschedules.yaml"),
    ),
    Source(
        f"cass-operator-{versions.CASS_OPERATOR}",
        f"{RAW}/k8ssandra/cass-operator/v{versions.CASS_OPERATOR}/config/crd/bases",
        ("cassandra.datastax.com_cassandradatacenters.yaml",),
    ),
    Source(
        f"cert-manager-{versions.CERT_MANAGER}",
        f"{RELEASES}/cert-manager/cert-manager/releases/download/{versions.CERT_MANAGER}",
        ("cert-manager.crds.yaml",),
    ),
    Source(
        f"prometheus-operator-{versions.PROMETHEUS_OPERATOR}",
        f"{RAW}/prometheus-operator/prometheus-operator/{versions.PROMETHEUS_OPERATOR}/example/prometheus-operator-crd",
        ("monitoring.coreos.com_podmonitors.yaml", "monitoring.coreos.com_prometheusrules.yaml"),
    ),
    Source(
        f"superset-kubernetes-operator-{versions.SUPERSET_OPERATOR}",
        f"{RAW}/apache/superset-kubernetes-operator/{versions.SUPERSET_OPERATOR}/config/crd/bases",
        ("superset.apache.org_supersets.yaml",),
    ),
)


def main() -> None:
    """Fetches what is missing. A file that is there is whole: it is renamed once it is."""
    for source in SOURCES:
        for name in source.files:
            target = TARGET / source.folder / name
            if not target.exists():
                _fetch(f"{source.base}/{name}", target)
    sys.stdout.write(f"{TARGET}\n")


def _fetch(url: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = target.with_suffix(".new")
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - https, see SOURCES
        staging.write_bytes(response.read())
    staging.replace(target)


if __name__ == "__main__":
    main()

"""What Netflix's public capacity models plan for loads: JSON from stdin to stdout, in an environment of its own.

Not a test, and imports nothing of weir's: `make sizing` runs it with the packages of locks/capacity-modeling.txt.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from service_capacity_modeling.capacity_planner import planner  # pyright: ignore[reportMissingImports]
from service_capacity_modeling.interface import (  # pyright: ignore[reportMissingImports]
    CapacityDesires,
    DataShape,
    QueryPattern,
    certain_float,
    certain_int,
)

REGION = "us-east-1"
# Important to the product; the lowest tier allows one node in each zone.
TIERS = {True: 1, False: 3}


def kafka(load: dict[str, Any]) -> dict[str, float]:
    """Of bytes in a second at the peak, groups of readers, and GiB with all copies at the mean."""
    desires = CapacityDesires(
        service_tier=TIERS[load["available"]],
        query_pattern=QueryPattern(
            estimated_read_per_second=certain_int(load["readers"]),
            estimated_write_per_second=certain_int(1),
            estimated_mean_read_size_bytes=certain_int(int(load["bytes_per_second"])),
            estimated_mean_write_size_bytes=certain_int(int(load["bytes_per_second"])),
        ),
        data_shape=DataShape(estimated_state_size_gib=certain_float(load["stored_gib"])),
    )
    return _planned("org.netflix.kafka", desires, {"copies_per_region": load["copies"], "require_attached_disks": True})


def cassandra(load: dict[str, Any]) -> dict[str, float]:
    """Of writes and reads in a second at the peak, and GiB of one copy at the mean."""
    desires = CapacityDesires(
        service_tier=TIERS[load["available"]],
        query_pattern=QueryPattern(
            estimated_read_per_second=certain_float(max(load["reads_per_second"], 1)),
            estimated_write_per_second=certain_float(load["writes_per_second"]),
            estimated_mean_write_size_bytes=certain_int(int(load["row_bytes"])),
        ),
        data_shape=DataShape(
            estimated_state_size_gib=certain_float(load["stored_gib"]), estimated_compression_ratio=certain_float(1)
        ),
    )
    extra = {"copies_per_region": load["copies"], "require_attached_disks": True, "require_local_disks": False}
    return _planned("org.netflix.cassandra", desires, extra)


def _planned(model: str, desires: CapacityDesires, extra: dict[str, Any]) -> dict[str, float]:
    plans = planner.plan_certain(
        model_name=model, region=REGION, desires=desires, num_results=1, extra_model_arguments=extra
    )
    if not plans:
        raise SystemExit(f"{model}: no plan for {desires}")
    zones = plans[0].candidate_clusters.zonal
    return {
        "nodes": sum(zone.count for zone in zones),
        "cores": sum(zone.count * zone.instance.cpu for zone in zones),
        "disk_gib": sum(zone.count * sum(drive.size_gib for drive in zone.attached_drives) for zone in zones),
    }


def main() -> None:
    """Plans every load."""
    loads = json.load(sys.stdin)
    found = {
        name: {"kafka": kafka(load["kafka"]), "cassandra": cassandra(load["cassandra"])} for name, load in loads.items()
    }
    json.dump({"loads": loads, "netflix": found}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()

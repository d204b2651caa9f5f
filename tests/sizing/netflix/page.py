"""docs/sizing.md: our plans of six workloads beside those of Netflix's models (`make sizing`).

python -m tests.sizing.netflix.page inputs > loads.json     # then model.py, in its own environment
python -m tests.sizing.netflix.page write                   # from figures.json
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.sizing.netflix.workloads import WORKLOADS, inputs, plan_of

from weir.config.repository import REPOSITORY

FIGURES = Path(__file__).parent / "figures.json"
PAGE = REPOSITORY / "docs" / "sizing.md"
FAR = 2.0
"""A difference by more than this factor has its reason on the page."""
WIDTH = 140
HEAD = """# How our sizes compare
<!-- Written by `make sizing`; do not edit. -->
"""
INTRODUCTION = (
    "Netflix publishes the models by which it plans capacity: "
    "[service-capacity-modeling](https://pypi.org/project/service-capacity-modeling/), here {version}. Both get the "
    "same rates with the same headroom, the same copies, the same data at the planned mean, and volumes from the "
    "network. Theirs picks a machine of AWS's; ours divides what is needed among pods. Numbers within a factor of two "
    "agree, and every larger difference is explained. Neither measures: run `weir bench pipeline` on your nodes."
)
REASONS: Mapping[str, str] = yaml.safe_load((Path(__file__).parent / "reasons.yaml").read_text(encoding="utf-8"))
UNITS = {"nodes": "", "cores": "", "disk_gib": " GiB"}
NAMES = {"nodes": "nodes", "cores": "cores", "disk_gib": "disk"}


@cache
def ours() -> dict[str, dict[str, dict[str, float]]]:
    """Our plans: by workload and service, the figures that Netflix's model has, too. Brokers and nodes alone count."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, workload in WORKLOADS.items():
        plan = plan_of(workload)
        pods = {
            "kafka": (plan.kafka.brokers, plan.kafka.broker),
            "cassandra": (plan.cassandra.nodes, plan.cassandra.node),
        }
        found[name] = {
            service: {"nodes": count, "cores": count * pod.cpu_cores, "disk_gib": count * pod.disk_gib}
            for service, (count, pod) in pods.items()
        }
    return found


def page(recorded: Mapping[str, Any], version: str) -> str:
    """The page, from what Netflix's models said."""
    lines = [HEAD, _filled(INTRODUCTION.format(version=version)), ""]
    for service in ("kafka", "cassandra"):
        lines += [f"## {service.capitalize()}", *_table(service, recorded["netflix"])]
        lines += [*_reasons(service, recorded["netflix"]), ""]
    lines += ["## The workloads", *_workloads(), ""]
    return "\n".join(lines).rstrip() + "\n"


def differences(netflix: Mapping[str, Any]) -> Iterator[tuple[str, str, str, float]]:
    """Workload, service and figure of every difference that is large, and ours as a multiple of Netflix's.

    Netflix's model of Kafka rounds a disk of less than a GiB for each zone down to none, which is no measure.
    """
    for name, services in ours().items():
        for service, figures in services.items():
            for figure, value in figures.items():
                theirs = netflix[name][service][figure]
                if theirs and not 1 / FAR <= value / theirs <= FAR:
                    yield name, service, figure, value / theirs


def _table(service: str, netflix: Mapping[str, Any]) -> Iterator[str]:
    yield "| workload | " + " | ".join(f"{NAMES[figure]}: ours | Netflix's" for figure in UNITS) + " |"
    yield "|---|" + "---:|---:|" * len(UNITS)
    for name, services in ours().items():
        cells = [
            f"{value:,.10g}{unit} | {netflix[name][service][figure]:,.10g}{unit}"
            for (figure, unit), value in zip(UNITS.items(), services[service].values(), strict=True)
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _reasons(service: str, netflix: Mapping[str, Any]) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for name, of, figure, factor in differences(netflix):
        if of == service:
            found.setdefault(figure, []).append(f"{name} {factor:.2g} times")
    for figure, where in found.items():
        yield ""
        yield _filled(
            f"**{NAMES[figure].capitalize()}** ({', '.join(where)} Netflix's): {REASONS[f'{service}.{figure}']}"
        )


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def _workloads() -> Iterator[str]:
    yield "| workload | mean, peak (events/s) | in Kafka | in Cassandra | copies and zones | users |"
    yield "|---|---|---|---|---|---|"
    for name, each in WORKLOADS.items():
        copies = "3 in 3" if each.available else "1 in 1"
        yield (
            f"| {name} | {each.mean:,g}, {each.peak:,g} | {each.hours} h | {each.days} d | {copies} | {each.users} |"
        )


def version_of() -> str:
    """The pinned version of Netflix's package."""
    text = (REPOSITORY / "locks" / "capacity-modeling.in").read_text(encoding="utf-8")
    return text.split("service-capacity-modeling==")[1].split()[0]


def main() -> None:
    """Prints what the models are to be told, or writes the page."""
    if sys.argv[1:] == ["inputs"]:
        json.dump(inputs(), sys.stdout, indent=1)
        return
    PAGE.write_text(page(json.loads(FIGURES.read_text(encoding="utf-8")), version_of()), encoding="utf-8")


if __name__ == "__main__":
    main()

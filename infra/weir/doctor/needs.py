"""What a stack needs of its cluster: its settings, its plan, and what of its manifests matters to a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weir.config.stack import StackConfig
from weir.config.versions import CRDS
from weir.sizing.plan import PlatformPlan, PodSize, Presence


@dataclass(frozen=True)
class Needs:
    """One environment, as `weir doctor` looks at it."""

    stack: StackConfig
    plan: PlatformPlan
    kinds: frozenset[str]
    """The kinds of custom resources that its manifests have."""
    images: frozenset[str]
    """The images of its own pods."""

    @classmethod
    def of(cls, stack: StackConfig, plan: PlatformPlan, manifests: Collection[Mapping[str, Any]]) -> Needs:
        """From the rendered manifests."""
        kinds = {str(manifest["kind"]) for manifest in manifests} & set(CRDS)
        images = {image for manifest in manifests for image in _images(manifest)}
        return cls(stack, plan, frozenset(kinds), frozenset(images))

    @property
    def namespace(self) -> str:
        """The platform's."""
        return self.stack.kubernetes.name_prefix

    @property
    def several_zones(self) -> bool:
        """Whether pods are tied to zones; with one zone, its name is not used."""
        return len(self.stack.availability.zones) > 1

    def pods(self) -> Iterator[tuple[str, PodSize]]:
        """Every pod of the plan with its component, as it is asked for: CPU at `resources.cpu_request_share`."""
        share = self.stack.resources.cpu_request_share
        for group in self.plan.pods:
            if group.presence is Presence.ALWAYS:
                size = PodSize(group.pod.cpu_cores * share, group.pod.memory_mib)
                yield from [(group.component, size)] * group.count

    def storage_classes(self) -> dict[str, str | None]:
        """What has volumes -> its storage class, None for the cluster's default."""
        classes, plan = self.stack.storage.classes, self.plan
        has_volumes = {
            "kafka": plan.kafka.aiven is None and plan.kafka.existing is None,
            "cassandra": True,
            "flink": self.stack.storage.object_storage is None
            or any(job.task_manager.disk_gib for job in plan.flink.values()),
            "streams": any(application.instance.disk_gib for application in plan.streams.values()),
            "superset": plan.superset.postgresql is not None,
        }
        return {name: getattr(classes, name) for name, needed in has_volumes.items() if needed}


def _images(value: Any) -> Iterator[str]:
    """Every `image: text` of a manifest."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "image" and isinstance(inner, str):
                yield inner
            else:
                yield from _images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)

"""What a lost zone leaves to the others: which work rises on the nodes that remain, and by how much.

Kafka and Cassandra both place copies by rack and do not move them when a rack is lost. With N racks and `factor`
copies, a node in another rack therefore stores and appends what it did before:

- With `factor` = N every rack already has a copy of everything, and there is no rack left to make a new copy in. Writes
  for each remaining node stay the same.
- With `factor` < N a copy can be made anew in a rack that has none (Cassandra's `removenode`, Kafka's reassignment),
  and the nodes of N - 1 racks must be able to take what N took. It is a person's decision, so room for it is planned.

What clients ask for does rise, by N / (N - 1), whatever `factor` is: they send to fewer nodes, which lead more
partitions (Kafka) or coordinate more requests (Cassandra).

One rack counts as `factor` groups of nodes, of which one may be lost. A single copy survives no loss: none is spared.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spare:
    """Factors, at least 1, by which a need is multiplied so that the remaining nodes can meet it."""

    requests: float
    """Of what clients ask for: reads, coordination, produce requests."""
    copies: float
    """Of what is written to every copy."""


def spare_of(zones: int, factor: int) -> Spare:
    """The spare of a service with `factor` copies in `zones` zones; the derivation is the module's."""
    if factor == 1:
        return Spare(1.0, 1.0)
    groups = max(zones, factor)
    rise = groups / (groups - 1)
    return Spare(requests=rise, copies=rise if groups > factor else 1.0)

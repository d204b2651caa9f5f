"""The price sheet: what one unit of each resource costs in a month."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen

Price = Annotated[float, Field(ge=0)]


class PricesConfig(Frozen):
    """Prices of one month of 730 hours. The defaults are list prices of general-purpose nodes: write yours."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    cpu_core_month: Price = 24.5
    memory_gib_month: Price = 3.3
    disk_gib_month: Annotated[float, Field(ge=0, description="Volumes of Kafka and Cassandra.")] = 0.08
    object_storage_gib_month: Price = 0.023
    cross_zone_gib: Annotated[float, Field(ge=0, description="Traffic between zones, in both directions.")] = 0.02
    aiven_plan_month: Annotated[dict[str, float], Field(description="Aiven's price for each plan in use.")] = {}

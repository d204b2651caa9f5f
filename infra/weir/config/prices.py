"""The price sheet: what one unit of each resource costs in a month."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from weir.config.base import Frozen

Price = Annotated[float, Field(ge=0)]


class AivenPlan(Frozen):
    """A Kafka plan of Aiven's in your cloud, as `avn service plans --service-type kafka` lists it."""

    month: Annotated[float, Field(ge=0, description="Its price in a month, with the included disk.")]
    included_disk_gib: Annotated[int, Field(ge=0, description="Of all brokers together.")]
    maximum_disk_gib: Annotated[int, Field(ge=0, description="Of all brokers together, with all that can be added.")]

    @model_validator(mode="after")
    def _in_order(self) -> AivenPlan:
        if self.maximum_disk_gib < self.included_disk_gib:
            raise ValueError(
                f"maximum_disk_gib {self.maximum_disk_gib} is below included_disk_gib {self.included_disk_gib}; "
                "correct one of them"
            )
        return self


class PricesConfig(Frozen):
    """Prices of one month of 730 hours. The defaults are list prices of general-purpose nodes: write yours."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    cpu_core_month: Price = 24.5
    memory_gib_month: Price = 3.3
    disk_gib_month: Annotated[float, Field(ge=0, description="Volumes of Kafka and Cassandra.")] = 0.08
    object_storage_gib_month: Price = 0.023
    cross_zone_gib: Annotated[float, Field(ge=0, description="Traffic between zones, in both directions.")] = 0.02
    aiven_plans: Annotated[
        dict[str, AivenPlan],
        Field(
            description="With kafka.provider aiven: the plans to choose among, by name, e.g. `business-8`. Sizing "
            "takes the cheapest that is large enough."
        ),
    ] = {}
    aiven_disk_gib_month: Annotated[
        float,
        Field(ge=0, description="Disk that is added to an Aiven plan. The default is an assumption: write yours."),
    ] = 0.3

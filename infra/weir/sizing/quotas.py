"""What each Kafka user may write and read."""

from __future__ import annotations

from dataclasses import replace

from weir.catalog.principals import Principal
from weir.sizing.plan import KafkaPlan, QuotaPlan


def quota_of(plan: KafkaPlan, user: Principal) -> QuotaPlan | None:
    """A user's own limit, or the pipeline's for each of its groups; None for the platform's own users."""
    quota = plan.quotas.get(user.pipeline or "")
    if quota is None:
        return None
    given = user.quota_bytes_per_second
    return replace(
        quota,
        producer_bytes_per_second=given or quota.producer_bytes_per_second,
        consumer_bytes_per_second=given or quota.consumer_bytes_per_second * user.readers,
    )

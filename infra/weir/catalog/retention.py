"""How long data stays, converted once: people write hours and days, Kafka takes milliseconds, Cassandra seconds."""

from __future__ import annotations

SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = 86_400
MILLISECONDS_PER_HOUR = 3_600_000

# Kafka deletes only closed segments, each as a whole: with this many in the retention, an event stays at most this much
# longer than it must (1/24 of it), and a broker holds few files for each partition.
SEGMENTS_PER_RETENTION = 24
SHORTEST_SEGMENT_MILLISECONDS = MILLISECONDS_PER_HOUR
# Kafka's own default of segment.ms.
LONGEST_SEGMENT_MILLISECONDS = 7 * 24 * MILLISECONDS_PER_HOUR

# Cassandra's documentation of the time-window strategy asks for 20 to 30 windows over a table's TTL.
TARGET_WINDOWS = 30

# Cassandra's own default: ten days, in which a repair must have brought a deletion to every copy.
GC_GRACE_SECONDS = 10 * SECONDS_PER_DAY


def hours_to_milliseconds(hours: int) -> int:
    """Hours as Kafka counts."""
    return hours * MILLISECONDS_PER_HOUR


def hours_to_seconds(hours: int) -> int:
    """Hours as Cassandra counts."""
    return hours * SECONDS_PER_HOUR


def days_to_seconds(days: int | None) -> int:
    """Days as Cassandra counts; none is 0, which to Cassandra means for ever."""
    return (days or 0) * SECONDS_PER_DAY


def retention_milliseconds(hours: int | None) -> int:
    """`retention.ms`; without a number of hours nothing expires."""
    return -1 if hours is None else hours_to_milliseconds(hours)


def segment_milliseconds(hours: int | None) -> int:
    """`segment.ms` that suits a retention: when a segment is closed, at the latest, and so can expire."""
    if hours is None:
        return LONGEST_SEGMENT_MILLISECONDS
    wanted = hours_to_milliseconds(hours) // SEGMENTS_PER_RETENTION
    return min(max(wanted, SHORTEST_SEGMENT_MILLISECONDS), LONGEST_SEGMENT_MILLISECONDS)


def time_window(ttl_seconds: int) -> tuple[int, str]:
    """Size and unit of the windows of a table whose rows live for `ttl_seconds`: whole hours or days."""
    window_hours = max(1, ttl_seconds // SECONDS_PER_HOUR // TARGET_WINDOWS)
    return (round(window_hours / 24), "DAYS") if window_hours >= 24 else (window_hours, "HOURS")

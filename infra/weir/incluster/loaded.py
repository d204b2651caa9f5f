"""The rows that the loader of a Kafka Streams pipeline has written, and restarts of its failed tasks."""

from __future__ import annotations

import logging

from weir.catalog.engine_names import connector_name, loaded_tables, loader_group
from weir.catalog.pipeline import Pipeline
from weir.clients.connect import LoaderClient
from weir.clients.kafka import TopicReader
from weir.clients.kafka_backlog import positions_waiting, records_waiting
from weir.clients.loader_log import LoaderLog, Positions, has_got_on
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

log = logging.getLogger("weir.monitor")


class LoadedRows:
    """Counts a pipeline's rows in Cassandra; restarts failed tasks of its loader and counts their failures."""

    def __init__(self, endpoints: Endpoints, pipeline: Pipeline, failures: LoaderLog | None = None) -> None:
        self._endpoints = endpoints
        self._loader = LoaderClient(endpoints.loader_url)
        self._pipeline = pipeline
        self._failures = failures or LoaderLog()
        self._stood: Positions | None = None
        topic = pipeline.table_topics[pipeline.row_table.name].name
        self._reader = TopicReader(endpoints, topic, group=loader_group(pipeline))

    def close(self) -> None:
        """Closes the connection."""
        self._reader.__exit__()

    def written(self, distinct_events: int) -> int:
        """How many of the rows that the application has sent are written.

        Raises:
            WeirError: Kafka does not answer.
        """
        return max(0, distinct_events - records_waiting(self._reader))

    def revive(self) -> None:
        """Restarts failed tasks, which stay down otherwise. One fails, for example, if its table does not exist."""
        try:
            reasons = self._loader.restart_failed(connector_name(self._pipeline))
            for reason in reasons:
                log.warning("%s: the loader failed and is restarted: %s", self._pipeline.name, reason)
            if reasons:
                self._failures.failed(reasons[-1])
                self._stood = None
            if self._failures.failures:
                self._look()
        except WeirError as error:
            log.warning("%s", error)

    def _look(self) -> None:
        """Resets the failures once all partitions with records left have made progress since the last one."""
        waiting: Positions = {}
        for topic in loaded_tables(self._pipeline):
            with TopicReader(self._endpoints, topic, group=loader_group(self._pipeline)) as reader:
                waiting |= {(topic, partition): position for partition, position in positions_waiting(reader).items()}
        if self._stood is None:
            self._stood = waiting
        elif has_got_on(self._stood, waiting):
            self._failures.passed()

package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WritePipeline;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sink's metrics in addition to those of AsyncSinkWriter. README.md explains each name. */
final class SinkMetrics implements WritePipeline.Observer {
  private static final Logger LOG = LoggerFactory.getLogger(SinkMetrics.class);
  private static final long NANOS_PER_MICRO = 1_000;
  private static final long LOG_INTERVAL_NANOS = 10_000_000_000L;

  private final SinkWriterMetricGroup group;
  private final Counter coalescedRecords;
  private final Counter lateRecords;
  private final Counter retriedRequests;
  private final Counter refusedRecords;
  private final Histogram requestLatency;
  private volatile long lastRetryLogNanos = System.nanoTime() - LOG_INTERVAL_NANOS;

  SinkMetrics(SinkWriterMetricGroup group) {
    this.group = group;
    coalescedRecords = group.counter("coalescedRecords");
    lateRecords = group.counter("lateRecords");
    retriedRequests = group.counter("retriedRequests", new ThreadSafeSimpleCounter());
    refusedRecords = group.counter("refusedRecords", new ThreadSafeSimpleCounter());
    requestLatency = group.histogram("requestLatency", new DescriptiveStatisticsHistogram(2048));
  }

  void late() {
    lateRecords.inc();
  }

  void coalesced() {
    coalescedRecords.inc();
  }

  /** Counts a row that is set aside. */
  void refused(Throwable error) {
    refusedRecords.inc();
    LOG.warn(
        "Cassandra refused a row permanently; it goes to the topic for refused rows: {}",
        error.toString());
  }

  /** Counts all retries, but logs only some of them, because an outage causes thousands. */
  void retried(Throwable error) {
    retriedRequests.inc();
    long now = System.nanoTime();
    if (now - lastRetryLogNanos >= LOG_INTERVAL_NANOS) {
      lastRetryLogNanos = now;
      LOG.warn(
          "Cassandra accepts no writes at the moment; they are retried ({} retries so far): {}",
          retriedRequests.getCount(),
          error.toString());
    }
  }

  @Override
  public void answered(WriteCommand command, long latencyNanos) {
    requestLatency.update(latencyNanos / NANOS_PER_MICRO);
  }

  @Override
  public void failed(WriteCommand command) {
    group.getNumRecordsSendErrorsCounter().inc(command.rows());
  }
}

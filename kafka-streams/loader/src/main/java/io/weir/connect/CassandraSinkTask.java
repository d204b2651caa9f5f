package io.weir.connect;

import com.datastax.oss.driver.api.core.DriverException;
import io.weir.cassandra.retry.RetryingExecutor;
import io.weir.cassandra.session.SharedSession;
import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.connect.Delivery.Row;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/**
 * Writes records at least once: an offset is committed after all records before it are written or
 * set aside as dead letters. Each write carries its own timestamp, so repeating it changes nothing.
 */
public final class CassandraSinkTask extends SinkTask {
  /** Well below the poll interval after which a consumer is removed from its group. */
  private static final long ROOM_TIMEOUT_MILLIS = Duration.ofSeconds(10).toMillis();

  private static final long RETRY_MILLIS = 1_000;
  private static final long ROOM_POLL_MILLIS = 2;

  private record TableSchema(String topic, Schema schema) {}

  private final Map<TableSchema, TableWriter> writers = new HashMap<>();
  private final Deque<Delivery> deliveries = new ArrayDeque<>();
  private final Map<TopicPartition, OffsetAndMetadata> written = new HashMap<>();
  private SinkConfig config;
  private Map<String, String> tables;
  private Lingering lingering;
  private SharedSession.Lease session;
  private WritePipeline pipeline;

  @Override
  public void start(Map<String, String> settings) {
    config = new SinkConfig(settings);
    tables = config.tables();
    lingering = config.lingering();
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    settle();
    if (records.isEmpty() && lingering.isEmpty()) {
      return;
    }
    connect();
    awaitRoom();
    long now = System.currentTimeMillis();
    deliver(lingering.hold(records, now));
    deliver(lingering.due(now));
    if (!lingering.isEmpty()) {
      context.timeout(Math.max(1, lingering.remainingMs(now)));
    }
  }

  private void deliver(Collection<SinkRecord> records) {
    if (!records.isEmpty()) {
      Delivery delivery = new Delivery(pipeline, records);
      rows(records).forEach(delivery::send);
      deliveries.add(delivery);
    }
  }

  private Map<TableWriter, List<Row>> rows(Collection<SinkRecord> records) {
    Map<TableWriter, List<Row>> rows = new LinkedHashMap<>();
    for (SinkRecord record : records) {
      try {
        TableWriter table = writer(record);
        Row row = new Row(record, table.request((Struct) record.value()));
        rows.computeIfAbsent(table, found -> new ArrayList<>()).add(row);
      } catch (DataException e) {
        setAside(record, e);
      }
    }
    return rows;
  }

  private TableWriter writer(SinkRecord record) {
    if (!(record.value() instanceof Struct)) {
      throw new DataException("The value is not a struct; configure a converter with schemas.");
    }
    return writers.computeIfAbsent(
        new TableSchema(record.originalTopic(), record.valueSchema()), this::opened);
  }

  /**
   * A table that does not match rejects all rows, so the task fails instead of dead-lettering each
   * row.
   */
  private TableWriter opened(TableSchema key) {
    try {
      return new TableWriter(session.cql(), config, table(key.topic()), key.schema());
    } catch (DataException e) {
      throw new ConnectException(e.getMessage(), e);
    }
  }

  private String table(String topic) {
    String table = tables.get(topic);
    if (table == null) {
      throw new ConnectException("'tables' names no table for the topic " + topic + "; add it.");
    }
    return table;
  }

  private void connect() {
    if (session != null) {
      return;
    }
    try {
      session = SharedSession.acquire(config.session());
    } catch (DriverException e) {
      throw later("Cassandra does not answer", e);
    }
    RetryingExecutor executor =
        new RetryingExecutor(
            session.cql()::executeAsync, SinkConfig.RETRIES, session.timer(), error -> {});
    pipeline = new WritePipeline(executor, config.maxInFlight(), new Unobserved());
  }

  /**
   * While Cassandra is slow or down, makes Connect pause the partitions and deliver the records
   * again later.
   */
  private void awaitRoom() {
    long deadline = System.currentTimeMillis() + ROOM_TIMEOUT_MILLIS;
    while (pipeline.isFull()) {
      if (System.currentTimeMillis() > deadline) {
        throw later("Cassandra does not keep up", null);
      }
      try {
        Thread.sleep(ROOM_POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw later("Interrupted", e);
      }
    }
  }

  private RetriableException later(String why, Throwable cause) {
    context.timeout(RETRY_MILLIS);
    return new RetriableException(why, cause);
  }

  /**
   * Records which offsets are written. Deliveries are completed in order, because offsets are
   * committed in order.
   */
  private void settle() {
    while (!deliveries.isEmpty() && deliveries.peek().settle(this::setAside)) {
      written.putAll(deliveries.remove().ends());
    }
    deliveries.forEach(delivery -> delivery.settle(this::setAside));
  }

  /** Uses weir's headers and the row as JSON, as the Flink job does. */
  private void setAside(Row row, RefusedRow letter) {
    SinkRecord record = Letters.of(row.origin(), letter);
    setAside(record, new DataException(letter.headers().get("weir.reason")));
  }

  private void setAside(SinkRecord record, Throwable error) {
    ErrantRecordReporter reporter = context.errantRecordReporter();
    if (reporter == null) {
      throw new ConnectException(
          "%s, partition %d, offset %d cannot be written, and no dead-letter topic is configured"
              .formatted(
                  record.originalTopic(),
                  record.originalKafkaPartition(),
                  record.originalKafkaOffset()),
          error);
    }
    reporter.report(record, error);
  }

  @Override
  public Map<TopicPartition, OffsetAndMetadata> preCommit(
      Map<TopicPartition, OffsetAndMetadata> handedOver) {
    settle();
    return Map.copyOf(written);
  }

  @Override
  public void close(Collection<TopicPartition> partitions) {
    // Writes in flight may still succeed; the next owner of the partitions repeats them.
    lingering.forget(partitions);
    deliveries.forEach(delivery -> delivery.ends().keySet().removeAll(partitions));
    written.keySet().removeAll(partitions);
  }

  @Override
  public void stop() {
    if (session != null) {
      pipeline.close();
      session.close();
      session = null;
    }
  }

  @Override
  public String version() {
    return "0.1.0";
  }

  /** Failures are reported to their delivery, and latencies show as consumer lag. */
  private static final class Unobserved implements WritePipeline.Observer {
    @Override
    public void answered(WriteCommand command, long latencyNanos) {
      // Not recorded.
    }

    @Override
    public void failed(WriteCommand command) {
      // Reported to the delivery.
    }
  }
}

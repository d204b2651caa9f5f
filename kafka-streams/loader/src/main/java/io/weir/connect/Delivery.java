package io.weir.connect;

import io.weir.cassandra.retry.FailureKind;
import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.cassandra.statement.WriteRequest;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.sink.SinkRecord;

/**
 * The records of one call of put, until each is written or set aside as a dead letter. If Cassandra
 * rejects a request, its rows are sent one by one, so that only the rows at fault are set aside.
 */
final class Delivery {
  /** A row and its source record. */
  record Row(SinkRecord origin, WriteRequest request) {}

  private record Failed(Requests table, List<Row> rows, Throwable error) {}

  private final WritePipeline pipeline;
  private final Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final Queue<Failed> failures = new ConcurrentLinkedQueue<>();

  Delivery(WritePipeline pipeline, Collection<SinkRecord> records) {
    this.pipeline = pipeline;
    for (SinkRecord record : records) {
      // The topic as the consumer knows it; a transformation may have renamed it.
      ends.put(
          new TopicPartition(record.originalTopic(), record.originalKafkaPartition()),
          new OffsetAndMetadata(record.originalKafkaOffset() + 1));
    }
  }

  /** Sends rows of one table. */
  void send(Requests table, List<Row> rows) {
    submit(table, rows, table.together(rows.stream().map(Row::request).toList()));
  }

  private void submit(Requests table, List<Row> rows, Collection<WriteCommand> commands) {
    unanswered.incrementAndGet();
    pipeline.submit(
        commands,
        error -> {
          if (error != null) {
            failures.add(new Failed(table, rows, error));
          }
          unanswered.decrementAndGet();
        });
  }

  /**
   * Handles the failures so far, in the task's own thread.
   *
   * @param setAside receives each row that cannot be written, with its dead letter
   * @return whether all records are written or set aside
   * @throws ConnectException if Cassandra rejects the table or the permission to write to it
   */
  boolean settle(BiConsumer<Row, RefusedRow> setAside) {
    boolean allAnswered = unanswered.get() == 0;
    for (Failed failed = failures.peek(); failed != null; failed = failures.peek()) {
      allAnswered &= settle(failed, setAside);
      // Remove it only now: if it ends the task, it must still count when Connect asks for the
      // offsets to commit.
      failures.remove();
    }
    return allAnswered;
  }

  private boolean settle(Failed failed, BiConsumer<Row, RefusedRow> setAside) {
    if (FailureKind.of(failed.error()) == FailureKind.TRANSIENT) {
      send(failed.table(), failed.rows());
      return false;
    }
    if (FailureKind.isOfTarget(failed.error())) {
      // From now on all rows would become dead letters. Fail the task instead, until somebody fixes
      // the cause.
      throw new ConnectException(
          "Cassandra accepts no rows: " + failed.error().getMessage(), failed.error());
    }
    if (failed.rows().size() == 1) {
      Row row = failed.rows().get(0);
      setAside.accept(row, failed.table().refused(row.request(), failed.error()));
      return true;
    }
    for (Row row : failed.rows()) {
      submit(failed.table(), List.of(row), List.of(failed.table().alone(row.request())));
    }
    return false;
  }

  /** For each partition, the offset after its last record. */
  Map<TopicPartition, OffsetAndMetadata> ends() {
    return ends;
  }
}

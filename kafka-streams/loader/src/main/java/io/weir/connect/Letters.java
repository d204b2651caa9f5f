package io.weir.connect;

import io.weir.cassandra.statement.RefusedRow;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.sink.SinkRecord;

/** Builds the dead letters of rows for Connect's reporter. */
final class Letters {
  private Letters() {}

  /**
   * Returns the dead letter in place of its record. Connect would report one of its own records in
   * the form in which it was read, without the headers that the task adds.
   */
  static SinkRecord of(SinkRecord origin, RefusedRow row) {
    ConnectHeaders headers = new ConnectHeaders();
    row.headers().forEach(headers::addString);
    headers.addString("weir.topic", origin.originalTopic());
    headers.addString("weir.partition", String.valueOf(origin.originalKafkaPartition()));
    headers.addString("weir.offset", String.valueOf(origin.originalKafkaOffset()));
    return new SinkRecord(
        origin.originalTopic(),
        origin.originalKafkaPartition(),
        Schema.BYTES_SCHEMA,
        row.key(),
        Schema.BYTES_SCHEMA,
        row.value(),
        origin.originalKafkaOffset(),
        origin.timestamp(),
        origin.timestampType(),
        headers);
  }
}

package io.weir.connect;

import io.weir.cassandra.statement.RefusedRow;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.sink.SinkRecord;

/** Dead letters of rows, as Connect's reporter takes them. */
final class Letters {
  private Letters() {}

  /**
   * The letter in the place of its record. A record that Connect made itself would be reported as
   * it was read, without any header of the task's.
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

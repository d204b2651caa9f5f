package io.weir.connect;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.cassandra.statement.RefusedRow;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.Test;

class LettersTest {
  @Test
  void aLetterIsTheRowInThePlaceOfItsRecord() {
    SinkRecord origin =
        new SinkRecord(
            "renamed",
            1,
            Schema.BYTES_SCHEMA,
            new byte[] {9},
            Schema.INT32_SCHEMA,
            7,
            5,
            1000L,
            TimestampType.CREATE_TIME,
            null,
            "rows",
            3,
            42);
    byte[] key = {1};
    byte[] value = {2};
    SinkRecord letter =
        Letters.of(origin, new RefusedRow(key, value, Map.of("weir.reason", "refused: no")));
    assertThat(letter.key()).isEqualTo(key);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(letter.timestamp()).isEqualTo(1000L);
    Map<String, Object> headers =
        StreamSupport.stream(letter.headers().spliterator(), false)
            .collect(Collectors.toMap(Header::key, Header::value));
    assertThat(headers)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "weir.reason", "refused: no",
                "weir.topic", "rows",
                "weir.partition", "3",
                "weir.offset", "42"));
  }
}

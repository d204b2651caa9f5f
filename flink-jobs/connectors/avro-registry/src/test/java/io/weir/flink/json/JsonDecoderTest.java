package io.weir.flink.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.EventSettings;
import io.weir.flink.events.TestContext;
import io.weir.json.JsonColumn;
import io.weir.registry.EventLimits;
import io.weir.registry.EventLimits.KeyLimit;
import io.weir.registry.EventLimits.TimeLimit;
import io.weir.registry.LetterLimit;
import io.weir.registry.SizeLimit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Dead letters, limits and metrics are those of every format of events. */
class JsonDecoderTest {
  private static final int MAX_BYTES = 100;
  private static final String DOCUMENT =
      """
      [{"name": "id", "type": "text", "path": ["orderId"], "nullable": false, "encoding": "plain"},
       {"name": "at", "type": "timestamp", "path": ["at"], "nullable": true,
        "encoding": "epoch-millis"}]""";
  private static final EventLimits LIMITS =
      new EventLimits(
          List.of(new TimeLimit("at", 0, 1000, "a to b")),
          List.of(new KeyLimit("partition key of t", List.of("id"), List.of(0), 12, true)),
          new LetterLimit("p", 0.5, 5, 10));

  private final TestContext context = new TestContext();
  private EventDeserializationSchema schema;

  @BeforeEach
  void open() throws Exception {
    EventSettings settings = new EventSettings(List.of("id"), LIMITS, new SizeLimit(MAX_BYTES));
    // As a job ships it to a task manager.
    schema =
        InstantiationUtil.clone(JsonFormats.of(DOCUMENT, JsonColumn.parse(DOCUMENT), settings));
    schema.open(context);
  }

  private RowData read(String json) throws IOException {
    return schema.deserialize(json.getBytes(StandardCharsets.UTF_8));
  }

  private String reason(String json) throws IOException {
    return read(json).getString(2).toString();
  }

  @Test
  void anEventIsARowWithoutError() throws IOException {
    assertThat(read("{\"orderId\":\"A-1\",\"at\":7}"))
        .isEqualTo(
            GenericRowData.of(
                StringData.fromString("A-1"),
                TimestampData.fromEpochMillis(7),
                null,
                null,
                null,
                null));
    assertThat(context.count("decodedRecords")).isEqualTo(1);
    assertThat(context.counters).doesNotContainKey("registryRequests");
  }

  @Test
  void aDeadLetterHasItsReasonAndItsBytes() throws IOException {
    byte[] value = "{\"orderId\":null}".getBytes();
    assertThat(schema.deserialize(value))
        .isEqualTo(
            GenericRowData.of(
                null,
                null,
                StringData.fromString("missing-value: field id: it is null"),
                value,
                null,
                null));
    assertThat(context.count("code.missing-value.deadLetterRecords")).isEqualTo(1);
    assertThat(context.count("decodedRecords")).isZero();
  }

  @Test
  void aLargeValueIsNotEvenScanned() throws IOException {
    RowData row = read("{".repeat(MAX_BYTES + 1));
    assertThat(row.getString(2).toString()).startsWith("too-large: the value has 101 bytes");
    assertThat(row.getBinary(3)).hasSize(MAX_BYTES);
    assertThat(row.getLong(4)).isEqualTo(MAX_BYTES + 1);
  }

  @Test
  void theLimitsOfTablesComeLast() throws IOException {
    assertThat(reason("{\"orderId\":\"\",\"at\":\"x\"}")).startsWith("bad-value: field at");
    assertThat(reason("{\"orderId\":\"\",\"at\":1001}")).startsWith("out-of-range: field at");
    assertThat(reason("{\"orderId\":\"\",\"at\":1000}")).startsWith("empty-key: field id");
    assertThat(reason("{\"orderId\":\"1234567890123\"}")).startsWith("key-too-long: field id");
  }

  @Test
  void oneLetterTooManyFailsTheJob() throws IOException {
    for (int i = 0; i < 5; i++) {
      assertThat(reason("{}")).startsWith("missing-value");
    }
    assertThatThrownBy(() -> read("{}"))
        .isInstanceOf(LetterLimit.TooManyLettersException.class)
        .hasMessageStartingWith("Pipeline p: 6 of the last 10 records of this task");
    assertThat(context.count("deadLetterRecords")).isEqualTo(5);
  }

  @Test
  void anotherEventWithARecentIdIsCounted() throws IOException {
    read("{\"orderId\":\"A-1\",\"at\":7}");
    read("{\"at\":7.0,\"orderId\":\"A-1\",\"unread\":1}");
    assertThat(context.count("conflictingDuplicates")).isZero();
    read("{\"orderId\":\"A-1\",\"at\":8}");
    assertThat(context.count("conflictingDuplicates")).isEqualTo(1);
  }

  @Test
  void rowsAndTheirTextsOutliveTheNextRecord() throws IOException {
    RowData plain = read("{\"orderId\":\"A-1\"}");
    RowData escaped = read("{\"orderId\":\"A\\u002d2\"}");
    read("{\"orderId\":\"B-3\"}");
    assertThat(plain.getString(0)).hasToString("A-1");
    assertThat(escaped.getString(0)).hasToString("A-2");
  }

  @Test
  void aColumnThatTheTableHasNotIsCheckedNevertheless() throws Exception {
    JsonDecoder decoder = new JsonDecoder(DOCUMENT, List.of("at"));
    decoder.open(context, 1);
    assertThat(decoder.decode("{\"at\":7,\"orderId\":\"x\"}".getBytes()))
        .isEqualTo(GenericRowData.of(TimestampData.fromEpochMillis(7)));
    assertThatThrownBy(() -> decoder.decode("{\"at\":7}".getBytes()))
        .hasMessageStartingWith("missing-value: field id");
  }

  @Test
  void equalDecodersAreEqual() {
    assertThat(new JsonDecoder(DOCUMENT, List.of("at")))
        .isEqualTo(new JsonDecoder(DOCUMENT, List.of("at")))
        .hasSameHashCodeAs(new JsonDecoder(DOCUMENT, List.of("at")))
        .isNotEqualTo(new JsonDecoder(DOCUMENT, List.of("id")));
  }
}

package io.weir.flink.avro;

import static io.weir.flink.avro.Schemas.column;
import static io.weir.flink.avro.Schemas.columns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.FormatMetadata;
import io.weir.flink.events.TestContext;
import io.weir.registry.EventLimits;
import io.weir.registry.EventLimits.KeyLimit;
import io.weir.registry.EventLimits.TimeLimit;
import io.weir.registry.LetterLimit;
import io.weir.registry.SchemaRegistry;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An event that no table could store is set aside like one that cannot be decoded. */
class LimitsTest {
  private static final int ID = 7;
  private static final Schema EVENT =
      Wire.parse(
          "{'type':'record','name':'E','fields':[{'name':'id','type':'string'},"
              + "{'name':'at','type':{'type':'long','logicalType':'timestamp-millis'}},"
              + "{'name':'due','type':['null',{'type':'int','logicalType':'date'}]},"
              + "{'name':'tag','type':['null','bytes']}]}");
  private static final RowType COLUMNS =
      columns(
          column("id", DataTypes.STRING()),
          column("at", DataTypes.TIMESTAMP_LTZ(3)),
          column("due", DataTypes.DATE()),
          column("tag", DataTypes.BYTES()));
  private static final EventLimits LIMITS =
      new EventLimits(
          List.of(new TimeLimit("at", 0, 1000, "a to b"), new TimeLimit("due", -1, 1, "c to d")),
          List.of(
              new KeyLimit("partition key of t", List.of("id"), List.of(0), 12, true),
              new KeyLimit("clustering key of u", List.of("id", "tag"), List.of(0, 6), 15, false)),
          new LetterLimit("p", 0.3, 3, 10));

  private final TestRegistry registry = new TestRegistry();
  private final TestContext context = new TestContext();
  private EventDeserializationSchema schema;

  @BeforeEach
  void open() throws Exception {
    registry.register(ID, EVENT);
    schema =
        InstantiationUtil.clone(
            Schemas.of(
                registry.config(), EVENT, COLUMNS, List.of(FormatMetadata.values()), LIMITS));
    schema.open(context);
  }

  @AfterEach
  void close() {
    SchemaRegistry.releaseShared();
    registry.close();
  }

  private String reason(String id, long at, Integer due, Integer tagBytes) throws Exception {
    byte[] value =
        Wire.value(
            ID,
            EVENT,
            new GenericRecordBuilder(EVENT)
                .set("id", id)
                .set("at", at)
                .set("due", due)
                .set("tag", tagBytes == null ? null : ByteBuffer.wrap(new byte[tagBytes]))
                .build());
    RowData row = schema.deserialize(value);
    return row.isNullAt(4) ? "" : row.getString(4).toString();
  }

  @Test
  void timesAtTheEdgesAreTaken() throws Exception {
    assertThat(reason("a", 0, -1, null)).isEmpty();
    assertThat(reason("a", 1000, 1, null)).isEmpty();
    assertThat(reason("a", 0, null, null)).isEmpty();
  }

  @Test
  void timesBeyondTheEdgesAreNot() throws Exception {
    assertThat(reason("a", -1, 0, null))
        .isEqualTo("out-of-range: field at: -1 is not within a to b");
    assertThat(reason("a", Long.MAX_VALUE, 0, null))
        .isEqualTo("out-of-range: field at: 9223372036854775807 is not within a to b");
    assertThat(reason("a", 0, 2, null))
        .isEqualTo("out-of-range: field due: 2 is not within c to d");
    assertThat(context.count("code.out-of-range.deadLetterRecords")).isEqualTo(3);
    assertThat(context.count("decodedRecords")).isZero();
  }

  @Test
  void anEmptyKeyIsNotTaken() throws Exception {
    assertThat(reason("", 0, null, null))
        .isEqualTo("empty-key: field id: it is empty, but is all of the partition key of t");
  }

  @Test
  void keysAreMeasuredInBytes() throws Exception {
    assertThat(reason("twelve-bytes", 0, null, 3)).isEmpty();
    // Characters of 2, 3 and 4 bytes in UTF-8.
    assertThat(reason("\u00e4\u20ac\ud83d\ude00abc", 0, null, 0)).isEmpty();
    assertThat(reason("\u00e4\u20ac\ud83d\ude00abcd", 0, null, 0))
        .isEqualTo(
            "key-too-long: field id: 13 bytes, more than the 12 that the partition key of t has"
                + " room for: '\u00e4\u20ac\ud83d\ude00abcd'...");
  }

  @Test
  void theLongestColumnOfAKeyIsNamed() throws Exception {
    assertThat(reason("a", 0, null, 14)).isEmpty();
    assertThat(reason("a", 0, null, 15))
        .isEqualTo(
            "key-too-long: field tag: 16 bytes, more than the 15 that the clustering key of u has"
                + " room for: ''...");
  }

  @Test
  void whatStandsInForNullCountsAsWell() throws Exception {
    assertThat(reason("123456789", 0, null, null)).isEmpty();
    assertThat(reason("1234567890", 0, null, null)).startsWith("key-too-long: field id: 16 bytes");
  }

  @Test
  void oneLetterTooManyFailsTheJob() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertThat(reason("", 0, null, null)).isNotEmpty();
      assertThat(reason("a", 0, null, null)).isEmpty();
    }
    assertThatThrownBy(() -> reason("", 0, null, null))
        .isInstanceOf(LetterLimit.TooManyLettersException.class)
        .hasMessageStartingWith(
            "Pipeline p: 4 of the last 10 records of this task became dead letters, above"
                + " dead_letters.limit.max_ratio 0.3. The last one: empty-key: field id: ");
    assertThat(context.count("deadLetterRecords")).isEqualTo(3);
  }

  @Test
  void theCatalogsDocumentIsRead() {
    assertThat(
            EventLimits.parse(
                "{\"times\": [{\"column\": \"at\", \"first\": 0, \"last\": 1000, \"range\": \"a to b\"}],"
                    + " \"keys\": [{\"key\": \"k\", \"columns\": [\"id\"], \"absent_bytes\": [0],"
                    + " \"max_bytes\": 12, \"not_empty\": true}],"
                    + " \"letters\": {\"pipeline\": \"p\", \"max_ratio\": 0.3, \"max_letters\": 3,"
                    + " \"window_events\": 10}}"))
        .isEqualTo(
            new EventLimits(
                List.of(new TimeLimit("at", 0, 1000, "a to b")),
                List.of(new KeyLimit("k", List.of("id"), List.of(0), 12, true)),
                new LetterLimit("p", 0.3, 3, 10)));
    assertThat(EventLimits.parse("{\"times\": [], \"keys\": []}")).isEqualTo(EventLimits.NONE);
    assertThatThrownBy(() -> EventLimits.parse("[]")).isInstanceOf(IllegalArgumentException.class);
  }
}

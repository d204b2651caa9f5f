package io.weir.flink.avro;

import static io.weir.flink.avro.Schemas.column;
import static io.weir.flink.avro.Schemas.columns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.FormatMetadata;
import io.weir.flink.events.TestContext;
import io.weir.registry.DecodeError;
import io.weir.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeserializationSchemaTest {
  private static final int ID = 7;
  private static final Schema FLIGHT =
      Wire.parse(
          "{'type':'record','name':'Flight','fields':[{'name':'carrier','type':'string'},"
              + "{'name':'dep_delay','type':['null','int'],'default':null}]}");
  private static final RowType COLUMNS =
      columns(column("carrier", DataTypes.STRING()), column("dep_delay", DataTypes.INT()));

  private final TestRegistry registry = new TestRegistry();
  private final TestContext context = new TestContext();
  private EventDeserializationSchema schema;

  @BeforeEach
  void open() throws Exception {
    registry.register(ID, FLIGHT);
    schema = Schemas.open(registry.config(), FLIGHT, COLUMNS, context);
  }

  @AfterEach
  void close() {
    SchemaRegistry.releaseShared();
    registry.close();
  }

  private static byte[] flight(String carrier, Integer delay) {
    return Wire.value(
        ID,
        FLIGHT,
        new GenericRecordBuilder(FLIGHT).set("carrier", carrier).set("dep_delay", delay).build());
  }

  private void assertDeadLetter(byte[] value, DecodeError error, String reason) throws IOException {
    RowData row = schema.deserialize(value);
    assertThat(row)
        .isEqualTo(
            GenericRowData.of(
                null,
                null,
                StringData.fromString(error.code() + ": " + reason),
                value,
                null,
                null));
    assertThat(context.count("deadLetterRecords")).isEqualTo(1);
    assertThat(context.count("code." + error.code() + ".deadLetterRecords")).isEqualTo(1);
    assertThat(context.count("decodedRecords")).isZero();
  }

  @Test
  void decodesARecordWithoutError() throws IOException {
    assertThat(schema.deserialize(flight("UA", 4)))
        .isEqualTo(GenericRowData.of(StringData.fromString("UA"), 4, null, null, null, null));
    assertThat(context.count("decodedRecords")).isEqualTo(1);
    assertThat(context.count("deadLetterRecords")).isZero();
    assertThat(context.count("registryRequests")).isEqualTo(1);
  }

  @Test
  void anotherEventWithARecentIdIsCounted() throws IOException {
    schema.deserialize(flight("UA", 4));
    schema.deserialize(flight("AA", 5));
    schema.deserialize(flight("UA", 4));
    assertThat(context.count("conflictingDuplicates")).isZero();
    schema.deserialize(flight("UA", 5));
    schema.deserialize(flight("UA", null));
    schema.deserialize(flight("UA", 4));
    assertThat(context.count("conflictingDuplicates")).isEqualTo(2);
    assertThat(context.count("decodedRecords")).isEqualTo(6);
  }

  @Test
  void rowsAndTheirStringsOutliveTheNextRecord() throws IOException {
    RowData first = schema.deserialize(flight("UA", 4));
    RowData second = schema.deserialize(flight("AA", null));
    assertThat(first)
        .isEqualTo(GenericRowData.of(StringData.fromString("UA"), 4, null, null, null, null))
        .isNotSameAs(second);
    assertThat(second.getString(0)).hasToString("AA");
  }

  @Test
  void aTombstoneIsADeadLetterWithoutBytes() throws IOException {
    assertDeadLetter(null, DecodeError.NULL_VALUE, "the Kafka value is null");
  }

  @Test
  void plainTextHasABadMagicByte() throws IOException {
    assertDeadLetter(
        "{\"carrier\":\"UA\"}".getBytes(),
        DecodeError.BAD_MAGIC,
        "the first byte is 123, that of the Confluent wire format is 0");
  }

  @Test
  void aValueWithoutItsHeaderIsTruncated() throws IOException {
    assertDeadLetter(
        new byte[] {0, 0, 0}, DecodeError.TRUNCATED, "the header has 5 bytes, the value 3");
  }

  @Test
  void anEmptyValueIsTruncated() throws IOException {
    assertDeadLetter(new byte[0], DecodeError.TRUNCATED, "the header has 5 bytes, the value 0");
  }

  @Test
  void aRecordCutOffIsTruncatedAndNamesTheField() throws IOException {
    byte[] whole = flight("UA", 4);
    assertDeadLetter(
        Arrays.copyOf(whole, whole.length - 1),
        DecodeError.TRUNCATED,
        "field dep_delay: 1 bytes are needed, 0 are left");
  }

  @Test
  void anIdThatTheRegistryDoesNotKnowIsADeadLetter() throws IOException {
    assertDeadLetter(
        Wire.framed(99, new byte[3]),
        DecodeError.UNKNOWN_SCHEMA_ID,
        "the registry has no schema 99");
  }

  @Test
  void aSchemaThatCannotBeReadIsADeadLetter() throws IOException {
    Schema other =
        Wire.parse(
            "{'type':'record','name':'Flight','fields':[{'name':'carrier','type':'boolean'}]}");
    registry.register(8, other);
    assertDeadLetter(
        Wire.framed(8, new byte[] {1}),
        DecodeError.INCOMPATIBLE_SCHEMA,
        "field carrier: Found boolean, expecting string");
  }

  @Test
  void aSchemaThatIsNotAvroIsADeadLetter() throws IOException {
    registry.registerBody(8, "{\"schemaType\":\"PROTOBUF\",\"schema\":\"message A {}\"}");
    assertDeadLetter(
        Wire.framed(8, new byte[] {1}),
        DecodeError.INCOMPATIBLE_SCHEMA,
        "schema 8 is of type PROTOBUF, not AVRO");
  }

  @Test
  void aFieldThatIsNoAvroIsMalformed() throws IOException {
    byte[] value = flight("UA", 4);
    value[value.length - 2] = 40;
    assertDeadLetter(
        value, DecodeError.MALFORMED_AVRO, "field dep_delay: an index of 20 is not in 0..1");
  }

  @Test
  void textThatIsNotUtf8IsMalformed() throws IOException {
    byte[] value = flight("UA", 4);
    value[6] = (byte) 0xff;
    assertDeadLetter(value, DecodeError.MALFORMED_AVRO, "field carrier: a string is not UTF-8");
  }

  @Test
  void bytesAfterTheRecordAreADeadLetter() throws IOException {
    byte[] whole = flight("UA", 4);
    assertDeadLetter(
        Arrays.copyOf(whole, whole.length + 2),
        DecodeError.TRAILING_BYTES,
        "2 extra bytes after the record");
  }

  @Test
  void theJobGoesOnAfterEachOfThem() throws IOException {
    schema.deserialize(new byte[] {1});
    schema.deserialize(Wire.framed(99, new byte[3]));
    schema.deserialize(null);
    assertThat(schema.deserialize(flight("UA", 4)).isNullAt(2)).isTrue();
    assertThat(context.count("deadLetterRecords")).isEqualTo(3);
  }

  @Test
  void withoutTheErrorColumnPoisonFailsTheJob() throws Exception {
    for (List<FormatMetadata> metadata :
        List.of(List.<FormatMetadata>of(), List.of(FormatMetadata.RAW_VALUE))) {
      EventDeserializationSchema strict = Schemas.of(registry.config(), FLIGHT, COLUMNS, metadata);
      strict.open(new TestContext());
      for (byte[] poison : new byte[][] {null, {1}, Wire.framed(99, new byte[0])}) {
        assertThatThrownBy(() -> strict.deserialize(poison))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("decode-error");
      }
      assertThat(strict.deserialize(flight("UA", 4)).getString(0)).hasToString("UA");
    }
  }

  @Test
  void anUnreachableRegistryIsNoDeadLetter() {
    registry.failWith(503, "");
    assertThatThrownBy(() -> schema.deserialize(flight("UA", 4)))
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining("503");
    assertThat(context.count("deadLetterRecords")).isZero();
  }

  @Test
  void aKnownSchemaGoesOnWhileTheRegistryIsDown() throws IOException {
    schema.deserialize(flight("UA", 4));
    registry.close();
    assertThat(schema.deserialize(flight("AA", 5)).getInt(1)).isEqualTo(5);
  }

  @Test
  void schemasMayAlternateInATopic() throws IOException {
    Schema older =
        Wire.parse(
            "{'type':'record','name':'Flight','fields':[{'name':'carrier','type':'bytes'}]}");
    registry.register(8, older);
    GenericData.Record record = new GenericData.Record(older);
    record.put("carrier", ByteBuffer.wrap(new byte[] {'B', '6'}));
    for (int i = 0; i < 3; i++) {
      assertThat(schema.deserialize(Wire.value(8, older, record)).getString(0)).hasToString("B6");
      assertThat(schema.deserialize(flight("UA", 4)).getInt(1)).isEqualTo(4);
    }
    assertThat(registry.requests).hasSize(2);
  }

  @Test
  void surviveBeingShippedToATaskManager() throws Exception {
    EventDeserializationSchema shipped =
        InstantiationUtil.clone(
            Schemas.of(registry.config(), FLIGHT, COLUMNS, List.of(FormatMetadata.DECODE_ERROR)));
    shipped.open(new TestContext());
    assertThat(shipped.deserialize(flight("UA", 4)))
        .isEqualTo(GenericRowData.of(StringData.fromString("UA"), 4, null));
  }
}

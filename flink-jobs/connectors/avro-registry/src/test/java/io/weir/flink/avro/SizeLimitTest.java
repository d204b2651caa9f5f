package io.weir.flink.avro;

import static io.weir.flink.avro.Schemas.column;
import static io.weir.flink.avro.Schemas.columns;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.EventSettings;
import io.weir.flink.events.FormatMetadata;
import io.weir.flink.events.TestContext;
import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.EventLimits;
import io.weir.registry.SchemaRegistry;
import io.weir.registry.SizeLimit;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Values close to the maximum size of an event. */
class SizeLimitTest {
  private static final int ID = 7;
  private static final int LIMIT = 1000;
  private static final Schema NOTE =
      Wire.parse("{'type':'record','name':'Note','fields':[{'name':'text','type':'string'}]}");
  private static final RowType COLUMNS = columns(column("text", DataTypes.STRING()));

  private static final int ERROR = 1;
  private static final int VALUE = 2;
  private static final int LENGTH = 3;
  private static final int DIGEST = 4;

  private final TestRegistry registry = new TestRegistry();
  private final TestContext context = new TestContext();
  private final EventDeserializationSchema schema =
      new EventDeserializationSchema(
          new AvroRegistryDecoder(registry.config(), NOTE.toString(), COLUMNS),
          COLUMNS,
          List.of(FormatMetadata.values()),
          new EventSettings(List.of(), EventLimits.NONE, new SizeLimit(LIMIT)),
          InternalTypeInfo.of(RowData.class));

  @BeforeEach
  void open() throws Exception {
    registry.register(ID, NOTE);
    schema.open(context);
  }

  @AfterEach
  void close() {
    SchemaRegistry.releaseShared();
    registry.close();
  }

  private static byte[] note(int bytes) {
    // A header of five bytes, and two for the length.
    String text = "x".repeat(bytes - 7);
    return Wire.value(ID, NOTE, new GenericRecordBuilder(NOTE).set("text", text).build());
  }

  @Test
  void anEventOfTheMostBytesIsARow() throws IOException {
    byte[] value = note(LIMIT);
    assertThat(value).hasSize(LIMIT);
    RowData row = schema.deserialize(value);
    assertThat(row.isNullAt(ERROR)).isTrue();
    assertThat(row.getString(0).toString()).hasSize(LIMIT - 7);
  }

  @Test
  void aLargerOneIsCutAndSaysWhatItWas() throws IOException {
    byte[] value = note(LIMIT + 1);
    RowData row = schema.deserialize(value);
    assertThat(row.isNullAt(0)).isTrue();
    assertThat(row.getString(ERROR))
        .hasToString("too-large: the value has 1001 bytes, above the limit of 1000");
    assertThat(row.getBinary(VALUE)).isEqualTo(Arrays.copyOf(value, LIMIT));
    assertThat(row.getLong(LENGTH)).isEqualTo(LIMIT + 1);
    assertThat(row.getString(DIGEST)).hasToString(SizeLimit.sha256(value));
    assertThat(context.count("code.too-large.deadLetterRecords")).isEqualTo(1);
  }

  @Test
  void anotherLetterIsWholeAndSaysNothingOfItsSize() throws IOException {
    RowData row = schema.deserialize(new byte[] {9});
    assertThat(row.getString(ERROR).toString()).startsWith("bad-magic");
    assertThat(row.getBinary(VALUE)).containsExactly(9);
    assertThat(row.isNullAt(LENGTH)).isTrue();
    assertThat(row.isNullAt(DIGEST)).isTrue();
  }

  @Test
  void theDigestIsTheUsualOne() {
    assertThat(SizeLimit.sha256("abc".getBytes()))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @Test
  void aReasonFitsIntoAHeader() {
    DecodeException failure = new DecodeException(DecodeError.BAD_MAGIC, "y".repeat(5000));
    assertThat(failure.getMessage()).startsWith("bad-magic: yyy").contains("y...y").hasSize(1003);
    assertThat(failure.inField("f").getMessage()).startsWith("bad-magic: field f: y").hasSize(1003);
  }
}

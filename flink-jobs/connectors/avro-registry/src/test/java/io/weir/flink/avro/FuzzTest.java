package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.FormatMetadata;
import io.weir.flink.events.TestContext;
import io.weir.registry.SchemaRegistry;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes give a row, decoded or a dead letter. There is no exception and no endless loop. */
class FuzzTest {
  private static final int SCHEMA_PAIRS = 200;
  private static final int RECORDS = 200;
  private static final TestRegistry REGISTRY = new TestRegistry();

  static IntStream seeds() {
    return IntStream.range(0, SCHEMA_PAIRS);
  }

  @AfterAll
  static void close() {
    SchemaRegistry.releaseShared();
    REGISTRY.close();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Timeout(value = 20, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void damagedRecordsGiveARowAsWell(int seed) throws Exception {
    Random random = new Random(seed);
    RandomSchemas schemas = new RandomSchemas(random);
    Schema reader = schemas.reader();
    Schema writer = schemas.writerOf(reader);
    RowType columns = nullable(Expected.columns(reader, random));
    int id = seed + 1;
    REGISTRY.register(id, writer);
    EventDeserializationSchema schema =
        Schemas.open(REGISTRY.config(), reader, columns, new TestContext());
    RandomValues values = new RandomValues(random);
    for (int i = 0; i < RECORDS; i++) {
      byte[] value = Damage.of(Wire.value(id, writer, values.record(writer)), random);
      byte[] before = value.clone();
      RowData row = schema.deserialize(value);
      assertThat(row.getArity())
          .isEqualTo(columns.getFieldCount() + FormatMetadata.values().length);
      assertThat(value).as("the input is not written to").isEqualTo(before);
      boolean failed = !row.isNullAt(columns.getFieldCount());
      assertThat(row.isNullAt(columns.getFieldCount() + 1)).isEqualTo(!failed);
      for (int column = 0; failed && column < columns.getFieldCount(); column++) {
        assertThat(row.isNullAt(column)).isTrue();
      }
    }
  }

  private static RowType nullable(RowType columns) {
    return new RowType(
        columns.getFields().stream()
            .map(field -> new RowType.RowField(field.getName(), field.getType().copy(true)))
            .toList());
  }
}

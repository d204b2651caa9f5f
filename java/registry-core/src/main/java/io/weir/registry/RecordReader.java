package io.weir.registry;

import java.io.EOFException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;

/**
 * Reads Kafka values in Confluent's wire format as generic records, by Avro's own rules of schema
 * evolution. Values keep Avro's raw forms: a timestamp is a long, whatever its logical type. Not
 * thread-safe.
 */
public final class RecordReader {
  private final SchemaLookup schemas;
  private final Schema expected;
  private final StrictDecoder decoder = new StrictDecoder();
  private final Map<Integer, GenericDatumReader<GenericRecord>> readers = new HashMap<>();

  /**
   * @param expected the schema to read with; null for whatever a record was written with
   */
  public RecordReader(SchemaLookup schemas, Schema expected) {
    this.schemas = schemas;
    this.expected = expected;
  }

  /**
   * Reads one value.
   *
   * @throws DecodeException if the value is at fault
   * @throws IOException if the registry could not be asked
   */
  public GenericRecord read(byte[] value) throws IOException, DecodeException {
    GenericDatumReader<GenericRecord> reader = readerOf(WireFormat.schemaId(value));
    decoder.reset(value, WireFormat.HEADER_BYTES);
    GenericRecord found;
    try {
      found = reader.read(null, decoder);
      if (!decoder.isAtEnd()) {
        throw new DecodeException(DecodeError.TRAILING_BYTES, "bytes follow the record");
      }
    } catch (EOFException e) {
      throw new DecodeException(DecodeError.TRUNCATED, "the record ends before its last field");
    } catch (AvroTypeException e) {
      throw new DecodeException(DecodeError.INCOMPATIBLE_SCHEMA, e.getMessage());
    } catch (IOException | RuntimeException e) {
      throw new DecodeException(DecodeError.MALFORMED_AVRO, String.valueOf(e.getMessage()));
    }
    return found;
  }

  private GenericDatumReader<GenericRecord> readerOf(int id) throws IOException, DecodeException {
    GenericDatumReader<GenericRecord> reader = readers.get(id);
    if (reader == null) {
      Schema writer = schemas.byId(id);
      reader = new GenericDatumReader<>(writer, expected == null ? writer : expected, data());
      if (writer.getType() != Schema.Type.RECORD) {
        throw new DecodeException(
            DecodeError.INCOMPATIBLE_SCHEMA, "schema " + id + " is no record");
      }
      if (expected != null) {
        requireSameMeaning(writer, expected);
      }
      readers.put(id, reader);
    }
    return reader;
  }

  /** Without conversions: logical types stay what they are made of. */
  private static GenericData data() {
    return new GenericData();
  }

  /** Avro resolves the bytes alone, and would read microseconds as milliseconds. */
  private static void requireSameMeaning(Schema writer, Schema reader) throws DecodeException {
    Schema resolved;
    try {
      resolved = Schema.applyAliases(writer, reader);
    } catch (AvroRuntimeException e) {
      throw new DecodeException(DecodeError.INCOMPATIBLE_SCHEMA, e.getMessage());
    }
    for (Schema.Field field : reader.getFields()) {
      Schema.Field written = resolved.getField(field.name());
      String mine = logicalName(field.schema());
      String theirs = written == null ? mine : logicalName(written.schema());
      if (!mine.isEmpty() && !theirs.isEmpty() && !mine.equals(theirs)) {
        throw new DecodeException(
            DecodeError.INCOMPATIBLE_SCHEMA,
            "field " + field.name() + ": the writer's " + theirs + " is not the reader's " + mine);
      }
    }
  }

  private static String logicalName(Schema schema) {
    if (schema.isUnion()) {
      return schema.getTypes().stream()
          .map(RecordReader::logicalName)
          .filter(name -> !name.isEmpty())
          .findFirst()
          .orElse("");
    }
    return schema.getLogicalType() == null ? "" : schema.getLogicalType().getName();
  }
}

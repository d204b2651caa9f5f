package io.weir.registry;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;

/**
 * Reads Kafka values in the Confluent wire format as generic records, by the rules of {@link
 * Resolution}. Values keep Avro's raw types: a timestamp is a long, whatever its logical type. Not
 * thread-safe.
 */
public final class RecordReader {
  private final SchemaLookup schemas;
  private final Schema expected;
  private final GenericInput input = new GenericInput();
  private final Map<Integer, GenericReaders.ValueReader> readers = new HashMap<>();

  /**
   * @param expected the reader schema; null to read each record with its writer schema
   */
  public RecordReader(SchemaLookup schemas, Schema expected) {
    this.schemas = schemas;
    this.expected = expected;
  }

  /**
   * Reads one value.
   *
   * @throws DecodeException if the value is at fault
   * @throws IOException if the registry cannot be reached
   */
  public GenericRecord read(byte[] value) throws IOException, DecodeException {
    GenericReaders.ValueReader reader = readerOf(WireFormat.schemaId(value));
    input.reset(value, WireFormat.HEADER_BYTES);
    GenericRecord record = (GenericRecord) reader.read(input);
    if (input.remaining() > 0) {
      throw new DecodeException(
          DecodeError.TRAILING_BYTES, input.remaining() + " extra bytes after the record");
    }
    return record;
  }

  private GenericReaders.ValueReader readerOf(int id) throws IOException, DecodeException {
    GenericReaders.ValueReader reader = readers.get(id);
    if (reader == null) {
      reader = compile(id, schemas.byId(id));
      readers.put(id, reader);
    }
    return reader;
  }

  private GenericReaders.ValueReader compile(int id, Schema writer) {
    try {
      if (expected == null && writer.getType() != Schema.Type.RECORD) {
        throw new DecodeException(
            DecodeError.INCOMPATIBLE_SCHEMA, "schema " + id + " is not a record");
      }
      return GenericReaders.compile(writer, expected == null ? writer : expected);
    } catch (DecodeException e) {
      return GenericReaders.failing(e);
    }
  }
}

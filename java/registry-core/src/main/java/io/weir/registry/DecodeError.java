package io.weir.registry;

/**
 * Why a record cannot become a row. The codes are machine-readable and start the reason of a dead
 * letter. The first ones are decoding errors; for the others, no table could store the event.
 */
public enum DecodeError {
  /** The Kafka value is null (a tombstone). */
  NULL_VALUE("null-value"),
  /** The value is larger than the maximum size of an event. */
  TOO_LARGE("too-large"),
  /** The first byte is not 0, so the value is not in the Confluent wire format. */
  BAD_MAGIC("bad-magic"),
  /** The value ends within its header or its record. */
  TRUNCATED("truncated"),
  /** The registry answered that it has no schema with this id. */
  UNKNOWN_SCHEMA_ID("unknown-schema-id"),
  /** The writer's schema, or this value of it, does not resolve against the reader's schema. */
  INCOMPATIBLE_SCHEMA("incompatible-schema"),
  /** The bytes are not a valid Avro encoding of the writer's schema. */
  MALFORMED_AVRO("malformed-avro"),
  /** The value is not one JSON object, or has a member that a column reads twice. */
  MALFORMED_JSON("malformed-json"),
  /** Bytes are left after the record. */
  TRAILING_BYTES("trailing-bytes"),
  /** A JSON record has no value for a column that must have one. */
  MISSING_VALUE("missing-value"),
  /** A JSON record has a value that its column does not take. */
  BAD_VALUE("bad-value"),
  /** A time is outside the range of the pipeline, or of what its tables can display. */
  OUT_OF_RANGE("out-of-range"),
  /** The only column of a partition key is empty. */
  EMPTY_KEY("empty-key"),
  /** A key is longer than Cassandra allows. */
  KEY_TOO_LONG("key-too-long");

  private final String code;

  DecodeError(String code) {
    this.code = code;
  }

  public String code() {
    return code;
  }
}

package io.weir.registry;

/**
 * Why a record becomes no row: the machine-readable codes at the start of its reason. The first
 * ones say that it cannot be decoded, the others that no table could hold it.
 */
public enum DecodeError {
  /** The Kafka value is null (a tombstone). */
  NULL_VALUE("null-value"),
  /** The value has more bytes than an event may have. */
  TOO_LARGE("too-large"),
  /** The first byte is not 0, so the value is not in the Confluent wire format. */
  BAD_MAGIC("bad-magic"),
  /** The value ends before its header or its record does. */
  TRUNCATED("truncated"),
  /** The registry answered that it has no schema of this id. */
  UNKNOWN_SCHEMA_ID("unknown-schema-id"),
  /** The writer's schema, or this value of it, cannot be read with the reader's schema. */
  INCOMPATIBLE_SCHEMA("incompatible-schema"),
  /** The bytes are no Avro encoding of the writer's schema. */
  MALFORMED_AVRO("malformed-avro"),
  /** Bytes are left over after the record. */
  TRAILING_BYTES("trailing-bytes"),
  /** A time lies outside of what the pipeline takes, or of what its tables can show. */
  OUT_OF_RANGE("out-of-range"),
  /** The only column of a partition key is empty. */
  EMPTY_KEY("empty-key"),
  /** A key is longer than Cassandra takes. */
  KEY_TOO_LONG("key-too-long");

  private final String code;

  DecodeError(String code) {
    this.code = code;
  }

  public String code() {
    return code;
  }
}

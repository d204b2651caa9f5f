package io.weir.registry;

/** Why a record cannot be decoded: the machine-readable codes at the start of its reason. */
public enum DecodeError {
  /** The Kafka value is null (a tombstone). */
  NULL_VALUE("null-value"),
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
  TRAILING_BYTES("trailing-bytes");

  private final String code;

  DecodeError(String code) {
    this.code = code;
  }

  public String code() {
    return code;
  }
}

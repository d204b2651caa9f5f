package io.weir.flink.avro;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

/** Metadata columns of the format: what to do with a record that cannot be decoded. */
enum FormatMetadata {
  /** Code and reason; null when the record was decoded. */
  DECODE_ERROR("decode-error", DataTypes.STRING().nullable()),
  /**
   * The undecoded value, as much as is kept of it; null when the record was decoded, or was null.
   */
  RAW_VALUE("raw-value", DataTypes.BYTES().nullable()),
  /** How long the value was; null when {@link #RAW_VALUE} is whole. */
  RAW_LENGTH("raw-length", DataTypes.BIGINT().nullable()),
  /** SHA-256 of the whole value, in hexadecimal digits; null when {@link #RAW_VALUE} is whole. */
  RAW_SHA256("raw-sha256", DataTypes.STRING().nullable());

  private final String key;
  private final DataType type;

  FormatMetadata(String key, DataType type) {
    this.key = key;
    this.type = type;
  }

  String key() {
    return key;
  }

  DataType type() {
    return type;
  }

  static FormatMetadata of(String key) {
    return Arrays.stream(values())
        .filter(metadata -> metadata.key.equals(key))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("Unknown metadata key: " + key));
  }

  static Map<String, DataType> types() {
    Map<String, DataType> types = new LinkedHashMap<>();
    for (FormatMetadata metadata : values()) {
      types.put(metadata.key, metadata.type);
    }
    return types;
  }
}

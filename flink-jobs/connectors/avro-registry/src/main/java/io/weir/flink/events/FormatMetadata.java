package io.weir.flink.events;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

/** A format's metadata columns, which describe a record that cannot be decoded. */
public enum FormatMetadata {
  /** Code and reason; null if the record was decoded. */
  DECODE_ERROR("decode-error", DataTypes.STRING().nullable()),
  /** The undecoded value, cut to the size limit; null if the record was decoded or was null. */
  RAW_VALUE("raw-value", DataTypes.BYTES().nullable()),
  /** The original length of the value; null if {@link #RAW_VALUE} is complete. */
  RAW_LENGTH("raw-length", DataTypes.BIGINT().nullable()),
  /** The SHA-256 of the original value, in hexadecimal; null if {@link #RAW_VALUE} is complete. */
  RAW_SHA256("raw-sha256", DataTypes.STRING().nullable());

  private final String key;
  private final DataType type;

  FormatMetadata(String key, DataType type) {
    this.key = key;
    this.type = type;
  }

  public String key() {
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

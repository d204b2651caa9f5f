package io.weir.json;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.weir.registry.ColumnType;

/** How a value is written in JSON. */
public enum Encoding {
  /** As JSON's own value of the type, or that value as text. */
  @JsonProperty("plain")
  PLAIN,
  /** A date, or a date and time with an offset. */
  @JsonProperty("iso-8601")
  ISO_8601,
  @JsonProperty("epoch-seconds")
  EPOCH_SECONDS,
  @JsonProperty("epoch-millis")
  EPOCH_MILLIS,
  @JsonProperty("epoch-micros")
  EPOCH_MICROS,
  @JsonProperty("epoch-days")
  EPOCH_DAYS,
  /** RFC 4648, section 4, with padding. */
  @JsonProperty("base64")
  BASE64;

  /** Whether a column of this type can be written like this. */
  boolean fits(ColumnType type) {
    return switch (type) {
      case TIMESTAMP ->
          this == ISO_8601 || this == EPOCH_SECONDS || this == EPOCH_MILLIS || this == EPOCH_MICROS;
      case DATE -> this == ISO_8601 || this == EPOCH_DAYS;
      case BLOB -> this == BASE64;
      default -> this == PLAIN;
    };
  }
}

package io.weir.registry;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The types of a pipeline's columns, by their CQL names, with their Java types. */
public enum ColumnType {
  /** {@link String}. */
  @JsonProperty("text")
  TEXT,
  /** {@link Integer}. */
  @JsonProperty("int")
  INT,
  /** {@link Long}. */
  @JsonProperty("bigint")
  BIGINT,
  /** {@link Float}. */
  @JsonProperty("float")
  FLOAT,
  /** {@link Double}. */
  @JsonProperty("double")
  DOUBLE,
  /** {@link Boolean}. */
  @JsonProperty("boolean")
  BOOLEAN,
  /** {@code byte[]}. */
  @JsonProperty("blob")
  BLOB,
  /** {@link Integer}: days since 1970. */
  @JsonProperty("date")
  DATE,
  /** {@link Long}: milliseconds since 1970. */
  @JsonProperty("timestamp")
  TIMESTAMP;

  public boolean isInteger() {
    return this == INT || this == BIGINT;
  }
}

package io.weir.flink.avro;

import static io.weir.registry.Resolution.describe;
import static io.weir.registry.Resolution.logicalName;

import java.util.Locale;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.flink.table.types.logical.BinaryType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Which SQL types an Avro type can be read as. Values are never rounded, truncated or widened. */
final class AvroTypes {
  private static final int UUID_BYTES = 16;

  private AvroTypes() {}

  /**
   * The number of fractional digits of a second in an Avro time or timestamp; 0 for any other type.
   */
  static int fractionDigits(Schema schema) {
    String logical = logicalName(schema);
    if (logical.endsWith("-millis")) {
      return 3;
    }
    if (logical.endsWith("-micros")) {
      return 6;
    }
    return logical.endsWith("-nanos") ? 9 : 0;
  }

  static boolean isTimestamp(Schema schema) {
    return schema.getType() == Schema.Type.LONG && logicalName(schema).contains("timestamp-");
  }

  /** Whether it is a local time, which has no zone and is not an instant. */
  private static boolean isLocal(Schema schema) {
    return logicalName(schema).startsWith("local-");
  }

  static boolean isTime(Schema schema) {
    return logicalName(schema).startsWith("time-");
  }

  /** Whether a scalar of the Avro type can be read as the SQL type. */
  static boolean accepts(Schema schema, LogicalType target) {
    LogicalTypeRoot root = target.getTypeRoot();
    return switch (schema.getType()) {
      case BOOLEAN -> root == LogicalTypeRoot.BOOLEAN;
      case FLOAT -> root == LogicalTypeRoot.FLOAT;
      case DOUBLE -> root == LogicalTypeRoot.DOUBLE;
      case INT ->
          root == LogicalTypeRoot.INTEGER
              || root == LogicalTypeRoot.DATE && logicalName(schema).equals("date")
              || isTime(schema) && acceptsTime(target);
      case LONG ->
          root == LogicalTypeRoot.BIGINT
              || isTime(schema) && acceptsTime(target)
              || isTimestamp(schema) && acceptsTimestamp(schema, target);
      case STRING, ENUM -> isString(target);
      case BYTES -> isBytes(target) || acceptsDecimal(schema, target);
      case FIXED ->
          isBytes(target)
              || target instanceof BinaryType binary && binary.getLength() == schema.getFixedSize()
              || acceptsDecimal(schema, target)
              || isUuid(schema) && isString(target);
      default -> false;
    };
  }

  /** The SQL types that {@link #accepts} allows, for an error message. */
  static String accepted(Schema schema) {
    int digits = fractionDigits(schema);
    return switch (schema.getType()) {
      case BOOLEAN -> "BOOLEAN";
      case FLOAT -> "FLOAT";
      case DOUBLE -> "DOUBLE";
      case INT -> isTime(schema) ? "TIME(3) or INT" : dateOr(schema, "INT");
      case LONG -> {
        if (isTimestamp(schema)) {
          String instant = isLocal(schema) ? "" : ", TIMESTAMP_LTZ(" + digits + ")";
          yield "TIMESTAMP(" + digits + ")" + instant + " or BIGINT";
        }
        yield isTime(schema) ? "TIME(3) or BIGINT" : "BIGINT";
      }
      case STRING, ENUM -> "STRING";
      case BYTES -> decimalOr(schema, "BYTES");
      case FIXED -> {
        String binary = "BYTES or BINARY(" + schema.getFixedSize() + ")";
        yield isUuid(schema) ? "STRING, " + binary : decimalOr(schema, binary);
      }
      case RECORD -> "ROW";
      case ARRAY -> "ARRAY";
      case MAP -> "MAP<STRING, ...>";
      default -> "no type that this format supports";
    };
  }

  private static String dateOr(Schema schema, String other) {
    return logicalName(schema).equals("date") ? "DATE or " + other : other;
  }

  private static String decimalOr(Schema schema, String other) {
    boolean isDecimal = schema.getLogicalType() instanceof LogicalTypes.Decimal;
    return isDecimal ? describe(schema).toUpperCase(Locale.ROOT) + ", " + other : other;
  }

  /** Flink stores a TIME in milliseconds, whatever its precision. */
  private static boolean acceptsTime(LogicalType target) {
    return target.is(LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE)
        && LogicalTypeChecks.getPrecision(target) >= 3;
  }

  private static boolean acceptsTimestamp(Schema schema, LogicalType target) {
    boolean sameKind =
        target.is(LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE)
            || target.is(LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE) && !isLocal(schema);
    return sameKind && LogicalTypeChecks.getPrecision(target) >= fractionDigits(schema);
  }

  private static boolean acceptsDecimal(Schema schema, LogicalType target) {
    return target instanceof DecimalType type
        && schema.getLogicalType() instanceof LogicalTypes.Decimal decimal
        && type.getScale() == decimal.getScale()
        && type.getPrecision() >= decimal.getPrecision();
  }

  private static boolean isUuid(Schema schema) {
    return logicalName(schema).equals("uuid") && schema.getFixedSize() == UUID_BYTES;
  }

  private static boolean isString(LogicalType target) {
    return target instanceof VarCharType type && type.getLength() == VarCharType.MAX_LENGTH;
  }

  private static boolean isBytes(LogicalType target) {
    return target instanceof VarBinaryType type && type.getLength() == VarBinaryType.MAX_LENGTH;
  }
}

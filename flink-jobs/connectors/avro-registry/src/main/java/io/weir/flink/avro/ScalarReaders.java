package io.weir.flink.avro;

import static io.weir.flink.avro.BinaryInput.malformed;

import io.weir.registry.DecodeException;
import java.math.BigDecimal;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;

/** Readers of all types except record, array, map, enum and union, with Avro's promotions. */
final class ScalarReaders {
  private static final int MILLIS_PER_DAY = 86_400_000;
  private static final int MICROS_PER_MILLI = 1_000;

  /** 38 digits, Flink's maximum, need 127 bits and a sign. */
  private static final int MAX_DECIMAL_BYTES = 16;

  private static final int MAX_LONG_BYTES = 8;
  private static final int MAX_LONG_DIGITS = 18;
  private static final long[] POWERS_OF_TEN = powersOfTen();

  /** The most common readers. A record inlines them to save a call. */
  static final ValueReader INT = BinaryInput::readInt;

  static final ValueReader LONG = BinaryInput::readLong;
  static final ValueReader DOUBLE = BinaryInput::readDouble;
  static final ValueReader STRING = BinaryInput::readString;

  private ScalarReaders() {}

  /** Returns a reader for types that Avro resolves and {@link AvroTypes#accepts} allows. */
  static ValueReader of(Schema writer, Schema reader, LogicalType target) {
    return switch (target.getTypeRoot()) {
      case BOOLEAN -> BinaryInput::readBoolean;
      case INTEGER, DATE -> INT;
      case BIGINT -> isInt(writer) ? in -> (long) in.readInt() : LONG;
      case FLOAT -> floats(writer);
      case DOUBLE -> doubles(writer);
      case VARCHAR -> reader.getType() == Schema.Type.FIXED ? uuids() : STRING;
      case BINARY, VARBINARY -> bytes(reader);
      case DECIMAL -> decimals(reader, (DecimalType) target);
      case TIME_WITHOUT_TIME_ZONE -> times(writer, reader);
      case TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          timestamps(writer, AvroTypes.fractionDigits(reader));
      default -> throw new IllegalStateException("No reader of " + reader + " as " + target);
    };
  }

  private static boolean isInt(Schema writer) {
    return writer.getType() == Schema.Type.INT;
  }

  private static ValueReader floats(Schema writer) {
    return switch (writer.getType()) {
      case INT -> in -> (float) in.readInt();
      case LONG -> in -> (float) in.readLong();
      default -> BinaryInput::readFloat;
    };
  }

  private static ValueReader doubles(Schema writer) {
    return switch (writer.getType()) {
      case INT -> in -> (double) in.readInt();
      case LONG -> in -> (double) in.readLong();
      case FLOAT -> in -> (double) in.readFloat();
      default -> DOUBLE;
    };
  }

  private static ValueReader bytes(Schema reader) {
    if (reader.getType() != Schema.Type.FIXED) {
      return BinaryInput::readBytes;
    }
    int size = reader.getFixedSize();
    return in -> in.readFixed(size);
  }

  private static ValueReader uuids() {
    return in -> {
      long high = in.readUnscaled(MAX_LONG_BYTES);
      return StringData.fromString(new UUID(high, in.readUnscaled(MAX_LONG_BYTES)).toString());
    };
  }

  private static ValueReader times(Schema writer, Schema reader) {
    int perMilli = AvroTypes.fractionDigits(reader) == 3 ? 1 : MICROS_PER_MILLI;
    boolean isInt = isInt(writer);
    return in -> {
      long millis = Math.floorDiv(isInt ? in.readInt() : in.readLong(), perMilli);
      if (millis < 0 || millis >= MILLIS_PER_DAY) {
        throw malformed("a time of day is out of the range of a day");
      }
      return (int) millis;
    };
  }

  private static ValueReader timestamps(Schema writer, int fractionDigits) {
    if (fractionDigits == 3) {
      return isInt(writer)
          ? in -> TimestampData.fromEpochMillis(in.readInt())
          : in -> TimestampData.fromEpochMillis(in.readLong());
    }
    int perMilli = fractionDigits == 6 ? MICROS_PER_MILLI : MICROS_PER_MILLI * 1_000;
    int nanosPerUnit = 1_000_000 / perMilli;
    boolean isInt = isInt(writer);
    return in -> {
      long value = isInt ? in.readInt() : in.readLong();
      int nanosOfMilli = Math.floorMod(value, perMilli) * nanosPerUnit;
      return TimestampData.fromEpochMillis(Math.floorDiv(value, perMilli), nanosOfMilli);
    };
  }

  private static ValueReader decimals(Schema reader, DecimalType target) {
    int precision = target.getPrecision();
    int scale = target.getScale();
    if (reader.getType() != Schema.Type.FIXED) {
      return in -> decimal(in, in.readLength(), precision, scale);
    }
    int size = reader.getFixedSize();
    return in -> decimal(in, size, precision, scale);
  }

  private static DecimalData decimal(BinaryInput in, int length, int precision, int scale)
      throws DecodeException {
    DecimalData decimal;
    if (length > 0 && length <= MAX_LONG_BYTES && precision <= MAX_LONG_DIGITS) {
      long unscaled = in.readUnscaled(length);
      long limit = POWERS_OF_TEN[precision];
      decimal =
          unscaled > -limit && unscaled < limit
              ? DecimalData.fromUnscaledLong(unscaled, precision, scale)
              : null;
    } else {
      BigDecimal value = new BigDecimal(in.readBigInteger(length, MAX_DECIMAL_BYTES), scale);
      decimal = DecimalData.fromBigDecimal(value, precision, scale);
    }
    if (decimal == null) {
      throw malformed("a decimal has more than " + precision + " digits");
    }
    return decimal;
  }

  private static long[] powersOfTen() {
    long[] powers = new long[MAX_LONG_DIGITS + 1];
    powers[0] = 1;
    for (int i = 1; i < powers.length; i++) {
      powers[i] = powers[i - 1] * 10;
    }
    return powers;
  }
}

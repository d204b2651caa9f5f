package io.weir.flink.cassandra.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.ProtocolVersion;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.codec.TypeCodec;
import com.datastax.oss.driver.api.core.type.codec.registry.CodecRegistry;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The driver's own codecs verify the binary form. */
class ConverterTest {
  private static LogicalType flink(String type) {
    return LogicalTypeParser.parse(type, ConverterTest.class.getClassLoader());
  }

  private static Object text(String text) {
    return StringData.fromString(text);
  }

  private static Object decimal(String text, int precision, int scale) {
    return DecimalData.fromBigDecimal(new BigDecimal(text), precision, scale);
  }

  static Stream<Arguments> values() {
    return Stream.of(
        Arguments.of(DataTypes.ASCII, "STRING", text("plain"), "'plain'"),
        Arguments.of(DataTypes.TEXT, "STRING", text("zażółć"), "'zażółć'"),
        Arguments.of(DataTypes.TEXT, "VARCHAR(3)", text(""), "''"),
        Arguments.of(DataTypes.TINYINT, "TINYINT", (byte) -128, "-128"),
        Arguments.of(DataTypes.SMALLINT, "SMALLINT", (short) -32768, "-32768"),
        Arguments.of(DataTypes.INT, "INT", Integer.MIN_VALUE, "-2147483648"),
        Arguments.of(DataTypes.INT, "INT", 0x01020304, "16909060"),
        Arguments.of(DataTypes.BIGINT, "BIGINT", Long.MIN_VALUE, "-9223372036854775808"),
        Arguments.of(
            DataTypes.VARINT,
            "DECIMAL(38, 0)",
            decimal("-1234567890123456789012", 38, 0),
            "-1234567890123456789012"),
        Arguments.of(DataTypes.DECIMAL, "DECIMAL(10, 3)", decimal("-12.500", 10, 3), "-12.500"),
        Arguments.of(DataTypes.FLOAT, "FLOAT", -1.5f, "-1.5"),
        Arguments.of(DataTypes.DOUBLE, "DOUBLE", 1e300, "1.0E300"),
        Arguments.of(DataTypes.BOOLEAN, "BOOLEAN", true, "true"),
        Arguments.of(DataTypes.BOOLEAN, "BOOLEAN", false, "false"),
        Arguments.of(
            DataTypes.TIMESTAMP,
            "TIMESTAMP(3)",
            TimestampData.fromEpochMillis(-1),
            "'1969-12-31T23:59:59.999Z'"),
        Arguments.of(
            DataTypes.TIMESTAMP,
            "TIMESTAMP_LTZ(3)",
            TimestampData.fromEpochMillis(1),
            "'1970-01-01T00:00:00.001Z'"),
        Arguments.of(DataTypes.DATE, "DATE", -1, "'1969-12-31'"),
        Arguments.of(DataTypes.TIME, "TIME", 86_399_999, "'23:59:59.999000000'"),
        Arguments.of(
            DataTypes.UUID,
            "STRING",
            text("123e4567-e89b-12d3-a456-426614174000"),
            "123e4567-e89b-12d3-a456-426614174000"),
        Arguments.of(
            DataTypes.TIMEUUID,
            "STRING",
            text("8c4e2f00-1dd2-11b2-8000-000000000000"),
            "8c4e2f00-1dd2-11b2-8000-000000000000"),
        Arguments.of(DataTypes.INET, "STRING", text("192.0.2.1"), "'192.0.2.1'"),
        Arguments.of(DataTypes.INET, "STRING", text("2001:db8::1"), "'2001:db8:0:0:0:0:0:1'"),
        Arguments.of(DataTypes.BLOB, "BYTES", new byte[] {0, -1}, "0x00ff"));
  }

  private static byte[] encode(DataType cql, String flink, Object value) {
    return ValueEncoder.of("c", cql, flink(flink), 0).encode(GenericRowData.of(value));
  }

  @ParameterizedTest
  @MethodSource("values")
  void theDriverReadsWhatIsEncodedAndTheSameIsDecoded(
      DataType cql, String flink, Object value, String cqlLiteral) {
    assertThat(TypeMapping.problem(cql, flink(flink))).isEmpty();
    ByteBuffer encoded = ByteBuffer.wrap(encode(cql, flink, value));
    TypeCodec<Object> codec = CodecRegistry.DEFAULT.codecFor(cql);
    assertThat(codec.format(codec.decode(encoded.duplicate(), ProtocolVersion.DEFAULT)))
        .isEqualTo(cqlLiteral);
    assertThat(ValueDecoder.of("c", cql, flink(flink)).decode(encoded)).isEqualTo(value);
  }

  @ParameterizedTest
  @MethodSource("values")
  void nullsStayNull(DataType cql, String flink, Object value, String cqlLiteral) {
    assertThat(encode(cql, flink, null)).isNull();
    assertThat(ValueDecoder.of("c", cql, flink(flink)).decode(null)).isNull();
  }

  @Test
  void microsecondsAreCutOff() {
    byte[] encoded =
        encode(DataTypes.TIMESTAMP, "TIMESTAMP(9)", TimestampData.fromEpochMillis(-1, 999_999));
    assertThat(ByteBuffer.wrap(encoded).getLong()).isEqualTo(-1);
  }

  @Test
  void anEmptyNumberIsNullAndAnEmptyTextIsEmpty() {
    ByteBuffer empty = ByteBuffer.allocate(0);
    assertThat(ValueDecoder.of("c", DataTypes.INT, flink("INT")).decode(empty)).isNull();
    assertThat(ValueDecoder.of("c", DataTypes.TEXT, flink("STRING")).decode(empty))
        .isEqualTo(text(""));
  }

  @Test
  void equalFloatsHaveEqualBits() {
    ValueDecoder doubles = ValueDecoder.of("c", DataTypes.DOUBLE, flink("DOUBLE"));
    ValueDecoder floats = ValueDecoder.of("c", DataTypes.FLOAT, flink("FLOAT"));
    ByteBuffer otherNan = ByteBuffer.allocate(8).putLong(0, 0xfff8_0000_0000_0001L);
    assertThat(doubles.decode(ByteBuffer.allocate(8).putDouble(0, -0.0))).isEqualTo(0.0);
    assertThat(Double.doubleToRawLongBits((Double) doubles.decode(otherNan)))
        .isEqualTo(0x7ff8_0000_0000_0000L);
    assertThat(floats.decode(ByteBuffer.allocate(4).putFloat(0, -0.0f))).isEqualTo(0.0f);
    assertThat(
            Float.floatToRawIntBits(
                (Float) floats.decode(ByteBuffer.allocate(4).putInt(0, 0xffc0_0001))))
        .isEqualTo(0x7fc0_0000);
  }

  @Test
  void aDecimalThatDoesNotFitIsRefusedAndNotSilentlyNull() {
    ByteBuffer value =
        ByteBuffer.wrap(encode(DataTypes.DECIMAL, "DECIMAL(10, 0)", decimal("123456", 10, 0)));
    assertThatThrownBy(
            () -> ValueDecoder.of("price", DataTypes.DECIMAL, flink("DECIMAL(5, 2)")).decode(value))
        .hasMessage(
            "Column 'price': 123456 does not fit DECIMAL(5, 2). Declare it with more digits.");
  }

  @Test
  void textThatIsNoUuidOrAddressIsRefusedAndNotLookedUp() {
    assertThatThrownBy(() -> encode(DataTypes.UUID, "STRING", text("1-1-1-1-1")))
        .hasMessageContaining("Column 'c': '1-1-1-1-1' is not a UUID");
    assertThatThrownBy(() -> encode(DataTypes.INET, "STRING", text("localhost")))
        .hasMessageContaining("'localhost' is not an IP address");
  }

  @Test
  void whatFlinkCannotCarryIsRefusedWithTheReason() {
    assertThat(TypeMapping.problem(DataTypes.DURATION, flink("STRING")))
        .hasValueSatisfying(
            problem ->
                assertThat(problem)
                    .startsWith(
                        "is duration in Cassandra: Flink has no type with separate months"));
    assertThat(TypeMapping.problem(DataTypes.frozenSetOf(DataTypes.INT), flink("ARRAY<INT>")))
        .hasValueSatisfying(
            problem -> assertThat(problem).contains("collections are not supported"));
    assertThat(TypeMapping.problem(DataTypes.vectorOf(DataTypes.FLOAT, 3), flink("ARRAY<FLOAT>")))
        .hasValueSatisfying(problem -> assertThat(problem).contains("this type is not supported"));
    assertThat(TypeMapping.problem(DataTypes.INT, flink("BIGINT")))
        .hasValue("is int in Cassandra and BIGINT in Flink: declare it INT");
  }
}

package io.weir.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.ProtocolVersion;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.codec.TypeCodecs;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.UUID;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;
import org.junit.jupiter.api.Test;

/** The driver's own codecs verify the bytes. */
class FieldEncoderTest {
  private static ByteBuffer encoded(Schema field, DataType cql, Object value) {
    return ByteBuffer.wrap(FieldEncoder.of("c", field, cql).encode(value));
  }

  private static final ProtocolVersion V5 = ProtocolVersion.V5;

  @Test
  void numbersKeepTheirValue() {
    assertThat(
            TypeCodecs.TINYINT.decode(
                encoded(Schema.INT8_SCHEMA, DataTypes.TINYINT, (byte) -7), V5))
        .isEqualTo((byte) -7);
    assertThat(
            TypeCodecs.SMALLINT.decode(
                encoded(Schema.INT16_SCHEMA, DataTypes.SMALLINT, (short) -700), V5))
        .isEqualTo((short) -700);
    assertThat(TypeCodecs.INT.decode(encoded(Schema.INT32_SCHEMA, DataTypes.INT, -70_000), V5))
        .isEqualTo(-70_000);
    assertThat(TypeCodecs.BIGINT.decode(encoded(Schema.INT32_SCHEMA, DataTypes.BIGINT, -7), V5))
        .isEqualTo(-7L);
    assertThat(
            TypeCodecs.VARINT.decode(
                encoded(Schema.INT64_SCHEMA, DataTypes.VARINT, Long.MIN_VALUE), V5))
        .isEqualTo(BigInteger.valueOf(Long.MIN_VALUE));
    assertThat(TypeCodecs.DOUBLE.decode(encoded(Schema.FLOAT64_SCHEMA, DataTypes.DOUBLE, -0.0), V5))
        .isEqualTo(-0.0);
    assertThat(TypeCodecs.FLOAT.decode(encoded(Schema.FLOAT32_SCHEMA, DataTypes.FLOAT, 1.5f), V5))
        .isEqualTo(1.5f);
    BigDecimal price = new BigDecimal("-12.50");
    assertThat(TypeCodecs.DECIMAL.decode(encoded(Decimal.schema(2), DataTypes.DECIMAL, price), V5))
        .isEqualTo(price);
  }

  @Test
  void timesKeepTheirMeaningAlsoBefore1970() {
    Instant instant = Instant.parse("1969-12-31T23:59:59.999Z");
    assertThat(
            TypeCodecs.TIMESTAMP.decode(
                encoded(Timestamp.SCHEMA, DataTypes.TIMESTAMP, java.util.Date.from(instant)), V5))
        .isEqualTo(instant);
    LocalDate day = LocalDate.parse("1969-12-31");
    java.util.Date midnight = new java.util.Date(-86_400_000L);
    assertThat(TypeCodecs.DATE.decode(encoded(Date.SCHEMA, DataTypes.DATE, midnight), V5))
        .isEqualTo(day);
    assertThat(
            TypeCodecs.TIME.decode(
                encoded(Time.SCHEMA, DataTypes.TIME, new java.util.Date(1_500)), V5))
        .isEqualTo(LocalTime.ofNanoOfDay(1_500_000_000L));
  }

  @Test
  void textGoesIntoTextUuidsAndAddresses() {
    assertThat(TypeCodecs.TEXT.decode(encoded(Schema.STRING_SCHEMA, DataTypes.TEXT, "açúcar"), V5))
        .isEqualTo("açúcar");
    UUID id = UUID.randomUUID();
    assertThat(
            TypeCodecs.UUID.decode(
                encoded(Schema.STRING_SCHEMA, DataTypes.UUID, id.toString()), V5))
        .isEqualTo(id);
    assertThatThrownBy(() -> encoded(Schema.STRING_SCHEMA, DataTypes.INET, "localhost"))
        .hasMessageContaining("'localhost' is not an IP address");
  }

  @Test
  void aColumnThatCannotTakeEveryValueIsRefused() {
    assertThatThrownBy(() -> FieldEncoder.of("total", Schema.INT64_SCHEMA, DataTypes.INT))
        .isInstanceOf(DataException.class)
        .hasMessage("Column 'total' is int in Cassandra, which cannot take every int64.");
    assertThatThrownBy(() -> FieldEncoder.of("day", Schema.INT32_SCHEMA, DataTypes.DATE))
        .isInstanceOf(DataException.class);
    assertThatThrownBy(() -> FieldEncoder.of("at", Timestamp.SCHEMA, DataTypes.BIGINT))
        .isInstanceOf(DataException.class);
    assertThatThrownBy(() -> FieldEncoder.of("price", Decimal.schema(2), DataTypes.BLOB))
        .isInstanceOf(DataException.class);
  }
}

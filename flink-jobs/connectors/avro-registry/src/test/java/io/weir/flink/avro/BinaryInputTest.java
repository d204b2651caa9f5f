package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeException;
import io.weir.registry.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BinaryInputTest {
  private final BinaryInput in = new BinaryInput();

  private void input(int... bytes) {
    byte[] all = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      all[i] = (byte) bytes[i];
    }
    in.reset(all, 0);
  }

  private static void assertMalformed(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(DecodeException.class)
        .hasMessageStartingWith("malformed-avro: ");
  }

  private static void assertTruncated(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(DecodeException.class)
        .hasMessageStartingWith("truncated: ");
  }

  @Test
  void readsEveryNumberThatAvroWrites() throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      long value = random.nextLong() >> random.nextInt(64);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
      encoder.writeLong(value);
      encoder.writeInt((int) value);
      encoder.writeDouble(value);
      encoder.writeFloat(value);
      encoder.flush();
      in.reset(bytes.toByteArray(), 0);
      assertThat(in.readLong()).isEqualTo(value);
      assertThat(in.readInt()).isEqualTo((int) value);
      assertThat(in.readDouble()).isEqualTo((double) value);
      assertThat(in.readFloat()).isEqualTo((float) value);
      assertThat(in.remaining()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE, 0})
  void readsTheEndsOfTheRanges(long value) throws IOException, DecodeException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    encoder.writeLong(value);
    encoder.flush();
    in.reset(bytes.toByteArray(), 0);
    assertThat(in.readLong()).isEqualTo(value);
    in.reset(bytes.toByteArray(), 0);
    if ((int) value == value) {
      assertThat(in.readInt()).isEqualTo((int) value);
    } else {
      assertMalformed(in::readInt);
    }
  }

  @Test
  void numbersWithTooManyBitsAreMalformed() {
    input(0xff, 0xff, 0xff, 0xff, 0x1f);
    assertMalformed(in::readInt);
    input(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02);
    assertMalformed(in::readLong);
    input(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00);
    assertMalformed(in::readLong);
  }

  @Test
  void equalFloatsHaveEqualBits() throws Exception {
    long otherNan = 0x7ff8_0000_0000_0001L;
    ByteBuffer written = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    written.putDouble(-0.0).putLong(otherNan).putDouble(Double.NEGATIVE_INFINITY);
    written.putFloat(-0.0f).putInt(0xffc0_0001).putFloat(Float.MIN_VALUE).putInt(0);
    in.reset(written.array(), 0);
    assertThat(Double.doubleToRawLongBits(in.readDouble())).isZero();
    assertThat(Double.doubleToRawLongBits(in.readDouble())).isEqualTo(0x7ff8_0000_0000_0000L);
    assertThat(in.readDouble()).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(Float.floatToRawIntBits(in.readFloat())).isZero();
    assertThat(Float.floatToRawIntBits(in.readFloat())).isEqualTo(0x7fc0_0000);
    assertThat(in.readFloat()).isEqualTo(Float.MIN_VALUE);
  }

  @Test
  void whatEndsTooEarlyIsTruncated() {
    input();
    assertTruncated(in::readInt);
    input(0x80);
    assertTruncated(in::readLong);
    input(0x80, 0x80);
    assertTruncated(in::readLong);
    input(1, 2, 3);
    assertTruncated(in::readFloat);
    input(1, 2, 3, 4, 5, 6, 7);
    assertTruncated(in::readDouble);
    input(4, 'a');
    assertTruncated(in::readString);
  }

  @Test
  void hugeLengthsAllocateNothing() {
    input(0xfe, 0xff, 0xff, 0xff, 0x0f, 'a'); // 2^31 - 1 bytes.
    assertTruncated(in::readBytes);
    input(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 'a');
    assertMalformed(in::readString);
    input(0xfe, 0xff, 0xff, 0xff, 0x0f, 'a');
    assertTruncated(() -> in.readBlock(1));
    input(0xfe, 0xff, 0xff, 0xff, 0x0f, 'a');
    assertMalformed(() -> in.readBlock(0));
  }

  @Test
  void negativeLengthsAreMalformed() {
    input(1, 'a');
    assertMalformed(in::readString);
    input(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0); // The smallest long.
    assertMalformed(() -> in.readBlock(1));
  }

  @Test
  void aBlockOfNegativeCountHasItsSizeBehind() throws DecodeException {
    input(3, 4, 'a', 'b');
    assertThat(in.readBlock(1)).isEqualTo(2);
    assertThat(in.remaining()).isEqualTo(2);
  }

  @Test
  void booleansAreZeroOrOne() throws DecodeException {
    input(0, 1, 2);
    assertThat(in.readBoolean()).isFalse();
    assertThat(in.readBoolean()).isTrue();
    assertMalformed(in::readBoolean);
  }

  @Test
  void indexesAreInTheirRange() throws DecodeException {
    input(2, 4, 1);
    assertThat(in.readIndex(2)).isEqualTo(1);
    assertMalformed(() -> in.readIndex(2));
    assertMalformed(() -> in.readIndex(2));
  }

  @Test
  void bigIntegersKeepTheirSignWithoutItsRepetitions() throws DecodeException {
    input(0xff, 0xff, 0xff, 0x7f);
    assertThat(in.readBigInteger(4, 2)).isEqualTo(-129);
    input(0, 0, 0xff);
    assertThat(in.readBigInteger(3, 2)).isEqualTo(255);
    input(0, 1, 0xff);
    assertMalformed(() -> in.readBigInteger(3, 1));
    assertMalformed(() -> in.readBigInteger(0, 1));
  }

  @Test
  void utf8IsWhatTheJdkTakesForIt() {
    Random random = new Random(7);
    byte[][] leads = {
      {0x41}, {(byte) 0xc3}, {(byte) 0xe0}, {(byte) 0xed}, {(byte) 0xf0}, {(byte) 0xf4}
    };
    for (int i = 0; i < 30_000; i++) {
      byte[] bytes = new byte[1 + random.nextInt(12)];
      random.nextBytes(bytes);
      for (int j = 0; j < bytes.length; j++) {
        if (random.nextInt(3) == 0) {
          bytes[j] = leads[random.nextInt(leads.length)][0];
        } else if (random.nextBoolean()) {
          bytes[j] = (byte) (0x80 | (bytes[j] & 0x3f));
        }
      }
      assertThat(Utf8.isValid(bytes, 0, bytes.length)).isEqualTo(jdkTakes(bytes));
    }
  }

  @Test
  void validTextInManyScriptsIsUtf8() {
    byte[] text =
        "plain ascii text, München, 東京, 𝄞, \u0000\uffff".getBytes(StandardCharsets.UTF_8);
    assertThat(Utf8.isValid(text, 0, text.length)).isTrue();
    assertThat(Utf8.isValid(text, 0, text.length - 1)).isFalse();
  }

  private static boolean jdkTakes(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
